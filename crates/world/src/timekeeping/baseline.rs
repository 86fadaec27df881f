//! What a daemon that disciplines by regression would claim, by the formula that is in use: half
//! the root delay, the root dispersion and what is left to correct, grown at 50 ppm.
//!
//! Modelled after chrony in what matters here: a straight line through the last samples, the oldest
//! of which are left out while residuals of one sign follow each other too long; dispersion is the
//! line's standard error, grown by that of its slope. A model, and not chrony itself.

use avouch_promise::{Interval, Nanos, WallTime};
use avouch_time::interval::{Drift, Measurement};
use std::collections::VecDeque;

const SAMPLES_MAX: usize = 64;
const SAMPLES_LEAST: usize = 4;

/// Grown at so much.
pub const GROWN: Drift = Drift::ppm(50);

/// What such a daemon knows.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    samples: VecDeque<(Nanos, i64)>,
    line: Option<Line>,
}

/// True time minus steady time, as a line.
#[derive(Clone, Copy, Debug)]
struct Line {
    at: Nanos,
    ahead_ns: i64,
    slope: f64,
    bound_ns: f64,
}

fn float(nanos: i64) -> f64 {
    nanos as f64
}

impl Baseline {
    /// Takes in an exchange.
    pub fn measure(&mut self, made: &Measurement) {
        let out = i128::from(made.server_received.0) - i128::from(made.sent.steady.0);
        let back = i128::from(made.server_sent.0) - i128::from(made.received.steady.0);
        let ahead = i128::midpoint(out, back) as i64;
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back((made.received.steady, ahead));
        let predicted = self.line.map(|line| line.ahead(made.received.steady));
        let left = predicted.map_or(0.0, |predicted| float(ahead - predicted));
        let root = float(made.delay_ns()) / 2.0 + float(made.server_error.0.cast_signed());
        loop {
            let (line, runs) = self.regress();
            let count = self.samples.len();
            if count > SAMPLES_LEAST && runs * 4 < count {
                self.samples.pop_front();
                continue;
            }
            let corrected = float(line.ahead_ns - ahead).abs().min(left.abs());
            self.line = Some(Line { bound_ns: line.bound_ns + root + corrected, ..line });
            return;
        }
    }

    /// The line at the last sample, its standard error as its bound; and runs of residuals.
    fn regress(&self) -> (Line, usize) {
        let (at, last) = self.samples.back().copied().unwrap_or_default();
        let points: Vec<(f64, f64)> = self
            .samples
            .iter()
            .map(|(when, ahead)| (-float(at.minus(*when).0.cast_signed()), float(ahead - last)))
            .collect();
        let count = float(points.len() as i64);
        let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let slope = if points.len() < 3 { 0.0 } else { both / spread };
        let here = y - slope * x;
        let residuals: Vec<f64> =
            points.iter().map(|point| point.1 - here - slope * point.0).collect();
        let runs = 1 + residuals.windows(2).filter(|two| two[0] * two[1] < 0.0).count();
        let variance =
            residuals.iter().map(|left| left * left).sum::<f64>() / (count - 2.0).max(1.0);
        let error = (variance * (1.0 / count + x * x / spread.max(1.0))).sqrt();
        (Line { at, ahead_ns: last + here as i64, slope, bound_ns: error }, runs)
    }

    /// What would be claimed.
    pub fn claims(&self, now: Nanos) -> Option<Interval> {
        let line = self.line?;
        let grown = GROWN.after(now.minus(line.at));
        let centre = WallTime(line.ahead(now) + now.0.cast_signed());
        Some(Interval::around(centre, Nanos(line.bound_ns as u64).plus(grown)))
    }
}

impl Line {
    fn ahead(&self, now: Nanos) -> i64 {
        self.ahead_ns + (self.slope * float(now.minus(self.at).0.cast_signed())) as i64
    }
}
