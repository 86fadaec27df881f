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
use crate::delay::Delay;
use crate::fault::{Family, Fault, Path, Script};
use crate::link::node;
use avouch_promise::{Nanos, NodeId, Random, invariant};
use std::collections::{BTreeMap, BTreeSet};

mod strikes;

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
        let mut draft = Draft {
            nemesis: self,
            random: root.fork(0),
            faults: Vec::new(),
            down: BTreeMap::new(),
            spent: BTreeSet::new(),
            dead: BTreeSet::new(),
        };
        for (at, family) in moments {
            draft.fault(at, family);
            draft.hold_invariants();
        }
        draft.faults.push((self.calm_at, Fault::Calm));
        draft.faults.retain(|(at, _)| *at <= self.calm_at);
        draft.faults.into_iter().collect()
    }
}

/// A schedule being drawn.
struct Draft<'a> {
    nemesis: &'a Nemesis,
    random: Random,
    faults: Vec<(Nanos, Fault)>,
    /// Until when nodes are down.
    down: BTreeMap<NodeId, Nanos>,
    /// Nodes that never come back, or whose disk may have lost what was durable.
    spent: BTreeSet<NodeId>,
    /// Those of them that never come back.
    dead: BTreeSet<NodeId>,
}

impl Draft<'_> {
    fn push(&mut self, at: Nanos, fault: Fault) {
        self.faults.push((at, fault));
    }

    fn end(&mut self, at: Nanos) -> Nanos {
        let (shortest, longest) = (self.nemesis.shortest.0, self.nemesis.longest.0);
        at.plus(Nanos(self.random.between(shortest, longest.max(shortest))))
    }

    fn hold_invariants(&self) {
        let (down, spent) = (self.down.len(), self.spent.len());
        invariant!(I1, down <= self.nemesis.down_at_most.max(self.dead.len()), "{down} down");
        let most = self.nemesis.damaged_at_most;
        invariant!(I2, spent <= most, "{spent} nodes spent, {most} may be");
        invariant!(I2, self.dead.is_subset(&self.spent), "who is gone for good is spent");
    }

    /// Whether this node may lose what its disk holds; it is spent from now on.
    fn spend(&mut self, node: NodeId) -> bool {
        let may = self.spent.contains(&node) || self.spent.len() < self.nemesis.damaged_at_most;
        if may {
            self.spent.insert(node);
        }
        may
    }

    fn any(&mut self) -> NodeId {
        node(self.random.below(self.nemesis.nodes as u64) as usize)
    }

    /// A node that may go down now, if one may.
    fn victim(&mut self, at: Nanos) -> Option<NodeId> {
        self.down.retain(|_, until| *until > at);
        if self.down.len() >= self.nemesis.down_at_most {
            return None;
        }
        let up: Vec<_> =
            (0..self.nemesis.nodes).map(node).filter(|n| !self.down.contains_key(n)).collect();
        self.random.pick(&up).copied()
    }

    fn take_down(&mut self, at: Nanos, node: NodeId, fault: Fault) {
        let until = self.end(at);
        self.down.insert(node, until);
        self.push(at, fault);
        self.push(until, Fault::Restart { node });
    }

    /// Two sides, neither empty.
    fn sides(&mut self) -> (Vec<NodeId>, Vec<NodeId>) {
        let mut all: Vec<_> = (0..self.nemesis.nodes).map(node).collect();
        self.random.shuffle(&mut all);
        let first = self.random.between(1, (all.len() as u64).saturating_sub(1).max(1)) as usize;
        let other = all.split_off(first.min(all.len()));
        (all, other)
    }

    fn fault(&mut self, at: Nanos, family: Family) {
        match family {
            Family::Crash | Family::LostWrites | Family::TornWrite => {
                let Some(node) = self.victim(at) else { return };
                let fault = match family {
                    Family::Crash => Fault::Crash { node },
                    Family::LostWrites => Fault::LostWrites { node },
                    _ => Fault::TornWrite { node },
                };
                self.take_down(at, node, fault);
            }
            Family::DiskFull => {
                let Some(node) = self.victim(at) else { return };
                let emptied = self.end(at);
                self.down.insert(node, emptied);
                self.push(at, Fault::DiskFull { node, full: true });
                self.push(emptied, Fault::DiskFull { node, full: false });
                self.push(emptied, Fault::Restart { node });
            }
            //= §1.1.2 correlated failure (rack, region) is a named, separate fault
            Family::Outage => {
                let nodes: Vec<_> = (0..self.nemesis.nodes).map(node).collect();
                self.push(at, Fault::Outage { nodes: nodes.clone() });
                for node in nodes {
                    let until = self.end(at);
                    self.push(until, Fault::Restart { node });
                }
            }
            Family::Pause => {
                let (node, until) = (self.any(), self.end(at));
                self.push(at, Fault::Pause { node, duration: until.minus(at) });
            }
            Family::DiskSlow => {
                let (node, until) = (self.any(), self.end(at));
                let factor = self.random.between(2, 200) as u32;
                self.push(at, Fault::DiskSlow { node, factor });
                self.push(until, Fault::DiskSlow { node, factor: 1 });
            }
            Family::ClockOffset | Family::ClockDrift | Family::ClockStep => self.clock(at, family),
            Family::SlowNode
            | Family::StopTheWorld
            | Family::Throttle
            | Family::DiskSaturated
            | Family::SegmentLoss
            | Family::Blackouts => self.gray(at, family),
            Family::Partition
            | Family::OneWay
            | Family::Loss
            | Family::Duplicate
            | Family::Reorder
            | Family::Slow => self.link(at, family),
            other => self.strike(at, other),
        }
    }

    /// Something of one node works, only not well.
    fn gray(&mut self, at: Nanos, family: Family) {
        let (node, until) = (self.any(), self.end(at));
        let random = &mut self.random;
        let some = |random: &mut Random, low, high| Nanos::from_millis(random.between(low, high));
        let outward = Path { from: Some(node), to: None };
        let inward = Path { from: None, to: Some(node) };
        let path = if random.chance(0.5) { outward } else { inward };
        let over = Nanos::ZERO;
        let (fault, end) = match family {
            Family::SlowNode => {
                let factor = random.between(10, 3_000) as u32;
                (Fault::SlowNode { node, factor }, Fault::SlowNode { node, factor: 1 })
            }
            Family::StopTheWorld => {
                let (every, lasting) = (some(random, 100, 1_000), some(random, 10, 400));
                let end = Fault::StopTheWorld { node, every, lasting: over };
                (Fault::StopTheWorld { node, every, lasting }, end)
            }
            Family::Throttle => {
                let period = some(random, 50, 400);
                let quota = Nanos(random.between(period.0 / 20, period.0 / 2));
                let end = Fault::Throttle { node, quota, period: over };
                (Fault::Throttle { node, quota, period }, end)
            }
            Family::DiskSaturated => {
                let utilisation = 0.8 + random.unit() * 0.5;
                let service = Nanos(random.between(200_000, 4_000_000));
                let end = Fault::DiskSaturated { node, utilisation: 0.0, service };
                (Fault::DiskSaturated { node, utilisation, service }, end)
            }
            Family::SegmentLoss => {
                let probability = random.unit() * 0.3;
                let end = Fault::SegmentLoss { path, probability: 0.0 };
                (Fault::SegmentLoss { path, probability }, end)
            }
            _ => {
                let (every, lasting) = (some(random, 600, 2_000), some(random, 50, 500));
                let end = Fault::Blackouts { path, every, lasting: over };
                (Fault::Blackouts { path, every, lasting }, end)
            }
        };
        self.push(at, fault);
        self.push(until, end);
    }

    fn clock(&mut self, at: Nanos, family: Family) {
        let node = self.any();
        let either = |bound: i64, random: &mut Random| {
            random.below(bound.unsigned_abs() * 2 + 1).cast_signed() - bound
        };
        let fault = match family {
            Family::ClockOffset => {
                let bound = i64::try_from(self.nemesis.epsilon.0).unwrap_or(i64::MAX / 4);
                Fault::ClockOffset { node, error_ns: either(bound, &mut self.random) }
            }
            Family::ClockDrift => {
                let rate_ppb = either(self.nemesis.drift_ppb_max, &mut self.random);
                Fault::ClockDrift { node, rate_ppb }
            }
            _ => Fault::ClockStep { node, by_ns: either(5_000_000_000, &mut self.random) },
        };
        self.push(at, fault);
    }

    fn link(&mut self, at: Nanos, family: Family) {
        let until = self.end(at);
        let (path, none) = (Path::ALL, 0.0);
        match family {
            Family::Partition => {
                if self.nemesis.nodes < 2 {
                    return;
                }
                let (one, other) = self.sides();
                let sides = vec![one, other];
                self.push(at, Fault::Partition { sides: sides.clone() });
                self.push(until, Fault::Rejoin { sides });
            }
            Family::OneWay => {
                if self.nemesis.nodes < 2 {
                    return;
                }
                let (from, to) = self.sides();
                self.push(at, Fault::OneWay { from: from.clone(), to: to.clone() });
                self.push(until, Fault::BothWays { from, to });
            }
            Family::Loss => {
                let probability = self.random.unit() * 0.3;
                self.push(at, Fault::Loss { path, probability });
                self.push(until, Fault::Loss { path, probability: none });
            }
            Family::Duplicate => {
                let probability = self.random.unit() * 0.3;
                self.push(at, Fault::Duplicate { path, probability });
                self.push(until, Fault::Duplicate { path, probability: none });
            }
            Family::Reorder => {
                let probability = self.random.unit() * 0.5;
                let by = Nanos::from_millis(self.random.between(1, 200));
                self.push(at, Fault::Reorder { path, probability, by });
                self.push(until, Fault::Reorder { path, probability: none, by });
            }
            Family::Slow => {
                let slowed = self.any();
                let minimum = Nanos::from_millis(self.random.between(5, 100));
                let delay = Some(Delay::Pareto { minimum, alpha: 1.5 });
                for path in
                    [Path { from: Some(slowed), to: None }, Path { from: None, to: Some(slowed) }]
                {
                    self.push(at, Fault::Slow { path, delay });
                    self.push(until, Fault::Slow { path, delay: None });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nemesis() -> Nemesis {
        Nemesis::new(5, Nanos::from_secs(60)).everything()
    }

    #[test]
    fn a_seed_names_its_schedule_and_it_ends_in_calm() {
        let script = nemesis().script(7);
        assert_eq!(script, nemesis().script(7));
        assert_ne!(script, nemesis().script(8));
        assert_eq!(script.iter().last(), Some(&(Nanos::from_secs(60), Fault::Calm)));
        assert!(script.len() > 200, "only {}", script.len());
    }

    #[test]
    //= §1.1.2 independent failure modes test
    fn families_have_processes_of_their_own() {
        let crashes = |script: &Script| -> Vec<Nanos> {
            let crash = |f: &Fault| matches!(f, Fault::Pause { .. });
            script.iter().filter(|(_, f)| crash(f)).map(|(at, _)| *at).collect()
        };
        let all = crashes(&nemesis().script(3));
        assert_eq!(all, crashes(&nemesis().without(Family::Partition).script(3)));
        assert!(all.len().abs_diff(24) < 15, "{}", all.len());
        assert!(crashes(&nemesis().without(Family::Pause).script(3)).is_empty());
    }

    #[test]
    //= §1.1.2 correlated failure (rack, region) is a named, separate fault test
    fn no_more_nodes_are_down_or_damaged_than_allowed() {
        let (mut lost, mut amnesiacs) = (0, 0);
        for seed in 0..50 {
            let (mut down, mut rotten) = (BTreeSet::new(), BTreeSet::new());
            let mut never = BTreeSet::new();
            let one_by_one = nemesis().without(Family::Outage).without(Family::RackOutage);
            let (mut gone, mut refused) = (0, false);
            for (_, fault) in one_by_one.script(seed).iter() {
                match fault {
                    Fault::Crash { node }
                    | Fault::LostWrites { node }
                    | Fault::TornWrite { node }
                    | Fault::DiskFull { node, full: true } => {
                        down.insert(*node);
                    }
                    Fault::ReadError { node, probability } if *probability > 0.0 => {
                        down.insert(*node);
                    }
                    Fault::CrashStop { node }
                    | Fault::FailStop { node }
                    | Fault::Amnesia { node } => {
                        down.insert(*node);
                        gone += 1;
                        rotten.insert(*node);
                        never.insert(*node);
                        refused |= matches!(fault, Fault::Amnesia { .. });
                    }
                    Fault::Restart { node } if !never.contains(node) => {
                        down.remove(node);
                    }
                    Fault::SubsetWrite { node } => {
                        down.insert(*node);
                        rotten.insert(*node);
                    }
                    Fault::RotRecord { node, .. }
                    | Fault::RotCheckpoint { node }
                    | Fault::MisdirectedWrite { node, .. }
                    | Fault::MisdirectedRead { node, .. } => {
                        rotten.insert(*node);
                    }
                    _ => {}
                }
                assert!(down.len() <= 2 && rotten.len() <= 2, "seed {seed}: {down:?} {rotten:?}");
            }
            (lost, amnesiacs) = (lost + gone, amnesiacs + u32::from(refused));
        }
        assert!(lost > 15 && amnesiacs > 5, "{lost} lost, {amnesiacs} of them their memory");
    }

    #[test]
    fn only_who_asks_for_it_gets_what_exceeds_the_promise() {
        let exceeding = |f: &Fault| matches!(f, Fault::LyingSync { .. } | Fault::Byzantine { .. });
        let script = nemesis().script(1);
        assert!(!script.iter().any(|(_, fault)| exceeding(fault)));
        for family in Family::ALL.into_iter().filter(|family| family.exceeds_promise()) {
            let script = Nemesis::new(5, Nanos::from_secs(60)).rate(family, 0.5).script(1);
            assert!(script.iter().filter(|(_, fault)| exceeding(fault)).count() > 10);
        }
    }

    #[test]
    fn every_family_does_something() {
        for family in Family::ALL {
            let script = Nemesis::new(5, Nanos::from_secs(60)).rate(family, 0.5).script(1);
            assert!(script.len() > 2, "{family} does nothing");
        }
    }
}
