//! The store's side of a snapshot: its histories one by one, and back.

use super::history::{Entry, History};
use super::projection::Shown;
use super::revision::Revision;
use super::{Store, entry_bytes};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

impl Store {
    /// The key after this one, deleted ones too.
    pub(crate) fn key_after(&self, key: Option<&Bytes>) -> Option<Bytes> {
        let from = key.map_or(Unbounded, Excluded);
        self.keys.range::<Bytes, _>((from, Unbounded)).next().map(|(key, _)| key.clone())
    }

    /// A key's history.
    pub(crate) fn history(&self, key: &Bytes) -> Option<&History> {
        self.keys.get(key)
    }

    /// How many keys have a history.
    pub(crate) fn key_count(&self) -> u64 {
        self.keys.size() as u64
    }

    /// Sets the revisions of an empty store; false if no store can have them.
    pub(crate) fn restore_revisions(&mut self, revision: i64, compacted: i64) -> bool {
        self.revision = revision;
        self.compacted = compacted;
        revision >= 1 && (-1..=revision).contains(&compacted)
    }

    /// Puts back a key that follows all others; false if it does not, or has no history.
    /// Of what its entries put an end to, `garbage` is to be restored when all keys are.
    pub(crate) fn restore_key(
        &mut self,
        key: Bytes,
        mut history: History,
        garbage: &mut BTreeMap<Revision, Bytes>,
    ) -> bool {
        let follows = self.keys.last().is_none_or(|(last, _)| *last < key);
        if !follows || key.is_empty() || history.length() == 0 {
            return false;
        }
        let latest = history.latest();
        let shown = latest.map(|(revision, written)| Shown::new(&key, revision, written));
        if let Some(shown) = &shown {
            self.sum.add(shown);
        }
        history.show(shown);
        let mut alive = false;
        for (revision, entry) in history.after(None) {
            self.size_bytes += entry_bytes(&key, entry);
            if alive && garbage.insert(revision, key.clone()).is_some() {
                return false;
            }
            alive = entry.is_some();
        }
        self.keys.insert_mut(key, history);
        true
    }
}

impl Store {
    /// Puts back what compactions are to look at, after every key.
    pub(crate) fn restore_garbage(&mut self, garbage: BTreeMap<Revision, Bytes>) {
        self.garbage = garbage.into_iter().collect();
    }
}

impl History {
    /// Whether an entry can come next in a history of a store that is compacted up to a revision:
    /// the invariants of the history, and that the compaction left one put at most.
    pub(crate) fn may_follow(&self, revision: Revision, entry: &Entry, compacted: i64) -> bool {
        let Some((before, last)) = self.newest() else {
            // Nothing came before, or what did is compacted.
            return entry.as_ref().is_some_and(|written| {
                let begins = written.version == 1 && written.create_revision == revision.main;
                let went_on = written.version > 1 && written.create_revision <= revision.main;
                revision.main >= 2 && (begins || went_on && revision.main <= compacted)
            });
        };
        let later = *before < revision && revision.main > compacted;
        later
            && match (last, entry) {
                (Some(old), Some(new)) => {
                    new.create_revision == old.create_revision && new.version == old.version + 1
                }
                (Some(_), None) => true,
                (None, Some(new)) => new.version == 1 && new.create_revision == revision.main,
                (None, None) => false,
            }
    }
}
