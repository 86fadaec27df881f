//! One key of a stream, each value put once: the clusters that can still matter.
//!
//! A write and its reads are a cluster, which stands together in every order (see
//! `linearizability::unambiguous`). With F the first end and S the last start of any of its
//! operations, no order exists if and only if of two clusters A and B
//!
//! ```text
//!   F(A) < S(B)  and  F(B) < S(A)                          (Gibbons and Korach, 1997)
//! ```
//!
//! or a read ended before its write began. On a stream a cluster changes when a read ends: only
//! then it is compared. Let m be the earliest start of a read that is open (its value is not known
//! yet), or now: every start that is still to come is m or later.
//!
//! - I1: a cluster B can be forgotten once a cluster A with F(A) < m has F(B) < S(A): any further
//!   read of B would break the rule with A, and so whoever reads B's value then is wrong.
//! - I2: with A everything goes that A forgets, so what stays has an F after the S of all that
//!   went, and contradicts none of it, whatever is read later.
//!
//! So what is kept are the clusters of operations that overlap, of writes whose outcome is unknown
//! and nobody read, and one more: it does not grow with the stream.

use super::mutant::Mutant;
use crate::history::Record;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// A rank among the events of the stream, from 1.
pub(super) type Rank = u64;

/// An operation, as a story needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Brief {
    pub(super) process: u64,
    pub(super) began: Record,
    pub(super) ended: Option<Record>,
}

/// A write and its reads.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    number: u64,
    first_end: Rank,
    last_start: Rank,
    /// Nothing for the initial state.
    pub(super) write: Option<Brief>,
}

/// What was put before a cluster that was read, and cannot have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) value: Option<Bytes>,
    pub(super) write: Option<Brief>,
}

/// Why a read fits in no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nobody had put its value, or it had been overwritten by the other.
    NotThere(Option<Other>),
    /// Its value and the other's would each have to come before the other.
    Crossed(Option<Brief>, Other),
}

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Register {
    live: BTreeMap<Option<Bytes>, Cluster>,
    /// The one that was put last, when it was looked at last.
    latest: Option<Other>,
    open_reads: BTreeSet<Rank>,
    next: u64,
    /// How many were kept when it was looked at last.
    kept: usize,
}

impl Default for Register {
    fn default() -> Self {
        let initial = Cluster { number: 0, first_end: 0, last_start: 0, write: None };
        Self {
            live: BTreeMap::from([(None, initial)]),
            latest: None,
            open_reads: BTreeSet::new(),
            next: 1,
            kept: 1,
        }
    }
}

impl Register {
    /// How many clusters are kept.
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// A read begins.
    pub(super) fn begin_read(&mut self, now: Rank) {
        self.open_reads.insert(now);
    }

    /// A read has no answer, and never will.
    pub(super) fn drop_read(&mut self, start: Rank) {
        self.open_reads.remove(&start);
    }

    /// A write begins; false if its value may still be another's.
    pub(super) fn begin_write(&mut self, value: &Bytes, now: Rank, write: Brief) -> bool {
        let number = self.next;
        self.next += 1;
        let cluster = Cluster { number, first_end: Rank::MAX, last_start: now, write: Some(write) };
        let value = Some(value.clone());
        if self.live.contains_key(&value) {
            return false;
        }
        self.live.insert(value, cluster);
        true
    }

    /// A write was answered.
    pub(super) fn end_write(&mut self, value: &Bytes, now: Rank, ended: Record, mutant: Mutant) {
        if let Some(cluster) = self.live.get_mut(&Some(value.clone())) {
            cluster.first_end = cluster.first_end.min(now);
            if let Some(write) = &mut cluster.write {
                write.ended = Some(ended);
            }
        }
        self.forget(now, mutant);
    }

    /// A write certainly did not take effect; false if it was read.
    pub(super) fn undo_write(&mut self, value: &Bytes) -> bool {
        let value = Some(value.clone());
        let was_read = self.live.get(&value).is_none_or(|one| one.first_end != Rank::MAX);
        self.live.remove(&value);
        !was_read
    }

    /// A read that began at `start` was answered.
    pub(super) fn end_read(
        &mut self,
        value: Option<&Bytes>,
        (start, now): (Rank, Rank),
        mutant: Mutant,
    ) -> Result<(), Box<Wrong>> {
        self.open_reads.remove(&start);
        let value = value.cloned();
        let Some(cluster) = self.live.get_mut(&value) else {
            return Err(Box::new(Wrong::NotThere(self.latest.clone())));
        };
        cluster.first_end = cluster.first_end.min(now);
        if start > cluster.last_start && mutant != Mutant::StartsDoNotCount {
            cluster.last_start = start;
            let cluster = cluster.clone();
            if let Some(other) = self.crossed(&cluster) {
                return Err(Box::new(Wrong::Crossed(cluster.write, other)));
            }
        }
        self.forget(now, mutant);
        Ok(())
    }

    /// A cluster that breaks the rule with this one.
    fn crossed(&self, one: &Cluster) -> Option<Other> {
        let other = self.live.iter().find(|(_, other)| {
            other.number != one.number
                && other.first_end < one.last_start
                && one.first_end < other.last_start
        });
        other.map(|(value, other)| Other { value: value.clone(), write: other.write })
    }

    /// Forgets what no read to come can be of (I1), each time that twice as much is kept.
    fn forget(&mut self, now: Rank, mutant: Mutant) {
        if self.live.len() < 2 * self.kept + 4 {
            return;
        }
        let earliest = match mutant {
            Mutant::OpenReadsDoNotCount => now,
            _ => self.open_reads.first().copied().unwrap_or(now),
        };
        // The two with the largest last start: no cluster forgets itself.
        let mut front: Vec<(Rank, u64)> = Vec::new();
        for one in self.live.values().filter(|one| one.first_end < earliest) {
            front.push((one.last_start, one.number));
            front.sort_unstable_by(|a, b| b.cmp(a));
            front.truncate(2);
        }
        let is_latest = |one: &Cluster| front.first().is_some_and(|(_, at)| *at == one.number);
        if let Some((value, one)) = self.live.iter().find(|(_, one)| is_latest(one)) {
            self.latest = Some(Other { value: value.clone(), write: one.write });
        }
        self.live.retain(|_, one| {
            !front.iter().any(|(last_start, number)| {
                (*number != one.number || mutant == Mutant::ForgetsItself)
                    && one.first_end < *last_start
            })
        });
        self.kept = self.live.len();
    }
}
