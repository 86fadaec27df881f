//! Evidence: signed facts from which, under stated assumptions, one answer's obligation follows.
//!
//! ```text
//! evidence = version (1) | kind (1) | answer (Signed) | proof
//!
//!   request --digest--> entry or batch --root--> acknowledgements of a quorum     (floor)
//!   request --digest--+
//!   response --digest-+--> answer --point, chain--> header --chain--> certificate (anchor)
//! ```
//!
//! The anchor proves that the answer is the state at a log point, that the point is committed and
//! that the answer is bound to this request; the floor proves that the point is late enough.
//! Bytes are verified as carried. Every bit of request, response and evidence is bound: to flip
//! one is to lose the verdict.
//!
//! A log's state before its first entry has no evidence of being committed: a node answers
//! nothing that needs an anchor until the first entry of a ballot is committed.

mod assumption;
mod certificate;
mod eventual;
mod examine;
mod file;
mod fork;
mod judgement;
mod kind;
mod lineage;
mod prefix;
mod read_index;
mod staleness;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub use assumption::Assumption;
pub use certificate::{CommitCertificate, Link};
pub use examine::Check;
pub use file::{EvidenceFile, Item};
pub use fork::{Contradiction, Fork, Source, cross_check};
pub use judgement::{Judgement, Verdict};
pub use kind::Kind;
pub use prefix::PrefixProof;
pub use read_index::{Floor, ReadIndexProof};
pub use staleness::{Beacon, StalenessProof};
pub use verify::verify;
pub use write::WriteProof;

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::fact::Signed;

/// The version of the encoding.
pub const VERSION: u8 = 1;

/// What an answer carries for its verifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// The signed [`crate::Answer`] of the node that answered.
    pub answer: Signed,
    /// Why the answer's point is what the guarantee asks for.
    pub proof: Proof,
}

/// The facts beside the answer, by kind of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// The request is in a committed entry.
    Write(WriteProof),
    /// The state at a committed entry, no older than the request.
    ReadIndex(ReadIndexProof),
    /// The state at some committed entry.
    ConsistentPrefix(PrefixProof),
    /// The state at a committed entry, which was current at a beacon.
    Staleness(StalenessProof),
    /// Nothing but the answer.
    Eventual,
}

impl Proof {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Write(_) => Kind::Write,
            Self::ReadIndex(_) => Kind::ReadIndex,
            Self::ConsistentPrefix(_) => Kind::ConsistentPrefix,
            Self::Staleness(_) => Kind::StalenessByTime,
            Self::Eventual => Kind::Eventual,
        }
    }
}

impl Evidence {
    /// The kind byte of encoded evidence, read without the rest.
    pub fn kind_byte(bytes: &[u8]) -> Result<u8, DecodeError> {
        let mut input = Reader::new(bytes);
        version(&mut input)?;
        input.u8()
    }
}

fn version(input: &mut Reader<'_>) -> Result<(), DecodeError> {
    let error = input.error("evidence of version 1");
    if input.u8()? == VERSION { Ok(()) } else { Err(error) }
}

impl Encode for Evidence {
    fn encode(&self, out: &mut Writer) {
        out.u8(VERSION);
        out.u8(self.proof.kind() as u8);
        self.answer.encode(out);
        match &self.proof {
            Proof::Write(proof) => proof.encode(out),
            Proof::ReadIndex(proof) => proof.encode(out),
            Proof::ConsistentPrefix(proof) => proof.encode(out),
            Proof::Staleness(proof) => proof.encode(out),
            Proof::Eventual => {}
        }
    }
}
impl Decode for Evidence {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        version(input)?;
        let error = input.error("a kind of evidence that this version verifies");
        let kind = Kind::from_byte(input.u8()?);
        let answer = Signed::decode(input)?;
        let proof = match kind {
            Some(Kind::Write) => Proof::Write(WriteProof::decode(input)?),
            Some(Kind::ReadIndex) => Proof::ReadIndex(ReadIndexProof::decode(input)?),
            Some(Kind::ConsistentPrefix) => Proof::ConsistentPrefix(PrefixProof::decode(input)?),
            Some(Kind::StalenessByTime) => Proof::Staleness(StalenessProof::decode(input)?),
            Some(Kind::Eventual) => Proof::Eventual,
            _ => return Err(error),
        };
        Ok(Self { answer, proof })
    }
}
