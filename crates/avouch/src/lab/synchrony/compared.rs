//! Failure detectors on the same heartbeats, each by Chen's quality of service; and for those with
//! a knob, the curve of mistakes against detection time that the knob draws.

//= §1.2.3 adaptive time-outs (timeout): Jacobson, phi, Chen on the same traces

use super::heartbeats::margin;
use super::options::Options;
use super::trips::Trips;
use avouch_agreement::detector::phi::Settings;
use avouch_agreement::detector::{
    Bertier, Chen, Detector, Jacobson, Level, Phi, Quality, Timeout, Trace, measure,
};
use avouch_promise::{Nanos, Random};

/// How many crashes a detection time is the mean of.
const CRASHES: usize = 24;
/// How long a crash is watched for its detection.
const WATCHED: Nanos = Nanos::from_secs(600);

/// A detector, anew.
type Make = Box<dyn Fn() -> Box<dyn Detector>>;

/// When the sender crashes: places in a trace, as shares of it, the same for all detectors.
#[derive(Clone, Debug)]
pub(super) struct Crashes(Vec<f64>);

impl Crashes {
    /// Draws them, none before half of the trace: estimates have settled by then.
    pub(super) fn draw(random: &mut Random) -> Self {
        let mut shares: Vec<_> = (0..CRASHES).map(|_| 0.5 + random.unit() / 2.0).collect();
        shares.sort_by(f64::total_cmp);
        Self(shares)
    }

    /// The moments in a trace.
    fn moments(&self, trace: &Trace) -> impl Iterator<Item = Nanos> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a moment of a trace, far below 2^53 ns"
        )]
        self.0.iter().map(|share| Nanos((share * trace.end.0 as f64) as u64))
    }
}

/// What one detector was worth.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its name and what it is set to.
    pub(super) name: String,
    /// From a crash to the lasting suspicion: mean and longest.
    pub(super) detection: (Nanos, Nanos),
    /// How it did while the sender was up.
    pub(super) quality: Quality,
}

/// Detection time against mistake rate, over a knob.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// The detector and its knob.
    pub(super) name: String,
    /// Mean detection time in seconds, mistakes an hour.
    pub(super) points: Vec<(f64, f64)>,
}

/// The mean and the longest detection time over the crashes.
pub(super) fn detection(
    trace: &Trace,
    crashes: &Crashes,
    make: impl Fn() -> Box<dyn Detector>,
) -> (Nanos, Nanos) {
    let times: Vec<_> = crashes
        .moments(trace)
        .map(|crash| {
            let quality = measure(&mut make(), &trace.crashed(crash, WATCHED));
            quality.detection.unwrap_or(WATCHED)
        })
        .collect();
    let sum: u128 = times.iter().map(|time| u128::from(time.0)).sum();
    let mean = u64::try_from(sum / times.len().max(1) as u128).unwrap_or(u64::MAX);
    (Nanos(mean), times.into_iter().max().unwrap_or_default())
}

fn boxed<D: Detector + Clone + 'static>(detector: D) -> Make {
    Box::new(move || Box::new(detector.clone()))
}

fn phi(settings: Settings, threshold: f64) -> Make {
    boxed(Phi::new(Settings { threshold: Level(threshold), ..settings }, Nanos::ZERO))
}

/// Every detector with what it is usually set to.
fn usual(interval: Nanos, margin: Nanos) -> Vec<(String, Make)> {
    let at = Nanos::ZERO;
    vec![
        ("timeout, 2 intervals".into(), boxed(Timeout::new(interval.times(2), at))),
        ("timeout, 5 intervals".into(), boxed(Timeout::new(interval.times(5), at))),
        ("Jacobson".into(), boxed(Jacobson::new(interval, at))),
        (format!("Chen, margin {margin}"), boxed(Chen::new(interval, margin, at))),
        ("Bertier".into(), boxed(Bertier::new(interval, at))),
        ("phi 8, normal".into(), phi(Settings::normal(interval), 8.0)),
        ("phi 8, Cassandra's".into(), phi(Settings::cassandra(interval), 8.0)),
        ("phi 8, Akka's".into(), phi(Settings::akka(interval), 8.0)),
    ]
}

/// Every detector on the heartbeats of the series, and the curves of those with a knob.
pub(super) fn compare(
    trips: &Trips,
    options: &Options,
    crashes: &Crashes,
) -> (Vec<Row>, Vec<Curve>) {
    let interval = options.interval();
    let trace = trips.heartbeats(interval, options.heartbeats);
    (rows(trips, &trace, interval, crashes), curves(&trace, interval, crashes))
}

/// Every detector on the trace.
fn rows(trips: &Trips, trace: &Trace, interval: Nanos, crashes: &Crashes) -> Vec<Row> {
    usual(interval, margin(trips))
        .into_iter()
        .map(|(name, make)| Row {
            name,
            detection: detection(trace, crashes, &make),
            quality: measure(&mut make(), trace),
        })
        .collect()
}

/// The curves of those with a knob.
fn curves(trace: &Trace, interval: Nanos, crashes: &Crashes) -> Vec<Curve> {
    let point = |make: &Make| {
        let (mean, _) = detection(trace, crashes, make);
        let quality = measure(&mut make(), trace);
        (seconds(mean), quality.mistake_rate_hz() * 3_600.0)
    };
    let of = |name: &str, makes: Vec<Make>| Curve {
        name: name.to_owned(),
        points: makes.iter().map(point).collect(),
    };
    let tenths = |count: u64| Nanos(interval.0 / 10 * count);
    let at = Nanos::ZERO;
    let timeouts = [11, 12, 14, 17, 20, 25, 30, 40, 60];
    let margins = [1, 2, 3, 5, 8, 12, 20, 30, 50];
    let levels = [0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0];
    let timeout = |tenth: u64| boxed(Timeout::new(tenths(tenth), at));
    let chen = |tenth: u64| boxed(Chen::new(interval, tenths(tenth), at));
    let normal = |level: f64| phi(Settings::normal(interval), level);
    let exponential = |level: f64| phi(Settings::cassandra(interval), level);
    vec![
        of("timeout", timeouts.map(timeout).into()),
        of("Chen, margin", margins.map(chen).into()),
        of("phi, normal", levels.map(normal).into()),
        of("phi, exponential", levels.map(exponential).into()),
        of("Jacobson", vec![boxed(Jacobson::new(interval, at))]),
        of("Bertier", vec![boxed(Bertier::new(interval, at))]),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "for a chart")]
fn seconds(time: Nanos) -> f64 {
    time.0 as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(lost_every: usize) -> Trips {
        let trip =
            |at: usize| (at % lost_every != lost_every - 1).then_some(Nanos::from_millis(40));
        Trips {
            name: String::new(),
            source: String::new(),
            round: (0..1_000).map(trip).collect(),
            sent: None,
        }
    }

    /// Closed forms on a constant delay: a timeout finds a crash within its length after the last
    /// arrival; every lost heartbeat is one mistake of a timeout between one and two intervals.
    #[test]
    //= §1.2.3 adaptive time-outs (timeout): Jacobson, phi, Chen on the same traces test
    //= §1.2.3 heartbeat rate against detection time and cost test
    fn on_a_constant_delay_the_closed_forms_hold() {
        let interval = Nanos::from_millis(100);
        let trace = constant(50).heartbeats(interval, 1_000);
        let crashes = Crashes((0..20).map(|at| 0.5 + f64::from(at) / 50.0).collect());
        let timeout = boxed(Timeout::new(Nanos::from_millis(150), Nanos::ZERO));
        assert_eq!(measure(&mut timeout(), &trace).mistakes, 20);
        let (mean, longest) = detection(&trace, &crashes, &timeout);
        // Silence begins at the last arrival, 40 ms after it was sent and up to an interval, or two
        // where one was lost, before the crash.
        assert!(longest <= Nanos::from_millis(190), "{longest}");
        assert!(mean > Nanos::from_millis(60) && mean < Nanos::from_millis(190), "{mean}");
        let patient = boxed(Timeout::new(Nanos::from_millis(250), Nanos::ZERO));
        assert_eq!(
            measure(&mut patient(), &trace).mistakes,
            0,
            "one lost one is no silence of 250"
        );
        let (later, _) = detection(&trace, &crashes, &patient);
        let apart = later.minus(mean);
        assert!(apart >= Nanos::from_millis(95), "100 ms more patience, {apart} later");
    }
}
