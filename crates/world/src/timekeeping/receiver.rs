//! A satellite receiver, and what its pulse is worth.
//!
//! | state | the pulse | what it reports |
//! |---|---|---|
//! | locked | right to some tens of ns | a fix |
//! | jammed | none | no fix, little carrier over noise |
//! | spoofed by a jump | of another time | a fix; the transition at first, then nothing |
//! | pulled off | the same, more by each second | a fix |
//! | wrong scale | of TAI, or of GPS | a fix |
//!
//! That a receiver tells of spoofing at the transition only, and goes back to "unknown", is how
//! receivers were seen to behave; so an alarm of it has to latch.

use avouch_promise::Random;
use avouch_time::detect::gnss::{Spoofing, Status};

/// TAI less UTC since 2017, in seconds.
pub const TAI_S: i64 = 37;
/// GPS time less UTC since 2017, in seconds.
pub const GPS_S: i64 = 18;

/// What reaches the antenna.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Signal {
    /// The satellites.
    #[default]
    Clear,
    /// Noise above them.
    Jammed,
    /// Somebody else's signal: off by so much since a second, and by more each second.
    Spoofed {
        /// At first.
        jump_ns: i64,
        /// From then on.
        pull_ppb: i64,
        /// Since this second.
        since: u64,
    },
    /// The satellites, of which the receiver counts another scale's seconds.
    Scale(i64),
}

impl Signal {
    /// By how much the pulse is off in this second, if there is one.
    pub fn pulse_ns(self, second: u64, random: &mut Random) -> Option<f64> {
        let noise = 30.0 * (2.0 * random.unit() - 1.0);
        match self {
            Self::Clear => Some(noise),
            Self::Jammed => None,
            Self::Spoofed { jump_ns, pull_ppb, since } => {
                let pulled = pull_ppb * second.saturating_sub(since).cast_signed();
                Some(noise + (jump_ns + pulled) as f64)
            }
            Self::Scale(seconds) => Some(noise + (seconds * 1_000_000_000) as f64),
        }
    }

    /// What it says of itself in this second.
    pub fn status(self, second: u64) -> Status {
        let clear = Status {
            has_fix: true,
            satellites: 11,
            carrier_to_noise: 44,
            jamming: 8,
            spoofing: Spoofing::None,
        };
        match self {
            Self::Clear | Self::Scale(_) => clear,
            Self::Jammed => Status {
                has_fix: false,
                satellites: 0,
                carrier_to_noise: 18,
                jamming: 230,
                spoofing: Spoofing::Unknown,
            },
            // A pull-off from the satellites' own phase shows no transition.
            Self::Spoofed { since, jump_ns, .. } => {
                let is_seen = jump_ns != 0 && second.saturating_sub(since) < 30;
                let spoofing = if is_seen { Spoofing::Indicated } else { Spoofing::Unknown };
                Status { carrier_to_noise: 49, spoofing, ..clear }
            }
        }
    }
}
