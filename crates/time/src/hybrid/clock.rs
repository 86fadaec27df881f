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
//! before, and a clock that recovers begins there, also where its wall clock was set back.
//!
//! Invariants:
//! - I1 A stamp is above all that its clock gave or received before, over restarts too.
//! - I2 No stamp is more than the bound ahead of the true time, if all intervals hold it and no
//!   clock's is wider than the bound.

//= §3.3.1 HLC on send and receive
//= §3.3.1 HLC is monotonic
//= §3.3.1 HLC skew bound

use super::stamp::Stamp;
use avouch_promise::{Interval, Nanos, WallTime, invariant};
use std::fmt;

/// The last stamp that an honest clock can have given.
pub(super) fn farthest(wall: Interval, bound: Nanos) -> Stamp {
    Stamp(Stamp::at(wall.latest.plus(bound)).0 | u64::from(u16::MAX))
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
    bound: Nanos,
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
        }
    }
}

impl HybridClock {
    /// A clock that begins above a floor that was made durable, [`Stamp::ZERO`] for the first
    /// time; no clock of the group is off by more than `bound`.
    pub fn recover(floor: Stamp, bound: Nanos) -> Self {
        Self { last: floor, floor, bound }
    }

    /// The floor to make durable, so that stamps can be given for so long from now on.
    pub fn wanted(&self, wall: Interval, ahead: Nanos) -> Stamp {
        let time = Stamp::at(wall.latest.plus(self.bound).plus(ahead));
        time.max(Stamp(self.last.0.saturating_add(1 << 16))).max(self.floor)
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
            let most = farthest(wall, self.bound);
            if stamp > most {
                return Err(Refused::Ahead { stamp, most });
            }
        }
        self.after(stamp, wall)
    }

    fn after(&mut self, seen: Stamp, wall: Interval) -> Result<Stamp, Refused> {
        if wall == Interval::UNKNOWN {
            return Err(Refused::NoBound);
        }
        let above = Stamp(self.last.max(seen).0.saturating_add(1));
        let stamp = Stamp::at(middle(wall)).max(above);
        if stamp >= self.floor {
            return Err(Refused::Floor(self.floor));
        }
        invariant!(I1, stamp > self.last && stamp > seen, "{stamp} after {} and {seen}", self.last);
        self.last = stamp;
        Ok(stamp)
    }
}
