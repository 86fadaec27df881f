//! The isolation levels that are judged, and which implies which: the only map of it.
//!
//! ```text
//!   strict-serializable            strong-session-serializable, strong-snapshot-isolation
//!   strong-session-serializable    serializable, strong-session-snapshot-isolation
//!   serializable                   snapshot-isolation, update-serializable, repeatable-read
//!   strong-snapshot-isolation      strong-session-snapshot-isolation, strong-read-committed
//!   strong-session-snapshot-isolation
//!                                  snapshot-isolation, parallel-snapshot-isolation, prefix
//!   parallel-snapshot-isolation    consistent-view, update-atomic, causal
//!   snapshot-isolation, update-serializable       consistent-view
//!   consistent-view                monotonic-view, cursor-stability
//!   prefix                         causal
//!   update-atomic                  read-atomic, cursor-stability
//!   causal                         read-atomic, and that monotonic-atomic-view
//!   monotonic-atomic-view, strong-read-committed  strong-session-read-committed
//!   repeatable-read                cursor-stability
//!   strong-session-read-committed, monotonic-view, cursor-stability
//!                                  read-committed
//!   strong-read-committed, strong-session-read-committed, read-committed
//!                                  strong-, strong-session- and read-uncommitted
//! ```
//!
//! Adya's levels, from read-uncommitted to serializable, know no sessions: a session may read from
//! its own future. Those of Bailis and Cerone (monotonic-atomic-view, read-atomic, update-atomic,
//! causal, parallel-snapshot-isolation, prefix) hold what a session did in the session's order.
//!
//! Read committed of Biswas and Enea, and of the testers that follow them (dbcop, Plume, AWDIT), is
//! monotonic-atomic-view: a transaction that saw another one sees nothing older than its writes
//! from then on.
//!
//! View-serializable and one-copy serializable (1SR) are other names of serializable here: some
//! serial order gives every read the value that was read. Adya's PL-3 is conflict serializability,
//! of the order of versions that the store chose; that one is view-serializable by that order. Of
//! registers no order of versions is known, so it is asked whether any fits, and that is view
//! serializability. Of lists the reads show the order, and what they show no serial order that
//! gives the same reads can change. They differ only by the versions that nobody reads: of blind
//! writes a client cannot tell which came last, and a replica's copies it never sees.
//!
//! Which of them a history can be judged by depends on what it says: see [`Level::REGISTERS`] for
//! registers of unique values, and `dependency` for histories whose version orders are known.

use crate::report::Standard;
use crate::spelling::{unknown, wrong};
use avouch_promise::Error;
use std::fmt;
use std::str::FromStr;

/// An isolation level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Writes of transactions are not interleaved (Adya's PL-1).
    ReadUncommitted,
    /// Adya's PL-1, and no cycle of ww and session edges.
    StrongSessionReadUncommitted,
    /// Adya's PL-1, and no cycle of ww and real-time edges.
    StrongReadUncommitted,
    /// Nothing is read that aborted or was overwritten by its own writer, and no cycle of ww and wr
    /// edges (Adya's PL-2).
    ReadCommitted,
    /// Adya's PL-2, and none of a session's cycles of ww, wr and session edges.
    StrongSessionReadCommitted,
    /// Adya's PL-2, and no cycle of ww, wr and real-time edges.
    StrongReadCommitted,
    /// Adya's PL-2, and who writes a key that it read overwrites the version that it read: no lost
    /// update of one key, every read being one by a cursor (Adya's PL-CS).
    CursorStability,
    /// Adya's PL-2, and a read misses nothing that earlier operations of its transaction depend on
    /// (Adya's PL-2L, without G-monotonic).
    MonotonicView,
    /// A transaction that saw another one sees all of its writes from then on (Bailis et al.,
    /// "Highly available transactions", VLDB 2013), and a session's order counts: the read
    /// committed of Biswas and Enea.
    MonotonicAtomicView,
    /// A transaction sees all writes of another one or none (RAMP's and Cerone's read atomic).
    ReadAtomic,
    /// Read atomic, and of two that write one key one sees the other (Cerone's update atomic).
    UpdateAtomic,
    /// What happened before a transaction is seen by it (transactional causal consistency).
    Causal,
    /// Each sees what was committed before some moment, in one order of commits.
    Prefix,
    /// No cycle of dependencies with fewer than two rw edges (Adya's PL-2+).
    ConsistentView,
    /// No cycle of dependencies and sessions with fewer than two rw edges: PL-2+ with sessions
    /// (parallel snapshot isolation: Sovran et al. 2011; as cycles, Cerone and Gotsman 2016).
    ParallelSnapshotIsolation,
    /// Those that write are serializable, alone and with any one that only reads (Adya's PL-3U).
    UpdateSerializable,
    /// Serializable but for reads by predicate (Adya's PL-2.99).
    RepeatableRead,
    /// Each transaction reads one snapshot, and of two that write the same key, one is in the
    /// other's snapshot (Adya's PL-SI).
    SnapshotIsolation,
    /// The snapshot contains what the same session committed before.
    StrongSessionSnapshotIsolation,
    /// The snapshot contains all that had committed before the transaction began.
    StrongSnapshotIsolation,
    /// As if one after another (Adya's PL-3).
    Serializable,
    /// As if one after another, those of a session in its order.
    StrongSessionSerializable,
    /// As if one after another, in an order that real time allows.
    StrictSerializable,
}

impl Level {
    /// Every level; each after all that it implies.
    pub const ALL: [Self; 23] = [
        Self::ReadUncommitted,
        Self::StrongSessionReadUncommitted,
        Self::StrongReadUncommitted,
        Self::ReadCommitted,
        Self::StrongSessionReadCommitted,
        Self::StrongReadCommitted,
        Self::CursorStability,
        Self::MonotonicView,
        Self::MonotonicAtomicView,
        Self::ReadAtomic,
        Self::UpdateAtomic,
        Self::Causal,
        Self::Prefix,
        Self::ConsistentView,
        Self::ParallelSnapshotIsolation,
        Self::UpdateSerializable,
        Self::RepeatableRead,
        Self::SnapshotIsolation,
        Self::StrongSessionSnapshotIsolation,
        Self::StrongSnapshotIsolation,
        Self::Serializable,
        Self::StrongSessionSerializable,
        Self::StrictSerializable,
    ];

    /// Those of sessions that ask for no order of the whole, weakest first: each implies those
    /// before it.
    pub const WEAK: [Self; 3] = [Self::MonotonicAtomicView, Self::ReadAtomic, Self::Causal];

    /// Those decided of registers without version orders or times, in the order in which they are
    /// tried: the first is decided fast and implies the next few; where it is violated these are
    /// tried before all others. Then the strongest, and what needs one node a transaction before
    /// what needs two: that is decided in a tenth of the time where it is violated.
    pub const REGISTERS: [Self; 18] = [
        Self::MonotonicAtomicView,
        Self::ReadUncommitted,
        Self::StrongSessionReadUncommitted,
        Self::ReadCommitted,
        Self::StrongSessionReadCommitted,
        Self::ReadAtomic,
        Self::Causal,
        Self::StrongSessionSerializable,
        Self::RepeatableRead,
        Self::Serializable,
        Self::StrongSessionSnapshotIsolation,
        Self::Prefix,
        Self::SnapshotIsolation,
        Self::ParallelSnapshotIsolation,
        Self::UpdateSerializable,
        Self::ConsistentView,
        Self::UpdateAtomic,
        Self::CursorStability,
    ];

    /// Those decided of registers whose transactions have times, in the order in which they are
    /// tried; the last implies all.
    pub const TIMED_REGISTERS: [Self; 22] = [
        Self::MonotonicAtomicView,
        Self::ReadUncommitted,
        Self::StrongSessionReadUncommitted,
        Self::StrongReadUncommitted,
        Self::ReadCommitted,
        Self::StrongSessionReadCommitted,
        Self::StrongReadCommitted,
        Self::ReadAtomic,
        Self::Causal,
        Self::StrongSessionSerializable,
        Self::RepeatableRead,
        Self::Serializable,
        Self::StrongSessionSnapshotIsolation,
        Self::Prefix,
        Self::SnapshotIsolation,
        Self::ParallelSnapshotIsolation,
        Self::UpdateSerializable,
        Self::ConsistentView,
        Self::UpdateAtomic,
        Self::CursorStability,
        Self::StrongSnapshotIsolation,
        Self::StrictSerializable,
    ];

    /// The levels that it implies with none between.
    pub fn directly_implied(self) -> &'static [Self] {
        match self {
            Self::ReadUncommitted => &[],
            Self::ReadCommitted | Self::StrongSessionReadUncommitted => &[Self::ReadUncommitted],
            Self::StrongReadUncommitted => &[Self::StrongSessionReadUncommitted],
            Self::StrongSessionReadCommitted => {
                &[Self::ReadCommitted, Self::StrongSessionReadUncommitted]
            }
            Self::StrongReadCommitted => {
                &[Self::StrongSessionReadCommitted, Self::StrongReadUncommitted]
            }
            Self::MonotonicView | Self::CursorStability => &[Self::ReadCommitted],
            Self::RepeatableRead => &[Self::CursorStability],
            Self::MonotonicAtomicView => &[Self::StrongSessionReadCommitted],
            Self::ReadAtomic => &[Self::MonotonicAtomicView],
            Self::UpdateAtomic => &[Self::ReadAtomic, Self::CursorStability],
            Self::Causal => &[Self::ReadAtomic],
            Self::Prefix => &[Self::Causal],
            Self::ConsistentView => &[Self::MonotonicView, Self::CursorStability],
            Self::ParallelSnapshotIsolation => {
                &[Self::Causal, Self::UpdateAtomic, Self::ConsistentView]
            }
            Self::SnapshotIsolation | Self::UpdateSerializable => &[Self::ConsistentView],
            Self::StrongSessionSnapshotIsolation => {
                &[Self::Prefix, Self::SnapshotIsolation, Self::ParallelSnapshotIsolation]
            }
            Self::StrongSnapshotIsolation => {
                &[Self::StrongSessionSnapshotIsolation, Self::StrongReadCommitted]
            }
            Self::Serializable => {
                &[Self::SnapshotIsolation, Self::UpdateSerializable, Self::RepeatableRead]
            }
            Self::StrongSessionSerializable => {
                &[Self::StrongSessionSnapshotIsolation, Self::Serializable]
            }
            Self::StrictSerializable => {
                &[Self::StrongSnapshotIsolation, Self::StrongSessionSerializable]
            }
        }
    }

    /// Whether every history of this level is one of the other.
    pub fn implies(self, other: Self) -> bool {
        self == other || self.directly_implied().iter().any(|weaker| weaker.implies(other))
    }

    /// Whether it asks of writes alone: a read may be of what aborted.
    pub(crate) fn reads_dirty(self) -> bool {
        Self::StrongReadUncommitted.implies(self)
    }

    /// Its name, as in `--level`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "read-uncommitted",
            Self::StrongSessionReadUncommitted => "strong-session-read-uncommitted",
            Self::StrongReadUncommitted => "strong-read-uncommitted",
            Self::CursorStability => "cursor-stability",
            Self::ReadCommitted => "read-committed",
            Self::StrongSessionReadCommitted => "strong-session-read-committed",
            Self::StrongReadCommitted => "strong-read-committed",
            Self::ConsistentView => "consistent-view",
            Self::ParallelSnapshotIsolation => "parallel-snapshot-isolation",
            Self::UpdateSerializable => "update-serializable",
            Self::RepeatableRead => "repeatable-read",
            Self::MonotonicView => "monotonic-view",
            Self::MonotonicAtomicView => "monotonic-atomic-view",
            Self::ReadAtomic => "read-atomic",
            Self::UpdateAtomic => "update-atomic",
            Self::Causal => "causal",
            Self::Prefix => "prefix",
            Self::SnapshotIsolation => "snapshot-isolation",
            Self::StrongSessionSnapshotIsolation => "strong-session-snapshot-isolation",
            Self::StrongSnapshotIsolation => "strong-snapshot-isolation",
            Self::Serializable => "serializable",
            Self::StrongSessionSerializable => "strong-session-serializable",
            Self::StrictSerializable => "strict-serializable",
        }
    }
}

impl Standard for Level {
    fn all() -> Vec<Self> {
        Self::ALL.to_vec()
    }
    fn implies(self, other: Self) -> bool {
        self.implies(other)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names that others use for the same.
///
/// Generalized snapshot isolation (Elnikety, Pedone and Zwaenepoel 2005) lets a snapshot be older
/// than its transaction's start; nothing here asks it to be newer unless sessions or real time do.
/// Conventional snapshot isolation has the newest snapshot at the start.
const ALSO_CALLED: [(&str, Level); 39] = [
    ("pl-1", Level::ReadUncommitted),
    ("strong-session-pl-1", Level::StrongSessionReadUncommitted),
    ("strong-pl-1", Level::StrongReadUncommitted),
    ("pl-2", Level::ReadCommitted),
    ("strong-session-pl-2", Level::StrongSessionReadCommitted),
    ("strong-pl-2", Level::StrongReadCommitted),
    ("pl-cs", Level::CursorStability),
    ("strong-session-pl-3", Level::StrongSessionSerializable),
    ("strong-pl-3", Level::StrictSerializable),
    ("pl-2l", Level::MonotonicView),
    ("mav", Level::MonotonicAtomicView),
    ("pl-2+", Level::ConsistentView),
    ("pl-3u", Level::UpdateSerializable),
    ("pl-2.99", Level::RepeatableRead),
    ("pl-si", Level::SnapshotIsolation),
    ("pl-3", Level::Serializable),
    ("pl-ss", Level::StrictSerializable),
    ("generalized-snapshot-isolation", Level::SnapshotIsolation),
    ("conventional-snapshot-isolation", Level::StrongSnapshotIsolation),
    ("psi", Level::ParallelSnapshotIsolation),
    ("consistent-prefix", Level::Prefix),
    ("strong-serializable", Level::StrictSerializable),
    ("ru", Level::ReadUncommitted),
    ("rc", Level::ReadCommitted),
    ("rr", Level::RepeatableRead),
    ("ra", Level::ReadAtomic),
    ("tcc", Level::Causal),
    ("transactional-causal", Level::Causal),
    ("transactional-causal-consistency", Level::Causal),
    ("si", Level::SnapshotIsolation),
    ("strong-session-si", Level::StrongSessionSnapshotIsolation),
    ("prefix-consistent-snapshot-isolation", Level::StrongSessionSnapshotIsolation),
    ("strong-si", Level::StrongSnapshotIsolation),
    ("ser", Level::Serializable),
    ("1sr", Level::Serializable),
    ("one-copy-serializable", Level::Serializable),
    ("view-serializable", Level::Serializable),
    ("strong-session-1sr", Level::StrongSessionSerializable),
    ("strong-1sr", Level::StrictSerializable),
];

/// Names that are not judged, and why.
const REFUSED: [(&[&str], &str); 3] = [
    (
        &["monotonic-snapshot-reads", "pl-msr"],
        "it needs the starts and commits that the store itself recorded; consistent-view asks more",
    ),
    (
        &["forward-consistent-view", "pl-fcv"],
        "it differs from consistent-view only by the starts that the store itself recorded; \
         snapshot-isolation asks more",
    ),
    (
        &["ssi", "serializable-snapshot-isolation"],
        "that is a way to make a store serializable, which is a level",
    ),
];

impl FromStr for Level {
    type Err = Error;

    fn from_str(asked: &str) -> Result<Self, Error> {
        // Adya writes PL-2+, and others "Snapshot Isolation".
        let text = asked.to_ascii_lowercase().replace([' ', '_'], "-");
        let text = text.as_str();
        if let Some((_, level)) = ALSO_CALLED.iter().find(|(name, _)| *name == text) {
            return Ok(*level);
        }
        if let Some((_, why)) = REFUSED.iter().find(|(names, _)| names.contains(&text)) {
            return Err(wrong("a level that can be judged", asked).hint(*why));
        }
        if let Some(level) = Self::ALL.into_iter().find(|level| level.name() == text) {
            return Ok(level);
        }
        let names: Vec<_> = Self::ALL.into_iter().map(Self::name).collect();
        let others: Vec<_> = ALSO_CALLED.iter().map(|(name, _)| *name).collect();
        Err(unknown("a level of transactions", asked, &names, &others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_others_use_are_known_and_no_hint_leads_astray() {
        for (name, level) in [
            ("SI", Level::SnapshotIsolation),
            ("SER", Level::Serializable),
            ("1SR", Level::Serializable),
            ("view-serializable", Level::Serializable),
            ("RC", Level::ReadCommitted),
            ("RA", Level::ReadAtomic),
            ("PSI", Level::ParallelSnapshotIsolation),
            ("TCC", Level::Causal),
            ("strong-session-PL-1", Level::StrongSessionReadUncommitted),
            ("strong-PL-1", Level::StrongReadUncommitted),
            ("strong-session-PL-2", Level::StrongSessionReadCommitted),
            ("PL-CS", Level::CursorStability),
            ("Snapshot Isolation", Level::SnapshotIsolation),
        ] {
            assert_eq!(name.parse(), Ok(level), "{name}");
        }
        let hint = |asked: &str| asked.parse::<Level>().expect_err("no level").hint;
        assert_eq!(hint("PLSI"), "did you mean `pl-si`?");
        assert!(hint("xs").starts_with("one of "), "{}", hint("xs"));
        assert!(hint("ssi").contains("a way to make a store serializable"), "{}", hint("ssi"));
    }

    #[test]
    fn no_name_stands_for_two_levels() {
        let mut names: Vec<_> = ALSO_CALLED.iter().map(|(name, _)| *name).collect();
        names.extend(Level::ALL.map(Level::name));
        names.extend(REFUSED.iter().flat_map(|(names, _)| names.iter().copied()));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
