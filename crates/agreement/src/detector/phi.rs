//! Phi accrual: suspicion as a level, the less likely a heartbeat is still to come the higher.
//!
//! ```text
//!   phi(t) = -log10 P(a heartbeat comes later than t after the last one)
//!
//!   normal       P = Q(z),              z = (t - mean - pause) / sigma
//!   logistic     P = 1 / (1 + e^g(z)),  g(z) = z (1.5976 + 0.070566 z^2), z as above
//!   exponential  P = e^(-t / mean)      so phi = t / (mean ln 10)
//!
//!   deadline = A(last) + the t with phi(t) = threshold          level = phi
//! ```
//!
//! `mean` and `sigma` (at least a minimum) are those of the last `window` times between arrivals,
//! in nanoseconds. At threshold `T` one decision in `10^T` is wrong, as far as the times between
//! arrivals are distributed as assumed. Two samples of 3/4 and 5/4 of the expected interval stand
//! in the window from the start (as in Akka), until newer ones push them out.
//!
//! - I1 The level and the deadline agree: the threshold is reached at the deadline, and not one
//!   nanosecond earlier, up to the rounding of the level itself.
//!
//! The logistic form is the normal one by an approximation whose tail is too thin: at threshold 8
//! it convicts at z = 5.22 where the normal distribution has z = 5.61. Akka computes with it.
//!
//! References: N. Hayashibara, X. Défago, R. Yared, T. Katayama, *The phi Accrual Failure
//! Detector*, SRDS 2004, §4 (normal); Apache Cassandra, `FailureDetector` (exponential, window
//! 1,000, threshold 8); Akka, `reference.conf` and `PhiAccrualFailureDetector` (logistic,
//! threshold 8, minimal sigma 100 ms, pause 3 s, window 1,000).

//= §1.2.2 phi-accrual

use super::arrivals::Window;
use super::gaussian::{ln_tail, tail_quantile};
use super::{Detector, Level, real};
use avouch_promise::Nanos;
use std::f64::consts::LN_10;

/// Which distribution the times between arrivals are taken to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Normal (Hayashibara et al. 2004).
    Normal,
    /// Normal by a logistic approximation (Akka).
    Logistic,
    /// Exponential (Cassandra).
    Exponential,
}

impl Form {
    /// phi at `z`: the standardised silence, or silence over mean where exponential.
    pub fn phi(self, z: f64) -> f64 {
        match self {
            Self::Normal => -ln_tail(z) / LN_10,
            Self::Logistic => softplus(logit(z)) / LN_10,
            Self::Exponential => z / LN_10,
        }
    }

    /// The z at which phi is `level`, a level above zero.
    fn quantile(self, level: f64) -> f64 {
        match self {
            Self::Normal => tail_quantile(-level * LN_10),
            Self::Logistic => logit_inverse(softplus_inverse(level * LN_10)),
            Self::Exponential => level * LN_10,
        }
    }
}

/// The logistic approximation's exponent.
fn logit(z: f64) -> f64 {
    z * (1.5976 + 0.070_566 * z * z)
}

/// The z with `logit(z) = g`, by halving: the function rises everywhere.
fn logit_inverse(g: f64) -> f64 {
    let end = g.abs() / 1.5976 + 1.0;
    let (mut low, mut high) = (-end, end);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if logit(middle) < g { low = middle } else { high = middle }
    }
    high
}

/// `ln(1 + e^g)`.
fn softplus(g: f64) -> f64 {
    g.max(0.0) + (-g.abs()).exp().ln_1p()
}

/// The g with `softplus(g) = s`, for s above zero: `ln(e^s - 1)`.
fn softplus_inverse(s: f64) -> f64 {
    s + (-(-s).exp_m1()).ln()
}

/// What a detector is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The distribution.
    pub form: Form,
    /// The level from which a node is suspected; above zero.
    pub threshold: Level,
    /// How many times between arrivals are remembered.
    pub window: usize,
    /// Sigma is never taken smaller: regular heartbeats would else leave no room for any jitter.
    pub minimal_deviation: Nanos,
    /// Silence beyond the mean that is nothing unusual, for instance a garbage collection.
    pub pause: Nanos,
    /// The expected time between arrivals.
    pub interval: Nanos,
}

impl Settings {
    /// Hayashibara's: normal, threshold 8, window 1,000, no pause; sigma at least a tenth of the
    /// interval.
    pub fn normal(interval: Nanos) -> Self {
        Self {
            form: Form::Normal,
            threshold: Level(8.0),
            window: 1_000,
            minimal_deviation: Nanos(interval.0 / 10),
            pause: Nanos::ZERO,
            interval,
        }
    }

    /// Akka's, from its `reference.conf`: logistic, sigma at least 100 ms, pause 3 s.
    pub fn akka(interval: Nanos) -> Self {
        Self {
            form: Form::Logistic,
            minimal_deviation: Nanos::from_millis(100),
            pause: Nanos::from_secs(3),
            ..Self::normal(interval)
        }
    }

    /// Cassandra's: exponential.
    pub fn cassandra(interval: Nanos) -> Self {
        Self { form: Form::Exponential, ..Self::normal(interval) }
    }
}

/// A phi accrual detector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phi {
    settings: Settings,
    /// The z at which the threshold is reached.
    limit: Level,
    between: Window,
    newest: u64,
    arrived: Nanos,
}

impl Phi {
    /// A detector that watches since `since`.
    pub fn new(settings: Settings, since: Nanos) -> Self {
        let mut between = Window::new(settings.window);
        let interval = i64::try_from(settings.interval.0).unwrap_or(i64::MAX);
        between.push(interval - interval / 4);
        between.push(interval.saturating_add(interval / 4));
        let limit = Level(settings.form.quantile(settings.threshold.0.max(f64::MIN_POSITIVE)));
        Self { settings, limit, between, newest: 0, arrived: since }
    }

    /// Sigma in nanoseconds.
    pub fn sigma(&self) -> f64 {
        self.between.deviation().max(real(i128::from(self.settings.minimal_deviation.0))).max(1.0)
    }

    /// The silence after which a heartbeat is as likely as not to have come, times `count`: exact.
    fn usual(&self) -> i128 {
        match self.settings.form {
            Form::Exponential => 0,
            _ => self.between.sum() + self.between.count() * i128::from(self.settings.pause.0),
        }
    }

    /// What one unit of z is, in nanoseconds.
    fn unit(&self) -> f64 {
        match self.settings.form {
            Form::Exponential => real(self.between.sum()) / real(self.between.count()),
            _ => self.sigma(),
        }
    }
}

impl Detector for Phi {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        if sequence > self.newest {
            let between = now.minus(self.arrived).0;
            self.between.push(i64::try_from(between).unwrap_or(i64::MAX));
            (self.newest, self.arrived) = (sequence, now);
        }
    }

    fn deadline(&self) -> Nanos {
        let usual = real(self.usual()) / real(self.between.count());
        let silence = (usual + self.limit.0 * self.unit()).ceil();
        #[expect(clippy::cast_sign_loss, reason = "held above zero")]
        self.arrived.plus(Nanos(silence.max(0.0) as u64))
    }

    fn level(&self, now: Nanos) -> Level {
        let silence = self.between.count() * i128::from(now.minus(self.arrived).0);
        // Whole numbers until here: no digits are lost where silence and mean are close.
        let beyond = real(silence - self.usual()) / real(self.between.count());
        Level(self.settings.form.phi(beyond / self.unit()))
    }

    fn threshold(&self) -> Level {
        self.settings.threshold
    }
}
