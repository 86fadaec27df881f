//! Partial synchrony as a dial: what is promised of the time that a message takes.
//!
//! ```text
//!   asynchronous       nothing is promised: a message takes what its link takes, and may be lost
//!   unknown bound      delta holds always, and nobody in the run knows it: drawn from the seed
//!   after GST          |-- an adversary delays, holds and loses ------|-- within delta -----|
//!                      0                                             GST                  end
//!   sent at t, over a link that is not cut: due by max(t, GST) + delta
//! ```
//!
//! The dial stands over the links: it lets a link say when a message arrives, and moves what the
//! promise does not allow. A promise covers loss too: what a link loses while the bound holds
//! arrives within it all the same. It does not cover a cut: a partition is a fault with a name, and
//! a scenario that cuts after GST has taken the promise back itself.
//!
//! Invariants:
//!
//! - I1 No message arrives later than [`Dial::due`] of the time at which it was sent, also not one
//!   that was sent before GST.
//! - I2 No node is told delta or GST: they are no part of any configuration.
//!
//! Reference: Dwork, Lynch, Stockmeyer, *Consensus in the presence of partial synchrony*, JACM
//! 35(2), 1988, §2: both forms, with GST as the global stabilisation time. Deviation: messages sent
//! before GST that the adversary holds are delivered after it; the paper allows them to be lost,
//! which the adversary does with [`Adversary::loss`].

//= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta

use crate::arithmetic::{exp, ln};
use crate::delay::Delay;
use crate::link::Arrivals;
use avouch_promise::{Nanos, Random};

/// What is promised of the time that messages take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Synchrony {
    /// Nothing: links alone decide. Costs nothing.
    #[default]
    Asynchronous,
    /// A bound that holds from the start, drawn between two, each order of magnitude as likely as
    /// another. The run's seed names it.
    UnknownBound {
        /// It is at least this.
        at_least: Nanos,
        /// It is at most this.
        at_most: Nanos,
    },
    /// A bound that holds from some time on.
    AfterGst {
        /// The global stabilisation time.
        gst: Nanos,
        /// No message takes longer from then on.
        delta: Nanos,
        /// Who has the messages until then.
        before: Adversary,
    },
}

/// Who has the messages while nothing is promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adversary {
    /// The probability that it loses a message.
    pub loss: f64,
    /// The probability that it holds a message that it did not lose until the bound holds.
    pub hold: f64,
    /// How long it delays the others, beyond what their link takes.
    pub delay: Delay,
}

impl Default for Adversary {
    /// Loses a third, holds a third of the rest, and delays the others without a mean.
    fn default() -> Self {
        let delay = Delay::Pareto { minimum: Nanos::from_millis(100), alpha: 0.5 };
        Self { loss: 0.33, hold: 0.33, delay }
    }
}

impl Adversary {
    /// The one against whom nothing can be done: every message is held or lost.
    pub const WHOLE: Self = Self { loss: 0.5, hold: 1.0, delay: Delay::Constant(Nanos::ZERO) };
}

/// The promise of one run.
#[derive(Clone, Debug)]
pub struct Dial {
    gst_ns: u64,
    delta_ns: u64,
    before: Adversary,
    random: Random,
    /// The planted bug: the adversary never ends.
    ignore_gst: bool,
}

impl Dial {
    /// The promise as this seed's randomness has it; none where nothing is promised.
    pub(crate) fn of(synchrony: Synchrony, mut random: Random, ignore_gst: bool) -> Option<Self> {
        let (gst_ns, delta_ns, before) = match synchrony {
            Synchrony::Asynchronous => return None,
            Synchrony::UnknownBound { at_least, at_most } => {
                (0, drawn(at_least, at_most, &mut random), Adversary::default())
            }
            Synchrony::AfterGst { gst, delta, before } => (gst.0, delta.0, before),
        };
        Some(Self { gst_ns, delta_ns, before, random, ignore_gst })
    }

    /// When the bound begins to hold.
    pub fn gst(&self) -> Nanos {
        Nanos(self.gst_ns)
    }

    /// The bound.
    pub fn delta(&self) -> Nanos {
        Nanos(self.delta_ns)
    }

    /// The latest time at which a message arrives that was sent at `sent`.
    pub fn due(&self, sent: Nanos) -> Nanos {
        Nanos(sent.0.max(self.gst_ns)).plus(Nanos(self.delta_ns))
    }

    /// When a message sent now over a link that is not cut arrives, given what the link says; and
    /// whether the promise moved it.
    pub(crate) fn arrivals(&mut self, now_ns: u64, link: Arrivals) -> (Arrivals, bool) {
        let adverse = now_ns < self.gst_ns || self.ignore_gst;
        let wanted = if adverse { link.map(|at| self.disturbed(at)) } else { link };
        let due_ns = if self.ignore_gst { u64::MAX } else { self.due(Nanos(now_ns)).0 };
        let mut kept = wanted.map(|at| at.map(|at| at.min(due_ns)));
        if !adverse && kept == [None; 2] {
            // The link lost it, which is not allowed any more.
            kept[0] = Some(now_ns + self.random.between(1, self.delta_ns.max(1)));
        }
        (kept, kept != link)
    }

    /// What the adversary does to one arrival.
    fn disturbed(&mut self, at: Option<u64>) -> Option<u64> {
        let at = at?;
        if self.random.chance(self.before.loss) {
            return None;
        }
        if self.random.chance(self.before.hold) {
            let held_ns = self.gst_ns.saturating_add(self.random.between(0, self.delta_ns));
            return (!self.ignore_gst).then_some(held_ns.max(at));
        }
        Some(at.saturating_add(self.before.delay.sample(&mut self.random).0))
    }
}

/// A time between two, on a logarithmic scale.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "delays are positive and far below 2^53 ns"
)]
fn drawn(at_least: Nanos, at_most: Nanos, random: &mut Random) -> u64 {
    let (low, high) = (at_least.0.max(1) as f64, at_most.0.max(at_least.0).max(1) as f64);
    let drawn = low * exp(random.unit() * ln(high / low));
    (drawn as u64).clamp(at_least.0, at_most.0.max(at_least.0))
}

#[cfg(test)]
mod relay_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const GST: u64 = 1_000_000_000;
    const DELTA: u64 = 5_000_000;

    fn dial(before: Adversary, ignore_gst: bool) -> Dial {
        let (gst, delta) = (Nanos(GST), Nanos(DELTA));
        let synchrony = Synchrony::AfterGst { gst, delta, before };
        Dial::of(synchrony, Random::new(Random::seed_from_environment()), ignore_gst)
            .expect("a promise")
    }

    //= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta test
    #[test]
    fn the_adversary_exceeds_every_bound_before_gst_and_none_after_it() {
        let mut dial = dial(Adversary::default(), false);
        let mut longest = 0;
        for now in (0..2 * GST).step_by(250_000) {
            let (arrivals, _) = dial.arrivals(now, [Some(now + 1_000), None]);
            for at in arrivals.into_iter().flatten() {
                assert!(at <= now.max(GST) + DELTA, "sent at {now}, arrives at {at}");
                longest = longest.max(at - now);
            }
            assert!(now < GST || arrivals[0].is_some(), "nothing is lost after GST");
        }
        assert!(longest >= GST * 9 / 10, "only {longest} ns: a bound would hold before GST");
    }

    #[test]
    fn what_a_link_loses_after_gst_arrives_all_the_same() {
        let mut dial = dial(Adversary::WHOLE, false);
        let (arrivals, moved) = dial.arrivals(GST, [None; 2]);
        assert!(moved && arrivals[0].is_some_and(|at| (GST..=GST + DELTA).contains(&at)));
        assert_eq!(dial.arrivals(GST - 1, [None; 2]).0, [None; 2], "before, a loss is a loss");
        let late = [Some(GST + 90 * DELTA), Some(GST + 1)];
        assert_eq!(dial.arrivals(GST, late), ([Some(GST + DELTA), Some(GST + 1)], true));
    }

    #[test]
    fn a_dial_that_ignores_gst_is_seen() {
        let mut dial = dial(Adversary::default(), true);
        let late = (0..400)
            .filter(|at| {
                let now = GST + at * 1_000_000;
                let (arrivals, _) = dial.arrivals(now, [Some(now + 1_000), None]);
                arrivals[0].is_none_or(|at| at > now + DELTA)
            })
            .count();
        assert!(late > 200, "only {late} of 400 break the promise");
    }

    #[test]
    fn an_unknown_bound_is_the_seeds_own_and_each_magnitude_is_as_likely() {
        let (at_least, at_most) = (Nanos::from_millis(1), Nanos::from_secs(1));
        let synchrony = Synchrony::UnknownBound { at_least, at_most };
        let drawn =
            |seed| Dial::of(synchrony, Random::new(seed), false).expect("a promise").delta();
        assert_eq!(drawn(7), drawn(7));
        let mut below = 0;
        for seed in 0..3_000 {
            let delta = drawn(seed);
            assert!((at_least..=at_most).contains(&delta));
            below += u32::from(delta < Nanos::from_millis(10));
        }
        assert!(below.abs_diff(1_000) < 130, "{below} of 3000 in the lowest of three magnitudes");
        assert!(Dial::of(Synchrony::Asynchronous, Random::new(1), false).is_none());
    }
}
