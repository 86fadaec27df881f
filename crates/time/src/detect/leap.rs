//! How a source goes through the midnight at the end of a month.
//!
//! ```text
//!   ahead of UTC, around an inserted second        (a deleted one: the other way up)
//!
//!    +1 s           |=========  missed: it goes on as if nothing had been
//!    +1/2           |\            smears, noon to noon: half a second late, then half a second early
//!     0   ----------|--\------  stepped in time
//!    -1/2     \     |    \
//!    -1 s    ~~~~~~~|           early: it stepped before
//!          noon  midnight  noon
//! ```
//!
//! A smear of 24 hours from noon to noon makes seconds longer by 11.57 ppm (1/86,400): by x it is
//! behind before midnight and ahead by 1 - x after it, at most half a second at midnight. A cosine
//! smear goes by (1 - cos pi x)/2 and is at most 18.2 ppm. Every look strikes out the courses that
//! it contradicts; what is left is told when it is one.
//!
//! The distance is from what most sources say, which step in time. Not seen: how a source goes
//! through midnight if most go the same way (all smear alike); which of two that disagree on an
//! announcement is right; within two seconds of midnight, where a stamp may be of either second.

//= §3.1.1 leap-second

use super::{Alarm, Difference, Mutant};
use crate::calendar;
use crate::interval::Warning;
use avouch_promise::{Nanos, WallTime};
use std::fmt;

const SECOND: i64 = 1_000_000_000;

/// A smear begins so long before midnight and ends so long after it.
pub const HALF_SMEAR: Nanos = Nanos::from_secs(43_200);

/// Less than this of a second is no part of a smear whose shape is unknown.
const PART: i64 = SECOND / 10;

/// So close to midnight nothing is judged.
const GUARD: i64 = 2 * SECOND;

/// How a second is spread over a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Evenly.
    Linear,
    /// Slowly at both ends.
    Cosine,
    /// Some other way.
    Other,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linear => "evenly over 24 h from noon to noon (11.57 ppm)",
            Self::Cosine => "by a cosine over 24 h from noon to noon (at most 18.2 ppm)",
            Self::Other => "neither evenly nor by a cosine over 24 h",
        })
    }
}

/// How a source went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It stepped in time, or there was nothing to step for.
    InTime,
    /// It did not step.
    Missed,
    /// It stepped before midnight.
    Early,
    /// It stepped though no leap second was announced.
    Needless,
    /// It smears.
    Smears(Shape),
}

/// The midnight at the end of a month that is nearest, if it is within half a smear.
pub fn midnight(now: WallTime) -> Option<WallTime> {
    let ends = [now.minus(HALF_SMEAR), now].map(calendar::month_end);
    ends.into_iter().find(|end| end.0.abs_diff(now.0) <= HALF_SMEAR.0)
}

/// What is wrong with sources' announcements for the end of this day or month, if they disagree.
pub fn disputed(announced: &[Warning]) -> Option<Alarm> {
    let count = |leap| announced.iter().filter(|said| **said == leap).count();
    let (inserted, deleted, none) =
        (count(Warning::Insertion), count(Warning::Deletion), count(Warning::None));
    let sides = [inserted, deleted, none].iter().filter(|count| **count > 0).count();
    (sides > 1).then_some(Alarm::LeapDisputed { inserted, deleted, none })
}

/// What most sources announce: 1 for a second that is inserted, -1 for one that is deleted.
pub fn announced(announced: &[Warning]) -> i64 {
    let of = |leap| announced.iter().filter(|said| **said == leap).count() * 2 > announced.len();
    i64::from(of(Warning::Insertion)) - i64::from(of(Warning::Deletion))
}

/// A source around one midnight.
#[derive(Clone, Debug)]
pub struct Midnight {
    at: WallTime,
    leap: i64,
    /// Courses that no look has contradicted.
    left: Vec<Course>,
    /// It was right at first, and then a whole second off where none is due.
    stepped: bool,
    /// Off by a part of a second before midnight, and by the rest after it.
    parted: (bool, bool),
    /// When it was looked at first, and what it was then.
    first: Option<(i64, Difference)>,
    /// Looks before midnight, and after it.
    looks: (u32, u32),
    told: Option<Course>,
    mutant: Mutant,
}

impl Midnight {
    /// A source around `at`, when a second is inserted (1), deleted (-1) or neither (0).
    pub fn new(at: WallTime, leap: i64) -> Self {
        Self::planted(at, leap, Mutant::None)
    }

    fn planted(at: WallTime, leap: i64, mutant: Mutant) -> Self {
        let leap = if mutant == Mutant::LeapBackwards { -leap } else { leap };
        let mut left = vec![Course::InTime];
        if leap != 0 {
            let smears = [Shape::Linear, Shape::Cosine].map(Course::Smears);
            left.extend([Course::Missed].into_iter().chain(smears));
        }
        Self {
            at,
            leap,
            left,
            stepped: false,
            parted: (false, false),
            first: None,
            looks: (0, 0),
            told: None,
            mutant,
        }
    }

    /// The midnight that this is about.
    pub fn at(&self) -> WallTime {
        self.at
    }

    /// At the true time `now` the source was so far ahead of it; an alarm when that says something
    /// new of the source.
    pub fn look(&mut self, now: WallTime, ahead: &Difference) -> Option<Alarm> {
        let from = now.0.saturating_sub(self.at.0);
        let guarded = from.abs() < GUARD && self.mutant != Mutant::JudgesAtMidnight;
        if guarded || from.unsigned_abs() > HALF_SMEAR.0 || ahead.width().0 >= 500_000_000 {
            return None;
        }
        let is_after = from >= 0;
        let looks = if is_after { &mut self.looks.1 } else { &mut self.looks.0 };
        *looks = looks.saturating_add(1);
        let first = *self.first.get_or_insert((from, *ahead));
        self.strike(from, ahead, &first.1);
        let course = self.course(from, ahead, first).filter(|course| self.told != Some(*course))?;
        self.told = Some(course);
        let off = ahead.middle();
        (course != Course::InTime).then_some(Alarm::Leap { course, off })
    }

    /// Strikes out what it contradicts.
    fn strike(&mut self, from: i64, ahead: &Difference, first: &Difference) {
        let (leap, mutant, is_after) = (self.leap, self.mutant, from >= 0);
        let any_smear = mutant == Mutant::AnySmearIsLinear && ahead.middle().abs() < SECOND / 2;
        self.left.retain(|course| match course {
            Course::Missed => ahead.contains(if is_after { leap * SECOND } else { 0 }),
            Course::Smears(Shape::Linear) => {
                any_smear || ahead.contains(smeared(linear, from, leap))
            }
            Course::Smears(_) => ahead.contains(smeared(cosine, from, leap)),
            _ => ahead.contains(0),
        });
        self.stepped |= first.contains(0)
            && match leap {
                0 => ahead.contains(SECOND) || ahead.contains(-SECOND),
                _ => !is_after && ahead.contains(-leap * SECOND),
            };
        let part = ahead.middle() * leap * if is_after { 1 } else { -1 };
        let is_part = (PART..SECOND - PART).contains(&part);
        let parted = if is_after { &mut self.parted.1 } else { &mut self.parted.0 };
        *parted |= is_part;
    }

    /// What is left, if it is one.
    fn course(
        &self,
        from: i64,
        ahead: &Difference,
        (begun, first): (i64, Difference),
    ) -> Option<Course> {
        let (before, after) = self.looks;
        // A distance that does not change is none of a smear.
        let moved = |shape| {
            let gone = smeared(shape, from, self.leap).abs_diff(smeared(shape, begun, self.leap));
            gone > ahead.width().plus(first.width()).0
        };
        match self.left.as_slice() {
            [Course::InTime] => (before > 0 && after > 0).then_some(Course::InTime),
            [Course::Missed] => (after > 0).then_some(Course::Missed),
            [course @ Course::Smears(Shape::Linear)] => moved(linear).then_some(*course),
            [course] => moved(cosine).then_some(*course),
            [] if self.stepped && self.leap == 0 => Some(Course::Needless),
            [] if self.stepped => Some(Course::Early),
            [] if self.parted == (true, true) => Some(Course::Smears(Shape::Other)),
            _ => None,
        }
    }
}

/// By how much a source that smears is ahead, so long after midnight.
#[expect(clippy::cast_precision_loss, reason = "a smear is far coarser than a double")]
fn smeared(shape: fn(f64) -> f64, from: i64, leap: i64) -> i64 {
    let part = shape(f64::midpoint(from as f64 / HALF_SMEAR.0 as f64, 1.0));
    let gone = if from >= 0 { 1.0 - part } else { -part };
    (gone * 1e9) as i64 * leap
}

fn linear(part: f64) -> f64 {
    part
}

fn cosine(part: f64) -> f64 {
    (1.0 - (std::f64::consts::PI * part).cos()) / 2.0
}

#[cfg(test)]
mod tests;
