//! How much longer a phase of a judgement takes, by its own pace so far.
//!
//! What is left is told only of a phase that tells how far it is and has come far enough to be held
//! to its pace; a phase that stands still is told no time. `cargo xtask bench progress` measures
//! how far from the truth that is.

use crate::progress::{Phase, Seen, WHOLE};
use std::time::Duration;

/// A phase is held to its pace once it has taken this long, and this part of it is done.
const PACE: Duration = Duration::from_millis(300);
const PACE_PART: u64 = 20;
/// A phase that did nothing for this part of its time, and this long, stands still.
const STILL_PART: u32 = 4;
const STILL: Duration = Duration::from_secs(1);

/// How much longer a phase takes, by the pace of all that it has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimate {
    phase: Option<Phase>,
    began: Duration,
    /// The share that was done, and since when.
    done: (u64, Duration),
}

impl Estimate {
    /// Looks once more; what is left of the phase, where that can be said.
    pub fn left(&mut self, seen: &Seen) -> Option<Duration> {
        let Seen { phase, share, elapsed, .. } = *seen;
        if self.phase != Some(phase) || share < self.done.0 {
            *self = Self { phase: Some(phase), began: elapsed, done: (share, elapsed) };
            // The first phase began before anybody looked.
            if phase == Phase::Reading {
                self.began = Duration::ZERO;
            }
        }
        // What comes before the first step (a file that is got) says nothing of the pace.
        if share == 0 {
            self.began = elapsed;
        }
        if share > self.done.0 {
            self.done = (share, elapsed);
        }
        let taken = elapsed.saturating_sub(self.began);
        let still = elapsed.saturating_sub(self.done.1);
        let is_paced = taken >= PACE && (WHOLE / PACE_PART..=WHOLE).contains(&share);
        if !is_paced || still > STILL.max(taken / STILL_PART) {
            return None;
        }
        let left = taken.as_nanos() * u128::from(WHOLE - share) / u128::from(share);
        u64::try_from(left).ok().map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(phase: Phase, done: u64, total: u64, ms: u64) -> Seen {
        let share = (done * WHOLE).checked_div(total).unwrap_or(0);
        let elapsed = Duration::from_millis(ms);
        Seen { phase, share, done, total, steps: 0, levels: 0, decided: 0, elapsed }
    }

    #[test]
    fn an_even_pace_is_foretold_and_counts_down() {
        let mut estimate = Estimate::default();
        let mut last = Duration::MAX;
        for step in 1..=100_u64 {
            let left = estimate.left(&seen(Phase::Reading, step, 100, step * 100));
            if step < 5 {
                assert_eq!(left, None, "too early to say at {step} %");
                continue;
            }
            let (left, right) = (left.expect("a pace"), Duration::from_millis((100 - step) * 100));
            assert!(left.abs_diff(right) < Duration::from_millis(2), "{left:?} for {right:?}");
            assert!(left < last, "it only shrinks: {left:?} after {last:?}");
            last = left;
        }
    }

    #[test]
    fn a_pace_that_halves_is_within_twice_of_what_is_left() {
        // The first half takes 5 s, the second 10 s.
        let mut estimate = Estimate::default();
        let mut at_half = None;
        for ms in (100..=15_000).step_by(100) {
            let done = if ms <= 5_000 { ms } else { 5_000 + (ms - 5_000) / 2 };
            let left = estimate.left(&seen(Phase::Reading, done, 10_000, ms));
            if ms == 7_500 {
                at_half = left;
            }
        }
        let left = at_half.expect("a pace").as_secs_f64();
        assert!((7.5 / 2.0..7.5 * 2.0).contains(&left), "{left} s for 7.5 s");
    }

    #[test]
    fn what_stands_still_or_does_not_count_is_told_no_time() {
        let mut estimate = Estimate::default();
        assert!(estimate.left(&seen(Phase::Reading, 50, 100, 1_000)).is_some());
        assert!(estimate.left(&seen(Phase::Reading, 50, 100, 1_900)).is_some(), "a breath");
        assert_eq!(estimate.left(&seen(Phase::Reading, 50, 100, 2_100)), None, "it stands still");
        assert!(estimate.left(&seen(Phase::Reading, 51, 100, 2_200)).is_some(), "it goes on");
        assert_eq!(estimate.left(&seen(Phase::Judging, 0, 100, 9_000)), None);
        assert_eq!(estimate.left(&seen(Phase::Following, 70, 0, 9_000)), None);
    }

    #[test]
    fn what_comes_before_the_first_step_is_no_part_of_the_pace() {
        let mut estimate = Estimate::default();
        for ms in [100, 1_000, 5_000] {
            assert_eq!(estimate.left(&seen(Phase::Reading, 0, 100, ms)), None);
        }
        let left = estimate.left(&seen(Phase::Reading, 50, 100, 6_000));
        assert_eq!(left, Some(Duration::from_secs(1)), "half took a second");
    }

    #[test]
    fn a_phase_is_held_to_its_own_pace() {
        let mut estimate = Estimate::default();
        estimate.left(&seen(Phase::Reading, 99, 100, 9_000));
        assert_eq!(estimate.left(&seen(Phase::Objects, 0, 10, 9_000)), None);
        let left = estimate.left(&seen(Phase::Objects, 5, 10, 10_000)).expect("a pace");
        assert_eq!(left, Duration::from_secs(1), "five of ten took a second");
    }
}
