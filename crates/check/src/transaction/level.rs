//! The isolation levels that are judged, and which implies which.

use std::fmt;
use std::str::FromStr;

/// An isolation level, weakest first: each implies those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A transaction that saw another one sees nothing older than its writes from then on.
    ReadCommitted,
    /// A transaction sees all writes of another one or none (RAMP's and Cerone's read atomic).
    ReadAtomic,
    /// What happened before a transaction is seen by it (transactional causal consistency).
    Causal,
}

impl Level {
    /// Every level, weakest first.
    pub const ALL: [Self; 3] = [Self::ReadCommitted, Self::ReadAtomic, Self::Causal];

    /// Its name, as in `--level`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read-committed",
            Self::ReadAtomic => "read-atomic",
            Self::Causal => "causal",
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
