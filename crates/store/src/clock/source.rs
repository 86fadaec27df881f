//! What a node takes its time from.

use super::chronyd::Door;
use super::nts::Trust;
use avouch_promise::{Claimant, Nanos};
use avouch_time::interval::Drift;
use std::path::PathBuf;
use std::time::Duration;

/// How often a server or chronyd is asked, unless told.
pub const POLL: Duration = Duration::from_secs(16);
/// By how much the oscillator may be off, unless told.
pub const DRIFT: Drift = Drift::ppm(50);

/// What a node takes its time from.
#[derive(Clone, Debug, Default)]
pub enum Source {
    /// Nothing: its clock has no bound.
    #[default]
    Nothing,
    /// The machine's own clock, which is off by at most so much: an operator's statement.
    Stated(Nanos),
    /// NTP servers, by name, which it asks itself.
    Servers {
        /// `host`, `host:port` or `nts://host`, each once.
        names: Vec<String>,
        /// Who is believed where a server vouches for its time.
        trust: Option<Trust>,
        /// By how much the oscillator may be off.
        drift: Drift,
        /// How often each is asked.
        poll: Duration,
    },
    /// What a segment of shared memory claims.
    Segment(PathBuf),
    /// What chronyd claims.
    Chrony {
        /// Where it is asked.
        door: Door,
        /// By how much the clock may drift between two askings.
        drift: Drift,
        /// How often it is asked.
        poll: Duration,
    },
}

impl Source {
    /// Who claims the bound, where it is another program.
    pub fn claimant(&self) -> Option<Claimant> {
        match self {
            Self::Segment(_) => Some(Claimant::Segment),
            Self::Chrony { .. } => Some(Claimant::Chrony),
            _ => None,
        }
    }
}
