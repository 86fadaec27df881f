//! The writes of one operation: they share one new revision, numbered within it, and those that
//! come later see those that came before.

use super::Store;
use super::history::Written;
use super::range::length;
use super::revision::Revision;
use crate::error::Error;
use crate::key_value::KeyValue;
use crate::mutant::{Mutant, planted};
use crate::operation::{DeleteRangeRequest, PutRequest, RangeRequest};
use crate::response::{DeleteRangeResponse, PutResponse, RangeResponse};

/// The writes of one operation, under way.
pub(super) struct Writing<'a> {
    store: &'a mut Store,
    began: i64,
    changes: u32,
}

impl<'a> Writing<'a> {
    /// Begins at the store's present revision.
    pub(super) fn begin(store: &'a mut Store) -> Self {
        let began = store.revision;
        Self { store, began, changes: 0 }
    }

    /// The revision that reading sees: the new one as soon as there is one.
    fn present(&self) -> i64 {
        self.began + i64::from(self.changes > 0)
    }

    /// The place of the next write.
    fn next(&mut self) -> Revision {
        if planted(Mutant::RevisionPerWrite) && self.changes > 0 {
            self.began += 1;
        }
        let next = Revision { main: self.began + 1, sub: self.changes };
        self.changes += 1;
        next
    }

    /// The store with the writes so far.
    pub(super) fn store(&self) -> &Store {
        self.store
    }

    /// Reads keys, with the writes so far.
    pub(super) fn range(&self, request: &RangeRequest) -> Result<RangeResponse, Error> {
        self.store.range_as_of(request, self.present())
    }

    /// Writes one key. Refused before anything is changed.
    pub(super) fn put(&mut self, request: PutRequest) -> Result<PutResponse, Error> {
        let found = self.store.keys.get_key_value(request.key.as_ref());
        let history = found.map(|(_, history)| history);
        let before = history.and_then(|history| history.latest());
        let prev_kv = match before {
            Some((revision, written)) if request.prev_kv => {
                Some(key_value(&request.key, revision, written))
            }
            _ => None,
        };
        let old = before.map(|(_, written)| written.clone());
        if old.is_none() && (request.ignore_value || request.ignore_lease) {
            return Err(Error::KeyNotFound);
        }
        // The key's own bytes, which all that is written of it share.
        let key = found.map_or_else(|| request.key.clone(), |(key, _)| key.clone());
        let dead = history.is_some_and(|history| history.latest().is_none());
        let counted = if dead && planted(Mutant::VersionSurvivesDelete) { 2 } else { 0 };
        let revision = self.next();
        let mut written = Written {
            create_revision: revision.main,
            version: 1 + counted,
            value: request.value,
            lease: request.lease,
        };
        if let Some(old) = old {
            written.version = old.version + 1;
            if !planted(Mutant::CreateRevisionMoves) {
                written.create_revision = old.create_revision;
            }
            if request.ignore_value {
                written.value = old.value;
            }
            if request.ignore_lease {
                written.lease = old.lease;
            }
        }
        self.store.write(key, revision, Some(written));
        Ok(PutResponse { revision: revision.main, prev_kv })
    }

    /// Deletes keys.
    pub(super) fn delete_range(&mut self, request: &DeleteRangeRequest) -> DeleteRangeResponse {
        let doomed: Vec<KeyValue> = self
            .store
            .select(&request.key, &request.range_end, self.present())
            .map(|(key, revision, written)| key_value(key, revision, written))
            .collect();
        for kv in &doomed {
            let revision = self.next();
            self.store.write(kv.key.clone(), revision, None);
        }
        if planted(Mutant::VainDeleteTakesRevision) && doomed.is_empty() {
            self.changes += 1;
        }
        DeleteRangeResponse {
            revision: self.present(),
            deleted: length(doomed.len()),
            prev_kvs: if request.prev_kv { doomed } else { Vec::new() },
        }
    }

    /// Ends the operation and returns the store's revision after it.
    pub(super) fn end(self) -> i64 {
        self.store.revision = self.present();
        self.store.revision
    }
}

/// What a client is shown of a put.
pub(super) fn key_value(key: &bytes::Bytes, revision: Revision, written: &Written) -> KeyValue {
    KeyValue {
        key: key.clone(),
        create_revision: written.create_revision,
        mod_revision: revision.main,
        version: written.version,
        value: written.value.clone(),
        lease: written.lease,
    }
}
