//! From what is required of a failure detector to its heartbeat interval and its margin.
//!
//! ```text
//!   required   a crash is found within T_D, beyond the mean delay
//!              mistakes are T_MR apart or more, on average
//!              a mistake lasts T_M or less, on average
//!   known      p, the chance that a message is lost; P(D > E(D) + y), or V(D) alone
//!
//!   1 gamma = (1 - p) P(D <= E(D) + T_D);   eta_max = min(gamma T_M, T_D)
//!   2 f(eta) = eta / product over j = 1 .. ceil(T_D / eta) - 1 of
//!                        (p + (1 - p) P(D > E(D) + T_D - j eta))
//!     eta: the largest one up to eta_max with f(eta) >= T_MR
//!   3 alpha = T_D - eta
//! ```
//!
//! With the variance alone, the tail is bounded by the one-sided inequality of Cantelli:
//! `P(D > E(D) + y) <= V / (V + y^2)`, whatever the distribution. Messages are taken to be delayed
//! and lost independently of each other: where they come in bursts, mistakes are more frequent.
//!
//! The largest interval is sought downward in steps of a thousandth and refined by halving; what is
//! returned always fulfils `f >= T_MR`, also of tails for which f is not monotonic.
//!
//! Reference: Chen, Toueg, Aguilera 2002: §4 with the distribution, §5 with the variance, §6
//! for clocks that are not synchronised, where `T_D` is beyond the mean delay.

//= §1.2.2 chen-detector

use super::real;
use avouch_promise::{Blame, Error, Nanos};

/// What is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// `T_D`: a crash is found within this time and the mean delay.
    pub detection: Nanos,
    /// `T_MR`: mistakes are at least this far apart, on average.
    pub recurrence: Nanos,
    /// `T_M`: a mistake lasts at most this long, on average.
    pub duration: Nanos,
}

/// How a network treats heartbeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// The chance that one is lost, from 0 to 1.
    pub loss: f64,
    /// The standard deviation of the delay, in seconds.
    pub deviation_s: f64,
}

/// How to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// eta: between two heartbeats.
    pub interval: Nanos,
    /// alpha: how late a heartbeat may be.
    pub margin: Nanos,
}

/// One step of the search, downward.
const STEP: f64 = 0.999;

/// No more heartbeats than this are sent within the detection time.
const MOST: f64 = 10_000.0;

impl Requirement {
    /// The slowest heartbeats that meet it, whatever the distribution of delays.
    ///
    /// ```
    /// use avouch_agreement::detector::{Network, Requirement};
    /// use avouch_promise::Nanos;
    ///
    /// // Found within half a minute, wrong once a month for less than a minute: with a hundredth
    /// // lost and delays of variance 0.02 s^2, a heartbeat every 9.71 s (Chen et al. 2002, §5).
    /// let required = Requirement {
    ///     detection: Nanos::from_secs(30),
    ///     recurrence: Nanos::from_secs(30 * 86_400),
    ///     duration: Nanos::from_secs(60),
    /// };
    /// let network = Network { loss: 0.01, deviation_s: 0.02_f64.sqrt() };
    /// let found = required.configure(network).expect("it can be met");
    /// assert_eq!(found.interval.0 / 10_000_000, 971);
    /// assert_eq!(found.interval.plus(found.margin), required.detection);
    /// ```
    pub fn configure(self, network: Network) -> Result<Configuration, Error> {
        let variance = network.deviation_s.powi(2);
        self.configure_knowing(network.loss, |beyond_s| variance / (variance + beyond_s * beyond_s))
    }

    /// The slowest heartbeats that meet it where `tail` gives the chance that a delay exceeds its
    /// mean by more than so many seconds.
    pub fn configure_knowing(
        self,
        loss: f64,
        tail: impl Fn(f64) -> f64,
    ) -> Result<Configuration, Error> {
        let detection_s = seconds(self.detection);
        let recurrence_s = seconds(self.recurrence);
        let gamma = (1.0 - loss) * (1.0 - tail(detection_s));
        let longest_s = (gamma * seconds(self.duration)).min(detection_s);
        // Also false where something is not a number.
        let possible = |interval_s: f64| interval_s * MOST >= detection_s && interval_s > 0.0;
        let apart = |interval_s: f64| {
            let count = (detection_s / interval_s).ceil() - 1.0;
            let late = |j: f64| loss + (1.0 - loss) * tail(detection_s - j * interval_s);
            let mut chance = 1.0;
            let mut j = 1.0;
            while j <= count && chance > 0.0 {
                chance *= late(j);
                j += 1.0;
            }
            interval_s / chance
        };
        let meets = |interval_s: f64| apart(interval_s) >= recurrence_s;
        let mut above = longest_s;
        let mut found = longest_s;
        while possible(found) && !meets(found) {
            (above, found) = (found, found * STEP);
        }
        if !possible(found) {
            return Err(self.unreachable());
        }
        for _ in 0..60 {
            let middle = f64::midpoint(found, above);
            if meets(middle) { found = middle } else { above = middle }
        }
        #[expect(clippy::cast_sign_loss, reason = "an interval is not below zero")]
        let interval = Nanos((found * 1e9) as u64).max(Nanos(1));
        Ok(Configuration { interval, margin: self.detection.minus(interval) })
    }

    fn unreachable(self) -> Error {
        let got = format!("{self:?}");
        Error::new(Blame::Caller, "a quality of detection that this network allows", got)
            .hint("allow a longer detection time, or mistakes that are closer or longer")
    }
}

fn seconds(span: Nanos) -> f64 {
    real(i128::from(span.0)) / 1e9
}
