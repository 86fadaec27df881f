//! A random schedule of faults from a seed, which ends in calm.
//!
//! ```text
//!   0 ---- faults, each family a Poisson process of its own ---- calm_at ---- the run's end
//!          each outage ends after a random while                 everything healed
//! ```
//!
//! The schedule is drawn before the run, as a [`Script`]: it can be printed, replayed and cut
//! down. What must not happen at once, because no protocol could stand it, is bounded here.
//!
//! - I1 At most `down_at_most` nodes are down at once, outages apart; those that never come back
//!   are among them.
//! - I2 At most `damaged_at_most` nodes are spent: gone for good, or with a disk that may have lost
//!   what was durable. A replicated log needs a quorum of the others to take one back; it may have
//!   been repaired in between, but the schedule, drawn before the run, does not know.

use crate::arithmetic::ln;
use crate::clock::ClockModel;
use crate::fault::{Family, Script};
use avouch_promise::{Nanos, NodeId, Random};
use std::collections::BTreeMap;

mod draft;
mod gray;
mod links;
mod strikes;
#[cfg(test)]
mod tests;

use draft::Draft;

/// How a random schedule is drawn.
#[derive(Clone, Debug)]
pub struct Nemesis {
    nodes: usize,
    rates: BTreeMap<Family, f64>,
    calm_at: Nanos,
    down_at_most: usize,
    damaged_at_most: usize,
    racks: Vec<Vec<NodeId>>,
    shortest: Nanos,
    longest: Nanos,
    /// The bound within which clock offsets stay.
    epsilon: Nanos,
    drift_ppb_max: i64,
}

impl Nemesis {
    /// A nemesis of `nodes` nodes that does nothing yet, and is calm from `calm_at` on.
    pub fn new(nodes: usize, calm_at: Nanos) -> Self {
        Self {
            nodes,
            rates: BTreeMap::new(),
            calm_at,
            down_at_most: nodes.saturating_sub(1) / 2,
            damaged_at_most: nodes.saturating_sub(1) / 2,
            racks: strikes::racks_of(nodes, nodes.saturating_sub(1).div_ceil(2)),
            shortest: Nanos::from_millis(50),
            longest: Nanos::from_secs(2),
            epsilon: ClockModel::default().epsilon.unwrap_or(Nanos::ZERO),
            drift_ppb_max: 100_000_000,
        }
    }

    /// Every family that a replicated log must stand, at its usual rate: something happens about
    /// eight times a second.
    #[must_use]
    pub fn everything(mut self) -> Self {
        for family in Family::ALL {
            let rate = match family {
                _ if family.exceeds_promise() => 0.0,
                _ if family.is_for_good() => 0.02,
                Family::Outage | Family::RackOutage => 0.05,
                Family::SubsetWrite => 0.3,
                _ if family.damages_disk() => 0.1,
                Family::ClockStep
                | Family::DiskFull
                | Family::ReadError
                | Family::ClockFreeze
                | Family::LeapSecond
                | Family::SwizzleClog => 0.1,
                _ => 0.4,
            };
            self = self.rate(family, rate);
        }
        self
    }

    /// So many faults of a family per second of virtual time, on average; 0 for none.
    #[must_use]
    //= §1.1.2 independent failure modes
    pub fn rate(mut self, family: Family, per_second: f64) -> Self {
        self.rates.insert(family, per_second);
        self
    }

    /// None of a family.
    #[must_use]
    pub fn without(self, family: Family) -> Self {
        self.rate(family, 0.0)
    }

    /// At most so many nodes are down at once, outages of all nodes apart. Default: a minority.
    #[must_use]
    pub fn down_at_most(self, count: usize) -> Self {
        Self { down_at_most: count, ..self }
    }

    /// At most so many nodes ever lose what was durable on their disk, or never come back.
    /// Default: a minority.
    #[must_use]
    pub fn damaged_at_most(self, count: usize) -> Self {
        Self { damaged_at_most: count, ..self }
    }

    /// What fails together: each rack's nodes. Default: neighbours, in racks of half of the nodes.
    #[must_use]
    pub fn racks(self, racks: Vec<Vec<NodeId>>) -> Self {
        Self { racks, ..self }
    }

    /// How long a fault lasts, from shortest to longest. Default: 50 ms to 2 s.
    #[must_use]
    pub fn lasting(self, shortest: Nanos, longest: Nanos) -> Self {
        Self { shortest, longest, ..self }
    }

    /// Clock offsets stay within `epsilon`, drifts within `drift_ppb_max`. Default: 2 ms, 10 %.
    #[must_use]
    pub fn clocks(self, epsilon: Nanos, drift_ppb_max: i64) -> Self {
        Self { epsilon, drift_ppb_max, ..self }
    }

    /// The schedule of a seed.
    pub fn script(&self, seed: u64) -> Script {
        let root = Random::new(seed).fork(0x006e_656d_6573_6973);
        let mut moments = Vec::new();
        for (family, rate) in self.rates.iter().filter(|(_, rate)| **rate > 0.0) {
            let mut random = root.fork(1 + *family as u64);
            let mut at = 0.0;
            loop {
                at += -ln(1.0 - random.unit()) / rate * 1e9;
                #[expect(clippy::cast_sign_loss, reason = "a sum of positive numbers")]
                let moment = Nanos(at as u64);
                if moment >= self.calm_at {
                    break;
                }
                moments.push((moment, *family));
            }
        }
        moments.sort_unstable();
        let mut draft = Draft::new(self, root.fork(0));
        for (at, family) in moments {
            draft.fault(at, family);
            draft.hold_invariants();
        }
        draft.finish()
    }
}
