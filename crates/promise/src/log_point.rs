//! Points of a replicated log, and the chain that makes "a prefix of one log" falsifiable.
//!
//! ```text
//! chain(0) = zero
//! chain(i) = H("avouch entry", header(i)),   header(i) = { i, ballot, chain(i-1), root, count }
//! ```
//!
//! An entry is a batch of `count` requests; `root` is the Merkle root of their digests. Two logs
//! with equal chains at i hold the same requests in the same order up to i, unless SHA-256 breaks.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::{Digest, digest_of};
use crate::identity::Ballot;
use std::fmt;

/// A position in a group's log, counted from 1; 0 is before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogIndex(pub u64);

impl LogIndex {
    /// The last position that is read from bytes: at a million entries a second, the log gets
    /// there in 292,000 years. So what others say can be counted on from without overflow.
    pub const MAX: Self = Self(u64::MAX >> 1);

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
    /// The position before this one; of 0, 0.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}
impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl Encode for LogIndex {
    fn encode(&self, out: &mut Writer) {
        out.varint(self.0);
    }
}
impl Decode for LogIndex {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("a position that a log can have");
        input
            .varint()
            .map(Self)
            .and_then(|index| if index > Self::MAX { Err(error) } else { Ok(index) })
    }
}

/// A state of the log's machine: every entry before `index`, and the first `position` requests
/// of entry `index`, have been applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPoint {
    /// The entry.
    pub index: LogIndex,
    /// How many of its requests are applied.
    pub position: u32,
}
impl fmt::Display for LogPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.position)
    }
}
impl Encode for LogPoint {
    fn encode(&self, out: &mut Writer) {
        self.index.encode(out);
        out.u32(self.position);
    }
}
impl Decode for LogPoint {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { index: LogIndex::decode(input)?, position: input.u32()? })
    }
}

/// What the chain binds of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryHeader {
    /// Its position.
    pub index: LogIndex,
    /// The ballot whose leader proposed it.
    pub ballot: Ballot,
    /// The chain at the entry before it.
    pub previous: Digest,
    /// The Merkle root of its requests' digests; zero for an entry without requests.
    pub root: Digest,
    /// How many requests it holds.
    pub count: u32,
}

impl EntryHeader {
    /// The chain at this entry.
    pub fn chain(&self) -> Digest {
        digest_of("avouch entry", &[&self.to_bytes()])
    }
}
impl Encode for EntryHeader {
    fn encode(&self, out: &mut Writer) {
        self.index.encode(out);
        self.ballot.encode(out);
        self.previous.encode(out);
        self.root.encode(out);
        out.u32(self.count);
    }
}
impl Decode for EntryHeader {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            index: LogIndex::decode(input)?,
            ballot: Ballot::decode(input)?,
            previous: Digest::decode(input)?,
            root: Digest::decode(input)?,
            count: input.u32()?,
        })
    }
}
