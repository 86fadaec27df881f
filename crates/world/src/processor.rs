//! A node's processor: how long a step takes, and when the process may run at all.
//!
//! ```text
//!   event --> waits for the steps before it --> runs `step` x slowness --> its effects
//!                 |                                |
//!      one at a time, in order of arrival          '-- only outside a stop and inside a quota
//!
//!   throttled:  |## quota ##|.......... waits ..........|## quota ##|....   period after period
//!   stopped:    ######|  stop-the-world  |##########|  stop  |#######       at random intervals
//! ```
//!
//! A step under way when something changes - a fault begins, is mended, or all is calm - goes on
//! from there at the new pace: a process that a stop held is free as soon as the stop is over,
//! whatever the stop would have cost had it lasted.
//!
//! A processor is off until something switches it on, and then steps cost nothing: a run without
//! it is the run that it was before. Steps happen when they end, so a protocol reads its clocks
//! after it has waited (H3). The node's disk and the links go on meanwhile, as the kernel does.
//!
//! Throttling is that of a bandwidth controller (Linux CFS: `cpu.max`, period 100 ms): others of
//! the same group burn the quota from the start of each period, so the process runs during its
//! first `quota` and waits for the rest, however little it asks for itself.
//!
//! Invariants:
//! - I1 Work ends no earlier than it begins, and begins no earlier than the work before it ends.
//! - I2 A step gets as much running time as it costs, however often what it costs changes.

use crate::delay::Delay;
use avouch_promise::{Nanos, Random, invariant};
use std::collections::VecDeque;

/// What steps cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessorModel {
    /// How long a step takes while the processor is on and nothing is wrong with it.
    pub step: Delay,
    /// Whether it is on from the start, and not only while a fault of it lasts.
    pub always: bool,
}

impl Default for ProcessorModel {
    fn default() -> Self {
        Self { step: Delay::Constant(Nanos::from_micros(20)), always: false }
    }
}

/// A process that runs for `quota` of every `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Throttle {
    since: Nanos,
    quota: Nanos,
    period: Nanos,
}

/// A process that stops now and then.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stops {
    every: Nanos,
    lasting: Nanos,
    /// The current or next stop and those after it that have been drawn: begins and ends.
    drawn: VecDeque<(u64, u64)>,
    /// The end of the last one drawn.
    last_ns: u64,
}

/// The step under way, as planned.
#[derive(Clone, Debug, Default)]
struct Step {
    /// What it costs from there on, at the slowness of the plan.
    cost_ns: u64,
    /// When it is done.
    done_ns: u64,
    /// When the process runs meanwhile: beginnings and ends.
    runs: Vec<(u64, u64)>,
}

/// When the step under way will be done, and the number of that plan: a later plan of the same
/// step makes an earlier one void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it will be done.
    pub at: Nanos,
    /// Which plan this is.
    pub number: u64,
}

/// A node's processor while it matters.
#[derive(Clone, Debug)]
pub struct Processor {
    slowness: u32,
    throttle: Option<Throttle>,
    stops: Option<Stops>,
    /// What was last begun; over once its time has come.
    step: Step,
    plans: u64,
    waited: Nanos,
    random: Random,
}

impl Processor {
    /// One with nothing wrong.
    pub fn new(random: Random) -> Self {
        let (throttle, stops, waited) = (None, None, Nanos::ZERO);
        Self { slowness: 1, throttle, stops, step: Step::default(), plans: 0, waited, random }
    }

    /// Steps take this many times as long; 1 ends it. What is left of the step under way does, too.
    pub fn set_slowness(&mut self, now: Nanos, factor: u32) -> Option<Planned> {
        self.changed(now, |processor| processor.slowness = factor.max(1))
    }

    /// Runs for `quota` of every `period` from now on; a period or quota of zero ends it.
    pub fn set_throttle(&mut self, now: Nanos, quota: Nanos, period: Nanos) -> Option<Planned> {
        let on = quota > Nanos::ZERO && quota < period;
        let throttle = on.then_some(Throttle { since: now, quota, period });
        self.changed(now, |processor| processor.throttle = throttle)
    }

    /// Stops for `lasting` (half of it to half as long again) about `every` so often, the first
    /// time soon; zero ends it.
    pub fn set_stops(&mut self, now: Nanos, every: Nanos, lasting: Nanos) -> Option<Planned> {
        let on = every > Nanos::ZERO && lasting > Nanos::ZERO;
        let stops = on.then(|| Stops { every, lasting, drawn: VecDeque::new(), last_ns: now.0 });
        self.changed(now, |processor| processor.stops = stops)
    }

    /// Ends every fault; what waits is then done at the usual pace.
    pub fn settle(&mut self, now: Nanos) -> Option<Planned> {
        self.changed(now, |processor| {
            (processor.slowness, processor.throttle, processor.stops) = (1, None, None);
        })
    }

    /// Forgets what it worked on: the process is gone, and waits no longer.
    pub fn give_up(&mut self, now: Nanos) {
        if self.step.done_ns > now.0 {
            let would_wait = self.would_wait(now);
            self.waited = self.waited.minus(would_wait);
        }
        self.step = Step::default();
    }

    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.slowness == 1 && self.throttle.is_none() && self.stops.is_none()
    }

    /// How long work waited in sum while the process could not run, its own work apart.
    pub fn waited(&self) -> Nanos {
        self.waited
    }

    /// Whether this plan still stands.
    pub fn stands(&self, number: u64) -> bool {
        self.plans == number
    }

    /// When a step that begins now is done.
    pub fn begin(&mut self, now: Nanos, model: &ProcessorModel) -> Planned {
        invariant!(I1, now.0 >= self.step.done_ns, "{now} is before {}", self.step.done_ns);
        let cost = model.step.sample(&mut self.random).times(u64::from(self.slowness)).0;
        self.plan(now.0, cost)
    }

    /// Changes what is wrong, and plans anew what is left of the step under way.
    fn changed(&mut self, now: Nanos, change: impl FnOnce(&mut Self)) -> Option<Planned> {
        let before = u64::from(self.slowness);
        change(self);
        if self.step.done_ns <= now.0 {
            return None;
        }
        // What it would have waited from now on is not waited, unless the new plan says so.
        let would_wait = self.would_wait(now);
        self.waited = self.waited.minus(would_wait);
        let left = u128::from(self.left(now)) * u128::from(self.slowness);
        let left = u64::try_from(left.div_ceil(u128::from(before))).unwrap_or(u64::MAX);
        Some(self.plan(now.0, left))
    }

    /// What the step under way still costs, at the slowness of its plan.
    fn left(&self, now: Nanos) -> u64 {
        let ran: u64 =
            self.step.runs.iter().map(|run| run.1.min(now.0).saturating_sub(run.0)).sum();
        invariant!(I2, ran <= self.step.cost_ns, "ran {ran} of {} ns", self.step.cost_ns);
        self.step.cost_ns - ran
    }

    /// How long the step under way would wait from now on, as planned.
    fn would_wait(&self, now: Nanos) -> Nanos {
        Nanos(self.step.done_ns - now.0 - self.left(now))
    }

    /// Plans a step, or what is left of one, from `now` on.
    fn plan(&mut self, now: u64, cost: u64) -> Planned {
        let mut runs = std::mem::take(&mut self.step.runs);
        runs.clear();
        if let Some(stops) = &mut self.stops {
            stops.forget(now);
        }
        let (mut at, mut left) = (now, cost);
        loop {
            let (from, until) = self.runs(at);
            self.waited = self.waited.plus(Nanos(from - at));
            let ran = left.min(until - from);
            runs.push((from, from + ran));
            (at, left) = (from + ran, left - ran);
            if left == 0 {
                break;
            }
        }
        invariant!(I1, at >= now, "{now} is after {at}");
        self.step = Step { cost_ns: cost, done_ns: at, runs };
        self.plans += 1;
        Planned { at: Nanos(at), number: self.plans }
    }

    /// The first stretch at or after `at` in which the process runs.
    fn runs(&mut self, mut at: u64) -> (u64, u64) {
        loop {
            let mut until = u64::MAX;
            if let Some(stops) = &mut self.stops {
                let (begins, ends) = stops.at(at, &mut self.random);
                if begins <= at {
                    at = ends;
                    continue;
                }
                until = begins;
            }
            if let Some(throttle) = self.throttle {
                let phase = at.saturating_sub(throttle.since.0) % throttle.period.0;
                if phase >= throttle.quota.0 {
                    at += throttle.period.0 - phase;
                    continue;
                }
                until = until.min(at + throttle.quota.0 - phase);
            }
            return (at, until);
        }
    }
}

impl Stops {
    /// Forgets the stops that are over.
    fn forget(&mut self, now: u64) {
        while self.drawn.front().is_some_and(|stop| stop.1 <= now) {
            self.drawn.pop_front();
        }
    }

    /// The first stop that is not over at this time.
    fn at(&mut self, at: u64, random: &mut Random) -> (u64, u64) {
        loop {
            // They are drawn one after the other, so their ends are in order.
            let over = self.drawn.partition_point(|stop| stop.1 <= at);
            if let Some(stop) = self.drawn.get(over) {
                return *stop;
            }
            let gap = random.between(self.every.0 / 2, self.every.0 + self.every.0 / 2);
            let length = random.between(self.lasting.0 / 2, self.lasting.0 + self.lasting.0 / 2);
            let begins = self.last_ns.saturating_add(gap.max(1));
            self.last_ns = begins.saturating_add(length.max(1));
            self.drawn.push_back((begins, self.last_ns));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;

    const STEP: ProcessorModel =
        ProcessorModel { step: Delay::Constant(Nanos::from_millis(1)), always: true };

    fn millis(count: u64) -> Nanos {
        Nanos::from_millis(count)
    }

    fn processor() -> Processor {
        Processor::new(Random::new(1))
    }

    #[test]
    fn a_slow_processor_takes_the_stated_time_until_it_is_well_again() {
        let mut processor = processor();
        processor.set_slowness(Nanos::ZERO, 3);
        assert_eq!(processor.begin(millis(10), &STEP).at, millis(13));
        assert!(!processor.is_well());
        processor.settle(millis(13));
        assert!(processor.is_well());
        assert_eq!(processor.begin(millis(30), &STEP).at, millis(31));
    }

    #[test]
    //= §4.1.2 cpu-throttling test
    fn a_throttled_process_runs_within_its_quota_only() {
        let mut processor = processor();
        processor.set_throttle(millis(100), millis(20), millis(100));
        processor.set_slowness(millis(100), 15);
        assert_eq!(processor.begin(millis(100), &STEP).at, millis(115));
        // 5 ms are left of this period's quota, 10 ms come out of the next one's.
        assert_eq!(processor.begin(millis(115), &STEP).at, millis(210));
        assert_eq!(processor.waited(), millis(80));
        let done = processor.begin(millis(350), &STEP).at;
        assert_eq!(done, millis(415));
    }

    #[test]
    //= §4.1.2 gc-pauses test
    fn a_stopped_process_loses_the_stated_share_of_its_time() {
        let mut processor = processor();
        processor.set_stops(Nanos::ZERO, millis(700), millis(300));
        let mut done = Nanos::ZERO;
        for _ in 0..100_000 {
            done = processor.begin(done, &STEP).at;
        }
        // Busy all the time: 100 s of work, and 300 ms of every second are lost.
        let ran = 100.0 / 0.7;
        #[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
        let took = done.0 as f64 / 1e9;
        assert!((took / ran - 1.0).abs() < 0.05, "{took} s instead of {ran} s");
        assert_eq!(processor.waited(), done.minus(Nanos::from_secs(100)));
    }

    #[test]
    fn what_is_left_of_a_step_goes_on_at_the_new_pace() {
        let mut processor = processor();
        processor.set_slowness(Nanos::ZERO, 100);
        let first = processor.begin(millis(10), &STEP);
        assert_eq!(first.at, millis(110));
        // A quarter is done; the rest is planned twice as slow, and then as fast as usual.
        let second = processor.set_slowness(millis(35), 200).unwrap();
        assert_eq!(second.at, millis(35 + 150));
        assert!(!processor.stands(first.number) && processor.stands(second.number));
        let third = processor.settle(millis(135)).unwrap();
        assert_eq!(third.at, Nanos(millis(135).0 + 250_000));
        assert_eq!(processor.waited(), Nanos::ZERO);
        assert_eq!(processor.settle(third.at), None, "it is done");
    }

    #[test]
    fn a_process_that_was_stopped_is_free_when_the_stops_end() {
        let mut processor = processor();
        // Stops that nearly touch, and a quota: the step would wait for many seconds.
        processor.set_stops(Nanos::ZERO, millis(10), millis(400));
        processor.set_throttle(Nanos::ZERO, millis(10), millis(390));
        processor.set_slowness(Nanos::ZERO, 100);
        let stuck = processor.begin(Nanos::ZERO, &STEP).at;
        assert!(stuck > millis(5_000), "{stuck}");
        processor.set_stops(millis(1_000), Nanos::ZERO, Nanos::ZERO).unwrap();
        processor.set_slowness(millis(1_000), 1).unwrap();
        let free = processor.settle(millis(1_000)).unwrap().at;
        assert!(free <= millis(1_001), "{free}");
        let worked = free.minus(millis(1_000)).0 * 100 + millis(1_000).0 - processor.waited().0;
        // At a hundredth of its pace it worked for as long as it did not wait.
        assert_eq!(worked, millis(100).0, "the step got what it costs");
    }

    #[test]
    fn a_process_that_is_gone_waits_no_longer() {
        let mut processor = processor();
        processor.set_throttle(Nanos::ZERO, millis(10), millis(100));
        processor.set_slowness(Nanos::ZERO, 30);
        // It runs for 10 ms of every 100: at 150 ms it has waited 90 ms and then 40.
        assert_eq!(processor.begin(Nanos::ZERO, &STEP).at, millis(210));
        assert_eq!(processor.waited(), millis(180));
        processor.give_up(millis(150));
        assert_eq!(processor.waited(), millis(130));
        assert_eq!(processor.settle(millis(160)), None, "nothing is under way");
        assert_eq!(processor.begin(millis(170), &STEP).at, millis(171));
    }

    /// Stops stay where they were drawn when something else changes.
    #[test]
    fn a_change_of_pace_moves_no_stop() {
        let long = |change: bool| {
            let mut processor = processor();
            processor.set_stops(Nanos::ZERO, millis(100), millis(50));
            processor.set_slowness(Nanos::ZERO, 1_000);
            let mut planned = processor.begin(Nanos::ZERO, &STEP);
            if change {
                for at in 1..400 {
                    planned = processor.set_slowness(millis(at), 1_000).unwrap();
                }
            }
            (planned.at, processor.waited())
        };
        assert_eq!(long(true), long(false));
    }
}
