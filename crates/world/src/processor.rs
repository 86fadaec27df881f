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

use crate::delay::Delay;
use avouch_promise::{Nanos, Random, invariant};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stops {
    every: Nanos,
    lasting: Nanos,
    /// The current or next stop.
    begins_ns: u64,
    ends_ns: u64,
}

/// A node's processor while it matters.
#[derive(Clone, Debug)]
pub struct Processor {
    slowness: u32,
    throttle: Option<Throttle>,
    stops: Option<Stops>,
    done_ns: u64,
    waited: Nanos,
    random: Random,
}

impl Processor {
    /// One with nothing wrong.
    pub fn new(random: Random) -> Self {
        let (throttle, stops, waited) = (None, None, Nanos::ZERO);
        Self { slowness: 1, throttle, stops, done_ns: 0, waited, random }
    }

    /// Steps take this many times as long; 1 ends it.
    pub fn set_slowness(&mut self, factor: u32) {
        self.slowness = factor.max(1);
    }

    /// Runs for `quota` of every `period` from now on; a period or quota of zero ends it.
    pub fn set_throttle(&mut self, now: Nanos, quota: Nanos, period: Nanos) {
        let on = quota > Nanos::ZERO && quota < period;
        self.throttle = on.then_some(Throttle { since: now, quota, period });
    }

    /// Stops for `lasting` (half of it to half as long again) about `every` so often, the first
    /// time soon; zero ends it.
    pub fn set_stops(&mut self, now: Nanos, every: Nanos, lasting: Nanos) {
        let on = every > Nanos::ZERO && lasting > Nanos::ZERO;
        self.stops = on.then_some(Stops { every, lasting, begins_ns: now.0, ends_ns: now.0 });
        if let Some(stops) = &mut self.stops {
            stops.draw(&mut self.random);
        }
    }

    /// Ends every fault; what waits is then done at the usual pace.
    pub fn settle(&mut self) {
        (self.slowness, self.throttle, self.stops) = (1, None, None);
    }

    /// Forgets what it worked on: the process is gone.
    pub fn restart(&mut self) {
        self.done_ns = 0;
    }

    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.slowness == 1 && self.throttle.is_none() && self.stops.is_none()
    }

    /// How long work waited in sum while the process could not run, its own work apart.
    pub fn waited(&self) -> Nanos {
        self.waited
    }

    /// When a step that begins now is done.
    pub fn finish(&mut self, now: Nanos, model: &ProcessorModel) -> Nanos {
        let cost = model.step.sample(&mut self.random).times(u64::from(self.slowness)).0;
        let (mut at, mut left) = (now.0, cost);
        loop {
            let (from, until) = self.runs(at);
            self.waited = self.waited.plus(Nanos(from - at));
            let ran = left.min(until - from);
            (at, left) = (from + ran, left - ran);
            if left == 0 {
                break;
            }
        }
        invariant!(I1, at >= now.0 && now.0 >= self.done_ns, "{now} is before {}", self.done_ns);
        self.done_ns = at;
        Nanos(at)
    }

    /// The first stretch at or after `at` in which the process runs.
    fn runs(&mut self, mut at: u64) -> (u64, u64) {
        loop {
            let mut until = u64::MAX;
            if let Some(stops) = &mut self.stops {
                while stops.ends_ns <= at {
                    stops.draw(&mut self.random);
                }
                if stops.begins_ns <= at {
                    at = stops.ends_ns;
                    continue;
                }
                until = stops.begins_ns;
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
    fn draw(&mut self, random: &mut Random) {
        let gap = random.between(self.every.0 / 2, self.every.0 + self.every.0 / 2);
        let length = random.between(self.lasting.0 / 2, self.lasting.0 + self.lasting.0 / 2);
        self.begins_ns = self.ends_ns.saturating_add(gap.max(1));
        self.ends_ns = self.begins_ns.saturating_add(length.max(1));
    }
}

#[cfg(test)]
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
        processor.set_slowness(3);
        assert_eq!(processor.finish(millis(10), &STEP), millis(13));
        assert!(!processor.is_well());
        processor.settle();
        assert!(processor.is_well());
        assert_eq!(processor.finish(millis(30), &STEP), millis(31));
    }

    #[test]
    //= §4.1.2 cpu-throttling test
    fn a_throttled_process_runs_within_its_quota_only() {
        let mut processor = processor();
        processor.set_throttle(millis(100), millis(20), millis(100));
        processor.set_slowness(15);
        assert_eq!(processor.finish(millis(100), &STEP), millis(115));
        // 5 ms are left of this period's quota, 10 ms come out of the next one's.
        assert_eq!(processor.finish(millis(115), &STEP), millis(210));
        assert_eq!(processor.waited(), millis(80));
        let done = processor.finish(millis(350), &STEP);
        assert_eq!(done, millis(415));
    }

    #[test]
    //= §4.1.2 gc-pauses test
    fn a_stopped_process_loses_the_stated_share_of_its_time() {
        let mut processor = processor();
        processor.set_stops(Nanos::ZERO, millis(700), millis(300));
        let mut done = Nanos::ZERO;
        for _ in 0..100_000 {
            done = processor.finish(done, &STEP);
        }
        // Busy all the time: 100 s of work, and 300 ms of every second are lost.
        let ran = 100.0 / 0.7;
        #[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
        let took = done.0 as f64 / 1e9;
        assert!((took / ran - 1.0).abs() < 0.05, "{took} s instead of {ran} s");
        assert_eq!(processor.waited(), done.minus(Nanos::from_secs(100)));
    }
}
