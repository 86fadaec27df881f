//! Merkle trees over digests, in the shape of RFC 6962 section 2.1: a batch is bound by one root,
//! and each member proves itself by a path.
//!
//! ```text
//! root = H("avouch root", count, top)
//! top  = leaf(d) = H("avouch leaf", d)  or  H("avouch node", left, right)
//! ```
//!
//! Deviations: leaves are digests already (of a request, or of a fact) and enter the tree under a
//! leaf domain of their own, so an inner node can never pass for a leaf; and the root binds the
//! count, because trees of different sizes give one member the same path (RFC 6962 signs the size
//! beside the root instead, which an acknowledgement has no room for).

use crate::digest::{Digest, digest_of};

fn leaf(item: &Digest) -> Digest {
    digest_of("avouch leaf", &[&item.0])
}

fn node(left: &Digest, right: &Digest) -> Digest {
    digest_of("avouch node", &[&left.0, &right.0])
}

/// The largest power of two smaller than `count`, for `count` of 2 or more.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn bound(count: usize, top: &Digest) -> Digest {
    digest_of("avouch root", &[&(count as u64).to_le_bytes(), &top.0])
}

/// A whole tree, for whoever wants the paths of many of its members.
///
/// Level by level from the leaves: two neighbours have one node above them, and a last one without
/// a neighbour stands one level higher as it is. That is RFC 6962's shape, which splits at the
/// largest power of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(Vec<Vec<Digest>>);

impl Tree {
    /// The tree over `items`.
    pub fn new(items: &[Digest]) -> Self {
        let mut levels = vec![items.iter().map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last()
            && below.len() > 1
        {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                _ => pair.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    fn count(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Its root; zero over nothing.
    pub fn root(&self) -> Digest {
        let top = self.0.last().and_then(|level| level.first());
        top.map_or(Digest::ZERO, |top| bound(self.count(), top))
    }

    /// The path that proves the member at `index`, from the leaf upward; none when there is no
    /// such member.
    pub fn path(&self, index: usize) -> Option<Vec<Digest>> {
        let sibling =
            |(height, level): (usize, &Vec<Digest>)| level.get((index >> height) ^ 1).copied();
        (index < self.count()).then(|| self.0.iter().enumerate().filter_map(sibling).collect())
    }
}

/// The root over `items`; zero for none.
pub fn root(items: &[Digest]) -> Digest {
    match items {
        [only] => bound(1, &leaf(only)),
        _ => Tree::new(items).root(),
    }
}

/// The path that proves `items[index]`, from the leaf upward; `None` when there is no such item.
pub fn path(items: &[Digest], index: usize) -> Option<Vec<Digest>> {
    Tree::new(items).path(index)
}

/// The root that `path` leads to from `item` at `index` of `count`; `None` when the path does
/// not have the shape of that place.
pub fn climb(item: &Digest, index: usize, count: usize, path: &[Digest]) -> Option<Digest> {
    Some(bound(count, &ascend(item, index, count, path)?))
}

fn ascend(item: &Digest, index: usize, count: usize, path: &[Digest]) -> Option<Digest> {
    if index >= count {
        return None;
    }
    if count == 1 {
        return path.is_empty().then(|| leaf(item));
    }
    let (sibling, below) = path.split_last()?;
    let at = split(count);
    if index < at {
        Some(node(&ascend(item, index, at, below)?, sibling))
    } else {
        Some(node(sibling, &ascend(item, index - at, count - at, below)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_the_shape_of_rfc_6962() {
        fn top(items: &[Digest]) -> Digest {
            if let [only] = items {
                return leaf(only);
            }
            let (left, right) = items.split_at(split(items.len()));
            node(&top(left), &top(right))
        }
        for count in 1..=70_usize {
            let items: Vec<_> = (0..count).map(|i| digest_of("t", &[&[i as u8]])).collect();
            assert_eq!(root(&items), bound(count, &top(&items)), "{count}");
        }
        assert_eq!(root(&[]), Digest::ZERO);
    }

    #[test]
    fn every_member_of_every_small_tree_proves_itself_and_nothing_else() {
        for count in 1..=17_usize {
            let items: Vec<_> = (0..count).map(|i| digest_of("t", &[&[i as u8]])).collect();
            let top = root(&items);
            for (index, item) in items.iter().enumerate() {
                let path = path(&items, index).expect("in range");
                assert_eq!(climb(item, index, count, &path), Some(top));
                for wrong in (0..count).filter(|wrong| *wrong != index) {
                    assert_ne!(climb(item, wrong, count, &path), Some(top));
                }
                for wrong in (0..40_usize).filter(|wrong| *wrong != count) {
                    assert_ne!(climb(item, index, wrong, &path), Some(top), "the count is bound");
                }
            }
        }
    }
}
