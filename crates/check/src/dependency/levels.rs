//! Which cycles each level forbids ([`Level`] tells which level implies which).
//!
//! Sessions and real time count only where a level's name says so (Adya's levels know neither), and
//! sessions in those of Bailis and Cerone: monotonic atomic view, read atomic, update atomic,
//! causal, prefix, parallel snapshot isolation.
//!
//! No predicates are read here, so that G2-item is G2, and repeatable read (PL-2.99) forbids what
//! serializable does. Cursor stability (PL-CS) takes every read for one by a cursor: no history
//! says which are. Forward consistent view (PL-FCV) differs from consistent view only by who
//! committed before whose start in the store, which no client sees: it has no name of its own.
//!
//! Reference for the levels that forbid what a view misses: Cerone, Bernardi and Gotsman, "A
//! framework for transactional consistency models with atomic visibility" (CONCUR 2015).

use super::edges::Kind;
use super::heavy::Heavy;
use super::misses::Misses;
use crate::transaction::Level;

/// What a level looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The edges that count.
    pub(super) kinds: &'static [Kind],
    /// Whether each transaction has a start and a commit, or happens at one moment.
    pub(super) snapshots: bool,
    /// Whether two transactions that write one key may overlap.
    pub(super) overlaps: bool,
    /// Whether an order of the transactions must explain every read.
    pub(super) reads: bool,
    /// Of which edges one on a cycle is forbidden and two are not.
    pub(super) heavy: Option<Heavy>,
    /// What of another transaction a view must not miss.
    pub(super) misses: Option<Misses>,
}

impl Rule {
    /// The edges without which there is no order of transactions, where views are asked for.
    pub(super) fn light(&self) -> &'static [Kind] {
        if self.kinds.contains(&Process) { SESSION_FLOW } else { FLOW }
    }

    /// The edges by which a view comes to have more to see.
    pub(super) fn ways(&self) -> &'static [Kind] {
        if self.misses == Some(Misses::Happened) { HAPPENED } else { ALL }
    }
}

use Kind::{Process, ReadWrite, RealTime, WriteRead, WriteWrite};

const WRITES: &[Kind] = &[WriteWrite];
const SESSION_WRITES: &[Kind] = &[WriteWrite, Process];
const TIMED_WRITES: &[Kind] = &[WriteWrite, Process, RealTime];
const FLOW: &[Kind] = &[WriteWrite, WriteRead];
const SESSION_FLOW: &[Kind] = &[WriteWrite, WriteRead, Process];
const TIMED_FLOW: &[Kind] = &[WriteWrite, WriteRead, Process, RealTime];
const HAPPENED: &[Kind] = &[WriteRead, ReadWrite, Process];
const ALL: &[Kind] = &[WriteWrite, WriteRead, ReadWrite];
const SESSION: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process];
const TIMED: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process, RealTime];

/// What a level forbids.
pub(super) fn rule(level: Level) -> Rule {
    let (kinds, snapshots, reads) = match level {
        Level::ReadUncommitted => (WRITES, false, false),
        Level::StrongSessionReadUncommitted => (SESSION_WRITES, false, false),
        Level::StrongReadUncommitted => (TIMED_WRITES, false, false),
        Level::ReadCommitted => (FLOW, false, false),
        Level::StrongSessionReadCommitted => (SESSION_FLOW, false, false),
        Level::StrongReadCommitted => (TIMED_FLOW, false, false),
        Level::SnapshotIsolation => (ALL, true, true),
        Level::StrongSessionSnapshotIsolation | Level::Prefix => (SESSION, true, true),
        Level::StrongSnapshotIsolation => (TIMED, true, true),
        Level::Serializable
        | Level::RepeatableRead
        | Level::CursorStability
        | Level::MonotonicView
        | Level::ConsistentView
        | Level::UpdateSerializable => (ALL, false, true),
        Level::StrongSessionSerializable
        | Level::ParallelSnapshotIsolation
        | Level::MonotonicAtomicView
        | Level::ReadAtomic
        | Level::UpdateAtomic
        | Level::Causal => (SESSION, false, true),
        Level::StrictSerializable => (TIMED, false, true),
    };
    let heavy = match level {
        Level::ConsistentView | Level::ParallelSnapshotIsolation => Some(Heavy::Reads),
        Level::UpdateSerializable => Some(Heavy::ReadersOnly),
        _ => None,
    };
    let misses = match level {
        Level::CursorStability => Some(Misses::Overwritten),
        Level::MonotonicView => Some(Misses::BeforeEvents),
        Level::MonotonicAtomicView => Some(Misses::SeenEarlier),
        Level::ReadAtomic => Some(Misses::Seen),
        Level::UpdateAtomic => Some(Misses::SeenOrOverwritten),
        Level::Causal => Some(Misses::Happened),
        _ => None,
    };
    Rule { kinds, snapshots, overlaps: level == Level::Prefix, reads, heavy, misses }
}
