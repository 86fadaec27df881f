//! Evidence of a write: the request is at one place of a committed entry.
//!
//! The rule: the request's digest is member `position` of the entry's root, the entry is
//! certified, and the answer's point is just behind that member.
//!
//! Why the write is linearizable: it takes effect at its place in the log. That place is behind
//! every write that was complete when the client drew the nonce, because a committed place is
//! never given twice and a leader appends behind everything committed; and it was committed when
//! the answer came. A retry that the table of duplicates answers carries the original point,
//! and the request's bytes are those in the log. An error without a log point has no evidence:
//! whether it took effect is unknown.

use super::certificate::{CommitCertificate, Quorum};
use super::examine::{Check, Examiner, Finding};
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::Digest;
use crate::log_point::{EntryHeader, LogPoint};
use crate::merkle;

/// The facts of a write, besides the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteProof {
    /// The entry that holds the request.
    pub header: EntryHeader,
    /// The request's place in it, from 0.
    pub position: u32,
    /// The Merkle path from the request to the entry's root.
    pub path: Vec<Digest>,
    /// Why the entry is committed.
    pub certificate: CommitCertificate,
}

impl WriteProof {
    /// The point that this proves: just behind the request.
    pub(crate) fn point(&self) -> LogPoint {
        LogPoint { index: self.header.index, position: self.position.saturating_add(1) }
    }

    pub(crate) fn examine(&self, examiner: &Examiner<'_>) -> Result<Quorum, Finding> {
        let (place, count) = (self.position as usize, self.header.count as usize);
        let root = merkle::climb(&examiner.request, place, count, &self.path);
        examiner.require(Check::Member, root == Some(self.header.root), || {
            format!("the request is not in entry {} at place {place}", self.header.index)
        })?;
        self.certificate.examine(examiner, &self.header)
    }
}

impl Encode for WriteProof {
    fn encode(&self, out: &mut Writer) {
        self.header.encode(out);
        out.u32(self.position);
        out.list(&self.path);
        self.certificate.encode(out);
    }
}
impl Decode for WriteProof {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            header: EntryHeader::decode(input)?,
            position: input.u32()?,
            path: input.list()?,
            certificate: CommitCertificate::decode(input)?,
        })
    }
}
