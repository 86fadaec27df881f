//! The tail of one peer's answers within the window, and what its late answers have in common.
//!
//! ```text
//!   slow      asked  | | | | | |     every answer is late, and they leave one by one
//!             answer   \ \ \ \ \ \
//!   stopped   asked  | | | | | |     what was asked during a stop is answered at its end
//!             answer          \\\\ \ \
//!   in step   answers leave at the beginning of each period of a bandwidth controller
//! ```

use super::past::surprise;
use avouch_promise::Nanos;

/// Answers above the own past's 99th percentile are late; a window of them that chance would bring
/// less often than this is a fault. (At two windows a second, 20 pairs of nodes and a day: once in
/// a month for one pair, and one pair alone names no node.)
const SURPRISE: f64 = 1e-6;
/// Twice the 1 % that is late by definition, since the percentile is measured and not known.
const USUAL: f64 = 0.02;
/// The same for the answers to several observers together, and to all of them but the one that
/// finds most late: that one may have a bad path.
const SURPRISE_IN_SUM: f64 = 1e-9;
const SURPRISE_IN_REST: f64 = 1e-7;
/// Fewer requests than this show nothing.
const REQUESTS_MIN: u32 = 8;
/// Answers that arrive this close to each other left together.
const TOGETHER: Nanos = Nanos::from_millis(20);
/// Who says nothing at all for so long does not answer slowly, but not at all.
pub(super) const STOPPED: Nanos = Nanos::from_millis(600);
/// A stop answers several requests together that were asked over at least so long.
const BURST: usize = 2;
const BURST_ASKED: Nanos = Nanos::from_millis(70);
/// So many requests without an answer are no chance.
const WAITING_MIN: u32 = 3;
/// The periods of bandwidth controllers that are looked for (Linux: 100 ms unless changed).
const PERIODS_MS: [u64; 4] = [100, 50, 200, 250];
/// In step: so many late answers at least, in so many periods at least, of which seven tenths
/// arrive within one fifth of the period, and not because they were asked so.
const IN_STEP_MIN: u32 = 8;
const IN_STEP_PERIODS: u32 = 8;

/// What the late answers of a window have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// Hardly more is late than usual.
    #[default]
    Usual,
    /// Late one by one.
    Slow,
    /// Late in bursts that end together.
    Stops,
    /// Late in step with a period.
    InStep,
    /// No answers any more.
    Silent,
}

/// Whether so much is late that one observer's word is enough.
pub(super) fn is_bad_alone(requests: u32, late: u32) -> bool {
    let tail = Tail { requests, late, ..Tail::default() };
    tail.is_raised() && surprise(requests, late, USUAL) < SURPRISE_IN_SUM
}

/// What one observer saw of one peer's answers to one kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tail {
    /// Requests answered in the window, or waiting for longer than usual.
    pub requests: u32,
    /// Of these, late.
    pub late: u32,
    /// Of these, without an answer yet.
    pub waiting: u32,
    /// What the late ones have in common.
    pub pattern: Pattern,
    /// By what it was found.
    pub marks: Marks,
    /// The latest of them.
    pub longest: Nanos,
    /// The own past's 99th percentile, with which they were compared.
    pub usual: Nanos,
}

/// One answered request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) begun: Nanos,
    pub(super) ended: Nanos,
}

impl Answered {
    pub(super) fn took(&self) -> Nanos {
        self.ended.minus(self.begun)
    }
}

impl Tail {
    /// Of what was answered in the window in order of arrival, and what waits since these times.
    pub(super) fn of(
        answered: impl Iterator<Item = Answered>,
        waiting: impl Iterator<Item = Nanos>,
        usual: Nanos,
        now: Nanos,
        unheard: Nanos,
    ) -> Self {
        let mut tail = Self { usual, ..Self::default() };
        let mut late = Vec::new();
        for one in answered {
            tail.requests += 1;
            if one.took() > usual {
                tail.longest = tail.longest.max(one.took());
                late.push(one);
            }
        }
        for begun in waiting.filter(|begun| now.minus(*begun) > usual) {
            tail.waiting += 1;
            tail.longest = tail.longest.max(now.minus(begun));
        }
        tail.requests += tail.waiting;
        tail.late = late.len() as u32 + tail.waiting;
        tail.marks = Marks::of(&late);
        tail.pattern = tail.judge(unheard);
        tail
    }

    fn judge(&self, unheard: Nanos) -> Pattern {
        let unanswered = unheard >= STOPPED || self.marks.late == 0;
        match self.is_raised() {
            false => Pattern::Usual,
            true if self.waiting >= WAITING_MIN && unanswered => Pattern::Silent,
            true => self.marks.pattern(),
        }
    }

    /// Whether more is late than usual, which happens; several observers' words then count.
    pub fn is_raised(&self) -> bool {
        self.late >= 3 && self.late * 16 > self.requests && self.requests >= REQUESTS_MIN
    }

    /// Whether more is late than chance brings.
    pub fn is_bad(&self) -> bool {
        self.is_raised() && surprise(self.requests, self.late, USUAL) < SURPRISE
    }

    /// Whether the tails of several observers together are more than chance brings, also without
    /// the worst of them.
    pub fn is_bad_in_sum(tails: impl Iterator<Item = Self>) -> bool {
        let (mut requests, mut late, mut worst) = (0, 0, Self::default());
        for tail in tails {
            (requests, late) = (requests + tail.requests, late + tail.late);
            worst = if tail.late > worst.late { tail } else { worst };
        }
        let rest = (requests - worst.requests, late - worst.late);
        requests >= REQUESTS_MIN
            && surprise(requests, late, USUAL) < SURPRISE_IN_SUM
            && surprise(rest.0, rest.1, USUAL) < SURPRISE_IN_REST
    }
}

/// What the late answers have in common, in numbers that may be added over observers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks {
    /// Late answers.
    pub late: u32,
    /// Of these, answered in bursts, each of which ends what was asked over some time.
    pub in_bursts: u32,
    /// For each usual period: how many arrived in one fifth of it, how many were asked in one
    /// fifth of it, and in how many periods any arrived.
    pub steps: [[u32; 3]; 4],
}

impl Marks {
    fn of(late: &[Answered]) -> Self {
        let steps = PERIODS_MS.map(|ms| {
            let period = Nanos::from_millis(ms);
            let mut periods: Vec<_> = late.iter().map(|one| one.ended.0 / period.0).collect();
            periods.dedup();
            [
                in_one_fifth(late.iter().map(|one| one.ended), period),
                in_one_fifth(late.iter().map(|one| one.begun), period),
                periods.len() as u32,
            ]
        });
        Self { late: late.len() as u32, in_bursts: in_bursts(late), steps }
    }

    /// What several observers find together.
    pub fn sum(marks: impl Iterator<Item = Self>) -> Self {
        marks.fold(Self::default(), |mut sum, one| {
            sum.late += one.late;
            sum.in_bursts += one.in_bursts;
            for (sums, counts) in sum.steps.iter_mut().zip(one.steps) {
                sums[0] += counts[0];
                sums[1] += counts[1];
                // Periods are the same for all, however many observers count them.
                sums[2] = sums[2].max(counts[2]);
            }
            sum
        })
    }

    /// What these late answers have in common.
    pub fn pattern(&self) -> Pattern {
        let in_step = self.steps.iter().any(|[ended, begun, periods]| {
            let apart = ended.saturating_sub(*begun);
            *periods >= IN_STEP_PERIODS && ended * 10 >= self.late * 7 && apart * 10 >= self.late
        });
        if in_step && self.late >= IN_STEP_MIN {
            Pattern::InStep
        } else if self.in_bursts * 2 >= self.late {
            Pattern::Stops
        } else {
            Pattern::Slow
        }
    }
}

fn in_bursts(late: &[Answered]) -> u32 {
    let near = |a: &Answered, b: &Answered| b.ended.minus(a.ended) <= TOGETHER;
    let bursts = late.chunk_by(near).filter(|burst| {
        let asked = |order: fn(Nanos, Nanos) -> Nanos| {
            burst.iter().map(|one| one.begun).reduce(order).unwrap_or_default()
        };
        let asked = asked(Nanos::max).minus(asked(Nanos::min));
        let ends = |at: Option<&Answered>| at.map_or(Nanos::ZERO, |one| one.ended);
        let answered = ends(burst.last()).minus(ends(burst.first()));
        burst.len() >= BURST && asked >= BURST_ASKED.max(answered.times(3))
    });
    bursts.map(|burst| burst.len() as u32).sum()
}

/// How many of these times lie in the fullest fifth of a period.
fn in_one_fifth(times: impl Iterator<Item = Nanos>, period: Nanos) -> u32 {
    let mut phases = [0; 10];
    for time in times {
        let phase = time.0 % period.0 * 10 / period.0;
        if let Some(count) = phases.get_mut(phase as usize) {
            *count += 1;
        }
    }
    let two = phases.iter().zip(phases.iter().cycle().skip(1)).map(|(a, b)| a + b);
    two.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Nanos {
        Nanos::from_millis(count)
    }

    /// The tail of requests asked every 50 ms, each answered at the time that `answer` says.
    fn tail(answer: impl Fn(u64) -> u64) -> Tail {
        let asked = (0..60).map(|at| at * 50);
        let mut answered: Vec<_> = asked
            .map(|at| Answered { begun: millis(at), ended: millis(answer(at)) })
            .filter(|one| one.ended < millis(3_000))
            .collect();
        answered.sort_by_key(|one| one.ended);
        let unheard = millis(3_000).minus(answered.last().map_or(Nanos::ZERO, |one| one.ended));
        let waiting = (0..60).map(|at| at * 50).filter(|at| answer(*at) >= 3_000);
        Tail::of(answered.into_iter(), waiting.map(millis), millis(60), millis(3_000), unheard)
    }

    #[test]
    fn each_fault_leaves_its_own_pattern() {
        let usual = |at: u64| at + 50;
        assert_eq!(tail(usual).pattern, Pattern::Usual);
        // Asked in step with 50 ms, so answered in step: that alone is no bandwidth controller.
        let now_and_then = |at: u64| usual(at) + if at.is_multiple_of(1_000) { 40 } else { 0 };
        assert_eq!(tail(now_and_then).pattern, Pattern::Usual);
        let slow = |at: u64| usual(at) + 15 + at % 11;
        assert_eq!((tail(slow).pattern, tail(slow).late), (Pattern::Slow, 59));
        let overloaded = |at: u64| usual(at) + at / 2;
        assert_eq!(tail(overloaded).pattern, Pattern::Slow);
        let stops =
            |at: u64| usual(at).max(if at < 700 { 700 } else { 1_900 * u64::from(at > 1_300) });
        assert_eq!(tail(stops).pattern, Pattern::Stops);
        // It runs for the first 10 ms of each 100 ms; the way there takes 25 ms, and back, too.
        let throttled = |at: u64| {
            let there = at + at % 7 * 3 + 25;
            let phase = there % 100;
            25 + if phase < 10 { there } else { there + 100 - phase }
        };
        assert_eq!(tail(throttled).pattern, Pattern::InStep);
        let gone = |at: u64| if at < 1_500 { usual(at) } else { 9_999 };
        assert_eq!(tail(gone).pattern, Pattern::Silent);
    }
}
