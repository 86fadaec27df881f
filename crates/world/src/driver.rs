//! What watches and drives a run from outside: workload, oracle, invariants.
//!
//! Hooks are called after the event that caused them was taken in whole, in the order in which
//! things happened. A hook may send commands, inject faults and set wakeups; it says what it
//! found wrong with [`World::fail`], which ends the run.

use crate::simulated::Simulated;
use crate::world::World;
use avouch_promise::NodeId;

/// A workload and its oracle. Every hook does nothing unless written.
#[expect(unused_variables, reason = "the names are documentation")]
pub trait Driver<P: Simulated> {
    /// Before the first event.
    fn on_begin(&mut self, world: &mut World<P>) {}
    /// A wakeup that this driver set.
    fn on_wakeup(&mut self, world: &mut World<P>, key: u64) {}
    /// A node told its client something, durably as far as the protocol asked for it.
    fn on_output(&mut self, world: &mut World<P>, node: NodeId, output: P::Output) {}
    /// A node told whoever watches.
    fn on_observation(&mut self, world: &mut World<P>, node: NodeId, observation: P::Observation) {}
    /// A node took a step: the place for invariants over all states.
    fn on_step(&mut self, world: &mut World<P>, node: NodeId) {}
    /// A node went down. What it had not yet said will never be said.
    fn on_crash(&mut self, world: &mut World<P>, node: NodeId) {}
    /// A node came up and is about to take its first step.
    fn on_start(&mut self, world: &mut World<P>, node: NodeId) {}
}

/// A driver that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle;

impl<P: Simulated> Driver<P> for Idle {}
