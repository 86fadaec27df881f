//! A detector that waits longer after each of its mistakes: eventually perfect.
//!
//! ```text
//!   deadline = the inner detector's deadline + extra
//!   a newer heartbeat arrives while its sender is suspected: extra += step
//! ```
//!
//! Under partial synchrony (some bound on delays holds after some moment; neither is known) every
//! mistake made after that moment widens the margin by `step`, until it exceeds the bound: so
//! mistakes are finitely many, and every crash is still found, because `extra` stops growing.
//! Without growth a fixed margin below the bound is wrong for ever.
//!
//! Reference: T. D. Chandra, S. Toueg, *Unreliable Failure Detectors for Reliable Distributed
//! Systems*, Journal of the ACM 43(2), 1996: figure 10, §9.

//= §1.2.2 eventually-perfect

use super::{Detector, Level, Verdict};
use avouch_promise::Nanos;

/// Any detector, with a margin of its own that only grows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Growing<D> {
    inner: D,
    step: Nanos,
    extra: Nanos,
    newest: u64,
    mistakes: u64,
}

impl<D: Detector> Growing<D> {
    /// `inner`, waiting longer by `step` after each mistake.
    pub fn new(inner: D, step: Nanos) -> Self {
        Self { inner, step, extra: Nanos::ZERO, newest: 0, mistakes: 0 }
    }

    /// The node came back with numbers of its own: `inner` watches it, with the margin learned.
    #[must_use]
    pub fn restarted(self, inner: D) -> Self {
        Self { inner, newest: 0, ..self }
    }

    /// How often it was wrong.
    pub fn mistakes(&self) -> u64 {
        self.mistakes
    }

    /// How much longer it waits than the inner detector.
    pub fn extra(&self) -> Nanos {
        self.extra
    }
}

impl<D: Detector> Detector for Growing<D> {
    fn heartbeat(&mut self, sequence: u64, now: Nanos) {
        if sequence > self.newest {
            self.newest = sequence;
            if self.verdict(now) == Verdict::Suspect {
                self.mistakes += 1;
                self.extra = self.extra.plus(self.step);
            }
        }
        self.inner.heartbeat(sequence, now);
    }
    fn deadline(&self) -> Nanos {
        self.inner.deadline().plus(self.extra)
    }
    /// The inner detector's, as it was `extra` ago.
    fn level(&self, now: Nanos) -> Level {
        self.inner.level(now.minus(self.extra))
    }
    fn threshold(&self) -> Level {
        self.inner.threshold()
    }
}
