//! A second that is inserted, deleted or neither, and every way through it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Course, Midnight, Shape, announced, cosine, disputed, linear, midnight, smeared};
use crate::calendar;
use crate::detect::{Alarm, Difference, Mutant};
use crate::interval::Warning;
use avouch_promise::{Nanos, WallTime};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;

fn at() -> WallTime {
    calendar::parse("2017-01-01T00:00:00Z").unwrap()
}

/// All that is told of a source that is so far ahead, every ten minutes.
fn told(mutant: Mutant, leap: i64, ahead: impl Fn(i64) -> i64) -> Vec<Course> {
    let mut source = Midnight::planted(at(), leap, mutant);
    let look = |from: i64| {
        let now = WallTime(at().0 + from);
        source.look(now, &Difference::around(ahead(from), Nanos::from_micros(200)))
    };
    let looks = (-71..=71).map(|look| look * HOUR / 6).chain([-SECOND, SECOND / 2]);
    let mut looks: Vec<i64> = looks.collect();
    looks.sort_unstable();
    let courses = looks.into_iter().filter_map(look).map(|alarm| match alarm {
        Alarm::Leap { course, .. } => course,
        other => panic!("{other}"),
    });
    courses.collect()
}

/// Ahead by so many seconds from an hour on.
fn steps(hour: i64, seconds: i64) -> impl Fn(i64) -> i64 {
    move |from| if from >= hour * HOUR { seconds * SECOND } else { 0 }
}

fn leaps_are_told(mutant: Mutant) -> bool {
    let is =
        |leap, ahead: &dyn Fn(i64) -> i64, course: &[Course]| told(mutant, leap, ahead) == course;
    let slow = |from| smeared(|part| part * part, from, 1);
    // Off for a second around midnight, as a source is that steps a moment late, and right again.
    let late = |from: i64| if (0..SECOND).contains(&from) { SECOND } else { 0 };
    [1, -1].into_iter().all(|leap| {
        let smears = |shape: fn(f64) -> f64| move |from| smeared(shape, from, leap);
        let early = |from| if (-2 * HOUR..0).contains(&from) { -leap * SECOND } else { 0 };
        is(leap, &steps(0, 0), &[])
            && is(leap, &late, &[])
            && is(leap, &steps(0, leap), &[Course::Missed])
            && is(leap, &early, &[Course::Early])
            && is(leap, &smears(linear), &[Course::Smears(Shape::Linear)])
            && is(leap, &smears(cosine), &[Course::Smears(Shape::Cosine)])
    }) && is(1, &slow, &[Course::Smears(Shape::Other)])
        && is(0, &steps(0, 0), &[])
        && is(0, &steps(0, -1), &[Course::Needless])
        && is(0, &steps(-1, 1), &[Course::Needless])
        // Off by something else: no matter of a leap second.
        && is(0, &|_| 5_000_000, &[])
        && is(1, &|_| -6_944_444, &[])
        && is(1, &|_| 300_000_000, &[])
        && is(1, &|_| -SECOND, &[])
}

#[test]
//= §3.1.1 leap-second test
fn every_way_through_midnight_is_told() {
    assert!(leaps_are_told(Mutant::None));
    for bug in [Mutant::LeapBackwards, Mutant::AnySmearIsLinear, Mutant::JudgesAtMidnight] {
        assert!(!leaps_are_told(bug), "{bug:?}");
    }
}

#[test]
fn a_smear_is_half_a_second_off_at_midnight_and_known_before() {
    assert_eq!(smeared(linear, -1, 1), -499_999_999);
    assert_eq!(smeared(linear, 0, 1), 500_000_000);
    assert_eq!(smeared(linear, -12 * HOUR, 1), 0);
    assert_eq!(smeared(linear, 12 * HOUR, -1), 0);
    // 11.57 ppm, and pi/2 of that at most.
    assert_eq!(smeared(linear, -HOUR, 1) - smeared(linear, -HOUR + SECOND, 1), 11_574);
    let steepest = smeared(cosine, -SECOND, 1) - smeared(cosine, -1, 1);
    assert!((18_170..18_190).contains(&steepest), "{steepest}");
    let mut source = Midnight::new(at(), 1);
    let first = (-71..0).find_map(|look: i64| {
        let from = look * HOUR / 6;
        let ahead = Difference::around(smeared(linear, from, 1), Nanos::from_millis(1));
        source.look(WallTime(at().0 + from), &ahead).map(|_| from)
    });
    // Ten minutes after it began it is 7 ms off, after twenty it has moved on.
    assert_eq!(first, Some(-70 * HOUR / 6));
}

#[test]
fn announcements_are_counted() {
    let (yes, no, minus) = (Warning::Insertion, Warning::None, Warning::Deletion);
    assert_eq!(announced(&[yes, yes, no]), 1);
    assert_eq!(announced(&[minus, minus, no]), -1);
    assert_eq!(announced(&[yes, no]), 0);
    assert_eq!(disputed(&[yes, yes]), None);
    assert_eq!(disputed(&[]), None);
    let expected = Alarm::LeapDisputed { inserted: 1, deleted: 0, none: 2 };
    assert_eq!(disputed(&[yes, no, no]), Some(expected));
}

#[test]
fn the_nearest_end_of_a_month_is_within_half_a_day() {
    let time = |text| calendar::parse(text).unwrap();
    assert_eq!(midnight(time("2016-12-31T12:00:00Z")), Some(at()));
    assert_eq!(midnight(time("2017-01-01T11:59:59Z")), Some(at()));
    assert_eq!(midnight(time("2017-01-01T12:00:01Z")), None);
    assert_eq!(midnight(time("2024-02-29T13:00:00Z")), Some(time("2024-03-01T00:00:00Z")));
    // The ends of the scale are no months' ends, and no trouble.
    assert_eq!(midnight(WallTime(i64::MIN + 90_000 * SECOND)), None);
    assert!(midnight(WallTime(i64::MAX)).is_none_or(|at| at == WallTime(i64::MAX)));
}
