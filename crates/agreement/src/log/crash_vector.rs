//! The crash vector: of each node that may have lost what its disk held, the incarnation in which
//! it came back.
//!
//! ```text
//!   D acknowledges y | D loses its tail | D rejoins as 2: A, B, F note D:2
//!                    F accepts y, and says so with its vector D:2
//!   the leader: from D I hold an acknowledgement of incarnation 1 < 2; it does not count any more
//! ```
//!
//! A set of replies decides something only if no reply in it is of an incarnation older than any
//! of their vectors says (it is *crash-consistent*). So whoever collects replies merges their
//! vectors before it counts, and drops what was said before. Vectors are empty until some disk has
//! lost something.
//!
//! Michael, Ports, Sharma, Szekeres: "Recovering Shared Objects Without Stable Storage", DISC 2017,
//! §3, where every crash loses everything and every crash counts.

use avouch_promise::{Decode, DecodeError, Encode, Incarnation, NodeId, Reader, Writer};
use std::collections::BTreeMap;

/// The least incarnation of each node whose word still counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashVector(BTreeMap<NodeId, Incarnation>);

impl CrashVector {
    /// Whether what `node` said in `incarnation` still counts.
    pub fn counts(&self, node: NodeId, incarnation: Incarnation) -> bool {
        self.0.get(&node).is_none_or(|least| incarnation >= *least)
    }
    /// Notes that `node` came back as `incarnation`; true when that is news.
    pub fn raise(&mut self, node: NodeId, incarnation: Incarnation) -> bool {
        let news = self.0.get(&node).is_none_or(|known| *known < incarnation);
        if news {
            self.0.insert(node, incarnation);
        }
        news
    }
    /// Takes all of another vector in.
    pub fn merge(&mut self, other: &Self) {
        for (node, incarnation) in other.iter() {
            self.raise(node, incarnation);
        }
    }
    /// Each node that came back, with its incarnation.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, Incarnation)> {
        self.0.iter().map(|(node, incarnation)| (*node, *incarnation))
    }
}

impl Encode for CrashVector {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.0.len() as u64);
        for (node, incarnation) in self.iter() {
            node.encode(out);
            incarnation.encode(out);
        }
    }
}
impl Decode for CrashVector {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut vector = Self::default();
        for _ in 0..input.count()? {
            let error = input.error("the nodes of a crash vector, ascending");
            let (node, incarnation) = (NodeId::decode(input)?, Incarnation::decode(input)?);
            if vector.0.last_key_value().is_some_and(|(last, _)| *last >= node) {
                return Err(error);
            }
            vector.raise(node, incarnation);
        }
        Ok(vector)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    #[test]
    fn a_vector_only_rises_and_survives_its_encoding() {
        let (one, two) = (NodeId(1), NodeId(2));
        let mut vector = CrashVector::default();
        assert!(vector.counts(one, Incarnation(0)), "nothing is known against anybody");
        assert!(vector.raise(one, Incarnation(3)));
        assert!(!vector.raise(one, Incarnation(3)) && !vector.raise(one, Incarnation(2)));
        assert!(!vector.counts(one, Incarnation(2)) && vector.counts(one, Incarnation(3)));
        let mut other = CrashVector::default();
        other.raise(one, Incarnation(2));
        other.raise(two, Incarnation(9));
        vector.merge(&other);
        assert_eq!(
            vector.iter().collect::<Vec<_>>(),
            [(one, Incarnation(3)), (two, Incarnation(9))]
        );
        assert_eq!(CrashVector::from_bytes(&vector.to_bytes()).unwrap(), vector);
    }
}
