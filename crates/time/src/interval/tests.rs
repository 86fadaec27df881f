//! The interval clock piece by piece.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::agreement::agree;
use super::envelope::{Source, WINDOW};
use super::leap::{Leaps, Warning};
use super::mutant::Mutant;
use super::statistical::{Candidate, Filter, Sample, cluster, combine, select};
use super::steps::{Changes, Clocks};
use super::{
    Class, Contradiction, Drift, IntervalClock, Measurement, Moment, Published, Reading, Reason,
    Verdict,
};
use avouch_promise::{Interval, Nanos, Random, WallTime};

/// An hour of the steady clock, at which the true time is 10,000 s.
const HOUR: u64 = 3_600_000_000_000;
const TRUTH: i64 = 10_000_000_000_000;

fn moment(steady: u64) -> Moment {
    Moment { steady: Nanos(steady), wall: WallTime(TRUTH + (steady - HOUR).cast_signed()) }
}

fn leaps() -> Leaps {
    Leaps::new(1, Mutant::None)
}

/// Sent at an hour and `at`, 100 ns each way and 50 ns there, from a server ahead by so much.
fn exchange(at: u64, ahead: i64, error: u64) -> Measurement {
    let sent = HOUR + at;
    Measurement {
        sent: moment(sent),
        server_received: WallTime(TRUTH + at.cast_signed() + 100 + ahead),
        server_sent: WallTime(TRUTH + at.cast_signed() + 150 + ahead),
        received: moment(sent + 250),
        server_error: Nanos(error),
        warning: Warning::None,
    }
}

fn interval(earliest: i64, latest: i64) -> Interval {
    Interval { earliest: WallTime(earliest), latest: WallTime(latest) }
}

/// Half the round trip, the server's error, two nanoseconds of cut readings, rho times the age.
#[test]
fn a_width_is_delay_error_and_age() {
    let mut source = Source::new(Drift::ppm(100));
    source.measure(&exchange(0, 0, 30), &leaps()).unwrap();
    let now = source.at(&moment(HOUR + 250), &leaps()).unwrap();
    let here = TRUTH + 250;
    // The way back took 100, the way there as long, and the round trip drifts by less than 1.
    assert_eq!(now, interval(here - 100 - 32, here + 100 + 32 + 1));
    let later = source.at(&moment(HOUR + 250 + 1_000_000), &leaps()).unwrap();
    assert_eq!(later.latest.0 - later.earliest.0, 265 + 2 * 100);
    let earlier = source.at(&moment(HOUR + 250 - 100), &leaps()).unwrap();
    assert!(earlier.contains(WallTime(TRUTH + 150)), "{earlier:?}");
}

/// A gap as long as the time between is a step, and no drift is told.
#[test]
fn a_contradiction_beyond_any_drift_is_a_step() {
    let mut source = Source::new(Drift::ppm(15));
    source.measure(&exchange(0, 0, 0), &leaps()).unwrap();
    let found = source.measure(&exchange(1_000_000_000, 300_000_000_000, 0), &leaps()).unwrap_err();
    assert_eq!(found.drift(), None, "{found:?}");
    let said = Reason::Contradicted(found).to_string();
    assert!(said.ends_with("the clock was set or stood still, or sources lie"), "{said}");
}

/// Two measurements that rho cannot bridge: told with the drift that would.
#[test]
fn a_contradiction_says_how_fast_the_clock_would_have_to_be() {
    let mut source = Source::new(Drift::ppm(15));
    source.measure(&exchange(0, 0, 0), &leaps()).unwrap();
    let found = source.measure(&exchange(1_000_000_000, 100_000, 0), &leaps()).unwrap_err();
    assert!((84_000..=85_000).contains(&found.gap.0), "{found:?}");
    assert!((99_000..=100_000).contains(&found.drift_least_ppb), "{found:?}");
    assert_eq!(found.drift(), Some(Drift::ppb(u32::try_from(found.drift_least_ppb).unwrap())));
    // It begins anew with what it said last.
    let now = source.at(&moment(HOUR + 1_000_000_250), &leaps()).unwrap();
    assert!(now.contains(WallTime(TRUTH + 1_000_000_250 + 100_000)));
    // A server that had the request for longer than the round trip lies by itself.
    let mut made = exchange(2_000_000_000, 0, 0);
    made.server_sent = made.server_sent.plus(Nanos(1_000));
    source.measure(&made, &leaps()).unwrap_err();
    assert_eq!(source.at(&moment(HOUR + 3_000_000_000), &leaps()), None);
}

/// What was too narrow once counts until two windows have passed, and no longer.
#[test]
fn what_a_source_said_is_forgotten() {
    let mut source = Source::new(Drift::ppm(1_000));
    source.measure(&exchange(0, 150, 0), &leaps()).unwrap();
    let off = |source: &Source, at: u64| {
        let now = source.at(&moment(HOUR + at + 250), &leaps()).unwrap();
        now.earliest.0 - (TRUTH + at.cast_signed() + 250)
    };
    let mut at = 0;
    for count in 0..2 * WINDOW {
        assert!(off(&source, at) > -102, "after {count}");
        at += 1_000;
        source.measure(&exchange(at, 0, 0), &leaps()).unwrap();
    }
    assert_eq!(off(&source, at), -102);
}

/// Against every point: where enough meet.
#[test]
fn what_sources_agree_on_is_the_hull_of_all_points_that_enough_hold() {
    let mut random = Random::new(Random::seed_from_environment()).fork(57);
    for _ in 0..20_000 {
        let all: Vec<Interval> = (0..random.between(1, 7))
            .map(|_| {
                let from = random.below(30).cast_signed();
                interval(from, from + random.below(10).cast_signed())
            })
            .collect();
        let needed = random.between(1, all.len() as u64) as usize;
        let depth = |at: i64| all.iter().filter(|one| one.contains(WallTime(at))).count();
        let held: Vec<i64> = (0..40).filter(|at| depth(*at) >= needed).collect();
        let expected = held.first().zip(held.last()).map(|(from, to)| interval(*from, *to));
        let most = (0..40).map(depth).max().unwrap();
        assert_eq!(agree(&all, needed), (expected, most), "{all:?} {needed}");
    }
    assert_eq!(agree(&[], 1), (None, 0));
}

fn clock(ahead: &[i64]) -> IntervalClock {
    let mut clock = IntervalClock::new(ahead.len(), Drift::RFC_5905);
    for (source, ahead) in ahead.iter().enumerate() {
        let _ = clock.measure(source, &exchange(0, *ahead, 0));
    }
    clock
}

#[test]
fn a_reading_says_what_it_rests_on() {
    let now = moment(HOUR + 1_000);
    let read = |clock: &IntervalClock| clock.read(&now);
    assert_eq!(read(&IntervalClock::new(3, Drift::ppm(1))).reason, Reason::NothingMeasured);
    assert_eq!(read(&clock(&[0])).reason, Reason::Sole);
    let agreed = Reason::Agreed { agreeing: 4, heard: 5, sources: 5, lying_most: 2 };
    let five = clock(&[0, 20, 50_000, -10, 10]);
    assert_eq!((read(&five).reason, read(&five).class), (agreed, Class::Hard));
    let mut verdicts = [Verdict::Truechimer; 5];
    verdicts[2] = Verdict::Falseticker;
    assert_eq!(five.verdicts(&now), verdicts);
    let split = clock(&[0, 50_000]);
    let none = Reason::NoMajority { agreeing: 1, needed: 2, heard: 2 };
    assert_eq!(read(&split).reason, none);
    assert_eq!(split.verdicts(&now), [Verdict::Undecided; 2]);
    // Of five two may lie, so two alone may both.
    let mut few = IntervalClock::new(5, Drift::ppm(1));
    few.measure(0, &exchange(0, 0, 0)).unwrap();
    few.measure(1, &exchange(0, 0, 0)).unwrap();
    assert_eq!(read(&few).reason, Reason::TooFewHeard { heard: 2, needed: 3 });
    let mut told = clock(&[0]);
    told.disrupt();
    assert_eq!(read(&told), Reading { reason: Reason::Disrupted, ..read(&told) });
    assert_eq!(read(&told).epsilon(), None);
}

/// A lying majority that agrees with itself is believed: the limit that is told.
#[test]
fn a_majority_of_liars_is_believed_and_one_that_disagrees_is_not() {
    let now = moment(HOUR + 1_000);
    let together = clock(&[50_000, 50_000, 0]);
    assert!(!together.read(&now).interval.contains(WallTime(TRUTH + 1_000)));
    let apart = clock(&[50_000, -50_000, 0]);
    assert_eq!(apart.read(&now).class, Class::None);
}

/// After a contradiction nothing is claimed until eight measurements agree.
#[test]
fn trust_is_won_again() {
    let mut clock = clock(&[0]);
    let found: Contradiction = clock.measure(0, &exchange(1_000, 1_000_000, 0)).unwrap_err();
    for count in 0..8 {
        let now = moment(HOUR + 1_000 * (count + 2));
        assert_eq!(clock.read(&now).reason, Reason::Contradicted(found), "{count}");
        clock.measure(0, &exchange(1_000 * (count + 2), 1_000_000, 0)).unwrap();
    }
    assert_eq!(clock.read(&moment(HOUR + 100_000)).class, Class::Hard);
}

#[test]
fn holdover_lasts_until_the_budget_is_used_up() {
    let reading = Reading {
        interval: interval(0, 2_000_000),
        class: Class::Hard,
        reason: Reason::Sole,
        leap: None,
    };
    // 4 ms more at 50 ppm: 80 s.
    let lasts = reading.holdover(Nanos::from_millis(5), Drift::ppm(50));
    assert_eq!(lasts, Some(Nanos::from_secs(80)));
    assert_eq!(reading.holdover(Nanos(999_999), Drift::ppm(50)), None);
}

/// What is published is never narrower than the clock itself, and at most a few ns wider.
#[test]
fn a_published_reading_grows_as_the_clock_does() {
    let clock = clock(&[0, 10, 20]);
    let published = Published::new();
    assert_eq!(published.now(Nanos(HOUR)), Interval::UNKNOWN);
    let begin = moment(HOUR + 250);
    published.publish(begin.steady, &clock.read(&begin), clock.rho());
    for age in [0, 1, 1_000, 1_000_000_000, HOUR, 1_000 * HOUR] {
        let own = clock.read(&moment(HOUR + 250 + age)).interval;
        let other = published.now(Nanos(HOUR + 250 + age));
        assert!(other.earliest <= own.earliest && own.latest <= other.latest, "{age}");
        let wider = own.earliest.0 - other.earliest.0 + other.latest.0 - own.latest.0;
        assert!(wider <= 8 + age.cast_signed() / 1_000_000_000, "{age}: {wider}");
    }
    published.publish(begin.steady, &IntervalClock::new(1, clock.rho()).read(&begin), clock.rho());
    assert_eq!(published.now(begin.steady), Interval::UNKNOWN);
}

/// Threads read while one publishes: every reading is one that was published, and not half of two.
#[test]
fn readers_never_see_half_a_reading() {
    let published = Published::new();
    let rounds = 200_000_i64;
    let at = |round: i64| Reading {
        interval: interval(round, 3 * round),
        class: Class::Hard,
        reason: Reason::Sole,
        leap: None,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=rounds {
                published.publish(Nanos(0), &at(round), Drift::ppb(0));
            }
        });
        scope.spawn(|| {
            let mut last = 0;
            while last < rounds {
                let seen = published.now(Nanos(0));
                if seen != Interval::UNKNOWN {
                    // A nanosecond is added on either side.
                    let round = seen.earliest.0 + 1;
                    assert_eq!(seen.latest.0 - 1, 3 * round);
                    assert!(round >= last);
                    last = round;
                }
            }
        });
    });
}

/// The estimate of RFC 5905 leaves out a falseticker, and takes the exchange with the least delay.
#[test]
fn the_estimate_leaves_out_falsetickers_and_outliers() {
    let at = |offset: f64| Candidate { offset, distance: 1_000.0, jitter: 10.0 };
    let all = [at(100.0), at(50_000.0), at(300.0), at(-200.0), at(150.0)];
    let selected = select(&all);
    assert_eq!(selected, [0, 2, 3, 4]);
    let survivors = cluster(&all, &selected);
    assert_eq!(survivors, [0, 2, 4]);
    let (offset, _) = combine(&all, &survivors).unwrap();
    assert!((offset - 550.0 / 3.0).abs() < 1e-9, "{offset}");
    assert_eq!(select(&[at(0.0), at(50_000.0)]), [0; 0], "neither is a majority");
    assert_eq!(select(&[]), [0; 0]);
    let far = Candidate { distance: 2e9, ..at(0.0) };
    assert_eq!(select(&[far]), [0; 0], "too far from any reference");

    let mut filter = Filter::default();
    assert_eq!(filter.estimate(Nanos(0), Drift::RFC_5905), None);
    for (count, delay) in [900.0, 300.0, 700.0].into_iter().enumerate() {
        let offset = delay / 2.0;
        filter.add(Sample { offset, delay, dispersion: 8.0, at: Nanos(count as u64) });
    }
    let estimate = filter.estimate(Nanos(2), Drift::RFC_5905).unwrap();
    assert!((estimate.offset - 150.0).abs() < 1e-9 && (estimate.delay - 300.0).abs() < 1e-9);
    let jitter = f64::midpoint(300.0_f64.powi(2), 200.0_f64.powi(2)).sqrt();
    assert!((estimate.jitter - jitter).abs() < 1e-9, "{estimate:?}");
}

/// Steps, suspends and slews are told apart.
#[test]
//= §3.1.1 step-slew test
//= §3.1.2 jumps test
fn what_was_done_to_clocks_is_told_apart() {
    let before = Clocks {
        real: WallTime(TRUTH),
        boot: Nanos(HOUR),
        monotonic: Nanos(HOUR),
        raw: Nanos(HOUR),
        apart: Nanos(500),
    };
    let second = 1_000_000_000;
    let ran = |clocks: &Clocks, by: u64| Clocks {
        real: clocks.real.plus(Nanos(by)),
        boot: clocks.boot.plus(Nanos(by)),
        monotonic: clocks.monotonic.plus(Nanos(by)),
        raw: clocks.raw.plus(Nanos(by)),
        ..*clocks
    };
    let after = ran(&before, 10 * second);
    let quiet = Changes { apart_ns: 1_000, ..Changes::default() };
    assert_eq!(Changes::between(&before, &after), quiet);
    let stepped = Clocks { real: after.real.minus(Nanos(288 * second)), ..after };
    let told = Changes::between(&before, &stepped);
    assert_eq!(told, Changes { step_ns: Some(-288_000_000_000), ..quiet });
    let slept = Nanos(60 * second);
    let (real, boot) = (after.real.plus(slept), after.boot.plus(slept));
    let told = Changes::between(&before, &Clocks { real, boot, ..after });
    assert_eq!(told, Changes { suspended: Some(slept), ..quiet });
    // 100 ppm fast: real, boot and monotonic time gain on the raw clock.
    let slewed = Clocks { raw: after.raw, ..ran(&after, 1_000_000) };
    let told = Changes::between(&before, &slewed);
    assert_eq!(told, Changes { slew_ppb: Some(100_000), ..quiet });
}

/// At the end of a month a bound holds both sides of a leap that nobody denied, until something is
/// measured after it; a table of leap seconds that reaches farther denies it.
#[test]
//= §3.1.1 leap-second test
fn a_bound_is_spread_at_the_end_of_a_month_unless_a_leap_is_denied() {
    let end = 2_678_400_000_000_000; // 1970-02-01
    let start = end - 100_000_000_000;
    let exchange = |at: i64, warning| {
        let moment = |at: i64| Moment { steady: Nanos(at.unsigned_abs()), wall: WallTime(at) };
        Measurement {
            sent: moment(at),
            server_received: WallTime(at + 100),
            server_sent: WallTime(at + 100),
            received: moment(at + 200),
            server_error: Nanos(10),
            warning,
        }
    };
    let half = |warning, table: Option<i64>, again: bool| {
        let mut clock = IntervalClock::new(1, Drift::ppm(15));
        if let Some(until) = table {
            clock.no_leap_before(WallTime(until));
        }
        clock.measure(0, &exchange(start, warning)).unwrap();
        if again {
            clock.measure(0, &exchange(end + 2_000_000_000, Warning::None)).unwrap();
        }
        let now = exchange(end + 3_000_000_000, Warning::None).sent;
        let reading = clock.read(&now);
        assert!(reading.interval.contains(now.wall), "{reading:?}");
        reading.epsilon().unwrap()
    };
    let (wide, narrow) = (Nanos(500_000_000), Nanos(2_000_000));
    assert!(half(Warning::Insertion, None, false) > wide, "it is announced");
    assert!(half(Warning::Insertion, None, true) < narrow, "and measured after");
    assert!(half(Warning::None, None, false) < narrow, "the sole source denies it");
    assert!(half(Warning::Insertion, Some(end + 1), false) < narrow, "so does a table");
    assert!(half(Warning::Insertion, Some(end), false) > wide, "which ends before it");
}
