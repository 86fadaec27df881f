//! From windows to findings: how far each quantile is shifted, how sure that is, and what an
//! operation costs.
//!
//! Windows that lie close in time are alike, and so are requests of one window: the block is the
//! unit. A block gives one difference for each level and quantile; over the blocks stands their
//! mean, and around it a bootstrap interval. The plain percentile interval of a few values is too
//! narrow (of eight, it holds the mean in 89 of 100); scaled about the mean by what Student's t
//! adds for so few, it keeps its word and its lopsidedness.
//!
//! References: Efron, Tibshirani, *An Introduction to the Bootstrap*, 1993, §13; Hesterberg, *What
//! teachers should know about the bootstrap*, 2015 (narrowness and its factor); Abramowitz,
//! Stegun, *Handbook of Mathematical Functions*, 1964, 26.7.5 (quantiles of t).

//= §1.1.3 quantile shift with its confidence, CPU per operation

use super::level::Level;
use super::window::Window;
use crate::quantile::nearest_rank;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_world::queueing::student;

/// The quantiles that are compared.
pub(super) const QUANTILES: [(&str, f64); 3] = [("p50", 0.50), ("p95", 0.95), ("p99", 0.99)];
/// How many times the blocks are drawn again.
const RESAMPLES: usize = 2_000;
/// The share of such intervals that hold the true value.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A mean and its interval, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The mean.
    pub(super) mean: f64,
    /// The interval's lower end.
    pub(super) low: f64,
    /// The interval's upper end.
    pub(super) high: f64,
}

impl Estimate {
    /// Whether the interval says that there is a difference at all.
    pub(super) fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// What was found of one level.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The level.
    pub(super) level: Level,
    /// Operations that counted.
    pub(super) operations: u64,
    /// Operations without an answer in time.
    pub(super) failed: u64,
    /// Pages of metrics read.
    pub(super) scrapes: u64,
    /// Steps that the recorder wrote down.
    pub(super) recorded: u64,
    /// The quantiles of all its requests, in nanoseconds.
    pub(super) quantiles: [u64; 3],
    /// How much longer each is than with monitoring off.
    pub(super) shifts: [Estimate; 3],
    /// CPU time an operation, in nanoseconds.
    pub(super) cpu: Estimate,
    /// How much more that is than with monitoring off.
    pub(super) cpu_more: Estimate,
    /// Steps of all nodes for one operation.
    pub(super) steps_an_operation: f64,
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    /// One row for each level, least first.
    pub(super) rows: Vec<Row>,
    step_base: Nanos,
}

impl Findings {
    /// How long a step took, as the recorder saw it.
    pub(super) fn step_base(&self) -> Nanos {
        self.step_base
    }

    /// What full monitoring adds to a step: its CPU time an operation, spread over the steps that
    /// an operation takes. The client's share of judging is in it, so that it is an upper bound.
    pub(super) fn step_extra(&self) -> Nanos {
        let full = self.rows.iter().find(|row| row.level == Level::Full);
        let extra = full.map_or(0.0, |row| row.cpu_more.mean / row.steps_an_operation.max(1.0));
        nanos(extra)
    }
}

#[expect(clippy::cast_sign_loss, reason = "held above zero")]
fn nanos(value: f64) -> Nanos {
    Nanos(value.max(0.0) as u64)
}

#[expect(clippy::cast_precision_loss, reason = "counts and times far below 2^53")]
fn real(value: u64) -> f64 {
    value as f64
}

/// The mean of a few values, and the interval that holds the true mean.
pub(super) fn estimate(values: &[f64], random: &mut Random) -> Estimate {
    let mean = mean_of(values);
    let mut means = Vec::with_capacity(RESAMPLES);
    let mut again = vec![0.0; values.len()];
    for _ in 0..RESAMPLES {
        for place in &mut again {
            *place = random.pick(values).copied().unwrap_or(mean);
        }
        means.push(mean_of(&again));
    }
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let at = |share: f64| {
        #[expect(clippy::cast_sign_loss, reason = "a place in a list")]
        let place = (share * real(RESAMPLES as u64)) as usize;
        means.get(place.min(RESAMPLES - 1)).copied().unwrap_or(mean)
    };
    let wider = wider(values.len() as u64);
    Estimate {
        mean,
        low: mean + (at(tail) - mean) * wider,
        high: mean + (at(1.0 - tail) - mean) * wider,
    }
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / real(values.len().max(1) as u64)
}

/// How many times wider the interval of `count` values is than their percentiles say.
fn wider(count: u64) -> f64 {
    let freedom = count.saturating_sub(1).max(1);
    (real(count.max(2)) / real(freedom)).sqrt() * student(freedom) / Z975
}

/// The 97.5th percentile of the normal distribution.
const Z975: f64 = 1.959_963_984_540_054;

/// What the windows tell.
///
/// # Errors
/// `Environment` when a window had no answer at all.
pub(super) fn findings(windows: &[Window], random: &Random) -> Result<Findings, Error> {
    if let Some(empty) = windows.iter().find(|window| window.latencies_ns.is_empty()) {
        let got = format!("none with monitoring {}", empty.level.name());
        return Err(Error::new(Blame::Environment, "answers in every window", got)
            .hint("the machine is too busy for this rate: lower --rate or raise --seconds"));
    }
    let mut random = random.fork(3);
    let rows = Level::ALL.map(|level| row(windows, level, &mut random)).into();
    // Nothing times a step while monitoring is off: nearest to that is when few are recorded.
    let sampled = windows.iter().filter(|window| window.level == Level::Sampled);
    let (recorded, recorded_ns) = sampled.fold((0, 0), |(steps, ns): (u64, u64), window| {
        (steps + window.recorded, ns + window.recorded_for.0)
    });
    Ok(Findings { rows, step_base: Nanos(recorded_ns.checked_div(recorded).unwrap_or(0)) })
}

fn row(windows: &[Window], level: Level, random: &mut Random) -> Row {
    let of = |wanted: Level| windows.iter().filter(move |window| window.level == wanted);
    let sum = |count: fn(&Window) -> u64| of(level).map(count).sum::<u64>();
    // For each block the value with monitoring off, and at this level.
    let pairs = |value: &dyn Fn(&Window) -> f64| -> Vec<(f64, f64)> {
        let off = |block| of(Level::Off).find(|window| window.block == block).map(value);
        of(level).filter_map(|window| Some((off(window.block)?, value(window)))).collect()
    };
    let mut more = |value: &dyn Fn(&Window) -> f64| {
        let differences: Vec<_> = pairs(value).iter().map(|(off, on)| on - off).collect();
        estimate(&differences, random)
    };
    let shifts = QUANTILES
        .map(|(_, q)| more(&|window| real(nearest_rank(&window.latencies_ns, q).unwrap_or(0))));
    let cpu_more = more(&cpu_an_operation);
    let cpu: Vec<_> = of(level).map(cpu_an_operation).collect();
    let mut all: Vec<u64> = of(level).flat_map(|window| window.latencies_ns.clone()).collect();
    all.sort_unstable();
    let operations = all.len() as u64;
    Row {
        level,
        operations,
        failed: sum(|window| window.failed),
        scrapes: sum(|window| window.scrapes),
        recorded: sum(|window| window.recorded),
        quantiles: QUANTILES.map(|(_, q)| nearest_rank(&all, q).unwrap_or(0)),
        shifts,
        cpu: estimate(&cpu, random),
        cpu_more,
        steps_an_operation: real(sum(|window| window.steps)) / real(operations.max(1)),
    }
}

fn cpu_an_operation(window: &Window) -> f64 {
    real(crate::quantity::nanos(window.cpu).0) / real(window.latencies_ns.len().max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Of 400 experiments with a known mean, 95 of 100 intervals hold it: the bootstrap's own
    /// oracle.
    #[test]
    //= §1.1.3 quantile shift with its confidence, CPU per operation test
    fn the_interval_holds_the_true_mean_as_often_as_it_says() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        let mut held = 0;
        for _ in 0..400 {
            // The sum of twelve uniform ones is nearly normal, with mean 6.
            let values: Vec<f64> = (0..8).map(|_| (0..12).map(|_| random.unit()).sum()).collect();
            let estimate = estimate(&values, &mut random);
            held += u32::from((estimate.low..=estimate.high).contains(&6.0));
        }
        assert!(
            (364..=396).contains(&held),
            "{held} of 400 intervals hold the mean\n\
             repro: AVOUCH_SEED={seed} cargo test -p avouch the_interval_holds"
        );
    }

    fn window(block: u32, level: Level, latency_ns: u64, cpu_us: u64) -> Window {
        Window {
            block,
            level,
            latencies_ns: vec![latency_ns; 100],
            failed: 0,
            cpu: Duration::from_micros(cpu_us * 100),
            steps: 2_000,
            recorded: 20,
            recorded_for: Nanos(20 * 5_000),
            scrapes: 1,
        }
    }

    #[test]
    fn a_planted_shift_is_found_and_none_where_there_is_none() {
        let mut windows = Vec::new();
        for block in 0..8 {
            let drift = u64::from(block) * 100_000; // the machine gets slower for everyone
            let noise = [3_000, 0, 5_000, 1_000, 4_000, 2_000, 6_000, 2_500][block as usize];
            windows.push(window(block, Level::Off, 1_000_000 + drift, 200));
            windows.push(window(block, Level::Sampled, 1_000_000 + drift + noise - 2_900, 200));
            windows.push(window(block, Level::Full, 1_250_000 + drift + noise, 300));
        }
        let found = findings(&windows, &Random::new(1)).unwrap();
        let full = &found.rows[2];
        assert!(full.shifts[2].is_clear() && (full.shifts[2].mean - 252_937.5).abs() < 1.0);
        assert!(full.shifts[2].low > 250_000.0 && full.shifts[2].high < 256_000.0);
        assert!(!found.rows[1].shifts[0].is_clear(), "{:?}", found.rows[1].shifts[0]);
        assert!((full.cpu_more.mean - 100_000.0).abs() < 1.0, "100 us an operation");
        assert_eq!(found.step_base(), Nanos(5_000));
        assert_eq!(found.step_extra(), Nanos(5_000), "100 us over 20 steps an operation");
        windows[3].latencies_ns.clear();
        assert_eq!(findings(&windows, &Random::new(1)).unwrap_err().blame, Blame::Environment);
    }
}
