//! A schedule being drawn: who is down, who is spent, and what is drawn next.
//!
//! It holds the nemesis's I1 and I2 after every fault. Which numbers a fault takes is drawn here
//! for crashes, stops and clocks, and beside for [gray faults](super::gray), [links](super::links)
//! and [everything newer](super::strikes).

use super::Nemesis;
use crate::fault::{Family, Fault, Script};
use crate::link::node;
use avouch_promise::{Nanos, NodeId, Random, invariant};
use std::collections::{BTreeMap, BTreeSet};

/// A schedule being drawn.
pub(super) struct Draft<'a> {
    pub(super) nemesis: &'a Nemesis,
    pub(super) random: Random,
    faults: Vec<(Nanos, Fault)>,
    /// Until when nodes are down.
    pub(super) down: BTreeMap<NodeId, Nanos>,
    /// Nodes that never come back, or whose disk may have lost what was durable.
    spent: BTreeSet<NodeId>,
    /// Those of them that never come back.
    pub(super) dead: BTreeSet<NodeId>,
}

impl<'a> Draft<'a> {
    /// A draft without faults, drawn from `random`.
    pub(super) fn new(nemesis: &'a Nemesis, random: Random) -> Self {
        Self {
            nemesis,
            random,
            faults: Vec::new(),
            down: BTreeMap::new(),
            spent: BTreeSet::new(),
            dead: BTreeSet::new(),
        }
    }

    /// The schedule as drawn; it ends in calm.
    pub(super) fn finish(mut self) -> Script {
        let calm_at = self.nemesis.calm_at;
        self.faults.push((calm_at, Fault::Calm));
        self.faults.retain(|(at, _)| *at <= calm_at);
        self.faults.into_iter().collect()
    }

    pub(super) fn push(&mut self, at: Nanos, fault: Fault) {
        self.faults.push((at, fault));
    }

    pub(super) fn end(&mut self, at: Nanos) -> Nanos {
        let (shortest, longest) = (self.nemesis.shortest.0, self.nemesis.longest.0);
        at.plus(Nanos(self.random.between(shortest, longest.max(shortest))))
    }

    pub(super) fn hold_invariants(&self) {
        let (down, spent) = (self.down.len(), self.spent.len());
        invariant!(I1, down <= self.nemesis.down_at_most.max(self.dead.len()), "{down} down");
        let most = self.nemesis.damaged_at_most;
        invariant!(I2, spent <= most, "{spent} nodes spent, {most} may be");
        invariant!(I2, self.dead.is_subset(&self.spent), "who is gone for good is spent");
    }

    /// Whether this node may lose what its disk holds; it is spent from now on.
    pub(super) fn spend(&mut self, node: NodeId) -> bool {
        let may = self.spent.contains(&node) || self.spent.len() < self.nemesis.damaged_at_most;
        if may {
            self.spent.insert(node);
        }
        may
    }

    pub(super) fn any(&mut self) -> NodeId {
        node(self.random.below(self.nemesis.nodes as u64) as usize)
    }

    /// A node that may go down now, if one may.
    pub(super) fn victim(&mut self, at: Nanos) -> Option<NodeId> {
        self.down.retain(|_, until| *until > at);
        if self.down.len() >= self.nemesis.down_at_most {
            return None;
        }
        let up: Vec<_> =
            (0..self.nemesis.nodes).map(node).filter(|n| !self.down.contains_key(n)).collect();
        self.random.pick(&up).copied()
    }

    pub(super) fn take_down(&mut self, at: Nanos, node: NodeId, fault: Fault) {
        let until = self.end(at);
        self.down.insert(node, until);
        self.push(at, fault);
        self.push(until, Fault::Restart { node });
    }

    /// Two sides, neither empty.
    pub(super) fn sides(&mut self) -> (Vec<NodeId>, Vec<NodeId>) {
        let mut all: Vec<_> = (0..self.nemesis.nodes).map(node).collect();
        self.random.shuffle(&mut all);
        let first = self.random.between(1, (all.len() as u64).saturating_sub(1).max(1)) as usize;
        let other = all.split_off(first.min(all.len()));
        (all, other)
    }

    pub(super) fn fault(&mut self, at: Nanos, family: Family) {
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
                // Calm wakes no process that hangs: one that a script names may hang for good.
                let (node, until) = (self.any(), self.end(at).min(self.nemesis.calm_at));
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
}
