//! Schedules that a cost changes: the same seed run twice, with steps that take one time and
//! another, and what came out in another order.
//!
//! ```text
//!   seed -+-> steps take t      --> order of steps, leaders, chain at each index
//!         |                            |
//!         '-> steps take t + c  --> ---+--> same steps in the same order? from where on not?
//!                                           same leaders?  same requests at the same indices?
//! ```
//!
//! Times differ always, and say nothing; orders differ when the cost let one event overtake
//! another. Two runs of one seed without a difference in cost have no changed order.

//= §1.1.3 schedules changed by the measured cost, counted under one seed

use super::driver::Workload;
use super::scenario::Plan;
use crate::node::{Node, Output};
use avouch_agreement::log::Observation;
use avouch_promise::{Digest, LogIndex, Nanos, NodeId};
use avouch_world::{Driver, World};
use std::collections::BTreeMap;

/// What happened in a run, by order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Who took each step, and when.
    pub steps: Vec<(NodeId, Nanos)>,
    /// Who began to lead, in order.
    pub leaders: Vec<NodeId>,
    /// The chain of the decided log at each index that was seen.
    pub chains: BTreeMap<LogIndex, Digest>,
}

/// In what two schedules differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The first step that another node took, and when the first of the two runs took it.
    pub step: Option<(usize, Nanos)>,
    /// Whether other nodes led, or in another order.
    pub leaders: bool,
    /// Whether other requests, or requests in another order, were decided.
    pub history: bool,
}

impl Schedule {
    /// Runs a plan whose steps take `step`; the plan's own faults happen at the same times in
    /// every run of a seed.
    pub fn of(plan: &Plan, seed: u64, step: Nanos) -> Self {
        let plan = Plan { step: Some(step), ..plan.clone() };
        let (mut world, workload) = plan.begin(seed);
        let mut watcher = Watcher { workload, schedule: Self::default() };
        world.run_until(&mut watcher, plan.faults_for.plus(plan.calm_for));
        watcher.schedule
    }

    /// In what another schedule differs from this one.
    pub fn compare(&self, other: &Self) -> Changed {
        let pairs = self.steps.iter().zip(&other.steps).enumerate();
        let mut apart = pairs.filter(|(_, (one, other))| one.0 != other.0);
        let step = apart.next().map(|(place, (one, _))| (place, one.1));
        let history = self
            .chains
            .iter()
            .any(|(index, chain)| other.chains.get(index).is_some_and(|other| other != chain));
        Changed { step, leaders: self.leaders != other.leaders, history }
    }
}

/// Drives the clients, and writes down what happens.
struct Watcher {
    workload: Workload,
    schedule: Schedule,
}

impl Driver<Node> for Watcher {
    fn on_begin(&mut self, world: &mut World<Node>) {
        self.workload.on_begin(world);
    }
    fn on_wakeup(&mut self, world: &mut World<Node>, key: u64) {
        self.workload.on_wakeup(world, key);
    }
    fn on_output(&mut self, world: &mut World<Node>, node: NodeId, output: Output) {
        self.workload.on_output(world, node, output);
    }
    fn on_observation(&mut self, world: &mut World<Node>, node: NodeId, observation: Observation) {
        if let Observation::Leading(_) = observation {
            self.schedule.leaders.push(node);
        }
        self.workload.on_observation(world, node, observation);
    }
    fn on_start(&mut self, world: &mut World<Node>, node: NodeId) {
        self.workload.on_start(world, node);
    }
    fn on_step(&mut self, world: &mut World<Node>, node: NodeId) {
        self.schedule.steps.push((node, world.now()));
        if let Some(log) = world.state(node).map(crate::node::State::log)
            && let Some(place) = log.tail().at(log.decided())
        {
            self.schedule.chains.insert(log.decided(), place.chain);
        }
        self.workload.on_step(world, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Nanos = Nanos::from_micros(20);

    fn plan() -> Plan {
        let (faults_for, calm_for) = (Nanos::from_secs(1), Nanos::from_millis(500));
        Plan { faults: false, faults_for, calm_for, ..Plan::default() }
    }

    //= §1.1.3 schedules changed by the measured cost, counted under one seed test
    #[test]
    fn a_cost_changes_orders_and_no_cost_changes_none() {
        let mut first = Vec::new();
        for seed in 1..=3 {
            let bare = Schedule::of(&plan(), seed, STEP);
            assert!(bare.steps.len() > 2_000 && !bare.leaders.is_empty() && bare.chains.len() > 20);
            let again = bare.compare(&Schedule::of(&plan(), seed, STEP));
            assert_eq!(again, Changed::default(), "the same cost, the same run");
            let costly = bare.compare(&Schedule::of(&plan(), seed, STEP.times(10)));
            assert!(costly.history, "seed {seed}: ten times the cost and the same history");
            first.push(costly.step.expect("ten times the cost").0);
            let hardly = bare.compare(&Schedule::of(&plan(), seed, STEP.plus(Nanos(200))));
            let later = hardly.step.map_or(usize::MAX, |(place, _)| place);
            assert!(later >= first[first.len() - 1], "a smaller cost is felt no earlier: {later}");
        }
    }

    #[test]
    fn schedules_are_compared_by_order_and_not_by_time() {
        let schedule = |steps: &[(u32, u64)], leaders: &[u32]| Schedule {
            steps: steps.iter().map(|(node, at)| (NodeId(*node), Nanos(*at))).collect(),
            leaders: leaders.iter().copied().map(NodeId).collect(),
            chains: BTreeMap::new(),
        };
        let one = schedule(&[(1, 1), (2, 2), (3, 3)], &[1]);
        assert_eq!(one.compare(&schedule(&[(1, 5), (2, 9), (3, 10)], &[1])), Changed::default());
        let changed = one.compare(&schedule(&[(1, 1), (3, 2), (2, 3)], &[2]));
        assert_eq!((changed.step, changed.leaders), (Some((1, Nanos(2))), true));
    }
}
