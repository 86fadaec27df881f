//! Jacobson's and Karels' estimator: a mean and a mean deviation, both smoothed exponentially.
//!
//! ```text
//!   error     =  sample - mean
//!   mean      += error / mean_gain
//!   deviation += (|error| - deviation) / deviation_gain
//!   bound     =  beta * mean + phi * deviation
//! ```
//!
//! In nanoseconds, as integers in units of 2^-10 ns, so that it compares and hashes exactly. The
//! mean deviation stands in for the standard deviation because it needs no root and weighs an
//! outlier by itself, not by its square.
//!
//! References: V. Jacobson, M. Karels, *Congestion Avoidance and Control*, SIGCOMM 1988, §2 and
//! appendix A; RFC 6298 (2011), §2, for the gains 1/8 and 1/4 and the factor 4.

use avouch_promise::Nanos;

/// Binary digits kept below one nanosecond.
const FRACTION: u32 = 10;

/// Nothing longer is taken in: 2^50 ns are 13 days.
const LONGEST: i64 = 1 << 50;

/// The two smoothed figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Estimator {
    mean: i64,
    deviation: i64,
    mean_gain: i64,
    deviation_gain: i64,
}

impl Estimator {
    /// An estimator that starts from these figures and moves by one `gain`-th of every error.
    pub fn new(mean: Nanos, deviation: Nanos, mean_gain: u32, deviation_gain: u32) -> Self {
        Self {
            mean: scaled(mean),
            deviation: scaled(deviation),
            mean_gain: i64::from(mean_gain.max(1)),
            deviation_gain: i64::from(deviation_gain.max(1)),
        }
    }

    /// Takes a sample in, in nanoseconds; it may be negative.
    pub fn sample(&mut self, nanos: i64) {
        let sample = nanos.clamp(-LONGEST, LONGEST) << FRACTION;
        let error = sample - self.mean;
        self.mean += error / self.mean_gain;
        self.deviation += (error.abs() - self.deviation) / self.deviation_gain;
    }

    /// The smoothed mean in nanoseconds.
    pub fn mean(&self) -> i64 {
        self.mean >> FRACTION
    }

    /// The smoothed mean deviation.
    pub fn deviation(&self) -> Nanos {
        Nanos(self.deviation.unsigned_abs() >> FRACTION)
    }

    /// The mean and `factor` deviations, in nanoseconds; never below zero.
    pub fn bound(&self, factor: u32) -> Nanos {
        let sum = i128::from(self.mean) + i128::from(factor) * i128::from(self.deviation);
        Nanos(u64::try_from(sum.max(0) >> FRACTION).unwrap_or(u64::MAX))
    }
}

fn scaled(span: Nanos) -> i64 {
    i64::try_from(span.0).unwrap_or(LONGEST).min(LONGEST) << FRACTION
}
