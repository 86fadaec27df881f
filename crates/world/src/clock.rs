//! One node's clocks: a monotonic one that starts anywhere and may run fast or slow, and a wall
//! clock with an error and a stated bound.
//!
//! ```text
//!   monotonic(t) = start + (t - anchor) * (1 + rate)
//!   error(t)     = error(anchor) + (t - anchor) * rate     within +-epsilon while disciplined
//!   wall(t)      = true time + error(t), +- epsilon
//! ```
//!
//! A disciplined clock keeps its promise (a time service slews it). A step, or an offset beyond
//! the bound, ends the discipline: from then on the interval may not contain the true time, which
//! is a broken assumption and not a broken protocol.

use avouch_promise::{Interval, Nanos, Random, WallTime};

/// The true wall time at virtual time 0.
pub const EPOCH: WallTime = WallTime(1_700_000_000_000_000_000);

/// How the clocks of a run are drawn from its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockModel {
    /// The bound that each wall clock states; none for clocks that state nothing.
    pub epsilon: Option<Nanos>,
    /// The largest initial error of a wall clock, either way.
    pub error_max: Nanos,
    /// The largest rate by which a clock runs fast or slow, in parts per billion.
    pub drift_ppb_max: u32,
}

impl Default for ClockModel {
    fn default() -> Self {
        Self {
            epsilon: Some(Nanos::from_millis(2)),
            error_max: Nanos::from_millis(1),
            drift_ppb_max: 50_000,
        }
    }
}

/// Rates are fixed-point with this many fractional bits: exact and free of division.
const SCALE: u32 = 40;

/// One node's clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    anchor_ns: u64,
    monotonic_ns: u64,
    error_ns: i64,
    rate: i64,
    epsilon: Option<Nanos>,
    disciplined: bool,
}

impl Clock {
    /// Draws a clock.
    pub fn draw(model: &ClockModel, random: &mut Random) -> Self {
        let mut clock = Self {
            anchor_ns: 0,
            monotonic_ns: 0,
            error_ns: either_way(model.error_max.0, random),
            rate: 0,
            epsilon: model.epsilon,
            disciplined: true,
        };
        clock.set_error(0, clock.error_ns);
        clock.set_drift(0, either_way(u64::from(model.drift_ppb_max), random));
        clock
    }

    fn drifted(&self, now_ns: u64) -> i64 {
        let elapsed = i128::from(now_ns.saturating_sub(self.anchor_ns));
        ((elapsed * i128::from(self.rate)) >> SCALE) as i64
    }

    fn anchor(&mut self, now_ns: u64) {
        let (monotonic, error) = (self.monotonic(now_ns), self.error_ns(now_ns));
        (self.anchor_ns, self.monotonic_ns, self.error_ns) = (now_ns, monotonic.0, error);
    }

    /// The monotonic clock at virtual time `now_ns`.
    #[inline]
    pub fn monotonic(&self, now_ns: u64) -> Nanos {
        let elapsed = now_ns.saturating_sub(self.anchor_ns);
        Nanos((self.monotonic_ns + elapsed).saturating_add_signed(self.drifted(now_ns)))
    }

    /// The first virtual time, not before `now_ns`, at which the monotonic clock reads at least
    /// `reading`; the end of time when it never will.
    pub fn when(&self, reading: Nanos, now_ns: u64) -> u64 {
        let wanted = reading.0.saturating_sub(self.monotonic_ns);
        let one = 1_i128 << SCALE;
        let elapsed = i128::from(wanted) * one / (one + i128::from(self.rate));
        let mut at = self.anchor_ns.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX));
        if at > u64::MAX / 2 {
            return u64::MAX;
        }
        at = at.max(now_ns);
        while self.monotonic(at) < reading {
            at += 1;
        }
        at
    }

    /// How far the wall clock is ahead of the true time.
    pub fn error_ns(&self, now_ns: u64) -> i64 {
        let error = self.error_ns.saturating_add(self.drifted(now_ns));
        match self.epsilon {
            Some(epsilon) if self.disciplined => {
                let bound = i64::try_from(epsilon.0).unwrap_or(i64::MAX);
                error.clamp(-bound, bound)
            }
            _ => error,
        }
    }

    /// The wall clock's reading with its stated bound.
    #[inline]
    pub fn wall(&self, now_ns: u64) -> Interval {
        match self.epsilon {
            None => Interval::UNKNOWN,
            Some(epsilon) => {
                let centre = true_time(now_ns).0.saturating_add(self.error_ns(now_ns));
                Interval::around(WallTime(centre), epsilon)
            }
        }
    }

    /// Whether the clock still keeps to its stated bound.
    pub fn disciplined(&self) -> bool {
        self.disciplined
    }

    pub(crate) fn set_drift(&mut self, now_ns: u64, rate_ppb: i64) {
        self.anchor(now_ns);
        let rate_ppb = rate_ppb.clamp(-500_000_000, 500_000_000);
        self.rate = ((i128::from(rate_ppb) << SCALE) / 1_000_000_000) as i64;
    }

    /// Sets the wall clock's error; a bound that is exceeded is no longer kept.
    pub(crate) fn set_error(&mut self, now_ns: u64, error_ns: i64) {
        self.anchor(now_ns);
        self.error_ns = error_ns;
        self.disciplined = self.epsilon.is_none_or(|bound| error_ns.unsigned_abs() <= bound.0);
    }

    /// Takes back what faults did: the rate and the error are again those that were drawn.
    pub(crate) fn settle(&mut self, now_ns: u64, drawn: &Self) {
        self.set_error(now_ns, drawn.error_ns);
        self.rate = drawn.rate;
    }

    /// Starts the monotonic clock again, at `reading`.
    pub(crate) fn restart(&mut self, now_ns: u64, reading: Nanos) {
        self.anchor(now_ns);
        self.monotonic_ns = reading.0;
    }
}

/// The true wall time at virtual time `now_ns`.
pub fn true_time(now_ns: u64) -> WallTime {
    EPOCH.plus(Nanos(now_ns))
}

fn either_way(bound: u64, random: &mut Random) -> i64 {
    let width = i64::try_from(bound).unwrap_or(i64::MAX / 2);
    random.below(bound.saturating_mul(2).saturating_add(1)).cast_signed().saturating_sub(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(rate_ppb: i64) -> Clock {
        let model = ClockModel { error_max: Nanos::ZERO, drift_ppb_max: 0, ..Default::default() };
        let mut clock = Clock::draw(&model, &mut Random::new(1));
        clock.set_drift(0, rate_ppb);
        clock
    }

    #[test]
    fn a_fast_clock_reads_more_and_its_timers_fire_earlier() {
        let clock = clock(100_000_000);
        assert!(clock.monotonic(1_000_000_000).0.abs_diff(1_100_000_000) <= 1);
        let due = clock.when(Nanos(1_100_000_000), 0);
        assert!(due.abs_diff(1_000_000_000) <= 1);
        assert!(clock.monotonic(due) >= Nanos(1_100_000_000));
    }

    #[test]
    fn a_timer_never_fires_before_its_reading() {
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..20_000 {
            let mut clock = clock(either_way(500_000_000, &mut random));
            let start = random.below(1 << 40);
            clock.restart(start, Nanos(random.below(1 << 40)));
            let now = start + random.below(1 << 40);
            let reading = Nanos(clock.monotonic(now).0 + random.below(1 << 40));
            let due = clock.when(reading, now);
            assert!(due >= now && clock.monotonic(due) >= reading);
            assert!(due == now || clock.monotonic(due - 1) < reading);
        }
        assert_eq!(clock(0).when(Nanos::MAX, 0), u64::MAX);
    }

    #[test]
    fn a_disciplined_clock_keeps_its_bound_and_a_stepped_one_does_not() {
        let mut clock = clock(1_000_000);
        let late = 3_600_000_000_000;
        assert!(clock.wall(late).contains(true_time(late)));
        clock.set_error(late, 1_000_000);
        assert!(clock.wall(late).contains(true_time(late)) && clock.disciplined());
        clock.set_error(late, -5_000_000);
        assert!(!clock.wall(late).contains(true_time(late)) && !clock.disciplined());
    }
}
