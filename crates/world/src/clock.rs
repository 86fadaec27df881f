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

/// A course that a wall clock's error takes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It grows evenly, in parts per billion; the monotonic clock does not.
    Linear {
        /// How fast; negative: it falls.
        ppb: i64,
    },
    /// It swings evenly between two bounds.
    Periodic {
        /// How far it swings, either way.
        amplitude: Nanos,
        /// How long one swing up, down and back takes.
        period: Nanos,
    },
    /// It is a second ahead, and comes back evenly over this time, or at once a second later.
    Leap {
        /// How long.
        over: Nanos,
    },
}

const SECOND_NS: i128 = 1_000_000_000;

impl Course {
    /// The error after so long.
    fn error_ns(self, elapsed_ns: u64) -> i64 {
        let elapsed = i128::from(elapsed_ns);
        let error = match self {
            Self::Linear { ppb } => elapsed * i128::from(ppb) / SECOND_NS,
            Self::Periodic { amplitude, period } => {
                let (amplitude, quarter) =
                    (i128::from(amplitude.0), i128::from(period.0 / 4).max(1));
                let phase = elapsed % (4 * quarter);
                let distance = if phase < quarter {
                    phase
                } else if phase < 3 * quarter {
                    2 * quarter - phase
                } else {
                    phase - 4 * quarter
                };
                amplitude * distance / quarter
            }
            Self::Leap { over } if over == Nanos::ZERO => {
                if elapsed < SECOND_NS {
                    SECOND_NS
                } else {
                    0
                }
            }
            Self::Leap { over } => {
                let over = i128::from(over.0);
                SECOND_NS * (over - elapsed).max(0) / over
            }
        };
        error as i64
    }

    /// The largest error on this course, either way.
    fn bound_ns(self) -> u64 {
        match self {
            Self::Linear { .. } => u64::MAX,
            Self::Periodic { amplitude, .. } => amplitude.0,
            Self::Leap { .. } => 1_000_000_000,
        }
    }
}

/// One node's clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    anchor_ns: u64,
    monotonic_ns: u64,
    error_ns: i64,
    rate: i64,
    epsilon: Option<Nanos>,
    disciplined: bool,
    /// Since when nothing disciplines it, and by how many parts per billion its bound grows.
    holdover: Option<(u64, u64)>,
    /// Whether no bound is known, which is said.
    lost: bool,
    /// Since when the wall clock's error takes a course of its own.
    course: Option<(u64, Course)>,
    /// Since when both clocks stand still, and the error to which the wall clock is set then.
    frozen: Option<(u64, i64)>,
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
            holdover: None,
            lost: false,
            course: None,
            frozen: None,
        };
        clock.set_error(0, clock.error_ns);
        clock.set_drift(0, either_way(u64::from(model.drift_ppb_max), random));
        clock
    }

    /// The moment that the clocks show: now, unless they stand still.
    fn seen(&self, now_ns: u64) -> u64 {
        self.frozen.map_or(now_ns, |(since, _)| since)
    }

    fn drifted(&self, now_ns: u64) -> i64 {
        let elapsed = i128::from(self.seen(now_ns).saturating_sub(self.anchor_ns));
        ((elapsed * i128::from(self.rate)) >> SCALE) as i64
    }

    fn anchor(&mut self, now_ns: u64) {
        let (monotonic, error) = (self.monotonic(now_ns), self.own_error_ns(now_ns));
        (self.anchor_ns, self.monotonic_ns, self.error_ns) = (now_ns, monotonic.0, error);
        if let Some((since, _)) = &mut self.frozen {
            *since = now_ns;
        }
    }

    /// The monotonic clock at virtual time `now_ns`.
    #[inline]
    pub fn monotonic(&self, now_ns: u64) -> Nanos {
        let elapsed = self.seen(now_ns).saturating_sub(self.anchor_ns);
        Nanos((self.monotonic_ns + elapsed).saturating_add_signed(self.drifted(now_ns)))
    }

    /// The first virtual time, not before `now_ns`, at which the monotonic clock reads at least
    /// `reading`; the end of time when it never will.
    pub fn when(&self, reading: Nanos, now_ns: u64) -> u64 {
        if self.frozen.is_some() {
            return if self.monotonic(now_ns) >= reading { now_ns } else { u64::MAX };
        }
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
        let course = self
            .course
            .map_or(0, |(since, course)| course.error_ns(self.seen(now_ns).saturating_sub(since)));
        let behind = i64::try_from(now_ns.saturating_sub(self.seen(now_ns))).unwrap_or(i64::MAX);
        let error = self.own_error_ns(now_ns).saturating_add(course).saturating_sub(behind);
        match self.bound(now_ns) {
            Some(epsilon) if self.disciplined() => {
                let bound = i64::try_from(epsilon.0).unwrap_or(i64::MAX);
                error.clamp(-bound, bound)
            }
            _ => error,
        }
    }

    /// The error without what a course or a standstill adds.
    fn own_error_ns(&self, now_ns: u64) -> i64 {
        let error = self.error_ns.saturating_add(self.drifted(now_ns));
        match self.bound(now_ns) {
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
        match self.bound(now_ns) {
            None => Interval::UNKNOWN,
            Some(_) if self.lost => Interval::UNKNOWN,
            Some(epsilon) => {
                let centre = true_time(now_ns).0.saturating_add(self.error_ns(now_ns));
                Interval::around(WallTime(centre), epsilon)
            }
        }
    }

    /// The bound that it keeps, and states unless it is lost.
    fn bound(&self, now_ns: u64) -> Option<Nanos> {
        let (since, growth_ppb) = self.holdover.unwrap_or((now_ns, 0));
        let elapsed = u128::from(now_ns.saturating_sub(since));
        let grown = elapsed * u128::from(growth_ppb) / 1_000_000_000;
        self.epsilon.map(|epsilon| epsilon.plus(Nanos(u64::try_from(grown).unwrap_or(u64::MAX))))
    }

    /// Whether no bound is known, which is said.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the clock still keeps to its stated bound.
    pub fn disciplined(&self) -> bool {
        self.disciplined && self.frozen.is_none()
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
        self.judge_discipline();
    }

    fn judge_discipline(&mut self) {
        let swing = self.course.map_or(0, |(_, course)| course.bound_ns());
        let most = self.error_ns.unsigned_abs().saturating_add(swing);
        self.disciplined = self.epsilon.is_none_or(|bound| most <= bound.0);
    }

    /// The wall clock's error takes a course beside what it is, or no longer does.
    pub(crate) fn set_course(&mut self, now_ns: u64, course: Option<Course>) {
        self.anchor(now_ns);
        self.course = course.map(|course| (now_ns, course));
        self.judge_discipline();
    }

    /// Both clocks stand still, or go on: then the wall clock is set right by a time service.
    pub(crate) fn set_frozen(&mut self, now_ns: u64, frozen: bool) {
        if frozen {
            self.anchor(now_ns);
            self.frozen = self.frozen.or(Some((now_ns, self.error_ns)));
        } else if let Some((_, error_ns)) = self.frozen {
            self.anchor(now_ns);
            self.frozen = None;
            self.error_ns = error_ns;
            self.judge_discipline();
        }
    }

    //= §3.3.2 gps-outage
    //= §3.3.2 epsilon-inflation
    /// Nothing disciplines the wall clock, and its bound grows so fast; or it is disciplined again.
    pub(crate) fn set_holdover(&mut self, now_ns: u64, growth_ppb: u64) {
        self.anchor(now_ns);
        self.holdover = (growth_ppb > 0).then_some((now_ns, growth_ppb));
    }

    /// No bound is known, or it is again.
    pub(crate) fn set_lost(&mut self, lost: bool) {
        self.lost = lost;
    }

    /// Takes back what faults did: the rate and the error are again those that were drawn.
    pub(crate) fn settle(&mut self, now_ns: u64, drawn: &Self) {
        self.set_frozen(now_ns, false);
        (self.course, self.holdover, self.lost) = (None, None, false);
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

    //= §3.3.2 gps-outage test
    //= §3.3.2 epsilon-inflation test
    #[test]
    fn in_holdover_bound_and_error_grow_and_the_true_time_stays_within() {
        let mut clock = clock(5_000_000);
        let second = 1_000_000_000;
        // Disciplined, its error is held at 2 ms; in holdover it is 5 ms a second.
        assert_eq!(clock.error_ns(10 * second), 2_000_000);
        clock.set_holdover(10 * second, 6_000_000);
        assert!(clock.error_ns(20 * second).abs_diff(52_000_000) < 1_000);
        for now in (10..30).map(|at| at * second) {
            let wall = clock.wall(now);
            assert!(wall.contains(true_time(now)) && clock.disciplined(), "{wall:?}");
            let width = wall.latest.0.abs_diff(wall.earliest.0);
            assert_eq!(width, 2 * (2_000_000 + (now - 10 * second) / 1_000 * 6));
        }
        // The time service is back.
        clock.set_holdover(30 * second, 0);
        assert_eq!(clock.error_ns(30 * second), 2_000_000);
        clock.set_lost(true);
        assert_eq!(clock.wall(30 * second), Interval::UNKNOWN);
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
