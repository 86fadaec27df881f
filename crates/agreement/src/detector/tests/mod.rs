//! What the detectors owe: the common rules here, each algorithm's figures in a file of its own.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "of figures chosen here")]

mod closed_forms;
mod measures;
mod requirements;

use super::*;
use avouch_promise::Random;

const INTERVAL: Nanos = Nanos::from_millis(100);

/// Every detector, under the name it is shown by; the last ones grow.
fn all() -> Vec<Named> {
    let mut all = usual(INTERVAL, Nanos::ZERO);
    let grown = usual(INTERVAL, Nanos::ZERO).into_iter().map(|named| Named {
        name: named.name,
        detector: Box::new(Growing::new(named.detector, INTERVAL)),
    });
    all.extend(grown);
    all
}

/// The arrivals of a thousand heartbeats with jitter, a twentieth lost.
fn arrivals(random: &mut Random) -> Vec<(u64, Nanos)> {
    let mut arrivals: Vec<_> = (1..=1_000)
        .filter(|_| !random.chance(0.05))
        .collect::<Vec<u64>>()
        .into_iter()
        .map(|sequence| (sequence, INTERVAL.times(sequence).plus(Nanos(random.below(150_000_000)))))
        .collect();
    arrivals.sort_by_key(|(_, at)| *at);
    arrivals
}

#[test]
//= §1.2.2 failure-detector hierarchies test
//= §1.2.3 heartbeats test
fn whoever_falls_silent_is_suspected_for_ever_and_not_before() {
    let mut random = Random::new(Random::seed_from_environment());
    for mut watch in all() {
        let mut last = Nanos::ZERO;
        for (sequence, at) in arrivals(&mut random) {
            watch.detector.heartbeat(sequence, at);
            last = at;
        }
        let detector = watch.detector;
        let deadline = detector.deadline();
        assert!(deadline < last.plus(Nanos::from_secs(10)), "{}: {deadline}", watch.name);
        assert_eq!(detector.verdict(deadline.minus(Nanos(1))), Verdict::Trust);
        let (mut at, mut level) = (last, detector.level(last));
        while at < deadline.plus(Nanos::from_secs(60)) {
            at = at.plus(Nanos::from_millis(7));
            let next = detector.level(at);
            assert!(level <= next, "{}: {level:?} then {next:?}", watch.name);
            let above = next >= detector.threshold();
            let suspected = detector.verdict(at) == Verdict::Suspect;
            assert_eq!(above, suspected, "{} at {at}, due {deadline}: {next:?}", watch.name);
            level = next;
        }
    }
}

#[test]
fn an_old_heartbeat_changes_nothing() {
    for mut watch in all() {
        watch.detector.heartbeat(5, INTERVAL.times(5));
        let deadline = watch.detector.deadline();
        for old in [1, 4, 5] {
            watch.detector.heartbeat(old, INTERVAL.times(40));
            assert_eq!(watch.detector.deadline(), deadline, "{}", watch.name);
        }
    }
}

#[test]
fn whoever_never_sends_is_suspected() {
    for watch in all() {
        assert_eq!(watch.detector.verdict(Nanos::ZERO), Verdict::Trust, "{}", watch.name);
        let later = Nanos::from_secs(60);
        assert_eq!(watch.detector.verdict(later), Verdict::Suspect, "{}", watch.name);
    }
}

#[test]
fn no_number_breaks_a_detector() {
    for mut watch in all() {
        for (sequence, at) in [(1, Nanos::MAX), (u64::MAX - 1, Nanos::ZERO), (u64::MAX, Nanos(7))] {
            watch.detector.heartbeat(sequence, at);
            assert!(watch.detector.level(Nanos::MAX).0 >= 0.0, "{}", watch.name);
            assert!(watch.detector.level(Nanos::ZERO).0 >= 0.0, "{}", watch.name);
            watch.detector.deadline();
        }
    }
}

#[test]
//= §1.2.3 adaptive-timeouts test
fn adaptive_timeouts_follow_the_jitter_and_a_fixed_one_does_not() {
    let waits = |jitter_ns: u64, build: fn() -> Box<dyn Detector>| {
        let mut detector = build();
        let mut random = Random::new(Random::seed_from_environment());
        for sequence in 1..2_000 {
            let jitter = Nanos(random.below(jitter_ns));
            detector.heartbeat(sequence, INTERVAL.times(sequence).plus(jitter));
        }
        detector.deadline().minus(INTERVAL.times(1_999))
    };
    let adaptive: [fn() -> Box<dyn Detector>; 3] = [
        || Box::new(Jacobson::new(INTERVAL, Nanos::ZERO)),
        || Box::new(Bertier::new(INTERVAL, Nanos::ZERO)),
        || Box::new(Phi::new(phi::Settings::normal(INTERVAL), Nanos::ZERO)),
    ];
    for build in adaptive {
        let (calm, rough) = (waits(1_000_000, build), waits(90_000_000, build));
        assert!(rough > calm.plus(Nanos::from_millis(60)), "{calm} {rough}");
    }
    let fixed = || Box::new(Timeout::new(INTERVAL.times(4), Nanos::ZERO)) as Box<dyn Detector>;
    assert!(waits(90_000_000, fixed).minus(waits(1_000_000, fixed)) < Nanos::from_millis(90));
}

#[test]
//= §1.2.3 adaptive-timeouts test
fn jacobsons_estimator_follows_its_published_recurrence() {
    // By hand, gains 1/8 and 1/4, from mean 100 and deviation 50:
    // 180: error 80, mean 110, deviation 50 + (80 - 50) / 4 = 57.5
    //  30: error -80, mean 100, deviation 57.5 + (80 - 57.5) / 4 = 63.125
    let mut estimator = estimator::Estimator::new(Nanos(100), Nanos(50), 8, 4);
    estimator.sample(180);
    assert_eq!((estimator.mean(), estimator.bound(4)), (110, Nanos(340)));
    estimator.sample(30);
    assert_eq!((estimator.mean(), estimator.deviation()), (100, Nanos(63)));
    assert_eq!(estimator.bound(4), Nanos(352));
}

#[test]
//= §1.2.2 eventually-perfect test
fn a_growing_timeout_makes_finitely_many_mistakes_and_a_fixed_one_does_not() {
    // Delays of up to 700 ms for heartbeats every 100 ms, of which nobody was told.
    let mut random = Random::new(Random::seed_from_environment());
    let trace = Trace::new(INTERVAL, 20_000, |_| Some(Nanos(random.below(700_000_000))));
    let half = trace.end.0 / 2;
    let late = Trace {
        heartbeats: trace.heartbeats.iter().filter(|beat| beat.arrived.0 > half).copied().collect(),
        ..trace.clone()
    };
    let timeout = Timeout::new(INTERVAL, Nanos::ZERO);
    let mut growing = Growing::new(timeout.clone(), Nanos::from_millis(20));
    let before = measure(&mut growing, &trace).mistakes;
    assert!((1..40).contains(&before), "{before}");
    let learned = growing.extra();
    let mut again = Growing::new(Timeout::new(INTERVAL.plus(learned), Nanos(half)), INTERVAL);
    assert_eq!(measure(&mut again, &late).mistakes, 0);
    assert!(measure(&mut timeout.clone(), &late).mistakes > 100);
}
