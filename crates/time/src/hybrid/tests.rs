//! Hybrid clocks against causality and time, over restarts and hostile stamps.

use super::{HybridClock, Refused, SharedClock, Stamp};
use crate::logical::Relation;
use crate::logical::{LogicalClock, Vector};
use avouch_promise::{Interval, Nanos, Random, WallTime};

const BOUND: Nanos = Nanos::from_millis(5);
/// 2026.
const EPOCH: i64 = 1_780_000_000_000_000_000;

fn exact(nanos: i64) -> Interval {
    Interval::around(WallTime(EPOCH + nanos), Nanos::ZERO)
}

/// A clock with a floor an hour ahead.
fn clock() -> HybridClock {
    let mut clock = HybridClock::recover(Stamp::ZERO, BOUND);
    clock.reserve(clock.wanted(exact(0), Nanos::from_secs(3_600)));
    clock
}

#[test]
fn a_stamp_says_its_time_and_counter_and_reads_back() {
    let mut random = Random::new(Random::seed_from_environment()).fork(41);
    for _ in 0..100_000 {
        let time = WallTime((random.bits() >> 2).cast_signed());
        let stamp = Stamp::at(time);
        assert_eq!(stamp.counter(), 0);
        if time.0 < 4_294_967_295_000_000_000 {
            let off = time.0.abs_diff(stamp.time().0);
            assert!(off <= Stamp::unit().0, "{time:?}: {off}");
            assert_eq!(Stamp::at(stamp.time()), stamp, "its time is in its unit");
        }
        let any = Stamp(random.bits());
        assert_eq!(any.to_string().parse(), Ok(any));
    }
    assert_eq!(Stamp::at(WallTime(-1)), Stamp::ZERO);
    assert_eq!(Stamp::at(WallTime(i64::MAX)).units(), u64::MAX >> 16);
    for bad in ["", "1", "00000000000000zz", "+000000000000001", "00000000000000001"] {
        assert!(bad.parse::<Stamp>().is_err(), "{bad}");
    }
}

/// Stamps of one unit count up, and go on to the next one when the counter is full.
#[test]
//= §3.3.1 monotonic test
fn stamps_rise_however_fast_they_are_asked_for_and_wherever_the_clock_goes() {
    let mut clock = clock();
    let mut last = Stamp::ZERO;
    for count in 0..200_000_i64 {
        let stamp =
            clock.now(exact(if count < 150_000 { 0 } else { -1_000_000_000 })).expect("a stamp");
        assert!(stamp > last);
        last = stamp;
    }
    // 200,000 in one unit of 65,536: three units ahead.
    assert_eq!(last.units() - Stamp::at(WallTime(EPOCH)).units(), 3);
}

/// A stamp that no honest clock can have given changes nothing; an old one is welcome.
#[test]
//= §3.3.1 skew bound test
fn a_stamp_from_too_far_ahead_is_refused() {
    let mut clock = clock();
    let wall = Interval::around(WallTime(EPOCH), Nanos::from_millis(2));
    let before = clock.now(wall).expect("a stamp");
    let edge = Stamp::at(wall.latest.plus(BOUND));
    let mut other = clock.clone();
    assert!(other.receive(edge, wall).is_ok());
    let far = Stamp::at(wall.latest.plus(BOUND).plus(Stamp::unit()).plus(Stamp::unit()));
    assert!(matches!(clock.receive(far, wall), Err(Refused::Ahead { .. })));
    assert_eq!(clock.last(), before);
    assert!(clock.receive(Stamp(1), wall).expect("an old one") > before);
    assert_eq!(clock.now(Interval::UNKNOWN), Err(Refused::NoBound));
    assert_eq!(clock.receive(before, Interval::UNKNOWN), Err(Refused::NoBound));
}

/// Nothing is given at or above the floor; what recovers from the floor is above all before.
#[test]
fn a_restart_undoes_no_order_where_the_clock_was_set_back() {
    let mut clock = HybridClock::recover(Stamp::ZERO, BOUND);
    assert!(matches!(clock.now(exact(0)), Err(Refused::Floor(_))), "no floor is durable yet");
    let floor = clock.wanted(exact(0), Nanos::from_millis(10));
    clock.reserve(floor);
    let mut last = Stamp::ZERO;
    let mut time = 0;
    while let Ok(stamp) = clock.now(exact(time)) {
        last = stamp;
        time += 1_000_000;
    }
    assert!(last < floor && time >= 10_000_000, "{time}");
    let mut clock = HybridClock::recover(floor, BOUND);
    // Set back by an hour: what it would give is an hour ahead of what it shows.
    let set_back = exact(-3_600_000_000_000);
    clock.reserve(clock.wanted(set_back, Nanos::from_millis(10)));
    let Err(Refused::Early { floor: above, wait }) = clock.now(set_back) else {
        panic!("given before its time")
    };
    assert_eq!(above, floor);
    assert!(wait > Nanos::from_secs(3_600) && wait < Nanos::from_secs(3_601), "{wait}");
    // A message shows that it is later than that, as far as may be believed.
    assert!(clock.receive(last, set_back).is_err());
    let mended = exact(20_000_000);
    clock.reserve(clock.wanted(mended, Nanos::from_millis(10)));
    assert!(clock.now(mended).expect("a stamp") > last);
    assert!(clock.now(set_back).expect("it has been later") > floor);
}

/// Processes with wandering clocks exchange messages: what happened before has the lower stamp,
/// and no stamp is further ahead of the true time than clocks are off.
#[test]
//= §3.3.1 update-rules test
//= §3.3.1 send-receive test
fn stamps_follow_causality_and_stay_close_to_time() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(42);
    for run in 0..100 {
        let mut random = root.fork(run);
        let mut nodes: Vec<(HybridClock, Vector)> =
            (0..4).map(|one| (clock(), Vector::new(one))).collect();
        let mut events = Vec::new();
        let mut sent = Vec::new();
        let mut time = 0;
        for _ in 0..1_000 {
            time += random.below(40_000).cast_signed();
            let at = random.below(4) as usize;
            // The middle is off by up to half the bound, and the interval tells so.
            let half = BOUND.0 / 2;
            let off = random.below(2 * half).cast_signed() - half.cast_signed();
            let wall = Interval::around(WallTime(EPOCH + time + off), Nanos(half));
            assert!(wall.contains(WallTime(EPOCH + time)));
            let (hybrid, vector) = &mut nodes[at];
            let (stamp, exact) = if !sent.is_empty() && random.chance(0.5) {
                let (stamp, exact) = sent.swap_remove(random.below(sent.len() as u64) as usize);
                (hybrid.receive(stamp, wall), vector.receive(&exact))
            } else {
                (hybrid.now(wall), vector.event())
            };
            let repro = format!("repro: AVOUCH_SEED={seed}, run {run}");
            let stamp = stamp.unwrap_or_else(|error| panic!("{repro}: {error}"));
            let ahead = stamp.time().0 - (EPOCH + time);
            assert!(ahead <= BOUND.0.cast_signed(), "{repro}: {ahead} ns ahead");
            sent.push((stamp, exact.clone()));
            events.push((stamp, exact));
            let other: &(Stamp, _) = &events[random.below(events.len() as u64) as usize];
            let this = &events[events.len() - 1];
            match Vector::relation(&other.1, &this.1) {
                Relation::Before => assert!(other.0 < this.0, "{repro}"),
                Relation::After => assert!(other.0 > this.0, "{repro}"),
                _ => {}
            }
        }
    }
}

/// Alone, the shared clock gives what the other one gives, and refuses what it refuses.
#[test]
fn a_shared_clock_keeps_the_same_rules() {
    let mut random = Random::new(Random::seed_from_environment()).fork(43);
    let (mut one, shared) =
        (HybridClock::recover(Stamp(5), BOUND), SharedClock::recover(Stamp(5), BOUND));
    let mut seen = Stamp::ZERO;
    for _ in 0..100_000 {
        let wall = Interval::around(
            WallTime(EPOCH + random.below(1 << 32).cast_signed()),
            Nanos(random.below(1 << 20)),
        );
        let wall = if random.chance(0.01) { Interval::UNKNOWN } else { wall };
        if random.chance(0.1) {
            let ahead = Nanos(random.below(1 << 28));
            assert_eq!(one.wanted(exact(0), ahead), shared.wanted(exact(0), ahead));
            let floor = one.wanted(exact(0), ahead);
            one.reserve(floor);
            shared.reserve(floor);
        }
        if random.chance(0.5) {
            assert_eq!(one.now(wall), shared.now(wall));
        } else {
            seen = Stamp(seen.0.max(one.last().0).wrapping_add(random.below(1 << 46)));
            assert_eq!(one.receive(seen, wall), shared.receive(seen, wall));
            seen = Stamp(Stamp::at(WallTime(EPOCH)).0 + random.below(1 << 34));
        }
        assert_eq!(one.last(), shared.last());
    }
}

/// Threads share a clock: each sees its own stamps rise, and no stamp is given twice.
#[test]
fn no_two_threads_are_given_one_stamp() {
    let clock = SharedClock::recover(Stamp::ZERO, BOUND);
    clock.reserve(clock.wanted(exact(0), Nanos::from_secs(3_600)));
    let give = || (0..100_000).map(|_| clock.now(exact(0)).expect("a stamp")).collect::<Vec<_>>();
    let mut all = std::thread::scope(|scope| {
        let threads = [scope.spawn(give), scope.spawn(give), scope.spawn(give)];
        threads.map(|thread| thread.join().expect("no panic"))
    });
    assert!(all.iter().all(|given| given.is_sorted_by(|one, next| one < next)));
    let mut together: Vec<Stamp> = all.iter_mut().flat_map(std::mem::take).collect();
    together.sort_unstable();
    assert!(together.is_sorted_by(|one, next| one < next));
}
