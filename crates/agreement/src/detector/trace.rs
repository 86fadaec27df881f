//! A trace of heartbeats: what was sent, what arrived when, and when the sender crashed.
//!
//! ```text
//!   sent      1   2   3   4   5  X crash
//!              \   \   lost\    \
//!   arrived      1   2       4    5                                  end
//! ```
//!
//! Made from a sequence of delays, simulated or recorded: heartbeat s leaves at `s * interval`.

use super::real;
use super::requirement::Network;
use avouch_promise::Nanos;

/// A heartbeat that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Heartbeat {
    /// When it arrived.
    pub arrived: Nanos,
    /// Its number, from 1.
    pub sequence: u64,
    /// When it was sent.
    pub sent: Nanos,
}

/// The heartbeats of one sender at one receiver, from the start at zero to `end`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Between two heartbeats as sent.
    pub interval: Nanos,
    /// Those that arrived, in order of arrival.
    pub heartbeats: Vec<Heartbeat>,
    /// When the sender crashed.
    pub crash: Option<Nanos>,
    /// When watching ends.
    pub end: Nanos,
}

impl Trace {
    /// One heartbeat every `interval`, delayed by `delay` of the moment when it is sent; none
    /// where it is lost. Watching ends with the last interval, and the sender does not crash.
    pub fn new(interval: Nanos, count: u64, mut delay: impl FnMut(Nanos) -> Option<Nanos>) -> Self {
        let end = interval.times(count + 1);
        let arrives = |sequence| {
            let sent = interval.times(sequence);
            let arrived = sent.plus(delay(sent)?);
            Some(Heartbeat { arrived, sequence, sent })
        };
        let mut heartbeats: Vec<_> = (1..=count).filter_map(arrives).collect();
        heartbeats.sort_unstable();
        heartbeats.retain(|heartbeat| heartbeat.arrived <= end);
        Self { interval, heartbeats, crash: None, end }
    }

    /// The same trace with a crash at `crash`, watched for `longer` after it: what would have been
    /// sent from then on never is.
    #[must_use]
    pub fn crashed(&self, crash: Nanos, longer: Nanos) -> Self {
        let end = crash.plus(longer);
        let mut heartbeats = self.heartbeats.clone();
        heartbeats.retain(|heartbeat| heartbeat.sent < crash && heartbeat.arrived <= end);
        Self { interval: self.interval, heartbeats, crash: Some(crash), end }
    }

    /// How the network treated the heartbeats: the share lost, and how the delays spread.
    pub fn network(&self) -> Network {
        let newest = self.heartbeats.iter().map(|heartbeat| heartbeat.sequence).max();
        let arrived = real(self.heartbeats.len() as i128);
        let delays =
            self.heartbeats.iter().map(|beat| real(i128::from(beat.arrived.minus(beat.sent).0)));
        let mean = delays.clone().sum::<f64>() / arrived.max(1.0);
        let variance = delays.map(|delay| (delay - mean).powi(2)).sum::<f64>() / arrived.max(1.0);
        Network {
            loss: newest.map_or(0.0, |newest| 1.0 - arrived / real(i128::from(newest))),
            deviation_s: variance.sqrt() / 1e9,
        }
    }
}
