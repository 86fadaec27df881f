//! How closely the cluster is watched.

use avouch_store::host::{Recording, SAMPLED};
use std::time::Duration;

/// A level of monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nobody watches.
    Off,
    /// What an operator might leave on.
    Sampled,
    /// Everything that there is.
    Full,
}

impl Level {
    /// Every one, least first.
    pub(super) const ALL: [Self; 3] = [Self::Off, Self::Sampled, Self::Full];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Sampled => "sampled",
            Self::Full => "full",
        }
    }

    /// Which steps are recorded on disk.
    pub(super) const fn recording(self) -> Recording {
        match self {
            Self::Off => Recording::Off,
            Self::Sampled => Recording::Sampled,
            Self::Full => Recording::Full,
        }
    }

    /// How often each node's metrics are scraped.
    pub(super) const fn scrape_period(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Sampled => Some(Duration::from_secs(1)),
            Self::Full => Some(Duration::from_millis(100)),
        }
    }

    /// Whether a client's operation with this number asks for evidence.
    pub(super) const fn evidence(self, number: u64) -> bool {
        match self {
            Self::Off => false,
            Self::Sampled => number.is_multiple_of(SAMPLED as u64),
            Self::Full => true,
        }
    }
}
