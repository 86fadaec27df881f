//! Who votes, and how many of them decide. Lives in the log's state, never in its configuration.

use avouch_promise::{Decode, DecodeError, Encode, Epoch, NodeId, Reader, Writer};

/// The voters of one configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Membership {
    /// Which configuration this is.
    pub epoch: Epoch,
    /// Its voters, in order and each once.
    pub voters: Vec<NodeId>,
}

impl Membership {
    /// The configuration a group is founded with.
    pub fn founding(mut voters: Vec<NodeId>) -> Self {
        voters.sort_unstable();
        voters.dedup();
        Self { epoch: Epoch(1), voters }
    }
    /// How many voters decide: more than half, so that any two quorums share one.
    pub fn quorum(&self) -> usize {
        self.voters.len() / 2 + 1
    }
    /// Whether `node` votes.
    pub fn contains(&self, node: NodeId) -> bool {
        self.voters.binary_search(&node).is_ok()
    }
    /// The voters other than `me`.
    pub fn others(&self, me: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.voters.iter().copied().filter(move |voter| *voter != me)
    }
}

impl Encode for Membership {
    fn encode(&self, out: &mut Writer) {
        self.epoch.encode(out);
        out.list(&self.voters);
    }
}
impl Decode for Membership {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (epoch, voters) = (Epoch::decode(input)?, input.list::<NodeId>()?);
        if !voters.is_sorted_by(|a, b| a < b) {
            return Err(input.error("voters in order, each once"));
        }
        Ok(Self { epoch, voters })
    }
}
