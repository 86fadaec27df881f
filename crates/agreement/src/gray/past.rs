//! A peer's own past: how long its answers usually took, as a histogram that forgets.
//!
//! ```text
//!   values --> current generation (until it is full) --> previous generation --> forgotten
//!              quantiles are those of both together
//! ```
//!
//! Buckets are logarithmic, 64 for each doubling, so that a bucket's end is at most 1.6 % above
//! what is in it, from a microsecond to an hour.

use avouch_promise::Nanos;

/// So many values a generation holds.
const GENERATION: u32 = 1_024;
/// So few values say nothing yet.
pub(super) const ENOUGH: u32 = 128;
/// The quantiles are computed anew after so many values.
const REFRESH: u32 = 64;
const STEPS: u64 = 64;
/// Below 2^10 ns everything is one bucket.
const FIRST_BIT: u32 = 10;
const BUCKETS: usize = 32 * 64 + 1;

/// A histogram that forgets.
#[derive(Clone, Debug)]
pub(super) struct Past {
    current: Vec<u32>,
    previous: Vec<u32>,
    held: (u32, u32),
    fresh: u32,
    median: Nanos,
    p99: Nanos,
}

impl Default for Past {
    fn default() -> Self {
        let (median, p99) = (Nanos::MAX, Nanos::MAX);
        Self {
            current: vec![0; BUCKETS],
            previous: vec![0; BUCKETS],
            held: (0, 0),
            fresh: 0,
            median,
            p99,
        }
    }
}

fn bucket(value: Nanos) -> usize {
    let bits = value.0.max(1 << FIRST_BIT);
    let octave = bits.ilog2();
    let step = ((bits - (1 << octave)) * STEPS) >> octave;
    let at = u64::from(octave - FIRST_BIT) * STEPS + step;
    (at as usize).min(BUCKETS - 1)
}

/// The end of a bucket.
fn end(bucket: usize) -> Nanos {
    let (octave, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    let base = 1_u64 << (octave + u64::from(FIRST_BIT));
    Nanos(base + base * (step + 1) / STEPS)
}

impl Past {
    /// One value more.
    pub(super) fn add(&mut self, value: Nanos) {
        if let Some(count) = self.current.get_mut(bucket(value)) {
            *count += 1;
        }
        self.held.0 += 1;
        self.fresh += 1;
        if self.fresh >= REFRESH || self.count() == ENOUGH {
            self.fresh = 0;
            self.median = self.quantile(500);
            // A few accidents while little is known must not count as usual: in a log-normal past
            // the percentile lies 1.8 times as far above the median as the 90th.
            let spread = self.quantile(900).minus(self.median);
            self.p99 = self.quantile(990).min(self.median.plus(spread.times(4)));
        }
        if self.held.0 >= GENERATION {
            std::mem::swap(&mut self.current, &mut self.previous);
            self.current.fill(0);
            self.held = (0, self.held.0);
        }
    }

    fn count(&self) -> u32 {
        self.held.0 + self.held.1
    }

    /// Whether enough is known to compare with.
    pub(super) fn is_known(&self) -> bool {
        self.count() >= ENOUGH
    }

    fn quantile(&self, permille: u32) -> Nanos {
        let wanted = u64::from(self.count()) * u64::from(permille) / 1_000;
        let mut below = 0;
        for at in 0..BUCKETS {
            below += u64::from(self.current[at]) + u64::from(self.previous[at]);
            if below > wanted {
                return end(at);
            }
        }
        Nanos::MAX
    }

    /// The median, [`Nanos::MAX`] until enough is known.
    pub(super) fn median(&self) -> Nanos {
        if self.is_known() { self.median } else { Nanos::MAX }
    }

    /// The 99th percentile, held near the median where few accidents make it; [`Nanos::MAX`] until
    /// enough is known.
    pub(super) fn p99(&self) -> Nanos {
        if self.is_known() { self.p99 } else { Nanos::MAX }
    }
}

/// The probability of at least `hits` of `trials` that each hit with `probability`: how surprising
/// a tail is. By logarithms, since no hit at all in a million trials is less than any number.
pub(super) fn surprise(trials: u32, hits: u32, probability: f64) -> f64 {
    let mut term = f64::from(trials) * (-probability).ln_1p();
    let odds = (probability / (1.0 - probability)).ln();
    let mut sum = 0.0;
    for count in 0..=trials {
        if count >= hits {
            let one = term.exp();
            sum += one;
            // Beyond the mean the terms only fall.
            if f64::from(count) > f64::from(trials) * probability && one <= sum * 1e-17 {
                break;
            }
        }
        term += odds + (f64::from(trials - count) / f64::from(count + 1)).ln();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;

    #[test]
    fn quantiles_are_within_a_bucket_of_the_sorted_values() {
        let mut random = Random::new(Random::seed_from_environment());
        let mut past = Past::default();
        assert_eq!(past.p99(), Nanos::MAX);
        let values: Vec<_> = (0..1_000).map(|_| Nanos(random.between(1_000, 90_000_000))).collect();
        for value in &values {
            past.add(*value);
        }
        let mut sorted = values[..960].to_vec();
        sorted.sort_unstable();
        for (found, exact) in [(past.median(), sorted[480]), (past.p99(), sorted[950])] {
            assert!(found >= exact && found.0 <= exact.0 + exact.0 / 60, "{found} of {exact}");
        }
        // What is long past is forgotten.
        (0..3_000).for_each(|_| past.add(Nanos(5_000)));
        assert!(past.p99() < Nanos(5_100), "{}", past.p99());
    }

    #[test]
    fn every_value_lies_below_its_buckets_end_and_the_ends_ascend() {
        for value in (0..4_000).map(|at| Nanos(1_000 + at * at * 997)) {
            let end = end(bucket(value));
            assert!(value <= end && end.0 <= value.0 + value.0 / 60 + 1_024, "{value} {end}");
        }
        assert!((1..BUCKETS).all(|at| end(at - 1) < end(at)));
    }

    #[test]
    fn the_surprise_is_the_binomial_tail() {
        // By hand: P(at least 2 of 3 with 1/4) = 3 (1/16)(3/4) + 1/64.
        assert!((surprise(3, 2, 0.25) - 10.0 / 64.0).abs() < 1e-15);
        assert!((surprise(40, 0, 0.02) - 1.0).abs() < 1e-12);
        assert!(surprise(40, 9, 0.02) < 1e-6 && surprise(40, 3, 0.02) > 1e-2);
        // A fast connection: what is usual is no surprise, however much was sent.
        assert!((surprise(1_000_000, 1_000, 0.002) - 1.0).abs() < 1e-6);
        assert!(surprise(1_000_000, 2_600, 0.002) < 1e-20);
    }
}
