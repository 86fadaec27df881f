//! The plain heartbeat timeout: suspected once nothing newer has come for a fixed time.
//!
//! ```text
//!   deadline = A(last) + timeout           level = (now - A(last)) / timeout, threshold 1
//! ```
//!
//! It needs the bound on delays that partial synchrony only promises to exist: too short, it is
//! wrong for ever; too long, it is slow for ever. The control for all others.

//= §1.2.3 heartbeats

use super::{Detector, Level, ratio};
use avouch_promise::Nanos;

/// A detector with a fixed timeout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timeout {
    silence: Nanos,
    newest: u64,
    arrived: Nanos,
}

impl Timeout {
    /// Suspects after `timeout` of silence; watches since `since`.
    pub fn new(timeout: Nanos, since: Nanos) -> Self {
        Self { silence: timeout, newest: 0, arrived: since }
    }
}

impl Detector for Timeout {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        if sequence > self.newest {
            (self.newest, self.arrived) = (sequence, now);
        }
    }
    fn deadline(&self) -> Nanos {
        self.arrived.plus(self.silence)
    }
    fn level(&self, now: Nanos) -> Level {
        Level(ratio(now.minus(self.arrived), self.silence))
    }
    fn threshold(&self) -> Level {
        Level(1.0)
    }
}
