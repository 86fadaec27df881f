//! Requests proposed here and neither decided nor forgotten, with how many bytes they are.
//!
//! - I1 `bytes` is the length of all requests in it.

use super::command::Proposal;
use avouch_promise::{Digest, invariant};
use std::collections::BTreeMap;

/// The requests of this node's own clients, by digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    requests: BTreeMap<Digest, Proposal>,
    bytes: usize,
}

impl Waiting {
    /// How many there are, and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.requests.len(), self.bytes)
    }
    /// Whether a request is among them.
    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.requests.contains_key(digest)
    }
    /// Every one, in the order of their digests.
    pub(super) fn all(&self) -> Vec<Proposal> {
        self.requests.values().cloned().collect()
    }
    /// The first of them, up to so many bytes (at least one).
    pub(super) fn first(&self, limit: usize) -> Vec<Proposal> {
        let mut bytes = 0;
        let fits = |proposal: &&Proposal| {
            let first = bytes == 0;
            bytes += proposal.payload.bytes().len();
            first || bytes <= limit
        };
        self.requests.values().take_while(fits).cloned().collect()
    }
    /// Adds one.
    pub(super) fn insert(&mut self, proposal: Proposal) {
        let (digest, length) = (proposal.payload.digest(), proposal.payload.bytes().len());
        if self.requests.insert(digest, proposal).is_none() {
            self.bytes += length;
        }
    }
    /// Forgets one.
    pub(super) fn remove(&mut self, digest: &Digest) {
        if let Some(gone) = self.requests.remove(digest) {
            self.bytes -= gone.payload.bytes().len();
        }
        invariant!(I1, self.bytes == 0 || !self.requests.is_empty(), "bytes of nothing");
    }
}
