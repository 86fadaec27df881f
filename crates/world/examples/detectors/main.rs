//! The quality of every failure detector on the same traces: `cargo xtask bench detectors`.
//!
//! Heartbeats every 100 ms for an hour of virtual time, over delays of one family each, and as
//! recorded where `AVOUCH_DATA` has them. For each detector: how long until a crash is found (mean
//! and worst of fifty crashes), how often it is wrong and for how long, and how often its answer is
//! right. `+` behind a name: with a margin that grows by half an interval after each mistake.

mod recorded;

use avouch_agreement::detector::phi::{Phi, Settings};
use avouch_agreement::detector::{
    Chen, Detector, Growing, Kind, Network, Requirement, Trace, measure,
};
use avouch_promise::{Nanos, Random};
use avouch_world::Delay;
use avouch_world::geography::FIVE;

const INTERVAL: Nanos = Nanos::from_millis(100);
const HEARTBEATS: u64 = 36_000;
const CRASHES: u64 = 50;
/// No detector here is slower than this.
const WAIT: Nanos = Nanos::from_secs(60);

fn main() {
    let random = Random::new(Random::seed_from_environment());
    for (number, (name, trace)) in traces(&random).into_iter().enumerate() {
        table(&name, &trace, &mut random.fork(100 + number as u64));
    }
    anchors();
    requirement(&random);
    growing(&random);
}

/// The traces under their names.
fn traces(random: &Random) -> Vec<(String, Trace)> {
    let over = |delay: Delay, loss: f64, stream: u64| {
        let mut random = random.fork(stream);
        Trace::new(INTERVAL, HEARTBEATS, |_| {
            let delay = delay.sample(&mut random);
            (!random.chance(loss)).then_some(delay)
        })
    };
    let (here, there) = (FIVE[0], FIVE[2]);
    let mut traces = vec![
        ("constant, 10 ms".to_owned(), over(Delay::Constant(Nanos::from_millis(10)), 0.0, 1)),
        (
            format!("log-normal on the measured p50 and p90, {here} to {there}, 1 % lost"),
            over(Delay::between(here, there), 0.01, 2),
        ),
        (
            "Pareto from 20 ms, alpha 1.5, 1 % lost".to_owned(),
            over(Delay::Pareto { minimum: Nanos::from_millis(20), alpha: 1.5 }, 0.01, 3),
        ),
        (
            "GST after half an hour: Pareto 0.5 and a third lost, then 250 ms".to_owned(),
            gst(random),
        ),
    ];
    traces.extend(recorded::traces(INTERVAL));
    traces
}

/// Nothing is promised until the middle of the trace; then no message takes more than 250 ms.
fn gst(random: &Random) -> Trace {
    let mut random = random.fork(4);
    let gst = INTERVAL.times(HEARTBEATS / 2);
    let before = Delay::Pareto { minimum: Nanos::from_millis(100), alpha: 0.5 };
    Trace::new(INTERVAL, HEARTBEATS, |sent| {
        if sent >= gst {
            return Some(Nanos(random.between(1_000_000, 250_000_000)));
        }
        let delay = before.sample(&mut random);
        // What is still on its way at GST arrives within the bound.
        let delay = delay.min(gst.minus(sent).plus(Nanos::from_millis(250)));
        (!random.chance(0.33)).then_some(delay)
    })
}

fn table(name: &str, trace: &Trace, random: &mut Random) {
    let network = trace.network();
    println!(
        "{name}: {} of heartbeats every {} arrived, lost {:.1} %, deviation {:.1} ms",
        trace.heartbeats.len(),
        trace.interval,
        network.loss * 100.0,
        network.deviation_s * 1e3
    );
    println!(
        "  {:<18} {:>10} {:>10} {:>12} {:>10} {:>10} {:>11}",
        "detector", "T_D mean", "T_D worst", "mistakes/h", "T_M mean", "T_M worst", "P_A"
    );
    let second_half = (trace.end.0 / 2, (trace.end.0 / 10) * 9);
    let crashes: Vec<_> =
        (0..CRASHES).map(|_| Nanos(random.between(second_half.0, second_half.1))).collect();
    for kind in Kind::ALL {
        let build = || kind.build(trace.interval, Nanos::ZERO);
        row(kind.name(), trace, &crashes, build);
        if matches!(kind, Kind::Timeout | Kind::Chen) {
            let step = Nanos(trace.interval.0 / 2);
            row(&format!("{} +", kind.name()), trace, &crashes, || Growing::new(build(), step));
        }
    }
    println!();
}

fn row<D: Detector>(name: &str, trace: &Trace, crashes: &[Nanos], build: impl Fn() -> D) {
    let quality = measure(&mut build(), trace);
    let found: Vec<_> = crashes
        .iter()
        .filter_map(|crash| measure(&mut build(), &trace.crashed(*crash, WAIT)).detection)
        .collect();
    let sum = found.iter().fold(Nanos::ZERO, |sum, time| sum.plus(*time));
    let mean = sum.0.checked_div(found.len() as u64).map(Nanos);
    let worst = found.iter().max().copied().filter(|_| found.len() == crashes.len());
    let or_none = |span: Option<Nanos>| span.map_or_else(|| "-".to_owned(), |at| at.to_string());
    println!(
        "  {name:<18} {:>10} {:>10} {:>12.2} {:>10} {:>10} {:>11.7}",
        or_none(mean),
        or_none(worst),
        quality.mistake_rate_hz() * 3_600.0,
        or_none(quality.mistake_duration()),
        or_none((quality.mistakes > 0).then_some(quality.longest)),
        quality.query_accuracy()
    );
}

fn goal(name: &str, value: f64, unit: &str, target: &str, met: bool) {
    println!("goal {name} {value:.3} {unit} target {target} {}", if met { "met" } else { "short" });
}

/// What deployed systems are known to take, at one heartbeat a second without jitter.
fn anchors() {
    let second = Nanos::from_secs(1);
    let trace = Trace::new(second, 5_000, |_| Some(Nanos::from_millis(10)));
    // Right after a heartbeat, which is then the last one.
    let trace = trace.crashed(Nanos(4_000_000_000_001), WAIT);
    let silence_s = |settings| {
        let found = measure(&mut Phi::new(settings, Nanos::ZERO), &trace).detection;
        // Found this long after the crash, which is 10 ms less than after the arrival.
        seconds(found.unwrap_or(Nanos::MAX)) - 0.01
    };
    let cassandra = silence_s(Settings::cassandra(second));
    goal("phi-exponential-means", cassandra, "x", "18.42", (cassandra - 18.42).abs() < 0.01);
    let akka = silence_s(Settings::akka(second));
    goal("phi-logistic-conviction", akka, "s", "4.52", (akka - 4.52).abs() < 0.01);
}

/// Chen's own example of a requirement, and a requirement kept on simulated delays.
fn requirement(random: &Random) {
    let month = Nanos::from_secs(30 * 86_400);
    let required = Requirement {
        detection: Nanos::from_secs(30),
        recurrence: month,
        duration: Nanos::from_secs(60),
    };
    let network = Network { loss: 0.01, deviation_s: 0.02_f64.sqrt() };
    let eta = required.configure(network).map_or(0.0, |found| seconds(found.interval));
    goal("chen-interval", eta, "s", "9.71", (eta - 9.71).abs() < 0.01);

    let required = Requirement {
        detection: Nanos::from_secs(2),
        recurrence: Nanos::from_secs(600),
        duration: Nanos::from_secs(1),
    };
    let delay = Delay::log_normal(Nanos::from_millis(70), Nanos::from_millis(200));
    let over = |interval: Nanos| {
        let mut random = random.fork(5);
        let count = Nanos::from_secs(100_000).0 / interval.0;
        Trace::new(interval, count, |_| {
            let delay = delay.sample(&mut random);
            (!random.chance(0.01)).then_some(delay)
        })
    };
    let Ok(found) = required.configure(over(INTERVAL).network()) else {
        return goal("chen-recurrence", 0.0, "x", ">=1", false);
    };
    let quality = measure(&mut Chen::configured(found, Nanos::ZERO), &over(found.interval));
    let apart = seconds(quality.mistake_recurrence().unwrap_or(quality.up));
    let times = apart / seconds(required.recurrence);
    goal("chen-recurrence", times, "x", ">=1", times >= 1.0);
}

/// Mistakes in the last quarter of the trace, half an hour after GST at its end.
fn growing(random: &Random) {
    let trace = gst(random);
    let late = INTERVAL.times(HEARTBEATS / 4 * 3);
    let early = trace.crashed(late, Nanos::ZERO);
    let step = Nanos(INTERVAL.0 / 2);
    let mut mistakes = 0;
    for kind in Kind::ALL {
        let build = || Growing::new(kind.build(INTERVAL, Nanos::ZERO), step);
        let whole = measure(&mut build(), &trace).mistakes;
        mistakes += whole.saturating_sub(measure(&mut build(), &early).mistakes);
    }
    goal("growing-mistakes-after-gst", real(mistakes), "mistakes", "0", mistakes == 0);
}

fn seconds(span: Nanos) -> f64 {
    real(span.0) / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "figures for the eye")]
fn real(whole: u64) -> f64 {
    whole as f64
}
