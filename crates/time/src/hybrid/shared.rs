//! A node's hybrid clock for many threads: the rules of [`HybridClock`](super::HybridClock) over
//! one word that is compared and swapped, so that nobody waits for a lock.
//!
//! ```text
//!   last --read--> at or above the time: --add one-------> given
//!             \--> below it:              --swap the time--> given; else once more
//! ```
//!
//! Invariants:
//! - I1 A stamp is above all that the clock gave or received before, in every thread.

use super::clock::{Refused, early, farthest, middle, wanted};
use super::stamp::Stamp;
use avouch_promise::{Interval, Nanos, invariant};
use std::sync::atomic::{AtomicU64, Ordering};

/// A node's clock, shared.
#[derive(Debug)]
pub struct SharedClock {
    last: AtomicU64,
    floor: AtomicU64,
    /// The floor that it recovered from.
    start: Stamp,
    bound: Nanos,
}

impl SharedClock {
    /// A clock that begins above a floor that was made durable, as
    /// [`HybridClock::recover`](super::HybridClock::recover).
    pub fn recover(floor: Stamp, bound: Nanos) -> Self {
        let (last, start) = (AtomicU64::new(floor.0), floor);
        Self { last, floor: AtomicU64::new(floor.0), start, bound }
    }

    /// The floor to make durable, so that stamps can be given for so long from now on.
    pub fn wanted(&self, wall: Interval, ahead: Nanos) -> Stamp {
        let floor = Stamp(self.floor.load(Ordering::Acquire));
        wanted(wall, self.bound, ahead, (self.last(), floor))
    }

    /// The floor was made durable; one lower than before changes nothing.
    pub fn reserve(&self, floor: Stamp) {
        self.floor.fetch_max(floor.0, Ordering::AcqRel);
    }

    /// The last stamp that was given or received.
    pub fn last(&self) -> Stamp {
        Stamp(self.last.load(Ordering::Acquire))
    }

    /// A stamp for an event of this node. The true time is in `wall`.
    #[inline]
    pub fn now(&self, wall: Interval) -> Result<Stamp, Refused> {
        self.after(Stamp::ZERO, wall)
    }

    /// A stamp for the arrival of a message with a stamp; nothing changes if it is refused.
    pub fn receive(&self, stamp: Stamp, wall: Interval) -> Result<Stamp, Refused> {
        if wall != Interval::UNKNOWN {
            let most = farthest(wall, self.bound);
            if stamp > most {
                return Err(Refused::Ahead { stamp, most });
            }
        }
        self.after(stamp, wall)
    }

    #[inline]
    fn after(&self, seen: Stamp, wall: Interval) -> Result<Stamp, Refused> {
        if wall == Interval::UNKNOWN {
            return Err(Refused::NoBound);
        }
        let at = Stamp::at(middle(wall)).0;
        let floor = self.floor.load(Ordering::Relaxed);
        let mut last = self.last.load(Ordering::Relaxed);
        // Within one unit of time, which is nearly always, one is added: nothing has to be tried
        // again, however many add at once.
        if at.max(seen.0) <= last && last > self.start.0 && last.saturating_add(1) < floor {
            let stamp = self.last.fetch_add(1, Ordering::AcqRel).saturating_add(1);
            // Others may have come up to the floor meanwhile. What is not given is given to nobody.
            return if stamp < floor {
                Ok(Stamp(stamp))
            } else {
                Err(Refused::Floor(Stamp(floor)))
            };
        }
        loop {
            let stamp = at.max(last.max(seen.0).saturating_add(1));
            if let Some(early) = early(self.start, Stamp(stamp), wall, self.bound) {
                return Err(early);
            }
            if stamp >= floor {
                return Err(Refused::Floor(Stamp(floor)));
            }
            match self.last.compare_exchange_weak(last, stamp, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => {
                    invariant!(
                        I1,
                        stamp > last && stamp > seen.0,
                        "{stamp} after {last} and {seen}"
                    );
                    return Ok(Stamp(stamp));
                }
                Err(other) => last = other,
            }
        }
    }
}

#[cfg(test)]
impl SharedClock {
    /// A clock in this state: what it recovered from, gave last, and may give below.
    pub(super) fn with(start: Stamp, last: Stamp, floor: Stamp, bound: Nanos) -> Self {
        let (last, floor) = (AtomicU64::new(last.0), AtomicU64::new(floor.0));
        Self { last, floor, start, bound }
    }

    /// What stamps are given below.
    pub(super) fn floor(&self) -> Stamp {
        Stamp(self.floor.load(Ordering::Acquire))
    }
}
