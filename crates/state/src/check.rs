//! What can be said of an operation without the state: keys that are missing, arguments that
//! contradict each other, transactions that are too long or that might write a key twice.
//!
//! The rules are those of etcd's v3 server, in its order, so that the same error wins. A
//! transaction's overlaps are judged over all its branches, taken or not:
//!
//! ```text
//! a step list's deletions = its own, and those of the nested transactions before
//! a put is refused if an earlier put or nested transaction of the list may put the same key,
//!                  or one of these deletions covers it
//! the two branches of one nested transaction exclude each other and may put the same key
//! ```
//!
//! As in etcd, a deletion "to the end" (`range_end` a single zero byte) is overlooked here, and so
//! is a nested deletion that follows a nested put; such a transaction is carried out in its order.

use crate::error::Error;
use crate::mutant::{Mutant, planted};
use crate::operation::{
    DeleteRangeRequest, Operation, PutRequest, RangeRequest, TxnOperation, TxnRequest,
};
use crate::{MAX_OPERATIONS, MAX_REQUEST_BYTES};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

impl Operation {
    /// Refuses what no state could make sense of. A node asks before it puts an operation into
    /// the log; the machine asks again.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Range(range) => check_range(range),
            Self::Put(put) => check_put(put),
            Self::DeleteRange(delete) => check_delete(delete),
            Self::Txn(txn) => {
                check_txn(txn, MAX_OPERATIONS)?;
                Written::of(&txn.success)?;
                Written::of(&txn.failure).map(drop)
            }
            Self::Compact(_) | Self::Alarm(_) => Ok(()),
        }
    }

    /// Refuses an operation whose encoding is too large for the log. What only reads never enters
    /// the log and may be of any size.
    pub fn check_size(&self, encoded_bytes: usize) -> Result<(), Error> {
        if encoded_bytes > MAX_REQUEST_BYTES && !self.is_read_only() {
            return Err(Error::RequestTooLarge);
        }
        Ok(())
    }
}

fn check_key(key: &Bytes) -> Result<(), Error> {
    if key.is_empty() { Err(Error::EmptyKey) } else { Ok(()) }
}

fn check_range(range: &RangeRequest) -> Result<(), Error> {
    check_key(&range.key)
}

fn check_put(put: &PutRequest) -> Result<(), Error> {
    check_key(&put.key)?;
    if put.ignore_value && !put.value.is_empty() {
        return Err(Error::ValueProvided);
    }
    if put.ignore_lease && put.lease != 0 {
        return Err(Error::LeaseProvided);
    }
    Ok(())
}

fn check_delete(delete: &DeleteRangeRequest) -> Result<(), Error> {
    check_key(&delete.key)
}

fn check_txn(txn: &TxnRequest, allowed: usize) -> Result<(), Error> {
    let longest = txn.compare.len().max(txn.success.len()).max(txn.failure.len());
    let left = allowed.checked_sub(longest).ok_or(Error::TooManyOperations)?;
    txn.compare.iter().try_for_each(|compare| check_key(&compare.key))?;
    txn.success.iter().chain(&txn.failure).try_for_each(|step| match step {
        TxnOperation::Nothing => Err(Error::KeyNotFound),
        TxnOperation::Range(range) => check_range(range),
        TxnOperation::Put(put) => check_put(put),
        TxnOperation::DeleteRange(delete) => check_delete(delete),
        TxnOperation::Txn(nested) => check_txn(nested, left),
    })
}

/// What a list of steps may write.
#[derive(Default)]
struct Written<'a> {
    puts: BTreeSet<&'a Bytes>,
    deletes: Intervals,
}

impl<'a> Written<'a> {
    fn of(steps: &'a [TxnOperation]) -> Result<Self, Error> {
        let mut written = Self::default();
        for step in steps {
            if let TxnOperation::DeleteRange(delete) = step {
                written.deletes.add_request(delete);
            }
        }
        for step in steps {
            if let TxnOperation::Txn(nested) = step {
                written.add_nested(Self::of(&nested.success)?, Self::of(&nested.failure)?)?;
            }
        }
        for step in steps {
            if let TxnOperation::Put(put) = step {
                written.add_put(&put.key)?;
            }
        }
        Ok(written)
    }

    fn add_nested(&mut self, success: Self, failure: Self) -> Result<(), Error> {
        for key in success.puts.union(&failure.puts) {
            self.add_put(key)?;
        }
        self.deletes.add_all(success.deletes);
        self.deletes.add_all(failure.deletes);
        Ok(())
    }

    fn add_put(&mut self, key: &'a Bytes) -> Result<(), Error> {
        let unheard = self.puts.insert(key) && !self.deletes.cover(key);
        if unheard || planted(Mutant::DuplicateKeyAllowed) {
            Ok(())
        } else {
            Err(Error::DuplicateKey)
        }
    }
}

/// A set of keys as disjoint intervals, each from its first key up to but without its end.
#[derive(Default)]
struct Intervals(BTreeMap<Bytes, Bytes>);

impl Intervals {
    fn add_request(&mut self, delete: &DeleteRangeRequest) {
        let end = if delete.range_end.is_empty() {
            let mut next = delete.key.to_vec();
            next.push(0);
            Bytes::from(next)
        } else {
            delete.range_end.clone()
        };
        self.add(delete.key.clone(), end);
    }

    fn add_all(&mut self, other: Self) {
        for (begin, end) in other.0 {
            self.add(begin, end);
        }
    }

    fn add(&mut self, mut begin: Bytes, mut end: Bytes) {
        if end <= begin {
            return;
        }
        // Every interval that touches the new one lies among those that begin no later than its
        // end; they are disjoint, so the first that ends before its beginning is the last to ask.
        while let Some((other, others_end)) = self.0.range::<Bytes, _>(..=&end).next_back() {
            if others_end < &begin {
                break;
            }
            begin = begin.min(other.clone());
            end = end.max(others_end.clone());
            let other = other.clone();
            self.0.remove(&other);
        }
        self.0.insert(begin, end);
    }

    fn cover(&self, key: &Bytes) -> bool {
        self.0.range::<Bytes, _>(..=key).next_back().is_some_and(|(_, end)| key < end)
    }
}
