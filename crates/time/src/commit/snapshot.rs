//! A partition under Clock-SI: one snapshot over many partitions whose clocks have no bound.
//!
//! ```text
//!   snapshot: S = the clock where the transaction begins
//!   read at S here:  wait until this clock > S, and until all that is prepared up to S is decided
//!   prepare here:    p = this clock, above every S that was read here;  commit at max of all p
//! ```
//!
//! Invariants, whatever clocks do:
//! - I1 Once S was read here, nothing commits here at or below S.
//!
//! The rule by the clock alone holds I1 only while this clock never goes back: a prepare after the
//! read then gets more than S. The backstop is logical: the highest S that was read is kept in
//! mind, so that a clock that is set back costs order with real time and never a snapshot.
//!
//! References: Du, Elnikety and Zwaenepoel, "Clock-SI: snapshot isolation for partitioned data
//! stores using loosely synchronized clocks" (SRDS 2013), algorithms 1 and 2.

use avouch_promise::{Nanos, WallTime};
use std::collections::BTreeMap;

/// Bugs, planted on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// None.
    #[default]
    None,
    /// A read does not wait for this partition's clock.
    ReadsAhead,
    /// A read does not wait for what is prepared.
    IgnoresPrepared,
    /// A prepare follows the clock alone.
    TrustsClock,
}

/// Whether a read may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ready {
    /// Now.
    Now,
    /// Not before this partition's clock has gone on so far.
    AfterClock(Nanos),
    /// Not before this transaction is decided.
    After(u64),
}

/// One partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// Transactions that are prepared here, with their stamps.
    prepared: BTreeMap<u64, WallTime>,
    /// The highest snapshot that was read here; no stamp to come is at or below it.
    read: Option<WallTime>,
    pub(super) mutant: Mutant,
}

impl Partition {
    /// A partition of which nothing was read, in no doubt.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a snapshot may be read here; if so, it is kept in mind.
    //= §3.3.3 clock-si
    pub fn read(&mut self, snapshot: WallTime, clock: WallTime) -> Ready {
        if clock <= snapshot && self.mutant != Mutant::ReadsAhead {
            let ahead = snapshot.0.abs_diff(clock.0);
            return Ready::AfterClock(Nanos(ahead.saturating_add(1)));
        }
        let pending = self.prepared.iter().find(|(_, stamp)| **stamp <= snapshot);
        if let Some((transaction, _)) = pending
            && self.mutant != Mutant::IgnoresPrepared
        {
            return Ready::After(*transaction);
        }
        self.read = self.read.max(Some(snapshot));
        Ready::Now
    }

    /// The stamp at which this partition is ready to commit a transaction; it commits at the
    /// highest of all its partitions'.
    //= §3.3.3 logical-backstops
    pub fn prepare(&mut self, transaction: u64, clock: WallTime) -> WallTime {
        let floor = self.read.filter(|_| self.mutant != Mutant::TrustsClock);
        let stamp = floor.map_or(clock, |read| clock.max(read.plus(Nanos(1))));
        self.prepared.insert(transaction, stamp);
        stamp
    }

    /// A transaction is committed, or aborted.
    pub fn decided(&mut self, transaction: u64) {
        self.prepared.remove(&transaction);
    }
}
