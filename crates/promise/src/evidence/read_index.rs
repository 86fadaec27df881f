//! Evidence of a linearizable read: a quorum spoke after it saw the request.
//!
//! ```text
//!  client   draws nonce ---request---\                              /--- answer at i --->
//!  voters                 root(request, others) -> Ack in b, accepted = a
//!  log      ...older ballots... | first entry of b ... a ......... i  (committed)
//! ```
//!
//! The rule, for acknowledgements of a majority Q in ballot b and an answer at entry i:
//!
//! - R1 Each acknowledgement's `root` is over a set of requests that holds this one, so each was
//!   signed after the client drew its nonce.
//! - R2 i is at least the highest `accepted` among them.
//! - R3 The entry at i is of ballot b, so an entry of b's own leader is at or below i.
//! - R4 Entry i is certified as committed, in the same configuration.
//! - R5 The answer is the state behind the whole entry i.
//!
//! Why the read is linearizable. Let a write be complete before the request was sent: it was
//! committed in some ballot w at some index j by a majority W. Some voter v is in both Q and W.
//!
//! - w > b: v had promised w before it acknowledged in b (by R1 its acknowledgement in b is the
//!   later one), and a voter never goes back to a lower ballot. So this cannot be.
//! - w = b: v had accepted j in b before, and a log only grows within a ballot; so j is at most
//!   v's `accepted`, and by R2 at most i. One ballot has one log, so the write is in i's.
//! - w < b: b's leader took over the committed write before it proposed anything of its own
//!   (see the certificate's argument), so j lies below every entry of b; by R3, below i.
//!
//! So the state at i reflects every write that was complete before the request; by R4 it reflects
//! committed writes only, and every later linearizable read reflects it, by the same argument with
//! entry i in place of the write. Hence the read takes effect at i, between call and return.
//!
//! An idle log needs one majority only: when every acknowledgement of the floor accepted exactly
//! i, the floor is the certificate too, and `certificate` is absent.
//!
//! Deviation from Ongaro (2014), section 6.4: the leader there counts heartbeats that name the
//! ballot only; here voters sign what they saw and how far their logs reach, so that the
//! client need not believe the leader's commit index.

use super::certificate::{CommitCertificate, Quorum};
use super::examine::{Check, Examiner, Finding};
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::Digest;
use crate::fact::Signed;
use crate::log_point::{EntryHeader, LogPoint};
use crate::merkle;

/// A majority's statement after it saw a set of requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Floor {
    /// Signed [`crate::Ack`]s in one ballot, by ascending voter, with one root.
    pub acks: Vec<Signed>,
    /// The request's place in the set, from 0.
    pub index: u32,
    /// The size of the set.
    pub count: u32,
    /// The Merkle path from the request to the root.
    pub path: Vec<Digest>,
}

impl Encode for Floor {
    fn encode(&self, out: &mut Writer) {
        out.list(&self.acks);
        out.u32(self.index);
        out.u32(self.count);
        out.list(&self.path);
    }
}
impl Decode for Floor {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            acks: input.list()?,
            index: input.u32()?,
            count: input.u32()?,
            path: input.list()?,
        })
    }
}

/// The facts of a linearizable read, besides the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadIndexProof {
    /// The entry whose state was read.
    pub header: EntryHeader,
    /// Why it is late enough.
    pub floor: Floor,
    /// Why it is committed; absent when the floor's acknowledgements all accepted exactly it.
    pub certificate: Option<CommitCertificate>,
}

impl ReadIndexProof {
    /// The point that this proves: behind the whole entry.
    pub(crate) fn point(&self) -> LogPoint {
        LogPoint { index: self.header.index, position: self.header.count }
    }

    //= §2.2.1 read-index
    //= §2.2.1 stale-primary
    //= §4.3.3 nonces
    pub(crate) fn examine(&self, examiner: &Examiner<'_>) -> Result<Quorum, Finding> {
        let Floor { acks, index, count, path } = &self.floor;
        let quorum = Quorum::examine(examiner, acks)?;
        let root = merkle::climb(&examiner.request, *index as usize, *count as usize, path);
        for ack in &quorum.acks {
            examiner.require(Check::FloorRoot, root == Some(ack.root), || {
                format!("{} did not see this request before it acknowledged", ack.voter)
            })?;
            examiner.require(Check::FloorHeight, ack.accepted <= self.header.index, || {
                format!(
                    "{} had accepted up to {}, the answer is at {}",
                    ack.voter, ack.accepted, self.header.index
                )
            })?;
        }
        examiner.require(Check::OwnBallot, self.header.ballot == quorum.ballot, || {
            format!(
                "entry {} is of {}, the acknowledgements are of {}",
                self.header.index, self.header.ballot, quorum.ballot
            )
        })?;
        let Some(certificate) = &self.certificate else {
            quorum.commits(examiner, &self.header, &[])?;
            return Ok(quorum);
        };
        let committed = certificate.examine(examiner, &self.header)?;
        examiner.require(Check::EpochShared, committed.epoch == quorum.epoch, || {
            format!("committed in {}, read in {}", committed.epoch, quorum.epoch)
        })?;
        Ok(committed)
    }
}

impl Encode for ReadIndexProof {
    fn encode(&self, out: &mut Writer) {
        self.header.encode(out);
        self.floor.encode(out);
        out.option(self.certificate.as_ref());
    }
}
impl Decode for ReadIndexProof {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            header: EntryHeader::decode(input)?,
            floor: Floor::decode(input)?,
            certificate: input.option()?,
        })
    }
}
