//! Chen's estimate and configuration, against the paper's figures and against simulation.

use super::*;
use crate::detector::requirement::{Configuration, Network, Requirement};

/// The paper's example: found within 30 s, wrong at most once a month and for a minute.
const EXAMPLE: Requirement = Requirement {
    detection: Nanos::from_secs(30),
    recurrence: Nanos::from_secs(30 * 86_400),
    duration: Nanos::from_secs(60),
};

fn hundredths(span: Nanos) -> u64 {
    span.0 / 10_000_000
}

#[test]
//= §1.2.2 chen-detector test
fn the_papers_examples_come_out() {
    // Chen, Toueg, Aguilera 2002: exponential delays with a mean of 0.02 s, a hundredth lost.
    let knowing = EXAMPLE.configure_knowing(0.01, |y_s| (-y_s / 0.02).exp()).unwrap();
    assert_eq!(hundredths(knowing.interval), 997); // §4: 9.97 s
    let network = Network { loss: 0.01, deviation_s: 0.02_f64.sqrt() };
    let unknowing = EXAMPLE.configure(network).unwrap();
    assert_eq!(hundredths(unknowing.interval), 971); // §5: 9.71 s
    assert_eq!(hundredths(unknowing.margin), 2_028);
}

#[test]
fn what_a_network_cannot_give_is_refused() {
    let lossy = Network { loss: 0.99, deviation_s: 10.0 };
    let soon = Requirement { detection: Nanos::from_millis(1), ..EXAMPLE };
    assert!(soon.configure(lossy).is_err());
    assert!(EXAMPLE.configure(Network { loss: 1.0, deviation_s: 0.0 }).is_err());
    let nothing = Requirement { duration: Nanos::ZERO, ..EXAMPLE };
    assert!(nothing.configure(Network { loss: 0.01, deviation_s: 0.1 }).is_err());
}

#[test]
fn no_longer_interval_would_do() {
    let network = Network { loss: 0.03, deviation_s: 0.3 };
    let required = Requirement {
        detection: Nanos::from_secs(4),
        recurrence: Nanos::from_secs(36_000),
        duration: Nanos::from_secs(10),
    };
    let found = required.configure(network).unwrap().interval.0 as f64 / 1e9;
    let variance = network.deviation_s.powi(2);
    // f, written down once more.
    let apart = |eta: f64| {
        let terms = (1..).map(|j| 4.0 - f64::from(j) * eta).take_while(|y| *y > 0.0);
        let chance = |y: f64| (variance + network.loss * y * y) / (variance + y * y);
        eta / terms.map(chance).product::<f64>()
    };
    assert!(apart(found) >= 36_000.0, "{}", apart(found));
    let longest = (1.0 - network.loss) * 16.0 / (variance + 16.0);
    let longer = (1..=100_000).map(|i| found + (longest - found) * f64::from(i) / 100_000.0);
    let better = longer.filter(|eta| apart(*eta) >= 36_000.0).count();
    assert_eq!(better, 0, "beyond {found} up to {longest}");
    assert!(longest > 1.1 * found, "the mistakes' distance binds: {found} {longest}");
}

#[test]
//= §1.2.2 chen-detector test
fn a_configured_detector_keeps_what_was_required() {
    let required = Requirement {
        detection: Nanos::from_millis(2_500),
        recurrence: Nanos::from_secs(300),
        duration: Nanos::from_millis(500),
    };
    let mut random = Random::new(Random::seed_from_environment());
    // Exponential delays with a mean of 100 ms: their deviation is the mean.
    let mean_s = 0.1;
    let network = Network { loss: 0.02, deviation_s: mean_s };
    let configuration = required.configure(network).unwrap();
    let trace = exponential(configuration, mean_s, network.loss, &mut random);
    let quality = measure(&mut Chen::configured(configuration, Nanos::ZERO), &trace);
    assert!(quality.mistake_recurrence().is_none_or(|apart| apart >= required.recurrence));
    assert!(quality.mistake_duration().is_none_or(|lasts| lasts <= required.duration));
    // The bound is not empty: with a fifth of the margin mistakes are too many.
    let hasty = Chen::new(configuration.interval, Nanos(configuration.margin.0 / 5), Nanos::ZERO);
    let hasty = measure(&mut hasty.clone(), &trace);
    assert!(hasty.mistake_recurrence().unwrap() < required.recurrence, "{hasty:?}");
    // Any crash is found in time, the mean delay added.
    let latest = required.detection.plus(Nanos::from_millis(100)).plus(Nanos::from_millis(60));
    for crash in 1..200 {
        let crash = Nanos::from_secs(40).plus(Nanos::from_millis(137 * crash));
        let trace = trace.crashed(crash, Nanos::from_secs(20));
        let found = measure(&mut Chen::configured(configuration, Nanos::ZERO), &trace).detection;
        assert!(found.unwrap() <= latest, "{found:?}");
    }
}

fn exponential(configuration: Configuration, mean_s: f64, loss: f64, random: &mut Random) -> Trace {
    Trace::new(configuration.interval, 40_000, |_| {
        let delay_s = -mean_s * (1.0 - random.unit()).ln();
        (!random.chance(loss)).then_some(Nanos((delay_s * 1e9) as u64))
    })
}

#[test]
fn an_early_heartbeat_does_not_bring_forward_the_next_deadline() {
    let mut chen = Chen::new(INTERVAL, INTERVAL, Nanos::ZERO).window(1_000);
    let mut timeout = Timeout::new(INTERVAL.times(2), Nanos::ZERO);
    for sequence in 1..=999 {
        chen.heartbeat(sequence, INTERVAL.times(sequence).plus(Nanos::from_millis(50)));
    }
    let early = INTERVAL.times(1_000).plus(Nanos::from_millis(1));
    chen.heartbeat(1_000, early);
    timeout.heartbeat(1_000, early);
    let due = INTERVAL.times(1_002).plus(Nanos::from_millis(50));
    assert!(due.minus(chen.deadline()) < Nanos::from_millis(1));
    assert_eq!(due.minus(timeout.deadline()), Nanos::from_millis(49));
}
