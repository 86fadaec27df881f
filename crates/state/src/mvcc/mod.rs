//! The store: every key with its history, under one revision that grows by one with each operation
//! that writes. The semantics are those of etcd 3.4, to the letter of its answers.
//!
//! ```text
//!            compacted           revision
//!                |                   |
//!   a  ......... 3 ----- 5 --x       |        x  deleted
//!   b        .. 2 ----------------- 8         .. forgotten
//!   ------------+-------------------+----->   revisions
//!     refused   |     readable      |  refused (future)
//! ```
//!
//! The maps are persistent trees: a clone is O(1), shares everything, and stays as it is, which is
//! what a checkpoint writer, a read at an old state and a refused transaction need.
//!
//! Invariants: I1, `garbage` names a key for each of its entries that put an end to an older one
//! and is later than `compacted`, in their order, so a compaction visits only what it forgets.
//! I2, `size_bytes` and `sum` equal what a count over all keys gives.
//!
//! Deviations from etcd: equal sort targets keep the order of their keys (etcd's order among more
//! than twelve is that of an unstable sort). A transaction whose step turns out to be impossible
//! (keep the value of a key that the transaction itself deleted) is refused as a whole, where etcd
//! 3.4 stops the server. Leases come later; until then no lease exists.

mod compaction;
mod history;
mod projection;
mod range;
mod restore;
mod revision;
mod transaction;
mod write;

use crate::error::Error;
use crate::operation::{DeleteRangeRequest, PutRequest, RangeRequest};
use crate::response::{DeleteRangeResponse, PutResponse, RangeResponse};
use avouch_promise::Digest;
use bytes::Bytes;
use projection::Shown;
use rpds::{QueueSync, RedBlackTreeMapSync};
use write::Writing;

pub(crate) use history::{Entry, History, Written};
pub use projection::Projected;
pub(crate) use revision::Revision;

/// What an entry of a history is taken to need beside its key and value: the nodes of the trees,
/// their counts and pointers. etcd reckons with the same number.
pub const ENTRY_OVERHEAD_BYTES: u64 = 256;

/// Every key with its history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    keys: RedBlackTreeMapSync<Bytes, History>,
    garbage: QueueSync<(Revision, Bytes)>,
    revision: i64,
    compacted: i64,
    size_bytes: u64,
    sum: projection::Sum,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty store, at revision 1 as etcd's.
    pub fn new() -> Self {
        Self {
            keys: RedBlackTreeMapSync::new_sync(),
            garbage: QueueSync::new_sync(),
            revision: 1,
            compacted: -1,
            size_bytes: 0,
            sum: projection::Sum::default(),
        }
    }

    /// The present revision.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The first revision that can be read; -1 before the first compaction.
    pub fn compacted(&self) -> i64 {
        self.compacted
    }

    /// What it takes, reckoned the same way on every replica: keys, values, and
    /// [`ENTRY_OVERHEAD_BYTES`] for each entry of each history.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// One digest of all that can be read now; equal on replicas that agree.
    //= §2.1.3 deterministic projections
    pub fn projection(&self) -> Digest {
        self.projected().digest()
    }

    /// What that digest is of: equal where it is, and at hand.
    pub fn projected(&self) -> Projected {
        Projected { sum: self.sum, revision: self.revision }
    }

    /// Reads keys.
    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, Error> {
        self.range_as_of(request, self.revision)
    }

    /// The store as a reader saw it at a revision since when nothing was forgotten.
    pub(crate) fn as_of(&self, revision: i64) -> Self {
        Self { revision, ..self.clone() }
    }

    /// Writes one key.
    pub fn put(&mut self, request: PutRequest) -> Result<PutResponse, Error> {
        transaction::check_lease(&request)?;
        let mut writing = Writing::begin(self);
        let response = writing.put(request)?;
        writing.end();
        Ok(response)
    }

    /// Deletes keys.
    pub fn delete_range(&mut self, request: &DeleteRangeRequest) -> DeleteRangeResponse {
        let mut writing = Writing::begin(self);
        let response = writing.delete_range(request);
        writing.end();
        response
    }

    /// Puts an entry into a key's history.
    fn write(&mut self, key: Bytes, revision: Revision, entry: Entry) {
        self.size_bytes += entry_bytes(&key, &entry);
        let shown = entry.as_ref().map(|written| Shown::new(&key, revision, written));
        if let Some(shown) = &shown {
            self.sum.add(shown);
        }
        if let Some(history) = self.keys.get_mut(key.as_ref()) {
            if let Some(before) = history.show(shown) {
                self.sum.remove(&before);
                self.garbage.enqueue_mut((revision, key));
            }
            history.write(revision, entry);
        } else {
            let mut history = History::new();
            history.show(shown);
            history.write(revision, entry);
            self.keys.insert_mut(key, history);
        }
    }
}

/// What an entry counts for in the size.
fn entry_bytes(key: &[u8], entry: &Entry) -> u64 {
    let value = entry.as_ref().map_or(0, |written| written.value.len());
    ENTRY_OVERHEAD_BYTES + key.len() as u64 + value as u64
}
