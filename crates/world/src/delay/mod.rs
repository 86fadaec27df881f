//! How long something takes: one distribution, for links and disks alike.
//!
//! What the fastest hundredth of all samples take counts as the way itself, and what a sample takes
//! beyond that as waiting: nobody can tell them apart from outside, and a cable does not vary.

mod family;
mod normal;

pub use family::Family;
pub use normal::Normal;

use crate::arithmetic::{exp, ln, normal_quantile};
use crate::equipment::Equipment;
use crate::geography::{PathDelay, Region, one_way_sampler};
use crate::parts::Parts;
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
    /// Normal, cut off at a floor.
    Normal(Normal),
    /// Adversarial: P(X > x) = 1 / (1 + ln(x / minimum)). No moment of any order exists, and a
    /// time-out that doubles whenever it was too short is too short for ever, because these
    /// probabilities at minimum, 2 minimum, 4 minimum, ... have no finite sum.
    Adversarial {
        /// The shortest.
        minimum: Nanos,
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

/// The share of samples that meet nobody on the way.
const FASTEST: f64 = 0.01;

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

    /// A normal distribution of which only what lies above `floor` is drawn.
    pub fn normal(mean: Nanos, deviation: Nanos, floor: Nanos) -> Self {
        Self::Normal(Normal::new(mean, deviation, floor))
    }

    /// The delay from one region to another; within a region, from one zone to another.
    pub fn between(from: Region, to: Region) -> Self {
        Self::Path(one_way_sampler(from, to))
    }

    /// One sample.
    //= §1.1.2 unbounded message delays: heavy-tailed and adversarial
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
            Self::Normal(normal) => normal.quantile(random.unit()),
            Self::Adversarial { minimum } => {
                #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
                let minimum = minimum.0 as f64;
                held(minimum * exp(1.0 / (1.0 - random.unit()) - 1.0))
            }
        }
    }

    /// What no sample is below.
    pub fn minimum(&self) -> Nanos {
        match *self {
            Self::Constant(delay) => delay,
            Self::Uniform { low, .. } => low,
            Self::LogNormal(_) => Nanos::ZERO,
            Self::Path(path) => path.floor(),
            Self::Pareto { minimum, .. } | Self::Adversarial { minimum } => minimum,
            Self::Normal(normal) => normal.floor(),
        }
    }

    /// What equipment adds to a sample: nothing to a measured path, which has passed it already.
    pub const fn added(&self, equipment: &Equipment) -> Nanos {
        if matches!(self, Self::Path(_)) { Nanos::ZERO } else { equipment.delay() }
    }

    /// Takes a sample apart that is not below `floor`: the parts are it and what equipment adds to
    /// it. Of a path's sample equipment is a part, as far as there is room above the floor.
    pub fn split(&self, sample: Nanos, floor: Nanos, equipment: &Equipment) -> Parts {
        let calm = self.calm().max(floor).min(sample);
        let inside = match self {
            Self::Path(path) => equipment.delay().min(calm.minus(path.floor().max(floor))),
            _ => Nanos::ZERO,
        };
        Parts {
            propagation: calm.minus(inside),
            serialisation: Nanos::ZERO,
            equipment: inside.plus(self.added(equipment)),
            queueing: sample.minus(calm),
        }
    }

    /// What the fastest hundredth takes, or the shortest where there is one: the way itself.
    pub fn calm(&self) -> Nanos {
        match *self {
            Self::LogNormal(LogNormal { median_ns, sigma }) => {
                held(median_ns * exp(sigma * normal_quantile(FASTEST)))
            }
            Self::Path(path) => path.quantile(FASTEST),
            Self::Normal(normal) => normal.quantile(FASTEST),
            _ => self.minimum(),
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
    fn a_normal_delay_is_cut_off_at_its_floor_and_elsewhere_normal() {
        let ms = Nanos::from_millis;
        let free = Delay::normal(ms(50), ms(5), ms(0));
        assert!(percentile(free, 50).abs_diff(50_000_000) < 200_000);
        assert!(percentile(free, 90).abs_diff(56_407_758) < 300_000);
        // Cut at the mean: the median of what is left is at 0.6745 deviations.
        let half = Delay::normal(ms(50), ms(5), ms(50));
        assert!(percentile(half, 0) >= 50_000_000);
        assert!(percentile(half, 50).abs_diff(53_372_449) < 200_000);
        // Nothing above the floor but the farthest tail: it lies right behind the floor.
        let tail = Delay::normal(ms(50), ms(5), ms(75));
        assert!(percentile(tail, 50).abs_diff(75_650_000) < 100_000, "{}", percentile(tail, 50));
        assert_eq!(Delay::normal(ms(50), Nanos::ZERO, ms(1)).sample(&mut Random::new(1)), ms(50));
    }

    #[test]
    //= §1.1.2 unbounded message delays test
    fn the_adversary_has_the_tail_that_it_says() {
        let delay = Delay::Adversarial { minimum: Nanos(1_000) };
        assert!(percentile(delay, 0) >= 1_000);
        assert!(percentile(delay, 50).abs_diff(2_718) < 100, "e times the minimum");
        assert!(percentile(delay, 90).abs_diff(8_103_084) < 2_000_000, "e^9 times");
        assert_eq!(percentile(delay, 99), 315_360_000_000_000_000, "e^99 times, if time allowed");
    }

    #[test]
    fn what_is_calm_is_no_faster_than_the_minimum_and_rarely_undercut() {
        let ms = Nanos::from_millis;
        let delays = [
            Delay::Constant(ms(5)),
            Delay::Uniform { low: ms(1), high: ms(9) },
            Delay::log_normal(ms(70), ms(90)),
            Delay::between(Region::US_EAST_1, Region::EU_WEST_1),
            Delay::Pareto { minimum: ms(3), alpha: 1.5 },
            Delay::normal(ms(5), ms(4), ms(4)),
            Delay::Adversarial { minimum: ms(3) },
        ];
        for delay in delays {
            let mut random = Random::new(7);
            let samples: Vec<Nanos> = (0..20_000).map(|_| delay.sample(&mut random)).collect();
            let below = samples.iter().filter(|sample| **sample < delay.calm()).count();
            assert!(below < 260, "{delay:?}: {below}");
            assert!(samples.iter().all(|sample| *sample >= delay.minimum()), "{delay:?}");
        }
    }

    /// The parts of a sample are the sample, whatever stands on the way; a part left out, counted
    /// twice or below the floor is noticed.
    #[test]
    fn parts_add_up_to_the_sample_and_what_is_added_to_it() {
        let ms = Nanos::from_millis;
        let equipment = Equipment { hops: 5, switching: Nanos(7_001), host: Nanos(9_003) };
        let path = Delay::between(Region::US_EAST_1, Region::EU_WEST_1);
        let zones = Delay::between(Region::US_EAST_1, Region::US_EAST_1);
        let wild = Delay::Pareto { minimum: ms(3), alpha: 1.1 };
        for (delay, floor) in [
            (path, path.minimum()),
            (zones, Nanos::ZERO),
            (wild, ms(2)),
            (Delay::log_normal(ms(70), ms(90)), ms(60)),
            (Delay::Constant(ms(1)), ms(20)),
        ] {
            let mut random = Random::new(9);
            for _ in 0..2_000 {
                let sample = delay.sample(&mut random).max(floor);
                let parts = delay.split(sample, floor, &equipment);
                let whole = sample.plus(delay.added(&equipment));
                assert_eq!(parts.total(), whole, "{delay:?}");
                assert!(parts.propagation >= floor, "{delay:?} {parts}");
                assert_eq!(parts.equipment, equipment.delay(), "{delay:?}: there is room");
                for planted in [
                    Parts { equipment: Nanos::ZERO, ..parts },
                    Parts { propagation: parts.propagation.plus(Nanos(1)), ..parts },
                ] {
                    assert_ne!(planted.total(), whole, "a planted bug is noticed");
                }
            }
        }
        // A way that is hardly longer than light needs leaves no room for the equipment.
        let sample = path.minimum().plus(Nanos(10));
        let parts = path.split(sample, path.minimum(), &equipment);
        assert_eq!((parts.equipment, parts.total()), (Nanos(10), sample));
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
