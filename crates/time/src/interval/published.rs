//! A reading for many threads: what was known at one moment, grown to the moment of whoever asks.
//!
//! ```text
//!   writer:  count odd,  write fields,  count even      reader: count even and the same before
//!                                                        and after its fields, else once more
//! ```
//!
//! A sequence lock over atomics (Boehm, "Can seqlocks get along with programming language memory
//! models?", MSPC 2012, figure 6), so readers never wait for each other. One clock read of the
//! caller's and some nanoseconds.

use super::clock::Reading;
use super::envelope::Drift;
use super::leap::Doubt;
use avouch_promise::{Class, Interval, Nanos, WallTime};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};

/// Fractional bits of a rate: rho is rounded up to 2^-48, which is 3.6e-6 ppb.
const SCALE: u32 = 48;

/// What is published.
#[derive(Debug, Default)]
pub struct Published {
    count: AtomicU64,
    /// The moment of the reading; 0 where nothing is known.
    at: AtomicU64,
    known: AtomicU64,
    earliest: AtomicI64,
    latest: AtomicI64,
    rate: AtomicU64,
    /// The end of a month that is in doubt; and whether a second may be inserted (1), left out (2).
    end: AtomicI64,
    leaps: AtomicU64,
    writer: Mutex<()>,
}

impl Published {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reading of the interval clock at a moment of the steady clock, which grows at rho from now
    /// on.
    pub fn publish(&self, at: Nanos, reading: &Reading, rho: Drift) {
        let _writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = self.count.load(Ordering::Relaxed);
        self.count.store(count.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        let rate = (u128::from(rho.parts()) << SCALE).div_ceil(1_000_000_000);
        self.at.store(at.0, Ordering::Relaxed);
        self.known.store(u64::from(reading.class != Class::None), Ordering::Relaxed);
        self.earliest.store(reading.interval.earliest.0, Ordering::Relaxed);
        self.latest.store(reading.interval.latest.0, Ordering::Relaxed);
        self.rate.store(u64::try_from(rate).unwrap_or(u64::MAX), Ordering::Relaxed);
        let leap = reading.leap;
        let leaps =
            leap.map_or(0, |leap| u64::from(leap.insertion) | u64::from(leap.deletion) << 1);
        self.end.store(leap.map_or(i64::MAX, |leap| leap.end.0), Ordering::Relaxed);
        self.leaps.store(leaps, Ordering::Relaxed);
        self.count.store(count.wrapping_add(2), Ordering::Release);
    }

    /// The true time now, from the steady clock's reading; [`Interval::UNKNOWN`] where nothing is
    /// known.
    #[inline]
    pub fn now(&self, steady: Nanos) -> Interval {
        loop {
            let count = self.count.load(Ordering::Acquire);
            let at = self.at.load(Ordering::Relaxed);
            let known = self.known.load(Ordering::Relaxed);
            let earliest = WallTime(self.earliest.load(Ordering::Relaxed));
            let latest = WallTime(self.latest.load(Ordering::Relaxed));
            let rate = self.rate.load(Ordering::Relaxed);
            let end = WallTime(self.end.load(Ordering::Relaxed));
            let leaps = self.leaps.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            if count & 1 == 1 || count != self.count.load(Ordering::Relaxed) {
                std::hint::spin_loop();
                continue;
            }
            if known == 0 {
                return Interval::UNKNOWN;
            }
            let age = Nanos(steady.0.abs_diff(at));
            let grown = ((u128::from(age.0) * u128::from(rate)) >> SCALE) as u64;
            let grown = Nanos(grown.saturating_add(1));
            let moved =
                |time: WallTime| if steady.0 >= at { time.plus(age) } else { time.minus(age) };
            let interval = Interval {
                earliest: moved(earliest).minus(grown),
                latest: moved(latest).plus(grown),
            };
            if leaps == 0 {
                return interval;
            }
            return Doubt { end, insertion: leaps & 1 == 1, deletion: leaps & 2 == 2 }
                .spread(interval);
        }
    }
}
