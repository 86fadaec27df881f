//! The isolation levels that are judged.
//!
//! Which of them a history can be judged by depends on what it says: see [`Level::WEAK`] for
//! registers of unique values, and `dependency` for histories whose version orders are known.

use std::fmt;
use std::str::FromStr;

/// An isolation level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Writes of transactions are not interleaved (Adya's PL-1).
    ReadUncommitted,
    /// A transaction that saw another one sees nothing older than its writes from then on.
    ReadCommitted,
    /// A transaction sees all writes of another one or none (RAMP's and Cerone's read atomic).
    ReadAtomic,
    /// What happened before a transaction is seen by it (transactional causal consistency).
    Causal,
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
    /// Every level.
    pub const ALL: [Self; 10] = [
        Self::ReadUncommitted,
        Self::ReadCommitted,
        Self::ReadAtomic,
        Self::Causal,
        Self::SnapshotIsolation,
        Self::StrongSessionSnapshotIsolation,
        Self::StrongSnapshotIsolation,
        Self::Serializable,
        Self::StrongSessionSerializable,
        Self::StrictSerializable,
    ];

    /// Those decided of registers without a version order, weakest first: each implies those
    /// before it.
    pub const WEAK: [Self; 3] = [Self::ReadCommitted, Self::ReadAtomic, Self::Causal];

    /// Its name, as in `--level`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "read-uncommitted",
            Self::ReadCommitted => "read-committed",
            Self::ReadAtomic => "read-atomic",
            Self::Causal => "causal",
            Self::SnapshotIsolation => "snapshot-isolation",
            Self::StrongSessionSnapshotIsolation => "strong-session-snapshot-isolation",
            Self::StrongSnapshotIsolation => "strong-snapshot-isolation",
            Self::Serializable => "serializable",
            Self::StrongSessionSerializable => "strong-session-serializable",
            Self::StrictSerializable => "strict-serializable",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::name).collect();
            format!("expected one of {}", names.join(", "))
        })
    }
}
