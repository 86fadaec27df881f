//! Which cycles each level forbids, and which level implies which.
//!
//! ```text
//!                      strict serializable
//!                     /                   \
//!      strong session serializable     strong snapshot isolation
//!            |                 \           |
//!       serializable       strong session snapshot isolation
//!                     \        |
//!                    snapshot isolation -> read committed -> read uncommitted
//! ```
//!
//! Sessions and real time count only where a level's name says so (Adya's levels know neither).

use super::edges::Kind;
use crate::transaction::Level;

/// What a level looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The edges that count.
    pub(super) kinds: &'static [Kind],
    /// Whether each transaction has a start and a commit, or happens at one moment.
    pub(super) snapshots: bool,
    /// Whether an order of the transactions must explain every read.
    pub(super) reads: bool,
}

/// The levels that are judged, each after those that it implies.
pub(super) const JUDGED: [Level; 8] = [
    Level::ReadUncommitted,
    Level::ReadCommitted,
    Level::SnapshotIsolation,
    Level::StrongSessionSnapshotIsolation,
    Level::StrongSnapshotIsolation,
    Level::Serializable,
    Level::StrongSessionSerializable,
    Level::StrictSerializable,
];

use Kind::{Process, ReadWrite, RealTime, WriteRead, WriteWrite};

const WRITES: &[Kind] = &[WriteWrite];
const FLOW: &[Kind] = &[WriteWrite, WriteRead];
const ALL: &[Kind] = &[WriteWrite, WriteRead, ReadWrite];
const SESSION: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process];
const TIMED: &[Kind] = &[WriteWrite, WriteRead, ReadWrite, Process, RealTime];

/// What a level forbids; nothing for one that is not judged by dependencies.
pub(super) fn rule(level: Level) -> Option<Rule> {
    let (kinds, snapshots, reads) = match level {
        Level::ReadUncommitted => (WRITES, false, false),
        Level::ReadCommitted => (FLOW, false, false),
        Level::SnapshotIsolation => (ALL, true, true),
        Level::StrongSessionSnapshotIsolation => (SESSION, true, true),
        Level::StrongSnapshotIsolation => (TIMED, true, true),
        Level::Serializable => (ALL, false, true),
        Level::StrongSessionSerializable => (SESSION, false, true),
        Level::StrictSerializable => (TIMED, false, true),
        Level::ReadAtomic | Level::Causal | Level::Prefix => return None,
    };
    Some(Rule { kinds, snapshots, reads })
}

fn implied(level: Level) -> &'static [Level] {
    match level {
        Level::ReadCommitted => &[Level::ReadUncommitted],
        Level::SnapshotIsolation => &[Level::ReadCommitted],
        Level::StrongSessionSnapshotIsolation | Level::Serializable => &[Level::SnapshotIsolation],
        Level::StrongSnapshotIsolation => &[Level::StrongSessionSnapshotIsolation],
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
pub(super) fn implies(strong: Level, weak: Level) -> bool {
    strong == weak || implied(strong).iter().any(|next| implies(*next, weak))
}
