//! The adaptive timeout: TCP's retransmission timer, turned on the time between heartbeats.
//!
//! ```text
//!   x        = A(s) - A(last)                         the time between arrivals
//!   mean, deviation                                   smoothed with gains 1/8 and 1/4
//!   deadline = A(last) + mean + 4 * deviation         level = silence / (mean + 4 * deviation)
//! ```
//!
//! Unlike an estimate of when the next heartbeat is due, it needs neither the interval at which
//! heartbeats are sent nor their numbers, and pays with the jitter of two arrivals instead of one.
//! A granularity keeps it from a timeout of no more than the mean when all arrivals are alike.
//!
//! References: `estimator.rs`; RFC 6298, §2: G, the clock's granularity.

//= §1.2.3 adaptive-timeouts

use super::estimator::Estimator;
use super::{Detector, Level, ratio};
use avouch_promise::Nanos;

/// RFC 6298, §2: alpha = 1/8.
const MEAN_GAIN: u32 = 8;
/// RFC 6298, §2: beta = 1/4.
const DEVIATION_GAIN: u32 = 4;
/// RFC 6298, §2: K = 4.
const DEVIATIONS: u32 = 4;

/// A detector whose timeout follows the arrivals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jacobson {
    estimator: Estimator,
    granularity: Nanos,
    newest: u64,
    arrived: Nanos,
}

impl Jacobson {
    /// Heartbeats are sent about every `interval`; watches since `since`. The deviation starts
    /// at half of that (RFC 6298, §2.2), and the granularity is a tenth of it.
    pub fn new(interval: Nanos, since: Nanos) -> Self {
        let estimator = Estimator::new(interval, Nanos(interval.0 / 2), MEAN_GAIN, DEVIATION_GAIN);
        Self { estimator, granularity: Nanos(interval.0 / 10), newest: 0, arrived: since }
    }

    /// The same with another granularity: the timeout exceeds the mean by at least this much.
    #[must_use]
    pub fn granularity(self, granularity: Nanos) -> Self {
        Self { granularity, ..self }
    }

    fn timeout(&self) -> Nanos {
        let least = Nanos(self.estimator.mean().max(0).unsigned_abs()).plus(self.granularity);
        self.estimator.bound(DEVIATIONS).max(least)
    }
}

impl Detector for Jacobson {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        if sequence > self.newest {
            let between = now.minus(self.arrived).0;
            self.estimator.sample(i64::try_from(between).unwrap_or(i64::MAX));
            (self.newest, self.arrived) = (sequence, now);
        }
    }
    fn deadline(&self) -> Nanos {
        self.arrived.plus(self.timeout())
    }
    fn level(&self, now: Nanos) -> Level {
        Level(ratio(now.minus(self.arrived), self.timeout()))
    }
    fn threshold(&self) -> Level {
        Level(1.0)
    }
}
