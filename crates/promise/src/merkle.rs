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

fn top(items: &[Digest]) -> Digest {
    match items {
        [] => Digest::ZERO,
        [only] => leaf(only),
        _ => {
            let (left, right) = items.split_at(split(items.len()));
            node(&top(left), &top(right))
        }
    }
}

/// The root over `items`; zero for none.
pub fn root(items: &[Digest]) -> Digest {
    if items.is_empty() { Digest::ZERO } else { bound(items.len(), &top(items)) }
}

/// The path that proves `items[index]`, from the leaf upward; `None` when there is no such item.
pub fn path(items: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= items.len() {
        return None;
    }
    if items.len() == 1 {
        return Some(Vec::new());
    }
    let at = split(items.len());
    let (left, right) = items.split_at(at);
    let (mut below, sibling) = if index < at {
        (path(left, index)?, top(right))
    } else {
        (path(right, index - at)?, top(left))
    };
    below.push(sibling);
    Some(below)
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
