//! Chen's detector: when the next heartbeat should come, plus a constant margin.
//!
//! ```text
//!   EA(l+1)  = mean over the last n heartbeats i of (A(i) - eta s(i))  +  eta (l+1)
//!   deadline = EA(l+1) + alpha                      l: the newest number that arrived
//!   level    = 1 + (now - deadline) / eta, at least 0; threshold 1
//! ```
//!
//! Each heartbeat has a freshness point of its own, so that one that came early does not bring
//! forward when the next is missed: how soon a crash is found does not depend on the last delay.
//! The margin follows from what is required (`requirement.rs`).
//!
//! Until the first heartbeat arrives, the first is expected one interval after the start.
//!
//! Reference: W. Chen, S. Toueg, M. K. Aguilera, *On the Quality of Service of Failure
//! Detectors*, IEEE Transactions on Computers 51(5), 2002: algorithm NFD-E, §6.

use super::arrivals::Window;
use super::requirement::Configuration;
use super::{Detector, Level, lateness};
use avouch_promise::Nanos;

/// Heartbeats that an estimate looks back on; Chen, Toueg, Aguilera 2002, §7, take 32.
pub const WINDOW: usize = 32;

/// When heartbeats are expected, from when they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expected {
    interval: Nanos,
    since: Nanos,
    newest: u64,
    /// Of each, when it arrived less when it was sent, by the sender's schedule; counted from
    /// the start of the watch.
    offsets: Window,
}

impl Expected {
    /// Heartbeats are sent every `interval`; watched since `since`; the last `window` count.
    pub fn new(interval: Nanos, since: Nanos, window: usize) -> Self {
        Self { interval, since, newest: 0, offsets: Window::new(window) }
    }

    /// Takes a heartbeat in, unless it is old: whether it was taken.
    pub fn heartbeat(&mut self, sequence: u64, now: Nanos) -> bool {
        if sequence <= self.newest {
            return false;
        }
        self.newest = sequence;
        self.offsets.push(self.offset(sequence, now));
        true
    }

    /// How long after its turn, counted from the start of the watch, a heartbeat arrived.
    fn offset(&self, sequence: u64, now: Nanos) -> i64 {
        let sent = i128::from(self.interval.0) * i128::from(sequence);
        let offset = i128::from(now.0) - i128::from(self.since.0) - sent;
        i64::try_from(offset).unwrap_or(if offset < 0 { i64::MIN } else { i64::MAX })
    }

    /// When the one after the newest is expected.
    pub fn next(&self) -> Nanos {
        self.arrival(self.newest.saturating_add(1))
    }

    /// When heartbeat number `sequence` is expected.
    pub fn arrival(&self, sequence: u64) -> Nanos {
        let sent = i128::from(self.interval.0) * i128::from(sequence);
        let at = i128::from(self.since.0) + sent + self.offsets.mean();
        Nanos(u64::try_from(at.max(0)).unwrap_or(u64::MAX))
    }

    /// Whether no heartbeat has arrived yet.
    pub fn is_fresh(&self) -> bool {
        self.newest == 0
    }

    /// The interval at which heartbeats are sent.
    pub fn interval(&self) -> Nanos {
        self.interval
    }
}

/// Chen's detector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chen {
    expected: Expected,
    margin: Nanos,
}

impl Chen {
    /// Heartbeats are sent every `interval`; suspects when one is `margin` late.
    //= §1.2.2 chen-detector
    pub fn new(interval: Nanos, margin: Nanos, since: Nanos) -> Self {
        Self { expected: Expected::new(interval, since, WINDOW), margin }
    }

    /// As a requirement asks for, on a network as it is.
    pub fn configured(configuration: Configuration, since: Nanos) -> Self {
        Self::new(configuration.interval, configuration.margin, since)
    }

    /// The same, estimating from the last `count` heartbeats.
    #[must_use]
    pub fn window(self, count: usize) -> Self {
        let Expected { interval, since, .. } = self.expected;
        Self { expected: Expected::new(interval, since, count), ..self }
    }
}

impl Detector for Chen {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        self.expected.heartbeat(sequence, now);
    }
    fn deadline(&self) -> Nanos {
        self.expected.next().plus(self.margin)
    }
    fn level(&self, now: Nanos) -> Level {
        lateness(now, self.deadline(), self.expected.interval())
    }
    fn threshold(&self) -> Level {
        Level(1.0)
    }
}
