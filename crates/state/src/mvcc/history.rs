//! One key's history: what was written at which revision, deletions included.
//!
//! ```text
//! put     put     delete  put      create_revision: 2 2 - 7    version: 1 2 - 1
//! 2.0     4.0     5.1     7.0      at(4) = the put of 4.0,  at(6) = nothing,  at(9) = the put of 7.0
//! ```
//!
//! The newest entry stands apart from the tree of the older ones: nearly every read asks for it.
//!
//! Invariants: I1, no deletion comes first or follows another. I2, a put after a put keeps
//! `create_revision` and counts `version` on; every other put begins anew, unless what came
//! before it is compacted. I3, without a newest entry there is no older one.

use super::projection::Shown;
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
pub(crate) struct History {
    newest: Option<(Revision, Entry)>,
    older: RedBlackTreeMapSync<Revision, Entry>,
    /// What the key adds to the store's projection.
    shown: Option<Shown>,
}

impl History {
    /// A key that was never written.
    pub(crate) fn new() -> Self {
        Self { newest: None, older: RedBlackTreeMapSync::new_sync(), shown: None }
    }

    /// What was to be seen at a revision of the store.
    pub(crate) fn at(&self, main: i64) -> Option<(Revision, &Written)> {
        let (revision, entry) = match &self.newest {
            Some((revision, entry)) if revision.main <= main => (revision, entry),
            _ => self.older.range(..=Revision::last_of(main)).next_back()?,
        };
        entry.as_ref().map(|written| (*revision, written))
    }

    /// What is to be seen now.
    pub(crate) fn latest(&self) -> Option<(Revision, &Written)> {
        self.at(i64::MAX)
    }

    /// The newest entry, a deletion too.
    pub(crate) fn newest(&self) -> Option<(&Revision, &Entry)> {
        self.newest.as_ref().map(|(revision, entry)| (revision, entry))
    }

    /// Notes what the key adds to the projection from now on, and returns what it added before.
    pub(super) fn show(&mut self, shown: Option<Shown>) -> Option<Shown> {
        std::mem::replace(&mut self.shown, shown)
    }

    /// Adds an entry at a revision later than all.
    pub(crate) fn write(&mut self, revision: Revision, entry: Entry) {
        if let Some((before, last)) = self.newest.replace((revision, entry)) {
            self.older.insert_mut(before, last);
        }
    }

    /// Forgets what cannot be seen at `main` or later, and returns what is forgotten.
    pub(crate) fn prune(&mut self, main: i64) -> Vec<Entry> {
        let last = Revision::last_of(main);
        let goes = |entry: Option<&Entry>| {
            let deleted = entry.is_some_and(Option::is_none);
            deleted && !planted(Mutant::CompactionKeepsTombstone)
                || planted(Mutant::CompactionTakesTooMuch)
        };
        let mut old: Vec<Revision> = self.older.range(..=last).map(|(at, _)| *at).collect();
        let mut forgotten = Vec::with_capacity(old.len() + 1);
        if let Some((at, newest)) = &self.newest
            && *at <= last
        {
            if goes(Some(newest)) {
                forgotten.extend(self.newest.take().map(|(_, entry)| entry));
            }
        } else if let Some(seen) = old.pop()
            && goes(self.older.get(&seen))
        {
            old.push(seen);
        }
        for revision in old {
            forgotten.extend(self.older.get(&revision).cloned());
            self.older.remove_mut(&revision);
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
        let newest =
            self.newest.iter().filter(move |(at, _)| revision.is_none_or(|from| *at > from));
        let older = self.older.range((from, Unbounded)).map(|(revision, entry)| (*revision, entry));
        older.chain(newest.map(|(revision, entry)| (*revision, entry)))
    }

    /// How many entries there are.
    pub(crate) fn length(&self) -> usize {
        self.older.size() + usize::from(self.newest.is_some())
    }
}
