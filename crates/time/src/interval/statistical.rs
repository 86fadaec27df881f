//! The estimate of RFC 5905: likely, and not certain.
//!
//! ```text
//!   filter (10)     of the last 8 exchanges with a server, the one with the least delay
//!   select (11.2.1) servers whose intervals have a majority's common point: the truechimers
//!   cluster (11.2.2) the outliers among them are left out while that lessens the jitter
//!   combine (11.2.3) the mean of the rest, each by the inverse of its root distance
//! ```
//!
//! Section numbers are those of Mills et al., RFC 5905 (2010). It says nothing of errors that do
//! not average out: a frequency that stepped, or ways that differ.

//= §3.1.1 ntp-selection

use super::envelope::Drift;
use avouch_promise::Nanos;
use std::collections::VecDeque;

/// Stages of the clock filter (NSTAGE).
pub const STAGES: usize = 8;
/// Survivors below which clustering does not go (NMIN).
pub const SURVIVORS_LEAST: usize = 3;
/// A root distance from which on a server is not selected (MAXDIST), of 1.5 s.
pub const DISTANCE_MAX: f64 = 1.5e9;

/// One exchange, as the filter keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Theta: by how much the server is ahead, in nanoseconds.
    pub offset: f64,
    /// Delta: the round trip, in nanoseconds.
    pub delay: f64,
    /// What clocks cannot resolve and the server does not know, in nanoseconds.
    pub dispersion: f64,
    /// When it was made.
    pub at: Nanos,
}

/// The clock filter of one server.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    stages: VecDeque<Sample>,
}

/// What a filter says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of the exchange with the least delay, in nanoseconds.
    pub offset: f64,
    /// Its round trip.
    pub delay: f64,
    /// The weighted mean of the stages' dispersions, grown with age.
    pub dispersion: f64,
    /// The root mean square of the other stages' offsets from it.
    pub jitter: f64,
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn float(nanos: u64) -> f64 {
    nanos as f64
}

impl Filter {
    /// Takes in an exchange, and forgets the eighth before it.
    pub fn add(&mut self, sample: Sample) {
        if self.stages.len() == STAGES {
            self.stages.pop_front();
        }
        self.stages.push_back(sample);
    }

    /// The estimate now (section 10, `clock_filter`).
    pub fn estimate(&self, now: Nanos, phi: Drift) -> Option<Estimate> {
        let mut sorted: Vec<Sample> = self.stages.iter().copied().collect();
        sorted.sort_by(|one, other| one.delay.total_cmp(&other.delay));
        let best = *sorted.first()?;
        let grown = |sample: &Sample| sample.dispersion + float(phi.after(now.minus(sample.at)).0);
        let weights = (1..).map(|stage| 0.5_f64.powi(stage));
        let dispersion =
            sorted.iter().zip(weights).map(|(sample, weight)| weight * grown(sample)).sum();
        let squares: f64 = sorted.iter().map(|sample| (sample.offset - best.offset).powi(2)).sum();
        let others = float(sorted.len().saturating_sub(1).max(1) as u64);
        let jitter = (squares / others).sqrt();
        Some(Estimate { offset: best.offset, delay: best.delay, dispersion, jitter })
    }
}

/// A server that may be selected: where, and how far off at most (its root distance).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Its offset, in nanoseconds.
    pub offset: f64,
    /// Half its root delay, its root dispersion and jitter, in nanoseconds.
    pub distance: f64,
    /// Its jitter, in nanoseconds.
    pub jitter: f64,
}

/// The places in `candidates` of those that a majority has a common point with (section 11.2.1);
/// nothing where there is no majority.
pub fn select(candidates: &[Candidate]) -> Vec<usize> {
    let fit: Vec<usize> =
        (0..candidates.len()).filter(|at| candidates[*at].distance < DISTANCE_MAX).collect();
    let count = fit.len();
    let mut edges: Vec<(f64, i32)> = Vec::new();
    for at in &fit {
        let Candidate { offset, distance, .. } = candidates[*at];
        edges.extend([(offset - distance, -1), (offset, 0), (offset + distance, 1)]);
    }
    edges.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    for lying in 0..count.div_ceil(2) {
        let found = |edges: &mut dyn Iterator<Item = (f64, i32)>, begin: i32| {
            let (mut depth, mut middles) = (0_usize, 0_usize);
            for (at, kind) in edges {
                match kind {
                    0 => middles += 1,
                    kind if kind == begin => depth += 1,
                    _ => depth = depth.saturating_sub(1),
                }
                if depth >= count - lying {
                    return Some((at, middles));
                }
            }
            None
        };
        let low = found(&mut edges.iter().copied(), -1);
        let high = found(&mut edges.iter().rev().copied(), 1);
        if let (Some((low, below)), Some((high, above))) = (low, high)
            && below + above <= lying
            && low <= high
        {
            let meets = |at: &usize| {
                let Candidate { offset, distance, .. } = candidates[*at];
                offset + distance >= low && offset - distance <= high
            };
            return fit.into_iter().filter(meets).collect();
        }
    }
    Vec::new()
}

/// Those of the selected that stay: while more than [`SURVIVORS_LEAST`] are left, the one farthest
/// from the others goes, if they lie farther apart than the best of them jitters (section 11.2.2).
pub fn cluster(candidates: &[Candidate], selected: &[usize]) -> Vec<usize> {
    let mut left = selected.to_vec();
    while left.len() > SURVIVORS_LEAST {
        let spread = |at: usize| {
            let squares = left
                .iter()
                .map(|other| (candidates[*other].offset - candidates[at].offset).powi(2));
            (squares.sum::<f64>() / float(left.len() as u64 - 1)).sqrt()
        };
        let spreads: Vec<f64> = left.iter().map(|at| spread(*at)).collect();
        let steadiest = left.iter().map(|at| candidates[*at].jitter).fold(f64::INFINITY, f64::min);
        let farthest =
            (0..left.len()).max_by(|one, other| spreads[*one].total_cmp(&spreads[*other]));
        match farthest {
            Some(farthest) if spreads[farthest] > steadiest => left.remove(farthest),
            _ => break,
        };
    }
    left
}

/// The mean of those that stay, by the inverse of their distances, and its jitter (11.2.3).
pub fn combine(candidates: &[Candidate], survivors: &[usize]) -> Option<(f64, f64)> {
    let first = candidates.get(*survivors.first()?)?;
    let (mut weights, mut offsets, mut squares) = (0.0, 0.0, 0.0);
    for at in survivors {
        let Candidate { offset, distance, .. } = candidates[*at];
        let weight = 1.0 / distance.max(1.0);
        weights += weight;
        offsets += weight * offset;
        squares += weight * (offset - first.offset).powi(2);
    }
    Some((offsets / weights, (squares / weights).sqrt()))
}
