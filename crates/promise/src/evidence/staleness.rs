//! Evidence of bounded staleness: a quorum spoke after a beacon, and the beacon is of known age.
//!
//! ```text
//!  node    reads its clock: Beacon --\             its clock again, at the answer
//!           [ earliest .. latest ]     \                   [ earliest .. latest ]
//!               |                       v                                  |
//!  voters       |             root(beacon, others) -> Ack in b             |
//!               |<--------------------- age at most ---------------------->|
//! ```
//!
//! The rule, for an answer at entry i that asked for at most T:
//!
//! - S1 The beacon stands where the request stands in evidence of a linearizable read, and R1 to R5
//!   of [`super::read_index`] hold for it. So the state at i reflects every write that was complete
//!   when the beacon was made.
//! - S2 The beacon is the answering node's, and both its readings have a bound: hard, or at least
//!   likely; what class, the judgement says.
//! - S3 The answer's latest is not before the beacon's earliest. A clock that breaks this has
//!   broken its bound.
//! - S4 The answer's latest is at most T after the beacon's earliest.
//!
//! Why the answer is at most T old. By S1 the state was current when the beacon was made. If the
//! node's clock keeps its bound, that was not before the beacon's earliest, and the answer was
//! given not after its latest. By S4 there is at most T between them.
//!
//! The clock is that of the answering node alone; no other clock takes part, and the client needs
//! none. A drift between the two readings is in the bounds of both.

use super::certificate::Quorum;
use super::examine::{Check, Examiner, Finding};
use super::read_index::ReadIndexProof;
use crate::clock::Wall;
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::{Digest, digest_of};
use crate::fact::Answer;
use crate::identity::NodeId;
use crate::quantity::Nanos;

/// What a node read on its clock before it asked a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Beacon {
    /// Whose clock it was.
    pub node: NodeId,
    /// What it read.
    pub wall: Wall,
}

impl Beacon {
    /// What the voters see of it.
    pub fn digest(&self) -> Digest {
        digest_of("avouch beacon", &[&self.to_bytes()])
    }
}

impl Encode for Beacon {
    fn encode(&self, out: &mut Writer) {
        self.node.encode(out);
        self.wall.encode(out);
    }
}
impl Decode for Beacon {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { node: NodeId::decode(input)?, wall: Wall::decode(input)? })
    }
}

/// The facts of an answer of bounded staleness, besides the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StalenessProof {
    /// When the state was still current.
    pub beacon: Beacon,
    /// Why it was current then: a read of the beacon.
    pub read: ReadIndexProof,
}

impl StalenessProof {
    /// Who proves the state committed, and how old it is at most.
    //= §2.3.3 bounded-staleness-time
    pub(crate) fn examine(
        &self,
        examiner: &Examiner<'_>,
        answer: &Answer,
    ) -> Result<(Quorum, Nanos), Finding> {
        let of_beacon = Examiner { request: self.beacon.digest(), ..*examiner };
        let quorum = self.read.examine(&of_beacon)?;
        let (node, wall) = (answer.node, &self.beacon.wall);
        examiner.require(Check::BeaconOwn, self.beacon.node == node, || {
            format!("{node} answered by a clock of {}", self.beacon.node)
        })?;
        for reading in [wall, &answer.wall] {
            examiner.require(Check::ClockBounded, reading.is_bounded(), || {
                format!("{node}'s clock has {reading}")
            })?;
        }
        examiner.require(
            Check::ClockOrder,
            answer.wall.interval.latest >= wall.interval.earliest,
            || format!("{node} answered before its beacon, by its own clock"),
        )?;
        // Without a bound the age is as much as can be; only a test goes on then.
        Ok((quorum, answer.wall.since(wall).unwrap_or(Nanos::MAX)))
    }
}

impl Encode for StalenessProof {
    fn encode(&self, out: &mut Writer) {
        self.beacon.encode(out);
        self.read.encode(out);
    }
}
impl Decode for StalenessProof {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { beacon: Beacon::decode(input)?, read: ReadIndexProof::decode(input)? })
    }
}
