//! Compaction: from now on nothing before a revision can be read, and what only such reads
//! needed is forgotten. Of each key the entry that is to be seen at that revision stays, unless
//! it is a deletion.

use super::revision::Revision;
use super::{Store, entry_bytes};
use crate::error::Error;
use crate::mutant::{Mutant, planted};
use crate::operation::CompactionRequest;
use crate::response::CompactionResponse;
use bytes::Bytes;
use std::collections::BTreeSet;

impl Store {
    /// Compacts. Takes time in proportion to what is forgotten.
    pub fn compact(&mut self, request: &CompactionRequest) -> Result<CompactionResponse, Error> {
        self.check_compaction(request)?;
        self.compacted = request.revision;
        let last = Revision::last_of(request.revision);
        let mut keys = BTreeSet::new();
        while let Some((revision, key)) = self.garbage.peek()
            && *revision <= last
        {
            keys.insert(key.clone());
            self.garbage.dequeue_mut();
        }
        for key in keys {
            self.prune(&key, request.revision);
        }
        Ok(CompactionResponse { revision: self.revision })
    }

    /// Whether there is anything to compact up to the revision asked for.
    pub(crate) fn check_compaction(&self, request: &CompactionRequest) -> Result<(), Error> {
        match request.revision {
            asked if asked <= self.compacted => Err(Error::Compacted),
            asked if asked > self.revision => Err(Error::FutureRevision),
            _ => Ok(()),
        }
    }

    fn prune(&mut self, key: &Bytes, main: i64) {
        let Some(history) = self.keys.get_mut(key.as_ref()) else { return };
        let forgotten: u64 = history.prune(main).iter().map(|entry| entry_bytes(key, entry)).sum();
        if history.length() == 0 {
            self.keys.remove_mut(key.as_ref());
        }
        if !planted(Mutant::SizeNeverShrinks) {
            self.size_bytes -= forgotten;
        }
    }
}
