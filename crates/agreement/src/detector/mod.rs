//! Failure detectors: who is suspected to have crashed, from nothing but when heartbeats arrived.
//!
//! ```text
//!   monitored: sends heartbeat s at s * eta              eta: the interval
//!   monitor:   heartbeat(s, arrival) -> deadline         suspected from then on, if no newer
//!                                                        heartbeat arrives before
//!
//!       A(s)                 deadline                A(s+1)
//!   ----|--------- trust -------|----- suspect ---------|---- trust ----
//! ```
//!
//! One trait, one file an algorithm; parts are interchangeable. All are pure: `now` is an
//! argument, no clock is read, and the state is integers that compare and hash, so that a
//! detector can be a part of a protocol that is explored.
//!
//! | file | a suspicion starts at | after |
//! |---|---|---|
//! | `timeout` | last arrival + constant | folklore |
//! | `jacobson` | last arrival + mean + 4 deviations, both smoothed | Jacobson, Karels 1988 |
//! | `chen` | expected arrival + constant margin | Chen, Toueg, Aguilera 2002 |
//! | `bertier` | expected arrival + Jacobson's margin | Bertier, Marin, Sens 2002 |
//! | `phi` | where the chance of a later arrival falls below 10^-phi | Hayashibara et al. 2004 |
//! | `growing` | any of these + a margin that grows with every mistake | Chandra, Toueg 1996 |
//!
//! What is common to all:
//!
//! - I1 A heartbeat that is not newer than the newest one changes nothing: it tells of a past that
//!   is known already. Sequence numbers therefore go up over restarts of the monitored node too.
//! - I2 The level never falls while nothing arrives, and reaches the threshold at the deadline.
//! - I3 A node that never sends is suspected: the watch's start counts as heartbeat 0.
//!
//! How good a detector is on a trace of arrivals is told by [`quality`].

pub mod arrivals;
pub mod bertier;
pub mod chen;
pub mod class;
pub mod estimator;
pub mod gaussian;
pub mod growing;
pub mod jacobson;
pub mod kind;
pub mod phi;
pub mod quality;
pub mod requirement;
pub mod timeout;
pub mod trace;
pub mod watch;
pub mod watching;

pub use bertier::Bertier;
pub use chen::Chen;
pub use class::{Class, Suspicions};
pub use growing::Growing;
pub use jacobson::Jacobson;
pub use kind::{Any, Kind};
pub use phi::{Form, Phi};
pub use quality::{Quality, measure};
pub use requirement::{Configuration, Network, Requirement};
pub use timeout::Timeout;
pub use trace::{Heartbeat, Trace};
pub use watch::{Reach, Watch};
pub use watching::Watching;

use avouch_promise::Nanos;
use std::hash::{Hash, Hasher};

/// How strongly a node is suspected, in the algorithm's own unit; more is worse.
///
/// Compared by the order of all floating-point numbers, so that it can be a part of a state.
#[derive(Clone, Copy, Debug)]
pub struct Level(pub f64);

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.0.total_cmp(&other.0).is_eq()
    }
}
impl Eq for Level {}
impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Level {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl Hash for Level {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// What a detector says of the node that it watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It seems to run.
    Trust,
    /// It seems to have crashed.
    Suspect,
}

/// A failure detector of one node, watched from one other.
//= §1.2.2 failure-detector hierarchies
pub trait Detector {
    /// Heartbeat number `sequence`, counted from 1, arrived at `now`.
    fn heartbeat(&mut self, sequence: u64, now: Nanos);

    /// The first moment of suspicion, unless a newer heartbeat arrives before. It may be past.
    fn deadline(&self) -> Nanos;

    /// How strongly the node is suspected at `now`.
    fn level(&self, now: Nanos) -> Level;

    /// The level from which the node is suspected.
    fn threshold(&self) -> Level;

    /// Whether the node is suspected at `now`.
    fn verdict(&self, now: Nanos) -> Verdict {
        if now >= self.deadline() { Verdict::Suspect } else { Verdict::Trust }
    }
}

impl<D: Detector + ?Sized> Detector for Box<D> {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        (**self).heartbeat(sequence, now);
    }
    fn deadline(&self) -> Nanos {
        (**self).deadline()
    }
    fn level(&self, now: Nanos) -> Level {
        (**self).level(now)
    }
    fn threshold(&self) -> Level {
        (**self).threshold()
    }
}

/// A detector with a name, as the tables show it.
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// The detector.
    pub detector: Box<dyn Detector>,
}

/// Every detector as it is usually set for heartbeats every `interval`, watching since `since`.
///
/// ```
/// use avouch_agreement::detector::{self, Detector, Verdict};
/// use avouch_promise::Nanos;
///
/// let second = Nanos::from_secs(1);
/// for mut watch in detector::usual(second, Nanos::ZERO) {
///     for sequence in 1..=2_000 {
///         watch.detector.heartbeat(sequence, second.times(sequence));
///     }
///     let last = second.times(2_000);
///     assert_eq!(watch.detector.verdict(last), Verdict::Trust, "{}", watch.name);
///     assert_eq!(watch.detector.verdict(last.plus(Nanos::from_secs(60))), Verdict::Suspect);
/// }
/// ```
pub fn usual(interval: Nanos, since: Nanos) -> Vec<Named> {
    let named = |kind: Kind| {
        let detector = Box::new(kind.build(interval, since));
        Named { name: kind.name(), detector }
    };
    Kind::ALL.into_iter().map(named).collect()
}

/// A whole number as a real one: exact below 2^53, and within 2^-53 of itself beyond.
#[expect(clippy::cast_precision_loss, reason = "that is what it is for")]
fn real(whole: i128) -> f64 {
    whole as f64
}

/// How many times `whole` goes into `span`.
fn ratio(span: Nanos, whole: Nanos) -> f64 {
    real(i128::from(span.0)) / real(i128::from(whole.0.max(1)))
}

/// One more than how many intervals `now` lies behind `deadline`, but not below zero: the level
/// of detectors that expect each heartbeat at a moment of its own.
fn lateness(now: Nanos, deadline: Nanos, interval: Nanos) -> Level {
    let late = real(i128::from(now.0) - i128::from(deadline.0));
    Level((1.0 + late / real(i128::from(interval.0.max(1)))).max(0.0))
}

#[cfg(test)]
mod tests;
