//! Which cycles each level forbids, and which level implies which.
//!
//! ```text
//!   strict serializable -> strong session serializable, strong snapshot isolation
//!   strong session serializable -> serializable, strong session snapshot isolation
//!   strong snapshot isolation -> strong session snapshot isolation, strong read committed
//!   strong session snapshot isolation -> snapshot isolation, parallel snapshot isolation, prefix
//!   parallel snapshot isolation -> consistent view, strong session read committed
//!   prefix -> strong session read committed
//!   serializable -> snapshot isolation, update serializable, repeatable read
//!   snapshot isolation, update serializable -> consistent view -> read committed
//!   repeatable read -> read committed -> read uncommitted
//!   strong read committed -> strong session read committed -> read committed
//! ```
//!
//! Sessions and real time count only where a level's name says so (Adya's levels know neither).
//! Read committed here is Adya's PL-2, which knows no sessions; the judge of registers of unique
//! values means another one by the name (see `transaction::Level`).
//!
//! No predicates are read here, so that G2-item is G2, and repeatable read (PL-2.99) forbids what
//! serializable does. Forward consistent view (PL-FCV) differs from consistent view only by who
//! committed before whose start in the store, which no client sees: it has no name of its own.

use super::edges::Kind;
use super::views::Heavy;
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
}

/// The levels that are judged, each after those that it implies.
pub(super) const JUDGED: [Level; 15] = [
    Level::ReadUncommitted,
    Level::ReadCommitted,
    Level::StrongSessionReadCommitted,
    Level::StrongReadCommitted,
    Level::Prefix,
    Level::ConsistentView,
    Level::ParallelSnapshotIsolation,
    Level::UpdateSerializable,
    Level::SnapshotIsolation,
    Level::StrongSessionSnapshotIsolation,
    Level::StrongSnapshotIsolation,
    Level::RepeatableRead,
    Level::Serializable,
    Level::StrongSessionSerializable,
    Level::StrictSerializable,
];

use Kind::{Process, ReadWrite, RealTime, WriteRead, WriteWrite};

const WRITES: &[Kind] = &[WriteWrite];
const FLOW: &[Kind] = &[WriteWrite, WriteRead];
const SESSION_FLOW: &[Kind] = &[WriteWrite, WriteRead, Process];
const TIMED_FLOW: &[Kind] = &[WriteWrite, WriteRead, Process, RealTime];
const ALL: &[Kind] = &[WriteWrite, WriteRead, ReadWrite];
const SESSION: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process];
const TIMED: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process, RealTime];

/// What a level forbids; nothing for one that is not judged by dependencies.
pub(super) fn rule(level: Level) -> Option<Rule> {
    let (kinds, snapshots, reads) = match level {
        Level::ReadUncommitted => (WRITES, false, false),
        Level::ReadCommitted => (FLOW, false, false),
        Level::StrongSessionReadCommitted => (SESSION_FLOW, false, false),
        Level::StrongReadCommitted => (TIMED_FLOW, false, false),
        Level::SnapshotIsolation => (ALL, true, true),
        Level::StrongSessionSnapshotIsolation | Level::Prefix => (SESSION, true, true),
        Level::StrongSnapshotIsolation => (TIMED, true, true),
        Level::Serializable
        | Level::RepeatableRead
        | Level::ConsistentView
        | Level::UpdateSerializable => (ALL, false, true),
        Level::StrongSessionSerializable | Level::ParallelSnapshotIsolation => {
            (SESSION, false, true)
        }
        Level::StrictSerializable => (TIMED, false, true),
        Level::ReadAtomic | Level::Causal => return None,
    };
    let heavy = match level {
        Level::ConsistentView | Level::ParallelSnapshotIsolation => Some(Heavy::Reads),
        Level::UpdateSerializable => Some(Heavy::ReadersOnly),
        _ => None,
    };
    Some(Rule { kinds, snapshots, overlaps: level == Level::Prefix, reads, heavy })
}

fn implied(level: Level) -> &'static [Level] {
    match level {
        Level::ReadCommitted => &[Level::ReadUncommitted],
        Level::ConsistentView | Level::RepeatableRead | Level::StrongSessionReadCommitted => {
            &[Level::ReadCommitted]
        }
        Level::StrongReadCommitted | Level::Prefix => &[Level::StrongSessionReadCommitted],
        Level::SnapshotIsolation | Level::UpdateSerializable => &[Level::ConsistentView],
        Level::ParallelSnapshotIsolation => {
            &[Level::ConsistentView, Level::StrongSessionReadCommitted]
        }
        Level::StrongSessionSnapshotIsolation => {
            &[Level::SnapshotIsolation, Level::ParallelSnapshotIsolation, Level::Prefix]
        }
        Level::StrongSnapshotIsolation => {
            &[Level::StrongSessionSnapshotIsolation, Level::StrongReadCommitted]
        }
        Level::Serializable => {
            &[Level::SnapshotIsolation, Level::UpdateSerializable, Level::RepeatableRead]
        }
        Level::StrongSessionSerializable => {
            &[Level::Serializable, Level::StrongSessionSnapshotIsolation]
        }
        Level::StrictSerializable => {
            &[Level::StrongSessionSerializable, Level::StrongSnapshotIsolation]
        }
        _ => &[],
    }
}

/// Whether one level implies another, or is it.
pub(crate) fn implies(strong: Level, weak: Level) -> bool {
    strong == weak || implied(strong).iter().any(|next| implies(*next, weak))
}
