//! Phi against its closed forms, computed with other means, and against the two figures that
//! deployed systems are known by.
//!
//! The tables are from mpmath 1.3 (Python), 900 digits carried, the nearest double kept:
//! `-log10(erfc(z / sqrt(2)) / 2)`, `log10(1 + exp(z * (1.5976 + 0.070566 * z**2)))` with the
//! coefficients as decimals, and both forms over the mean and population deviation of
//! the times between arrivals below.

use super::*;
use crate::detector::phi::Settings;
use std::f64::consts::{LOG10_2, LOG10_E};

/// Relative error allowed, of the closed forms.
const CLOSE: f64 = 1e-9;

fn close(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= CLOSE * expected.abs()
}

/// z, phi.
#[expect(clippy::unreadable_literal, reason = "as computed")]
const NORMAL: &[(f64, f64)] = &[
    (-37.5, 2.0000793992779767e-308),
    (-12.0, 7.715163784751701e-34),
    (-8.0, 2.7017288495439214e-16),
    (-5.0, 1.2449121373882918e-07),
    (-3.0, 0.0005866493137900667),
    (-2.1, 0.007828555657975135),
    (-1.0, 0.07502601295781802),
    (-0.5, 0.16023139227784902),
    (-0.001, 0.3006836170264734),
    (0.0, LOG10_2),
    (1e-09, 0.30102999601049807),
    (0.001, 0.30137665078193904),
    (0.25, 0.39653768609432066),
    (0.5, 0.5106919892652407),
    (1.0, 0.7995455414919705),
    (1.5, 1.1751767216148163),
    (2.0, 1.643016080140937),
    (2.1, 1.748011065688938),
    (2.1213, 1.7708743135536307),
    (2.2, 1.8568774982750225),
    (2.5, 2.206931805795301),
    (2.8284, 2.630957580337936),
    (3.0, 2.869699035929369),
    (4.0, 4.499334907556479),
    (5.0, 6.5426456723906545),
    (5.612, 7.999996876659294),
    (6.0, 9.005864327476704),
    (8.0, 15.206142551017155),
    (10.0, 23.118053405486076),
    (15.0, 50.43521961427551),
    (20.0, 88.56009534307559),
    (30.0, 197.30920926166095),
    (37.0, 299.24218117860994),
    (38.5, 323.8513410684794),
    (39.0, 332.27139309303084),
    (50.0, 544.9663358619966),
    (100.0, 2173.8715428690343),
    (250.0, 13574.499596367905),
    (1000.0, 217150.6400419944),
    (10000.0, 21714728.49425253),
    (1000000.0, 217147240958.025),
];

/// z, phi.
#[expect(clippy::unreadable_literal, reason = "as computed")]
const LOGISTIC: &[(f64, f64)] = &[
    (-50.0, 0.0),
    (-10.0, 1.1299813052103756e-38),
    (-5.0, 2.1768922224231432e-08),
    (-1.0, 0.07503303214093988),
    (0.0, LOG10_2),
    (0.5, 0.5108888257993721),
    (1.0, 0.7995083208395599),
    (2.0, 1.6428278854871123),
    (5.0, 7.299947394460206),
    (5.2226, 7.989152072207371),
    (10.0, 37.58471305287122),
    (30.0, 848.2683249982505),
    (100.0, 30715.807296413732),
];

/// The k-th time between arrivals, in nanoseconds.
fn between(k: u64) -> u64 {
    1_000_000_000 + (k * k * 7_919 % 1_000_003) * 97
}

/// After 1,200 of them, of which a window of 1,000 is kept: silence in nanoseconds, phi of the
/// normal form, phi of the exponential form.
#[expect(clippy::unreadable_literal, reason = "as computed")]
const AFTER_ARRIVALS: &[(u64, f64, f64)] = &[
    (1, 3.1006782702301895e-303, 4.1437224375098686e-10),
    (500000000, 7.274046107896586e-85, 0.20718612187549343),
    (900000000, 3.249189202379337e-08, 0.37293501937588813),
    (1000000000, 0.01956287688781604, 0.41437224375098686),
    (1048000000, 0.3000707720953641, 0.4342621114510342),
    (1048078119, 0.3010299924925033, 0.4342944817963438),
    (1048078120, 0.3010300047850535, 0.43429448221071604),
    (1100000000, 1.4848646289838203, 0.4558094681260855),
    (1200000000, 7.451577501753584, 0.4972466925011842),
    (1500000000, 57.41629206379866, 0.6215583656264803),
    (2000000000, 249.55166350155017, 0.8287444875019737),
    (10000000000, 21901.791438875378, 4.143722437509869),
    (3600000000000, 3539497709.073356, 1491.7400775035526),
];

#[test]
//= §1.2.2 phi-accrual test
fn phi_is_within_1e_9_of_its_closed_forms() {
    for (form, table) in [(Form::Normal, NORMAL), (Form::Logistic, LOGISTIC)] {
        for &(z, expected) in table {
            let phi = form.phi(z);
            assert!(close(phi, expected), "{form:?} at {z}: {phi} {expected}");
        }
    }
    for z in [1e-12, 0.1, 1.0, 18.42, 1e6] {
        assert!(close(Form::Exponential.phi(z), z * LOG10_E), "{z}");
    }
}

#[test]
fn phi_of_arrivals_is_within_1e_9_of_its_closed_forms() {
    let interval = Nanos::from_secs(1);
    let exact = Settings { minimal_deviation: Nanos::ZERO, ..Settings::normal(interval) };
    let mut normal = Phi::new(exact, Nanos::ZERO);
    let mut exponential = Phi::new(Settings::cassandra(interval), Nanos::ZERO);
    let mut now = Nanos::ZERO;
    for sequence in 1..=1_200 {
        now = now.plus(Nanos(between(sequence)));
        normal.heartbeat(sequence, now);
        exponential.heartbeat(sequence, now);
    }
    for &(silence, by_normal, by_exponential) in AFTER_ARRIVALS {
        let at = now.plus(Nanos(silence));
        let (phi, other) = (normal.level(at).0, exponential.level(at).0);
        assert!(close(phi, by_normal), "normal at {silence}: {phi} {by_normal}");
        assert!(close(other, by_exponential), "exponential at {silence}: {other} {by_exponential}");
    }
}

/// How long a detector waits once its window holds nothing but heartbeats exactly `interval` apart.
fn silence_until_conviction(settings: Settings) -> f64 {
    let interval = settings.interval;
    let mut detector = Phi::new(settings, Nanos::ZERO);
    let beats = 2 * settings.window as u64;
    for sequence in 1..=beats {
        detector.heartbeat(sequence, interval.times(sequence));
    }
    ratio(detector.deadline().minus(interval.times(beats)), Nanos::from_secs(1))
}

#[test]
//= §1.2.2 phi-accrual test
fn cassandra_convicts_at_18_42_means() {
    for millis in [20, 1_000, 30_000] {
        let waited = silence_until_conviction(Settings::cassandra(Nanos::from_millis(millis)));
        let means = waited * 1e3 / real(i128::from(millis));
        assert!((means - 18.42).abs() < 0.005, "{means}");
    }
}

#[test]
//= §1.2.2 phi-accrual test
fn akka_convicts_at_4_52_seconds() {
    let waited = silence_until_conviction(Settings::akka(Nanos::from_secs(1)));
    assert!((waited - 4.52).abs() < 0.005, "{waited}");
    // The approximation's tail is too thin: the normal form itself waits 39 ms longer.
    let normal = Settings { form: Form::Normal, ..Settings::akka(Nanos::from_secs(1)) };
    let waited = silence_until_conviction(normal);
    assert!((waited - 4.5612).abs() < 0.000_1, "{waited}");
}

#[test]
fn the_deadline_is_where_the_level_reaches_the_threshold() {
    let mut random = Random::new(Random::seed_from_environment());
    for form in [Form::Normal, Form::Logistic, Form::Exponential] {
        for threshold in [0.01, 0.5, 1.0, 3.0, 8.0, 16.0, 300.0, 2_000.0] {
            let interval = Nanos::from_millis(100);
            let settings =
                Settings { form, threshold: Level(threshold), ..Settings::normal(interval) };
            let mut detector = Phi::new(settings, Nanos::ZERO);
            for sequence in 1..300 {
                let jitter = Nanos(random.below(50_000_000));
                detector.heartbeat(sequence, interval.times(sequence).plus(jitter));
            }
            let deadline = detector.deadline();
            let slack = Nanos(2);
            let (before, after) =
                (detector.level(deadline.minus(slack)), detector.level(deadline.plus(slack)));
            assert!(before.0 < threshold && threshold < after.0, "{form:?} {threshold}");
            assert_eq!(detector.verdict(deadline), Verdict::Suspect);
            assert_eq!(detector.verdict(deadline.minus(Nanos(1))), Verdict::Trust);
        }
    }
}
