//! A satellite receiver, and what its pulse is worth.
//!
//! | state | the pulse | what it reports |
//! |---|---|---|
//! | locked | right to some tens of ns | a fix |
//! | jammed | none | no fix, little carrier over noise |
//! | spoofed, by a jump or a pull-off | of another time | a fix; the transition at first, then nothing |
//! | wrong scale | of TAI, or of GPS | a fix |
//!
//! That a receiver tells of spoofing at the transition only, and goes back to "unknown", is how
//! receivers were seen to behave; so an alarm of it has to latch.

use avouch_promise::Random;

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

/// What a receiver says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Whether it has a position and time.
    pub fix: bool,
    /// Carrier over noise in dB-Hz.
    pub carrier_db_hz: f64,
    /// 0 unknown, 1 none, 2 indicated, 3 several indications.
    pub spoofing: u8,
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
    pub fn report(self, second: u64) -> Report {
        let clear = Report { fix: true, carrier_db_hz: 44.0, spoofing: 1 };
        match self {
            Self::Clear | Self::Scale(_) => clear,
            Self::Jammed => Report { fix: false, carrier_db_hz: 18.0, spoofing: 0 },
            Self::Spoofed { since, .. } => {
                let fresh = second.saturating_sub(since) < 30;
                let spoofing = if fresh { 2 } else { 0 };
                Report { fix: true, carrier_db_hz: 49.0, spoofing }
            }
        }
    }
}
