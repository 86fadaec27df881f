//! How long one message takes from region to region: a log-normal delay above the fibre floor.
//!
//! ```text
//!   one way = floor + exp(mu + sigma z)            z: standard normal, one draw
//!             |       '- the detour, queues and equipment: never negative
//!             '- fibre along the geodesic: I1, no sample is below it
//! ```
//!
//! What was measured are round trips, and a round trip is two independent ways. With
//! e50 = p50 - 2 floor and e90 = p90 - 2 floor, the excess of a round trip is close to a log-normal
//! whose spread is s = ln(e90 / e50) / z(0.9). The sum of two equal log-normals of spread sigma is
//! close to one of spread sigma / sqrt 2, with a median somewhat above twice theirs; to the order
//! that the table needs,
//!
//! ```text
//!   sigma = sqrt 2 s (1 - s^2 / 5)         mu = ln(e50 / 2) - sigma^2 / 4 + sigma^4 / 14
//! ```
//!
//! A pair has two entries, one measured from either end. A ping takes both ways each time, so its
//! shape is fitted to the mean of both entries, and shared by both ways; each way's level follows
//! its own entry, so that a link keeps the direction that was measured.
//!
//! I2: a sample of either way added has the mean of the pair's p50 and of its p90 within 2 %.
//! I3: two samples of one way added have that entry's p50 within 1.5 %.

use super::distance::fibre_floor;
use super::{Region, RoundTrip, round_trip};
use crate::arithmetic::{exp, ln, normal_quantile};
use avouch_promise::{Nanos, Random, invariant};

/// The delay of one directed way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathDelay {
    floor: Nanos,
    /// Of the excess above the floor in nanoseconds: mean and deviation of its logarithm.
    mu: f64,
    sigma: f64,
}

/// The delay of a message from one region to another; within a region, from one zone to another.
pub fn one_way_sampler(from: Region, to: Region) -> PathDelay {
    let floor = fibre_floor(from.position(), to.position());
    PathDelay::fit_pair(round_trip(from, to), round_trip(to, from), floor)
}

impl PathDelay {
    /// The delay of one way whose round trip was measured as `measured` and that cannot take less
    /// than `floor`, which must be less than half of the measured median.
    pub fn fit(measured: RoundTrip, floor: Nanos) -> Self {
        invariant!(I1, floor.times(2) < measured.p50, "{measured:?} is below 2 x {floor}");
        invariant!(I2, measured.p50 <= measured.p90, "{measured:?} is out of order");
        #[expect(clippy::cast_precision_loss, reason = "spans below a second are exact")]
        let excess = |round_trip: Nanos| round_trip.minus(floor.times(2)).0 as f64;
        let (e50, e90) = (excess(measured.p50), excess(measured.p90));
        let s = ln(e90 / e50) / normal_quantile(0.9);
        let sigma = std::f64::consts::SQRT_2 * s * (1.0 - s * s / 5.0);
        let variance = sigma * sigma;
        let mu = ln(e50 / 2.0) - variance / 4.0 + variance * variance / 14.0;
        Self { floor, mu, sigma }
    }

    /// The delay of the way `there` of a pair of which both entries are known.
    pub fn fit_pair(there: RoundTrip, back: RoundTrip, floor: Nanos) -> Self {
        let mean = |a: Nanos, b: Nanos| Nanos(u64::midpoint(a.0, b.0));
        let both = RoundTrip { p50: mean(there.p50, back.p50), p90: mean(there.p90, back.p90) };
        invariant!(I1, floor.times(2) < there.p50, "{there:?} is below 2 x {floor}");
        let shape = Self::fit(both, floor);
        #[expect(clippy::cast_precision_loss, reason = "spans below a second are exact")]
        let excess = |round_trip: Nanos| round_trip.minus(floor.times(2)).0 as f64;
        Self { mu: shape.mu + ln(excess(there.p50) / excess(both.p50)), ..shape }
    }

    /// No message is faster than this.
    pub fn floor(&self) -> Nanos {
        self.floor
    }

    /// The delay of one message: one draw.
    pub fn sample(&self, random: &mut Random) -> Nanos {
        self.quantile(random.unit())
    }

    /// The delay that a message stays below with `probability` in 0..1.
    pub fn quantile(&self, probability: f64) -> Nanos {
        let excess = exp(self.mu + self.sigma * normal_quantile(probability));
        #[expect(clippy::cast_sign_loss, reason = "an exponential is not negative")]
        self.floor.plus(Nanos(excess as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FIVE, Region, RoundTrip, pair_round_trip, round_trip};
    use super::{PathDelay, one_way_sampler};
    use avouch_promise::{Nanos, Random};

    #[expect(clippy::cast_precision_loss, reason = "spans below a second and small counts")]
    fn count(whole: u64) -> f64 {
        whole as f64
    }

    fn pairs() -> impl Iterator<Item = (Region, Region)> {
        Region::all().flat_map(|from| Region::all().map(move |to| (from, to)))
    }

    /// How far a round trip of these two ways is from the measured one: the larger error of p50
    /// and p90, of which one that is 0 does not count, from the sums of every two of `GRID` equally
    /// likely delays.
    fn error(there: PathDelay, back: PathDelay, measured: RoundTrip) -> f64 {
        const GRID: u32 = 96;
        let ways = |way: PathDelay| {
            (0..GRID).map(move |i| way.quantile((f64::from(i) + 0.5) / f64::from(GRID)))
        };
        let mut trips: Vec<u64> =
            ways(there).flat_map(|out| ways(back).map(move |home| out.plus(home).0)).collect();
        let mut off = |percent: usize, expected: Nanos| {
            let place = trips.len() * percent / 100;
            let (_, trip, _) = trips.select_nth_unstable(place);
            (count(*trip) / count(expected.0) - 1.0).abs()
        };
        let median = off(50, measured.p50);
        if measured.p90 == Nanos::ZERO { median } else { median.max(off(90, measured.p90)) }
    }

    #[test]
    fn every_entry_has_its_measured_median() {
        for (from, to) in pairs() {
            let (delay, measured) = (one_way_sampler(from, to), round_trip(from, to));
            let off = error(delay, delay, RoundTrip { p90: Nanos::ZERO, ..measured });
            assert!(off <= 0.015, "{from} {to}: off by {:.2} %", off * 100.0);
            let off = error(delay, one_way_sampler(to, from), pair_round_trip(from, to));
            assert!(off <= 0.018, "{from} {to}: off by {:.2} % as a pair", off * 100.0);
        }
    }

    /// What a ping between two regions takes is one sample of either way: its quantiles are the
    /// means of the pair's two entries, for every pair, by sampling alone.
    #[test]
    fn a_ping_has_the_mean_quantiles_of_both_entries() {
        let seed = Random::seed_from_environment();
        for (index, (from, to)) in pairs().enumerate().filter(|(_, (from, to))| from <= to) {
            let expected = pair_round_trip(from, to);
            let spread = (count(expected.p90.0) / count(expected.p50.0)).ln();
            // Enough for 0.5 % of error at the wider of the two quantiles, within bounds.
            let samples = (6_000.0 * (spread / 0.12).powi(2)).clamp(6_000.0, 120_000.0);
            let (there, back) = (one_way_sampler(from, to), one_way_sampler(to, from));
            let mut random = Random::new(seed).fork(index as u64);
            let mut ping = |_| there.sample(&mut random).plus(back.sample(&mut random)).0;
            #[expect(clippy::cast_sign_loss, reason = "at least 6,000")]
            let samples = samples as u32;
            let mut trips: Vec<u64> = (0..samples).map(&mut ping).collect();
            for (percent, expected) in [(50, expected.p50), (90, expected.p90)] {
                let place = trips.len() * percent / 100;
                let off = count(*trips.select_nth_unstable(place).1) / count(expected.0) - 1.0;
                assert!(
                    off.abs() < 0.02,
                    "{from} {to}: p{percent} is {:.2} % off\n\
                     repro: AVOUCH_SEED={seed} cargo test -p avouch-world a_ping_has",
                    off * 100.0
                );
            }
        }
    }

    /// The check above is not so wide that a careless fit passes: the spread of a round trip taken
    /// for that of one way, and a floor counted twice, are both found.
    #[test]
    fn careless_fits_are_caught() {
        let (from, to) = (Region::parse("ap-east-1"), Region::parse("ap-east-2"));
        let (from, to) = (from.expect("a region"), to.expect("a region"));
        let (measured, floor) = (pair_round_trip(from, to), one_way_sampler(from, to).floor);
        let good = PathDelay::fit(measured, floor);
        let narrow = PathDelay { sigma: good.sigma / std::f64::consts::SQRT_2, ..good };
        let twice = PathDelay { floor: good.floor.times(2), ..good };
        assert!(error(good, good, measured) <= 0.015, "the fit itself");
        assert!(error(narrow, narrow, measured) > 0.02, "spread of one way");
        assert!(error(twice, twice, measured) > 0.02, "floor counted twice");
    }

    /// Samples fall below a quantile as often as it says: within five deviations of the count.
    #[test]
    fn samples_follow_the_quantiles() {
        const SAMPLES: u32 = 2_000;
        let seed = Random::seed_from_environment();
        for (index, (from, to)) in pairs().enumerate() {
            let delay = one_way_sampler(from, to);
            let mut random = Random::new(seed).fork(index as u64);
            let samples: Vec<Nanos> = (0..SAMPLES).map(|_| delay.sample(&mut random)).collect();
            for probability in [0.5, 0.9, 0.99] {
                let bound = delay.quantile(probability);
                let below = count(samples.iter().filter(|sample| **sample <= bound).count() as u64);
                let expected = f64::from(SAMPLES) * probability;
                let deviation = (expected * (1.0 - probability)).sqrt();
                assert!(
                    (below - expected).abs() <= 5.0 * deviation,
                    "{from} {to}: {below} of {SAMPLES} below the quantile of {probability}\n\
                     repro: AVOUCH_SEED={seed} cargo test -p avouch-world samples_follow"
                );
            }
        }
    }

    #[test]
    fn no_sample_is_below_the_fibre_floor() {
        let mut random = Random::new(Random::seed_from_environment());
        for (from, to) in pairs() {
            let delay = one_way_sampler(from, to);
            let floor = super::fibre_floor(from.position(), to.position());
            assert!(delay.quantile(0.0) >= floor, "{from} {to}: the extreme end");
            for _ in 0..500 {
                assert!(delay.sample(&mut random) >= floor, "{from} {to}");
            }
        }
    }

    #[test]
    fn directions_of_a_pair_keep_their_difference() {
        let (there, back) = (Region::US_WEST_2, Region::parse("me-south-1").expect("a region"));
        let (there, back) = (one_way_sampler(there, back), one_way_sampler(back, there));
        let apart = there.quantile(0.5).0.abs_diff(back.quantile(0.5).0);
        assert!(apart > Nanos::from_millis(23).0, "half of the 48 ms measured, got {apart} ns");
    }

    /// A seed names its delays for good, on every machine.
    #[test]
    fn the_delays_of_a_seed_never_change() {
        let mut random = Random::new(1);
        let delays = FIVE.map(|to| one_way_sampler(Region::US_EAST_1, to).sample(&mut random).0);
        assert_eq!(delays, [1_075_502, 33_489_003, 32_559_661, 77_066_896, 56_065_327]);
    }
}
