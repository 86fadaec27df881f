//! How long something takes: one distribution, for links and disks alike.

use crate::arithmetic::{exp, ln, normal_quantile};
use crate::geography::{PathDelay, Region, one_way_sampler};
use avouch_promise::{Nanos, Random};

/// A distribution of delays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// Always the same.
    Constant(Nanos),
    /// Every value between two equally likely.
    Uniform {
        /// The shortest.
        low: Nanos,
        /// The longest.
        high: Nanos,
    },
    /// Log-normal, as wide-area round trips nearly are.
    LogNormal(LogNormal),
    /// As measured between two regions, never below the fibre floor.
    Path(PathDelay),
    /// Pareto: a tail heavy enough that no time-out is ever long enough.
    Pareto {
        /// The shortest.
        minimum: Nanos,
        /// The tail's exponent: P(X > x) = (minimum / x)^alpha. At most 1 has no mean.
        alpha: f64,
    },
}

/// A log-normal distribution, held by its median and its 90th percentile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    median_ns: f64,
    sigma: f64,
}

impl LogNormal {
    /// Its median and its 90th percentile, to the nanosecond: what it was made from.
    #[expect(clippy::cast_sign_loss, reason = "an exponential is not negative")]
    pub fn p50_p90(&self) -> (Nanos, Nanos) {
        let nanos = |ns: f64| Nanos(ns.round() as u64);
        (nanos(self.median_ns), nanos(self.median_ns * exp(self.sigma * Z90)))
    }
}

/// The 90th percentile of the standard normal distribution.
const Z90: f64 = 1.281_551_565_544_600_4;

/// Nothing takes longer than this: ten years.
const LONGEST: f64 = 315_360_000e9;

impl Delay {
    /// The log-normal distribution with these two percentiles; a `p90` below `p50` counts as
    /// `p50`.
    #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
    pub fn log_normal(p50: Nanos, p90: Nanos) -> Self {
        let median_ns = (p50.0 as f64).max(1.0);
        let sigma = ln((p90.0 as f64).max(median_ns) / median_ns) / Z90;
        Self::LogNormal(LogNormal { median_ns, sigma })
    }

    /// The delay from one region to another; within a region, from one zone to another.
    pub fn between(from: Region, to: Region) -> Self {
        Self::Path(one_way_sampler(from, to))
    }

    /// One sample.
    //= §1.1.2 unbounded message delays
    pub fn sample(&self, random: &mut Random) -> Nanos {
        match *self {
            Self::Constant(delay) => delay,
            Self::Uniform { low, high } => Nanos(random.between(low.0, high.0.max(low.0))),
            Self::LogNormal(LogNormal { median_ns, sigma }) => {
                held(median_ns * exp(sigma * normal_quantile(random.unit())))
            }
            Self::Path(path) => path.sample(random),
            Self::Pareto { minimum, alpha } => {
                #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
                let minimum = minimum.0 as f64;
                held(minimum * exp(-ln(1.0 - random.unit()) / alpha))
            }
        }
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped to a positive range just before")]
fn held(delay_ns: f64) -> Nanos {
    Nanos(delay_ns.clamp(0.0, LONGEST) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentile(delay: Delay, percent: usize) -> u64 {
        let mut random = Random::new(3);
        let mut samples: Vec<u64> = (0..40_000).map(|_| delay.sample(&mut random).0).collect();
        samples.sort_unstable();
        samples[samples.len() * percent / 100]
    }

    #[test]
    fn a_log_normal_link_has_the_stated_percentiles() {
        let delay = Delay::log_normal(Nanos::from_millis(70), Nanos::from_millis(90));
        assert!(percentile(delay, 50).abs_diff(70_000_000) < 700_000);
        assert!(percentile(delay, 90).abs_diff(90_000_000) < 1_300_000);
    }

    #[test]
    //= §1.1.2 unbounded message delays test
    fn a_pareto_tail_outgrows_any_log_normal() {
        let delay = Delay::Pareto { minimum: Nanos(1_000), alpha: 1.0 };
        assert!(percentile(delay, 0) >= 1_000);
        assert!(percentile(delay, 50).abs_diff(2_000) < 100);
        assert!(percentile(delay, 99).abs_diff(100_000) < 20_000);
    }

    #[test]
    fn a_uniform_delay_stays_within_its_ends() {
        let delay = Delay::Uniform { low: Nanos(10), high: Nanos(12) };
        let mut random = Random::new(1);
        let seen: std::collections::BTreeSet<_> =
            (0..100).map(|_| delay.sample(&mut random).0).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [10, 11, 12]);
    }
}
