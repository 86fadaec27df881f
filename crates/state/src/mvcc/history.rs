//! One key's history: what was written at which revision, deletions included.
//!
//! ```text
//! put     put     delete  put      create_revision: 2 2 - 7    version: 1 2 - 1
//! 2.0     4.0     5.1     7.0      at(4) = the put of 4.0,  at(6) = nothing,  at(9) = the put of 7.0
//! ```
//!
//! Invariants: I1, no deletion comes first or follows another. I2, a put after a put keeps
//! `create_revision` and counts `version` on; every other put begins anew, unless what came
//! before it is compacted.

use super::revision::Revision;
use crate::mutant::{Mutant, planted};
use bytes::Bytes;
use rpds::RedBlackTreeMapSync;

/// What one put wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Written {
    pub(crate) create_revision: i64,
    pub(crate) version: i64,
    pub(crate) value: Bytes,
    pub(crate) lease: i64,
}

/// What stands at one revision of a key: a put, or nothing for a deletion.
pub(crate) type Entry = Option<Written>;

/// One key's history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct History(RedBlackTreeMapSync<Revision, Entry>);

impl History {
    /// A key that was never written.
    pub(crate) fn new() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }

    /// What was to be seen at a revision of the store.
    pub(crate) fn at(&self, main: i64) -> Option<(Revision, &Written)> {
        let (revision, entry) = match self.0.last() {
            Some((revision, entry)) if revision.main <= main => (revision, entry),
            _ => self.0.range(..=Revision::last_of(main)).next_back()?,
        };
        entry.as_ref().map(|written| (*revision, written))
    }

    /// What is to be seen now.
    pub(crate) fn latest(&self) -> Option<(Revision, &Written)> {
        self.at(i64::MAX)
    }

    /// The newest entry, a deletion too.
    pub(crate) fn newest(&self) -> Option<(&Revision, &Entry)> {
        self.0.last()
    }

    /// Adds an entry at a revision later than all.
    pub(crate) fn write(&mut self, revision: Revision, entry: Entry) {
        self.0.insert_mut(revision, entry);
    }

    /// Forgets what cannot be seen at `main` or later, and returns what is forgotten.
    pub(crate) fn prune(&mut self, main: i64) -> Vec<Entry> {
        let mut old: Vec<Revision> =
            self.0.range(..=Revision::last_of(main)).map(|(revision, _)| *revision).collect();
        if let Some(newest) = old.pop() {
            let deleted = matches!(self.0.get(&newest), Some(None));
            if deleted && !planted(Mutant::CompactionKeepsTombstone)
                || planted(Mutant::CompactionTakesTooMuch)
            {
                old.push(newest);
            }
        }
        let mut forgotten = Vec::with_capacity(old.len());
        for revision in old {
            forgotten.extend(self.0.get(&revision).cloned());
            self.0.remove_mut(&revision);
        }
        forgotten
    }

    /// The entries after a revision, oldest first.
    pub(crate) fn after(
        &self,
        revision: Option<Revision>,
    ) -> impl Iterator<Item = (Revision, &Entry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = revision.map_or(Unbounded, Excluded);
        self.0.range((from, Unbounded)).map(|(revision, entry)| (*revision, entry))
    }

    /// How many entries there are.
    pub(crate) fn length(&self) -> usize {
        self.0.size()
    }
}
