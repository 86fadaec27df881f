//! The driver of a scenario: warms up, sets the stage, cuts, and notes what is decided when.
//!
//! ```text
//!   0          30 timeouts + less than one     + 1/2                            + watch
//!   | nodes fall out of step | (the hub falls behind) | the cut | decided? ... |
//! ```
//!
//! A proposal is made every tenth of a timeout, at each node in turn. The leader at the time of
//! the cut decides who the hub is, so every log is cut where it hurts.

use super::{Decided, Plan, Scenario, Subject, TIMEOUT, TIMEOUTS_MAX};
use avouch_machine::CommandId;
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Driver, Fault, World};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// From the cut until proposals are decided, and go on being decided to the end without a
    /// pause longer than [`TIMEOUTS_MAX`]; none: stuck at the end.
    pub after: Option<Nanos>,
    /// The longest time without a decision after the cut.
    pub longest_pause: Nanos,
    /// Proposals made after the cut.
    pub proposed: u64,
    /// Of those, decided by the end.
    pub decided: u64,
    /// How often a node began to lead after the cut.
    pub elections: u64,
}

impl Resumption {
    /// Whether it resumed in time.
    pub fn in_time(&self) -> bool {
        self.after.is_some_and(|after| after.0 <= TIMEOUTS_MAX * TIMEOUT.0)
    }
}

/// A scenario's driver.
#[derive(Clone, Debug)]
pub struct Stage {
    plan: Plan,
    proposed: u64,
    /// The first proposal after the cut, and when that was.
    cut: Option<(u64, Nanos)>,
    /// Hub first and leader last, or the line.
    order: Vec<NodeId>,
    leader: NodeId,
    /// What is known to be decided, by place: every node must say the same.
    log: BTreeMap<u64, u64>,
    /// Proposals after the cut that are decided.
    decided: BTreeSet<u64>,
    /// When one of them was first known to be.
    moments: Vec<Nanos>,
    leading: BTreeMap<NodeId, u64>,
    elections: u64,
}

const WARM_UP: Nanos = Nanos(30 * TIMEOUT.0);
const BETWEEN_PROPOSALS: Nanos = Nanos(TIMEOUT.0 / 10);
/// So briefly does the hub miss its leader before the cut that no log can have noticed.
const BEHIND_FOR: Nanos = Nanos(TIMEOUT.0 / 2);

mod wake {
    pub(super) const PROPOSE: u64 = 0;
    pub(super) const SET: u64 = 1;
    pub(super) const CUT: u64 = 2;
}

impl Stage {
    /// The driver of a plan.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            proposed: 0,
            cut: None,
            order: Vec::new(),
            leader: NodeId::default(),
            log: BTreeMap::new(),
            decided: BTreeSet::new(),
            moments: Vec::new(),
            leading: BTreeMap::new(),
            elections: 0,
        }
    }

    /// When the run is over.
    pub fn ends_at(&self) -> Nanos {
        WARM_UP.plus(TIMEOUT).plus(BEHIND_FOR).plus(self.plan.watch)
    }

    /// What became of the run, which ended at `end`.
    pub fn resumption(&self, end: Nanos) -> Result<Resumption, String> {
        let (first, cut) = self.cut.ok_or("the cut never came")?;
        let enough = Nanos(TIMEOUTS_MAX * TIMEOUT.0);
        let (mut since, mut last, mut longest) = (None, cut, Nanos::ZERO);
        for moment in &self.moments {
            let pause = moment.minus(last);
            if since.is_none() || pause > enough {
                since = Some(*moment);
            }
            (last, longest) = (*moment, longest.max(pause));
        }
        let silent = end.minus(last);
        Ok(Resumption {
            after: since.filter(|_| silent <= enough).map(|since| since.minus(cut)),
            longest_pause: longest.max(silent),
            proposed: self.proposed - first,
            decided: self.decided.len() as u64,
            elections: self.elections,
        })
    }

    fn propose<S: Subject>(&mut self, world: &mut World<S>) {
        let nodes = u64::from(self.plan.scenario.nodes());
        let node = NodeId((self.proposed % nodes) as u32 + 1);
        let numbers = self.proposed..self.proposed + 1;
        world.command(node, CommandId(self.proposed), S::propose(numbers));
        self.proposed += 1;
        world.wake(world.now().plus(BETWEEN_PROPOSALS), wake::PROPOSE);
    }

    /// Chooses who is who.
    fn set<S: Subject>(&mut self, world: &mut World<S>) {
        let leading = world.states().filter_map(|(id, state)| Some((S::leads(state)?, id)));
        let Some((_, leader)) = leading.max() else {
            return world.fail("nobody leads before the cut");
        };
        if self.log.len() < 100 {
            return world.fail("hardly anything was decided before the cut");
        }
        self.leader = leader;
        let mut order: Vec<_> = world.nodes().filter(|node| *node != leader).collect();
        world.random().shuffle(&mut order);
        let place = match self.plan.scenario {
            Scenario::ChainedFive => world.random().below(order.len() as u64 + 1) as usize,
            _ => order.len(),
        };
        order.insert(place, leader);
        self.order = order;
        if self.plan.scenario == Scenario::ConstrainedElection {
            world.inject(Fault::Partition { sides: self.hub_and_others() });
        }
        world.wake(world.now().plus(BEHIND_FOR), wake::CUT);
    }

    fn hub(&self) -> NodeId {
        self.order.first().copied().unwrap_or_default()
    }

    /// The hub, which hears nobody while it falls behind: from a neighbour it could learn what is
    /// decided.
    fn hub_and_others(&self) -> Vec<Vec<NodeId>> {
        vec![vec![self.hub()], self.order.iter().skip(1).copied().collect()]
    }

    fn cut<S: Subject>(&mut self, world: &mut World<S>) {
        if self.plan.scenario == Scenario::ConstrainedElection {
            let length = |node: &NodeId| world.state(*node).map(S::length);
            let hub = length(&self.hub());
            let voters = &self.order[1..self.order.len() - 1];
            if voters.iter().any(|voter| length(voter) <= hub) {
                return world.fail("the hub is not behind");
            }
            world.inject(Fault::Rejoin { sides: self.hub_and_others() });
        }
        if world.state(self.leader).and_then(S::leads).is_none() {
            return world.fail("the leader changed before the cut");
        }
        let kept = self.plan.scenario.keeps(&self.order);
        for (at, one) in self.order.iter().enumerate() {
            for other in &self.order[at + 1..] {
                if !kept.contains(&(*one, *other)) {
                    let sides = vec![vec![*one], vec![*other]];
                    world.inject(Fault::Partition { sides });
                }
            }
        }
        self.cut = Some((self.proposed, world.now()));
        let (order, leader) = (&self.order, self.leader);
        world.say(None, format_args!("the cut: {order:?}, led by {leader}"));
    }
}

impl<S: Subject> Driver<S> for Stage {
    fn on_begin(&mut self, world: &mut World<S>) {
        let nodes: Vec<_> = world.nodes().collect();
        for node in nodes {
            // Nodes that started at one moment would keep their timers in step for ever.
            let duration = TIMEOUT.plus(Nanos(world.random().below(TIMEOUT.0)));
            world.schedule(Nanos(1), Fault::Pause { node, duration });
        }
        let set_at = WARM_UP.plus(Nanos(world.random().below(TIMEOUT.0)));
        world.wake(set_at, wake::SET);
        world.wake(TIMEOUT.times(3), wake::PROPOSE);
    }

    fn on_wakeup(&mut self, world: &mut World<S>, key: u64) {
        match key {
            wake::SET => self.set(world),
            wake::CUT => self.cut(world),
            _ => self.propose(world),
        }
    }

    fn on_output(&mut self, world: &mut World<S>, node: NodeId, output: S::Output) {
        for Decided { place, number } in S::decided(&output) {
            let known = *self.log.entry(place).or_insert(number);
            if known != number {
                return world.fail(format!("{node} decided {number} at {place}, and not {known}"));
            }
            if let Some((first, _)) = self.cut
                && number >= first
                && self.decided.insert(number)
            {
                self.moments.push(world.now());
            }
        }
    }

    fn on_step(&mut self, world: &mut World<S>, node: NodeId) {
        let rank = world.state(node).and_then(S::leads);
        let before = match rank {
            Some(rank) => self.leading.insert(node, rank),
            None => self.leading.remove(&node),
        };
        if rank.is_some() && rank != before && self.cut.is_some() {
            self.elections += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stage whose cut was at 0 and which ran for 20 timeouts.
    fn watched(moments: &[u64]) -> Resumption {
        let mut stage = Stage::new(Plan::new(Scenario::QuorumLoss, 20));
        stage.cut = Some((0, Nanos::ZERO));
        stage.moments = moments.iter().map(|tenths| Nanos(tenths * TIMEOUT.0 / 10)).collect();
        stage.resumption(TIMEOUT.times(20)).expect("there was a cut")
    }

    fn steady(from: u64, to: u64) -> Vec<u64> {
        (from..=to).step_by(5).collect()
    }

    #[test]
    fn only_what_goes_on_to_the_end_has_resumed() {
        let at_once = watched(&steady(35, 200));
        assert_eq!(at_once.after, Some(Nanos(TIMEOUT.0 * 35 / 10)));
        assert!(at_once.in_time());
        let late = watched(&steady(45, 200));
        assert!(late.after.is_some() && !late.in_time());
        assert_eq!(watched(&[]).after, None);
        assert_eq!(watched(&steady(5, 150)).after, None, "it stopped before the end");
        let paused = watched(&[steady(5, 50), steady(100, 200)].concat());
        assert_eq!(paused.after, Some(TIMEOUT.times(10)), "it resumed after the last long pause");
        assert_eq!(paused.longest_pause, TIMEOUT.times(5));
    }

    #[test]
    fn a_run_without_a_cut_is_no_run() {
        let stage = Stage::new(Plan::new(Scenario::Chained, 20));
        assert!(stage.resumption(TIMEOUT).is_err());
    }
}
