//! Which detector: every algorithm under its name, and one type that is any of them.
//!
//! A protocol's state must compare and hash, so it holds a detector by value; which one is a part
//! of its configuration.

use super::{Bertier, Chen, Detector, Jacobson, Level, Phi, Timeout, phi};
use avouch_promise::Nanos;

/// An algorithm, as it is usually set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Timeout`] of four intervals.
    Timeout,
    /// [`Jacobson`].
    Jacobson,
    /// [`Chen`], with a margin of one interval.
    Chen,
    /// [`Bertier`].
    Bertier,
    /// [`Phi`], Hayashibara's.
    PhiNormal,
    /// [`Phi`], Akka's.
    PhiLogistic,
    /// [`Phi`], Cassandra's.
    PhiExponential,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Timeout,
        Self::Jacobson,
        Self::Chen,
        Self::Bertier,
        Self::PhiNormal,
        Self::PhiLogistic,
        Self::PhiExponential,
    ];

    /// Its name in tables and configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Jacobson => "jacobson",
            Self::Chen => "chen",
            Self::Bertier => "bertier",
            Self::PhiNormal => "phi normal",
            Self::PhiLogistic => "phi logistic",
            Self::PhiExponential => "phi exponential",
        }
    }

    /// The detector for heartbeats every `interval`, watching since `since`.
    pub fn build(self, interval: Nanos, since: Nanos) -> Any {
        let phi = |settings| Any::Phi(Phi::new(settings, since));
        match self {
            Self::Timeout => Any::Timeout(Timeout::new(interval.times(4), since)),
            Self::Jacobson => Any::Jacobson(Jacobson::new(interval, since)),
            Self::Chen => Any::Chen(Chen::new(interval, interval, since)),
            Self::Bertier => Any::Bertier(Bertier::new(interval, since)),
            Self::PhiNormal => phi(phi::Settings::normal(interval)),
            Self::PhiLogistic => phi(phi::Settings::akka(interval)),
            Self::PhiExponential => phi(phi::Settings::cassandra(interval)),
        }
    }
}

/// A detector by whichever algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Any {
    /// By a fixed timeout.
    Timeout(Timeout),
    /// By Jacobson's timeout.
    Jacobson(Jacobson),
    /// By Chen's estimate.
    Chen(Chen),
    /// By Bertier's.
    Bertier(Bertier),
    /// By accrual.
    Phi(Phi),
}

impl Any {
    fn inner(&self) -> &dyn Detector {
        match self {
            Self::Timeout(detector) => detector,
            Self::Jacobson(detector) => detector,
            Self::Chen(detector) => detector,
            Self::Bertier(detector) => detector,
            Self::Phi(detector) => detector,
        }
    }
    fn inner_mut(&mut self) -> &mut dyn Detector {
        match self {
            Self::Timeout(detector) => detector,
            Self::Jacobson(detector) => detector,
            Self::Chen(detector) => detector,
            Self::Bertier(detector) => detector,
            Self::Phi(detector) => detector,
        }
    }
}

impl Detector for Any {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        self.inner_mut().heartbeat(sequence, now);
    }
    fn deadline(&self) -> Nanos {
        self.inner().deadline()
    }
    fn level(&self, now: Nanos) -> Level {
        self.inner().level(now)
    }
    fn threshold(&self) -> Level {
        self.inner().threshold()
    }
}
