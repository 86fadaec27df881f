//! The measures, against a watch that simply looks every millisecond.

use super::*;

/// A trace that does a lot: jitter beyond the interval, loss, and silences of seconds.
fn rough(random: &mut Random) -> Trace {
    let mut silent_until = Nanos::ZERO;
    Trace::new(INTERVAL, 3_000, |sent| {
        if random.chance(0.005) {
            silent_until = sent.plus(Nanos::from_millis(random.below(4_000)));
        }
        let delay = Nanos::from_millis(1 + random.below(400));
        (sent >= silent_until && !random.chance(0.1)).then_some(delay)
    })
}

/// The same measures by looking once a millisecond, on which everything in the trace happens.
fn looked(detector: &mut dyn Detector, trace: &Trace) -> (u64, u64, Option<u64>) {
    let (mut mistakes, mut suspected_ms, mut since) = (0, 0, None);
    let mut beats = trace.heartbeats.iter().peekable();
    let millis = |at: Nanos| at.0 / 1_000_000;
    let crash = trace.crash.map_or(u64::MAX, millis);
    for now in 0..=millis(trace.end) {
        while let Some(beat) = beats.next_if(|beat| millis(beat.arrived) <= now) {
            detector.heartbeat(beat.sequence, beat.arrived);
        }
        if detector.verdict(Nanos::from_millis(now)) == Verdict::Suspect {
            if since.is_none() {
                mistakes += u64::from(now < crash);
                since = Some(now);
            }
            suspected_ms += u64::from(now < crash);
        } else {
            since = None;
        }
    }
    let detection = since.filter(|_| trace.crash.is_some()).map(|at| at.saturating_sub(crash));
    (mistakes, suspected_ms, detection)
}

#[test]
//= §1.2.2 detector-quality test
fn the_measures_agree_with_looking_every_millisecond() {
    let mut random = Random::new(Random::seed_from_environment());
    for crash_s in [37, 118, 300] {
        let whole = rough(&mut random);
        let trace = whole.crashed(Nanos::from_secs(crash_s), Nanos::from_secs(30));
        for trace in [whole, trace] {
            for (mut watch, mut again) in all().into_iter().zip(all()) {
                let quality = measure(&mut watch.detector, &trace);
                let (mistakes, suspected_ms, detection) = looked(&mut again.detector, &trace);
                // Whoever looks every millisecond misses what is over within one.
                let name = watch.name;
                let missed = quality.mistakes.abs_diff(mistakes);
                assert!(missed <= 1 + mistakes / 50, "{name}: {quality:?} {mistakes}");
                let suspected = quality.suspected.0 / 1_000_000;
                assert!(suspected.abs_diff(suspected_ms) <= quality.mistakes + 1, "{name}");
                let found = quality.detection.map(|span| span.0 / 1_000_000);
                let close = |(a, b): (u64, u64)| a.abs_diff(b) <= 1;
                let both = found.zip(detection);
                assert!(both.map_or(found == detection, close), "{name}: {found:?} {detection:?}");
                assert!(trace.crash.is_none() || found.is_some(), "{name}");
            }
        }
    }
}

#[test]
//= §1.2.2 detector-quality test
fn the_measures_of_a_story_by_hand() {
    // Every 100 ms; 3 and 4 are lost; a timeout of 150 ms. Suspected from 350 to 500, and from
    // 650 on: 50 ms after the crash, which 600 ms into the story nobody was wrong about.
    let ms = Nanos::from_millis;
    let delay = |sent: Nanos| (sent != ms(300) && sent != ms(400)).then_some(Nanos::ZERO);
    let trace = Trace::new(INTERVAL, 9, delay).crashed(ms(600), ms(1_000));
    let quality = measure(&mut Timeout::new(ms(150), Nanos::ZERO), &trace);
    let expected = Quality {
        detection: Some(ms(50)),
        mistakes: 1,
        suspected: ms(150),
        longest: ms(150),
        up: ms(600),
    };
    assert_eq!(quality, expected);
    assert_eq!(quality.mistake_recurrence(), Some(ms(600)));
    assert_eq!(quality.mistake_duration(), Some(ms(150)));
    assert!((quality.query_accuracy() - 0.75).abs() < 1e-12);
    assert!((quality.mistake_rate_hz() - 1.0 / 0.6).abs() < 1e-12);
}

#[test]
fn a_crash_while_suspected_takes_no_time_to_find() {
    let ms = Nanos::from_millis;
    let delay = |sent: Nanos| (sent < ms(400)).then_some(Nanos::ZERO);
    let trace = Trace::new(INTERVAL, 9, delay).crashed(ms(900), ms(500));
    let quality = measure(&mut Timeout::new(ms(150), Nanos::ZERO), &trace);
    assert_eq!((quality.detection, quality.mistakes), (Some(Nanos::ZERO), 1));
    assert_eq!(quality.suspected, ms(450));
}

#[test]
fn a_crash_that_is_not_found_in_time_is_missed() {
    let ms = Nanos::from_millis;
    let trace = Trace::new(INTERVAL, 9, |_| Some(Nanos::ZERO)).crashed(ms(600), ms(40));
    assert_eq!(measure(&mut Timeout::new(ms(150), Nanos::ZERO), &trace).detection, None);
}

#[test]
fn a_trace_knows_its_network() {
    let mut random = Random::new(Random::seed_from_environment());
    let trace = Trace::new(INTERVAL, 40_000, |_| {
        (!random.chance(0.05)).then_some(Nanos(20_000_000 + random.below(60_000_000)))
    });
    let network = trace.network();
    assert!((network.loss - 0.05).abs() < 0.005, "{network:?}");
    // Evenly spread over 60 ms: 60 / sqrt(12).
    assert!((network.deviation_s - 0.017_32).abs() < 0.000_3, "{network:?}");
}
