//! Evidence of a consistent prefix: the anchor alone.
//!
//! The rule: the answer's chain is the chain at its entry, the entry is certified, and the
//! answer's point is the end of that entry. Then the answer is the state after a prefix of the
//! one order of writes, all keys at one point; how old that prefix is, nothing says.

use super::certificate::{CommitCertificate, Quorum};
use super::examine::{Examiner, Finding};
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::log_point::{EntryHeader, LogPoint};

/// The facts of a consistent prefix, besides the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrefixProof {
    /// The entry whose state was read.
    pub header: EntryHeader,
    /// Why it is committed.
    pub certificate: CommitCertificate,
}

impl PrefixProof {
    /// The point that this proves: behind the whole entry.
    pub(crate) fn point(&self) -> LogPoint {
        LogPoint { index: self.header.index, position: self.header.count }
    }

    pub(crate) fn examine(&self, examiner: &Examiner<'_>) -> Result<Quorum, Finding> {
        self.certificate.examine(examiner, &self.header)
    }
}

impl Encode for PrefixProof {
    fn encode(&self, out: &mut Writer) {
        self.header.encode(out);
        self.certificate.encode(out);
    }
}
impl Decode for PrefixProof {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            header: EntryHeader::decode(input)?,
            certificate: CommitCertificate::decode(input)?,
        })
    }
}
