//! This machine's clocks, read.

use avouch_promise::{Nanos, WallTime};
use avouch_time::interval::Moment;
use avouch_time::interval::steps::Clocks;
use rustix::time::{ClockId, clock_gettime};

/// Looks, of which the quickest counts.
const LOOKS: usize = 8;

fn read(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

fn count(clock: ClockId) -> Nanos {
    Nanos(read(clock).max(0).unsigned_abs())
}

/// The clock that nobody sets or slews.
pub fn steady() -> Nanos {
    count(ClockId::MonotonicRaw)
}

/// The clock that counts since the host started, as clients of segments read it.
pub fn monotonic() -> Nanos {
    count(ClockId::Monotonic)
}

/// The same as it was at the last tick.
pub fn monotonic_coarse() -> Nanos {
    count(ClockId::MonotonicCoarse)
}

/// The clock that nobody slews, and the one that is set right after it.
pub fn moment() -> Moment {
    Moment { steady: steady(), wall: WallTime(read(ClockId::Realtime)) }
}

/// The same, and how long it took to read both.
pub fn close_moment() -> (Moment, Nanos) {
    let look = || {
        let moment = moment();
        (moment, steady().minus(moment.steady))
    };
    let mut best = look();
    for _ in 1..LOOKS {
        let next = look();
        if next.1 <= best.1 {
            best = next;
        }
    }
    best
}

/// How long the host has slept so far: what the clock that counts on meanwhile is ahead of the one
/// that does not. A look that is held up gives less, never more.
pub fn slept() -> Nanos {
    let boot = count(ClockId::Boottime);
    boot.minus(monotonic())
}

/// The same, closely.
pub fn slept_closely() -> Nanos {
    (0..LOOKS).map(|_| slept()).max().unwrap_or_default()
}

/// The clock that is set.
pub fn wall() -> WallTime {
    WallTime(read(ClockId::Realtime))
}

/// By how much the clock that is set is ahead of the one that counts since the host started. Both
/// are slewed together, so that it changes only where somebody sets the clock; a look that is held
/// up gives less.
pub fn set() -> i64 {
    let wall = wall();
    wall.0.saturating_sub(monotonic().0.cast_signed())
}

/// The same, closely.
pub fn set_closely() -> i64 {
    (0..LOOKS).map(|_| set()).max().unwrap_or_default()
}

/// All of them.
pub fn clocks() -> Clocks {
    let look = || {
        let raw = steady();
        let (monotonic, boot) = (count(ClockId::Monotonic), count(ClockId::Boottime));
        let real = WallTime(read(ClockId::Realtime));
        // They are read at different moments, and none is finer than some nanoseconds.
        Clocks { real, boot, monotonic, raw, apart: steady().minus(raw).plus(Nanos(100)) }
    };
    let mut best = look();
    for _ in 1..LOOKS {
        let next = look();
        if next.apart <= best.apart {
            best = next;
        }
    }
    best
}
