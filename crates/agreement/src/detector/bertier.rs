//! Bertier's detector: Chen's expected arrival, with Jacobson's margin in place of a constant.
//!
//! ```text
//!   error    = A(l) - EA(l)                          how far off the last expectation was
//!   delay, deviation                                 error smoothed, gain 1/10 each
//!   deadline = EA(l+1) + 1 * delay + 4 * deviation
//!   level    = 1 + (now - deadline) / eta, at least 0; threshold 1
//! ```
//!
//! So that nobody has to know how the network behaves. The margin follows the jitter of the last
//! dozens of heartbeats; detection is the fastest of all here, and mistakes the most frequent.
//!
//! Deviations: what the first heartbeat was off by only sets the expectation. The margin starts
//! at one interval (a deviation of a quarter of it), not at zero. The paper's upper layer, which
//! slows the interval down on request, is not here.
//!
//! Reference: M. Bertier, O. Marin, P. Sens, *Implementation and Performance Evaluation of an
//! Adaptable Failure Detector*, DSN 2002, §4: beta = 1, phi = 4, gamma = 0.1; window 1,000.

//= §1.2.3 adaptive-timeouts

use super::chen::Expected;
use super::estimator::Estimator;
use super::{Detector, Level, lateness};
use avouch_promise::Nanos;

/// Heartbeats that the expectation looks back on.
pub const WINDOW: usize = 1_000;
/// 1 / gamma.
const GAIN: u32 = 10;
/// phi.
const DEVIATIONS: u32 = 4;

/// Bertier's detector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bertier {
    expected: Expected,
    error: Estimator,
}

impl Bertier {
    /// Heartbeats are sent every `interval`; watches since `since`.
    pub fn new(interval: Nanos, since: Nanos) -> Self {
        let error = Estimator::new(Nanos::ZERO, Nanos(interval.0 / 4), GAIN, GAIN);
        Self { expected: Expected::new(interval, since, WINDOW), error }
    }
}

impl Detector for Bertier {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        let first = self.expected.is_fresh();
        let expected = self.expected.arrival(sequence);
        if self.expected.heartbeat(sequence, now) && !first {
            let error = i128::from(now.0) - i128::from(expected.0);
            self.error.sample(i64::try_from(error).unwrap_or(i64::MAX));
        }
    }
    fn deadline(&self) -> Nanos {
        self.expected.next().plus(self.error.bound(DEVIATIONS))
    }
    fn level(&self, now: Nanos) -> Level {
        lateness(now, self.deadline(), self.expected.interval())
    }
    fn threshold(&self) -> Level {
        Level(1.0)
    }
}
