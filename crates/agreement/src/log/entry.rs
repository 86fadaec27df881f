//! Entries of the log: a batch of requests under a chained header.

use avouch_promise::{
    Ballot, Decode, DecodeError, Digest, Encode, EntryHeader, LogIndex, Reader, Request, Writer,
    merkle,
};
use bytes::Bytes;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A request's bytes with their digest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payload {
    digest: Digest,
    bytes: Bytes,
}

impl Payload {
    /// Wraps a request's bytes.
    pub fn new(bytes: Bytes) -> Self {
        Self { digest: Request::digest(&bytes), bytes }
    }
    /// Wraps a request's bytes whose digest is known.
    pub fn with_digest(bytes: Bytes, digest: Digest) -> Self {
        Self { digest, bytes }
    }
    /// The request's digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }
    /// The request's bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}
impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "r:{}", self.digest)
    }
}
impl Encode for Payload {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.bytes);
    }
}
impl Decode for Payload {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Bytes::decode(input).map(Self::new)
    }
}

/// One entry. Its chain stands for all of it: equal chains, equal entries.
pub struct Entry {
    header: EntryHeader,
    chain: Digest,
    requests: Vec<Payload>,
    size: usize,
}

/// An entry, shared.
pub type SharedEntry = Arc<Entry>;

/// Entries that continue each other, shared between a record and the messages that carry them.
pub type Entries = Arc<[SharedEntry]>;

impl Entry {
    /// The entry after `previous` that holds `requests`.
    pub fn new(index: LogIndex, ballot: Ballot, previous: Digest, requests: Vec<Payload>) -> Self {
        let digests: Vec<_> = requests.iter().map(Payload::digest).collect();
        let count = requests.len() as u32;
        let header = EntryHeader { index, ballot, previous, root: merkle::root(&digests), count };
        let size = 64 + requests.iter().map(|request| request.bytes.len() + 4).sum::<usize>();
        Self { header, chain: header.chain(), requests, size }
    }
    /// What the chain binds.
    pub fn header(&self) -> &EntryHeader {
        &self.header
    }
    /// Its position.
    pub fn index(&self) -> LogIndex {
        self.header.index
    }
    /// The chain at this entry.
    pub fn chain(&self) -> Digest {
        self.chain
    }
    /// Its requests, in order.
    pub fn requests(&self) -> &[Payload] {
        &self.requests
    }
    /// Its size in bytes, about, as it travels.
    pub fn size(&self) -> usize {
        self.size
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let EntryHeader { index, ballot, count, .. } = self.header;
        write!(f, "{index}@{ballot}x{count}#{}", self.chain)
    }
}
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.index(), self.chain).cmp(&(other.index(), other.chain))
    }
}
impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.chain.hash(state);
    }
}
impl Encode for Entry {
    fn encode(&self, out: &mut Writer) {
        self.header.index.encode(out);
        self.header.ballot.encode(out);
        self.header.previous.encode(out);
        out.list(&self.requests);
    }
}
impl Decode for Entry {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let index = LogIndex::decode(input)?;
        let ballot = Ballot::decode(input)?;
        let previous = Digest::decode(input)?;
        Ok(Self::new(index, ballot, previous, input.list()?))
    }
}

/// Writes shared entries after their count.
pub fn encode_entries(entries: &[SharedEntry], out: &mut Writer) {
    out.varint(entries.len() as u64);
    for entry in entries {
        entry.encode(out);
    }
}

/// Reads shared entries after their count, each continuing the one before.
pub fn decode_entries(input: &mut Reader<'_>) -> Result<Vec<SharedEntry>, DecodeError> {
    let mut entries: Vec<SharedEntry> = Vec::new();
    for _ in 0..input.count()? {
        let entry = Entry::decode(input)?;
        let continues = entries.last().is_none_or(|last| {
            last.index().next() == entry.index() && last.chain() == entry.header.previous
        });
        if !continues {
            return Err(input.error("entries that continue each other"));
        }
        entries.push(Arc::new(entry));
    }
    Ok(entries)
}
