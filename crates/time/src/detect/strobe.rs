//! What is done to this host's wall clock: steps, strobes, slews, suspends.
//!
//! ```text
//!   real - boot   ___|~~~|___|~~~|___      a strobe: the clock is set forth and back, again and again
//!   looks            1   2   3   4         each look that finds it on the other side sees a step
//! ```
//!
//! A strobe is three steps or more of alternating direction within 32 s. Jepsen's nemesis
//! (`jepsen/nemesis/time.clj`) strobes by 4 ms to 262 s, every 1 ms to 1 s, for up to 32 s. A look
//! once a second sees whether the number of settings since the last look was odd. Where that is so
//! half of the time, eight looks miss a strobe one time in seven and 32 looks never in practice. An
//! even number of settings in every second hides it from looks that are once a second to within
//! less than a period: of 400 strobes of 1 ms to 1 s by octaves, looked at 32 times with a jitter
//! of 1 ms, 25 were missed, each of an even fraction of a second. Nor is seen what was undone
//! between two looks.

//= §3.1.1 step-slew

use super::{Alarm, Mutant};
use crate::interval::Drift;
use crate::interval::steps::Changes;
use avouch_promise::Nanos;
use std::collections::VecDeque;

/// As long as Jepsen's nemesis strobes at most.
pub const WINDOW: Nanos = Nanos::from_secs(32);

/// So many steps of alternating direction are a strobe.
pub const STROBE_LEAST: usize = 3;

/// What the clocks of a host went through.
#[derive(Clone, Debug)]
pub struct Steps {
    rho: Drift,
    /// When, and by how much.
    seen: VecDeque<(Nanos, i64)>,
    mutant: Mutant,
}

impl Steps {
    /// Of a host whose oscillator is off by at most `rho`.
    pub fn new(rho: Drift) -> Self {
        Self::planted(rho, Mutant::None)
    }

    fn planted(rho: Drift, mutant: Mutant) -> Self {
        Self { rho, seen: VecDeque::new(), mutant }
    }

    /// What changed since the last look, which was `since` ago; `now` on a clock that nobody sets.
    pub fn look(&mut self, now: Nanos, since: Nanos, changes: &Changes) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        if let Some(by) = changes.step_ns {
            alarms.push(Alarm::Stepped { by_ns: by, apart: Nanos(changes.apart_ns) });
            self.seen.push_back((now, by));
            alarms.extend(self.strobe(now));
        }
        if let Some(ppb) = changes.slew_ppb.filter(|ppb| self.is_slew(*ppb, since, changes)) {
            alarms.push(Alarm::Slewed { ppb, bound: self.rho });
        }
        alarms.extend(changes.suspended.map(Alarm::Suspended));
        alarms
    }

    /// The alternating steps up to the last one, if they are enough.
    fn strobe(&mut self, now: Nanos) -> Option<Alarm> {
        let old = |at: Nanos| now.minus(at) > WINDOW && self.mutant != Mutant::NeverForgetsSteps;
        while self.seen.front().is_some_and(|(at, _)| old(*at)) {
            self.seen.pop_front();
        }
        let mut run: Vec<(Nanos, i64)> = Vec::new();
        for (at, by) in self.seen.iter().rev() {
            let turns = run.last().is_none_or(|(_, later)| (*later > 0) != (*by > 0));
            if !turns && self.mutant != Mutant::StrobesOneWay {
                break;
            }
            run.push((*at, *by));
        }
        let (first, _) = run.last()?;
        let largest = run.iter().map(|(_, by)| Nanos(by.unsigned_abs())).max()?;
        (run.len() >= STROBE_LEAST).then_some(Alarm::Strobed {
            steps: run.len(),
            within: now.minus(*first),
            largest,
        })
    }

    /// Whether it is more than an oscillator within its bound has to be corrected by.
    fn is_slew(&self, ppb: i64, since: Nanos, changes: &Changes) -> bool {
        if self.mutant == Mutant::SlewsWithinTheBound {
            return true;
        }
        let looks = u128::from(changes.apart_ns) * 1_000_000_000 / u128::from(since.0.max(1));
        u128::from(ppb.unsigned_abs()) > looks + u128::from(self.rho.parts())
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;
    use crate::detect::{Alarm, Mutant};
    use crate::interval::Drift;
    use crate::interval::steps::Changes;
    use avouch_promise::Nanos;

    const APART: u64 = 300;

    fn step(by: i64) -> Changes {
        Changes { step_ns: Some(by), apart_ns: APART, ..Changes::default() }
    }

    /// Steps at these seconds, by these milliseconds: the strobe that was told last.
    fn strobe(mutant: Mutant, steps: &[(u64, i64)]) -> Option<usize> {
        let mut watched = Steps::planted(Drift::ppm(50), mutant);
        let mut told = None;
        for (at, by) in steps {
            let alarms =
                watched.look(Nanos::from_secs(*at), Nanos::from_secs(1), &step(by * 1_000_000));
            told = alarms.iter().find_map(|alarm| match alarm {
                Alarm::Strobed { steps, .. } => Some(*steps),
                _ => None,
            });
        }
        told
    }

    fn strobes_are_told_from_steps(mutant: Mutant) -> bool {
        strobe(mutant, &[(1, 4), (2, -4), (4, 4)]) == Some(3)
            && strobe(mutant, &[(1, 4), (2, -4), (4, 4), (30, -4)]) == Some(4)
            && strobe(mutant, &[(1, 262_000), (2, -262_000)]).is_none()
            && strobe(mutant, &[(1, 4), (2, 4), (4, 4)]).is_none()
            && strobe(mutant, &[(1, 4), (40, -4), (80, 4)]).is_none()
    }

    #[test]
    //= §3.1.1 step-slew test
    fn alternating_steps_are_a_strobe_and_others_are_not() {
        assert!(strobes_are_told_from_steps(Mutant::None));
        for bug in [Mutant::StrobesOneWay, Mutant::NeverForgetsSteps] {
            assert!(!strobes_are_told_from_steps(bug), "{bug:?}");
        }
    }

    /// Jepsen's strobes as looks once a second find them, half a second to nothing late.
    #[test]
    fn looks_once_a_second_find_strobes_of_every_period() {
        let mut random = Draws(1);
        let mut missed = 0;
        for run in 0..400_u32 {
            // 1 ms to 1 s, not evenly but by octaves; 4 ms to 262 s.
            let period = 1_000_000.0 * 1_000.0_f64.powf(f64::from(run) / 400.0);
            let by = 4_000_000_i64 << (run % 17);
            let mut watched = Steps::new(Drift::ppm(50));
            let (mut was, mut told) = (0, false);
            for second in 1..=32_u32 {
                let late = random.next() * 0.001;
                let at = f64::from(second) + late;
                let is = (at * 1e9 / period) as i64 % 2 * by;
                let mut changes = step(is - was);
                changes.step_ns = changes.step_ns.filter(|step| *step != 0);
                let now = Nanos::from_secs(u64::from(second));
                let alarms = watched.look(now, Nanos::from_secs(1), &changes);
                told |= alarms.iter().any(|alarm| matches!(alarm, Alarm::Strobed { .. }));
                was = is;
            }
            missed += u32::from(!told);
        }
        // Those an even multiple of whose period is a second, nearly: all looks see one side.
        assert!(missed > 0);
        assert!(missed <= 30, "{missed} of 400");
    }

    #[test]
    fn a_period_that_divides_the_looks_hides_a_strobe() {
        // 4 settings between two looks: it always stands where it stood.
        let mut watched = Steps::new(Drift::ppm(50));
        let unseen = Changes { apart_ns: APART, ..Changes::default() };
        assert!(watched.look(Nanos::from_secs(1), Nanos::from_secs(1), &unseen).is_empty());
    }

    fn slews_and_suspends_are_told(mutant: Mutant) -> bool {
        let mut watched = Steps::planted(Drift::ppm(50), mutant);
        let mut slew = |ppb| {
            let changes = Changes { slew_ppb: Some(ppb), apart_ns: APART, ..Changes::default() };
            watched.look(Nanos::from_secs(9), Nanos::from_secs(1), &changes)
        };
        let slewed = |ppb| vec![Alarm::Slewed { ppb, bound: Drift::ppm(50) }];
        // chronyd at a leap second, adjtime, and what an oscillator needs that is 49 ppm off.
        let of_slews = slew(83_333_000) == slewed(83_333_000)
            && slew(-500_000) == slewed(-500_000)
            && slew(49_000).is_empty()
            && slew(50_299).is_empty();
        let asleep = Changes { suspended: Some(Nanos(7)), ..Changes::default() };
        let told = watched.look(Nanos::from_secs(9), Nanos::from_secs(1), &asleep);
        of_slews && told == [Alarm::Suspended(Nanos(7))]
    }

    #[test]
    fn a_slew_is_more_than_an_oscillator_needs() {
        assert!(slews_and_suspends_are_told(Mutant::None));
        assert!(!slews_and_suspends_are_told(Mutant::SlewsWithinTheBound));
    }

    /// Numbers from a seed, from 0 to 1 (Vigna's xorshift64).
    struct Draws(u64);

    impl Draws {
        #[expect(clippy::cast_precision_loss, reason = "a draw")]
        fn next(&mut self) -> f64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }
}
