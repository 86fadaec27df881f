//! Families of delays, each fitted to one pair of regions: how fast the same two places are under
//! ever weaker assumptions.
//!
//! | family | fitted to | what a time-out can do |
//! |---|---|---|
//! | constant | the median | a bound is known |
//! | normal | median and p90, cut off at the floor | a bound holds nearly always |
//! | log-normal | p50 and p90 above the floor | as measured paths behave |
//! | Pareto | floor and median | no bound, but one that doubles with every failure is broken only so often |
//! | adversarial | the floor | no bound, and one that doubles is broken for ever |
//!
//! I1: none is ever below the fibre floor.

use super::Delay;
use crate::arithmetic::ln;
use crate::geography::{Region, fibre_floor, round_trip};
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error, Nanos};
use std::str::FromStr;

/// A family of delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Always the median.
    Constant,
    /// Normal, cut off at the floor.
    Normal,
    /// Log-normal above the floor.
    LogNormal,
    /// Pareto.
    Pareto,
    /// Unbounded, whatever is done about it.
    Adversarial,
}

/// The 90th percentile of the standard normal distribution, and the root of two: a round trip is
/// two ways.
const Z90_ROOT_2: f64 = 1.281_551_565_544_600_4 * std::f64::consts::SQRT_2;

impl Family {
    /// Every family, the tamest first.
    pub const ALL: [Self; 5] =
        [Self::Constant, Self::Normal, Self::LogNormal, Self::Pareto, Self::Adversarial];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Normal => "normal",
            Self::LogNormal => "log-normal",
            Self::Pareto => "pareto",
            Self::Adversarial => "adversarial",
        }
    }

    /// The delay of one way between two regions; within a region between two of its zones.
    #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
    #[expect(clippy::cast_sign_loss, reason = "p90 is not below p50")]
    pub fn between(self, from: Region, to: Region) -> Delay {
        let trip = round_trip(from, to);
        let floor = fibre_floor(from.position(), to.position());
        let median = Nanos(trip.p50.0 / 2);
        match self {
            Self::Constant => Delay::Constant(median.max(floor)),
            Self::Normal => {
                let deviation = trip.p90.minus(trip.p50).0 as f64 / Z90_ROOT_2;
                Delay::normal(median, Nanos(deviation as u64), floor)
            }
            Self::LogNormal => Delay::between(from, to),
            Self::Pareto => {
                let minimum = floor.max(Nanos(median.0 / 2));
                let alpha = std::f64::consts::LN_2 / ln(median.0 as f64 / minimum.0 as f64);
                Delay::Pareto { minimum, alpha }
            }
            Self::Adversarial => Delay::Adversarial { minimum: floor.max(Nanos(median.0 / 3)) },
        }
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let names = || Self::ALL.into_iter().map(Self::name);
        Self::ALL.into_iter().find(|family| family.name() == name).ok_or_else(|| {
            let hint = match nearest(name, names()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            };
            Error::new(Blame::Caller, "a family of delays", format!("{name:?}")).hint(hint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Family;
    use crate::Delay;
    use crate::geography::{Region, fibre_floor, round_trip};
    use avouch_promise::Random;

    fn pairs() -> impl Iterator<Item = (Region, Region)> {
        Region::all().flat_map(|from| Region::all().map(move |to| (from, to)))
    }

    #[test]
    fn no_family_is_ever_below_the_floor_and_each_keeps_the_median_that_it_is_fitted_to() {
        let seed = Random::seed_from_environment();
        for (index, (from, to)) in pairs().enumerate() {
            let floor = fibre_floor(from.position(), to.position());
            let median = round_trip(from, to).p50.0 / 2;
            for family in Family::ALL {
                let delay = family.between(from, to);
                let mut random = Random::new(seed).fork(index as u64);
                let mut samples: Vec<u64> = (0..401).map(|_| delay.sample(&mut random).0).collect();
                samples.sort_unstable();
                let told = format!(
                    "{} {from} {to}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-world family",
                    family.name()
                );
                assert!(samples[0] >= floor.0, "{told}");
                // Between the quantiles 0.4 and 0.6: four deviations of the count.
                let around = samples[160]..=samples[240];
                let trip = round_trip(from, to);
                let cut = trip.p50.0 / 2 < floor.0 + 2 * trip.p90.minus(trip.p50).0;
                let exact = matches!(family, Family::Constant | Family::Pareto)
                    || (family == Family::Normal && !cut);
                assert!(!exact || around.contains(&median), "{median} {around:?} {told}");
            }
        }
    }

    /// Doubles a time-out whenever it was too short, and counts how often that was.
    fn doublings(delay: Delay, seed: u64) -> u32 {
        let mut random = Random::new(seed);
        let (mut timeout, mut broken) = (1_000_000_u64, 0);
        for _ in 0..100_000 {
            if delay.sample(&mut random).0 > timeout {
                (timeout, broken) = (timeout.saturating_mul(2), broken + 1);
            }
        }
        broken
    }

    /// With a power's tail the k-th doubling is needed with a chance of 2^(-alpha k) a message, so
    /// a hundred thousand messages need some 17 / alpha; with the adversary's tail the chance
    /// falls like 1 / k and time itself, here ten years, ends first: 2^38 times a millisecond.
    //= §1.1.2 unbounded message delays: heavy-tailed and adversarial test
    #[test]
    fn a_doubling_time_out_outgrows_pareto_and_never_the_adversary() {
        let minimum = avouch_promise::Nanos::from_millis(1);
        for seed in 1..=5 {
            let tame = doublings(Delay::Constant(minimum), seed);
            let heavy = doublings(Delay::Pareto { minimum, alpha: 1.5 }, seed);
            let hostile = doublings(Delay::Adversarial { minimum }, seed);
            assert_eq!(tame, 0);
            assert!((5..=20).contains(&heavy), "{heavy}");
            assert!(hostile >= 38, "{hostile}: until the end of time");
        }
    }

    #[test]
    fn a_family_is_found_by_its_name() {
        for family in Family::ALL {
            assert_eq!(family.name().parse(), Ok(family));
        }
        let error = "parreto".parse::<Family>().expect_err("no such family");
        assert_eq!(error.hint, "did you mean pareto?");
    }
}
