//! What a stamp costs, and what a reading of the interval clock costs.

use avouch_promise::{Interval, Nanos, WallTime};
use avouch_time::hybrid::{SharedClock, Stamp};
use avouch_time::interval::{Class, Drift, Published, Reading, Reason};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The bound that our clock's readings state.
const EPSILON: Nanos = Nanos::from_millis(1);

/// The wall clock, as uhlc reads it.
fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The clock that nobody sets or slews.
fn raw() -> Nanos {
    let time = clock_gettime(ClockId::MonotonicRaw);
    Nanos((time.tv_sec * 1_000_000_000 + time.tv_nsec).cast_unsigned())
}

/// Nanoseconds for each of so many.
fn each(count: u64, mut once: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        once();
    }
    start.elapsed().as_nanos() as f64 / count as f64
}

/// Nanoseconds of wall time for each of so many, given by two threads together.
fn both(count: u64, once: impl Fn() + Sync) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..count / 2).for_each(|_| once()));
        }
    });
    start.elapsed().as_nanos() as f64 / count as f64
}

pub(crate) fn measure(count: u64, note: &mut impl FnMut(String, f64)) {
    let clock = SharedClock::recover(Stamp::ZERO, EPSILON);
    clock.reserve(clock.wanted(Interval::around(wall(), EPSILON), Nanos::from_secs(3_600)));
    let ours = || {
        black_box(clock.now(Interval::around(wall(), EPSILON)).expect("below its floor"));
    };
    let peer = uhlc::HLC::default();
    let theirs = || {
        black_box(peer.new_timestamp());
    };
    let published = Published::new();
    let reading = Reading {
        interval: Interval::around(wall(), EPSILON),
        class: Class::Hard,
        reason: Reason::Sole,
        leap: None,
    };
    published.publish(raw(), &reading, Drift::ppm(50));

    let mut figure = |name: &str, nanos: f64| note(name.to_owned(), nanos);
    figure("clock_read", each(count, || _ = black_box(wall())));
    figure("raw_clock_read", each(count, || _ = black_box(raw())));
    figure("hlc_one_thread", each(count, ours));
    figure("hlc_two_threads", both(count, ours));
    figure("uhlc_one_thread", each(count, theirs));
    figure("uhlc_two_threads", both(count, theirs));
    figure("interval_now", each(count, || _ = black_box(published.now(raw()))));
}
