//! A node's hybrid clock.
//!
//! What may be accepted is bounded by what clocks are known to be off, not by a constant: a stamp
//! that arrives was given before now, by a clock whose error is within the group's bound; if even
//! the latest time that it may be here is more than that bound before the stamp, no honest clock
//! gave it. Stamps from the past are fine, however old.
//!
//! ```text
//!     true time is in here          refused from here on
//!   |-------[--------]-----------------)--------
//!        earliest   latest        latest + bound
//! ```
//!
//! A restart must not undo an order: stamps are given only below a floor that was made durable
//! before, and a clock that recovers begins there, also where its wall clock was set back. The
//! floor is ahead of the time; until the time is surely within the bound of it, others might refuse
//! what is given above it, so nothing is given. A wall clock that was set back makes that longer.
//!
//! Invariants (exhaustive.rs and simulation.rs hold them; [`Mutant`] breaks each):
//! - I1 A stamp is above all that its clock gave or received before, over restarts too.
//! - I2 No stamp is more than the bound ahead of the true time, if all intervals hold it, no
//!   clock's middle is further off than the bound, and every stamp comes from such a clock. Stamps
//!   that a stranger makes up can move it ahead by at most the widest interval more.
//! - I3 A stamp's time is the latest middle in its causal past, and its counter the longest chain
//!   of events of that time before it (while they are below 65,536: the counter then carries).

//= §3.3.1 HLC on send and receive
//= §3.3.1 HLC is monotonic
//= §3.3.1 HLC skew bound

use super::mutant::Mutant;
use super::stamp::Stamp;
use avouch_promise::{Interval, Nanos, WallTime, invariant};
use std::fmt;

/// The last stamp that an honest clock can have given.
pub(super) fn farthest(wall: Interval, bound: Nanos) -> Stamp {
    Stamp(Stamp::at(wall.latest.plus(bound)).0 | u64::from(u16::MAX))
}

/// The last stamp that is surely no more than the bound ahead of the true time.
pub(super) fn nearest(wall: Interval, bound: Nanos) -> Stamp {
    Stamp(Stamp::at(wall.earliest.plus(bound)).0 | u64::from(u16::MAX))
}

/// The floor to make durable, from the last stamp and the floor so far.
pub(super) fn wanted(
    wall: Interval,
    bound: Nanos,
    ahead: Nanos,
    (last, floor): (Stamp, Stamp),
) -> Stamp {
    // A stamp may arrive that is as far ahead as may be, and needs one above it. And there is room
    // for a unit's stamps at least, wherever the time is.
    let most = Stamp::at(wall.latest.plus(bound).plus(ahead)).max(last);
    Stamp(most.0.saturating_add(2 << 16) & !u64::from(u16::MAX)).max(floor)
}

/// The middle of an interval: as likely before the true time as after it.
#[inline]
pub(super) fn middle(wall: Interval) -> WallTime {
    wall.earliest.plus(Nanos(wall.latest.0.abs_diff(wall.earliest.0) / 2))
}

/// A node's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HybridClock {
    last: Stamp,
    /// Durable: after a restart all stamps are above it.
    floor: Stamp,
    /// The floor that it recovered from.
    start: Stamp,
    bound: Nanos,
    mutant: Mutant,
}

/// Why there is no stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing is known of the time.
    NoBound,
    /// The stamp received is further ahead than any honest clock.
    Ahead {
        /// It.
        stamp: Stamp,
        /// The last that would have been accepted.
        most: Stamp,
    },
    /// The floor has to be raised first, and made durable.
    Floor(Stamp),
    /// After a restart: stamps begin above this floor, of which the time is surely within the bound
    /// only later.
    Early {
        /// It.
        floor: Stamp,
        /// For so long, as the clock stands now.
        wait: Nanos,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBound => f.write_str("nothing is known of the time"),
            Self::Ahead { stamp, most } => {
                write!(
                    f,
                    "stamp {stamp} is ahead of {most}, the last that an honest clock can give"
                )
            }
            Self::Floor(floor) => write!(f, "the floor {floor} has to be raised and made durable"),
            Self::Early { floor, wait } => {
                write!(f, "stamps go on above the floor {floor} of before the restart in {wait}")
            }
        }
    }
}

impl HybridClock {
    /// A clock that begins above a floor that was made durable, [`Stamp::ZERO`] for the first
    /// time; no clock of the group is off by more than `bound`.
    pub fn recover(floor: Stamp, bound: Nanos) -> Self {
        Self { last: floor, floor, start: floor, bound, mutant: Mutant::None }
    }

    /// The floor to make durable, so that stamps can be given for so long from now on.
    pub fn wanted(&self, wall: Interval, ahead: Nanos) -> Stamp {
        wanted(wall, self.bound, ahead, (self.last, self.floor))
    }

    /// The floor was made durable; one lower than before changes nothing.
    pub fn reserve(&mut self, floor: Stamp) {
        self.floor = self.floor.max(floor);
    }

    /// The last stamp that was given or received.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// A stamp for an event of this node. The true time is in `wall`.
    pub fn now(&mut self, wall: Interval) -> Result<Stamp, Refused> {
        self.after(Stamp::ZERO, wall)
    }

    /// A stamp for the arrival of a message with a stamp; nothing changes if it is refused.
    pub fn receive(&mut self, stamp: Stamp, wall: Interval) -> Result<Stamp, Refused> {
        if wall != Interval::UNKNOWN {
            let most = match self.mutant {
                Mutant::AcceptsAnything => Stamp(u64::MAX),
                Mutant::RefusesFromTheMiddle => {
                    farthest(Interval::around(middle(wall), Nanos::ZERO), self.bound)
                }
                _ => farthest(wall, self.bound),
            };
            if stamp > most {
                if self.mutant == Mutant::MovesWhenItRefuses {
                    self.last = self.last.max(Stamp(stamp.0.min(self.floor.0.saturating_sub(1))));
                }
                return Err(Refused::Ahead { stamp, most });
            }
        }
        self.after(stamp, wall)
    }

    fn after(&mut self, seen: Stamp, wall: Interval) -> Result<Stamp, Refused> {
        if wall == Interval::UNKNOWN {
            return Err(Refused::NoBound);
        }
        let stamp = self.rule(seen, wall);
        if let Some(early) = early(self.start, stamp, wall, self.bound)
            && self.mutant != Mutant::DoesNotWait
        {
            return Err(early);
        }
        if stamp >= self.floor && self.mutant != Mutant::PassesTheFloor {
            return Err(Refused::Floor(self.floor));
        }
        invariant!(
            I1,
            self.mutant != Mutant::None || stamp > self.last && stamp > seen,
            "{stamp} after {} and {seen}",
            self.last
        );
        self.last = stamp;
        Ok(stamp)
    }

    /// Above what was given and received, and not before the time.
    fn rule(&self, seen: Stamp, wall: Interval) -> Stamp {
        let time = match self.mutant {
            Mutant::TakesTheLatest => wall.latest,
            _ => middle(wall),
        };
        let (last, at) = (self.last, Stamp::at(time));
        let next = |stamp: Stamp| Stamp(stamp.0.saturating_add(1));
        match self.mutant {
            Mutant::ForgetsWhatItReceived => at.max(next(last)),
            Mutant::ForgetsWhatItGave if seen > Stamp::ZERO => at.max(next(seen)),
            Mutant::GivesTheSame if seen > last => at.max(seen),
            Mutant::CountsPerEvent => {
                let above = next(last.max(seen));
                above.max(Stamp(at.0 | u64::from(above.counter())))
            }
            _ => at.max(next(last.max(seen))),
        }
    }
}

/// Why nothing is given yet above the floor that a clock recovered from; a stamp that stands on
/// something newer than the floor may be given.
pub(super) fn early(start: Stamp, stamp: Stamp, wall: Interval, bound: Nanos) -> Option<Refused> {
    let stands_on_start = stamp.0 == start.0.saturating_add(1) && start != Stamp::ZERO;
    if !stands_on_start || start <= nearest(wall, bound) {
        return None;
    }
    let wait = start.time().0.saturating_sub(wall.earliest.plus(bound).0);
    Some(Refused::Early { floor: start, wait: Nanos(wait.max(1).unsigned_abs()) })
}

#[cfg(test)]
impl HybridClock {
    /// The same with a planted bug.
    pub(super) fn planted(self, mutant: Mutant) -> Self {
        let restarted = if mutant == Mutant::RecoversFromNothing { Stamp::ZERO } else { self.last };
        Self { last: restarted, mutant, ..self }
    }
}
