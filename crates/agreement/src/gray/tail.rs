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
/// Fewer requests than this show nothing.
const REQUESTS_MIN: u32 = 8;
/// Answers that arrive this close to each other left together.
const TOGETHER: Nanos = Nanos::from_millis(20);
/// A stop answers at least so many requests together, asked over at least so long.
const BURST: usize = 3;
const BURST_ASKED: Nanos = Nanos::from_millis(70);
/// The periods of bandwidth controllers that are looked for (Linux: 100 ms unless changed).
const PERIODS_MS: [u64; 4] = [100, 50, 200, 250];
/// In step: so many late answers at least, in so many periods at least, of which seven tenths
/// arrive within one fifth of the period.
const IN_STEP_MIN: usize = 8;
const IN_STEP_PERIODS: usize = 5;

/// What the late answers of a window have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// Nothing is late beyond what chance brings.
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
    ) -> Self {
        let mut tail = Self { usual, ..Self::default() };
        let mut late = Vec::new();
        let mut last = Nanos::ZERO;
        for one in answered {
            tail.requests += 1;
            last = one.ended;
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
        tail.pattern = tail.judge(&late, now.minus(last));
        tail
    }

    fn judge(&self, late: &[Answered], silent: Nanos) -> Pattern {
        if self.requests < REQUESTS_MIN || !is_surprising(self.requests, self.late) {
            return Pattern::Usual;
        }
        let stopped = in_bursts(late) * 10 >= late.len() * 6;
        match self.waiting as usize {
            waiting if waiting >= BURST && silent > Nanos::from_millis(400) => Pattern::Silent,
            _ if is_in_step(late) => Pattern::InStep,
            _ if stopped => Pattern::Stops,
            _ => Pattern::Slow,
        }
    }

    /// Whether something is wrong.
    pub fn is_bad(&self) -> bool {
        self.pattern != Pattern::Usual
    }

    /// Whether the tails of several observers together are more than chance brings.
    pub fn is_bad_in_sum<'a>(tails: impl Iterator<Item = &'a Self>) -> bool {
        let (mut requests, mut late) = (0, 0);
        for tail in tails {
            (requests, late) = (requests + tail.requests, late + tail.late);
        }
        requests >= REQUESTS_MIN && is_surprising(requests, late)
    }
}

fn is_surprising(requests: u32, late: u32) -> bool {
    late >= 4 && surprise(requests, late, USUAL) < SURPRISE
}

/// How many of these were answered in bursts, each of which ends what was asked over some time.
fn in_bursts(late: &[Answered]) -> usize {
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
    bursts.map(<[Answered]>::len).sum()
}

/// Whether most of these arrived at one phase of a usual period, and were not asked so.
fn is_in_step(late: &[Answered]) -> bool {
    let most = |times: &dyn Fn(&Answered) -> Nanos, period: Nanos| {
        let mut phases = [0_usize; 10];
        for one in late {
            let phase = times(one).0 % period.0 * 10 / period.0;
            if let Some(count) = phases.get_mut(phase as usize) {
                *count += 1;
            }
        }
        let two = phases.iter().zip(phases.iter().cycle().skip(1)).map(|(a, b)| a + b);
        two.max().unwrap_or(0)
    };
    let fits = |period: Nanos| {
        let mut periods: Vec<_> = late.iter().map(|one| one.ended.0 / period.0).collect();
        periods.dedup();
        periods.len() >= IN_STEP_PERIODS
            && most(&|one| one.ended, period) * 10 >= late.len() * 7
            && most(&|one| one.begun, period) * 10 < late.len() * 6
    };
    late.len() >= IN_STEP_MIN && PERIODS_MS.iter().any(|ms| fits(Nanos::from_millis(*ms)))
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
        let waiting = (0..60).map(|at| at * 50).filter(|at| answer(*at) >= 3_000);
        Tail::of(answered.into_iter(), waiting.map(millis), millis(60), millis(3_000))
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
