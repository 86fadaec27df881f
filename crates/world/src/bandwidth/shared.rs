//! Shared bandwidth in a world: messages wait in their flow, then go on over their link.

use super::{Flows, Limits};
use crate::host::Pending;
use crate::link::{Leaving, index, node};
use crate::simulated::Simulated;
use crate::world::World;
use avouch_promise::NodeId;

impl<P: Simulated> World<P> {
    /// Limits what a node can send and receive from now on; the others' limits stay.
    pub fn limit_bandwidth(&mut self, node: NodeId, limits: Limits) {
        let Some(at) = index(node).filter(|at| *at < self.nodes.len()) else { return };
        let (nodes, greedy) = (self.nodes.len(), self.options.mutants.unfair_share);
        let flows = self
            .flows
            .get_or_insert_with(|| Box::new(Flows::new(vec![Limits::default(); nodes], greedy)));
        flows.limit(self.now_ns, at, limits);
        self.plan_flows();
    }

    /// Lets a message share the wires on its way.
    pub(crate) fn share_wires(&mut self, at: usize, target: usize, message: P::Message) {
        let bytes = P::message_bytes(&message);
        let cap = self.links.link(node(at), node(target)).and_then(|link| link.rate);
        let Some(flows) = &mut self.flows else { return };
        let epoch = flows.epoch;
        let free = flows.enter(self.now_ns, (at, target), (message, bytes), cap);
        let changed = flows.epoch != epoch;
        if let Some(sending) = free {
            self.flow_on(sending);
        }
        if changed {
            self.plan_flows();
        }
    }

    /// Plans when the next message leaves; what was planned before no longer counts.
    fn plan_flows(&mut self) {
        let Some(flows) = &self.flows else { return };
        if let Some(at_ns) = flows.next_ns() {
            self.queue.push(at_ns, Pending::Flow { epoch: flows.epoch });
        }
    }

    /// Lets go what has left.
    pub(crate) fn flow(&mut self, epoch: u64) {
        let Some(flows) = self.flows.as_mut().filter(|flows| flows.epoch == epoch) else { return };
        for sending in flows.leave(self.now_ns) {
            self.flow_on(sending);
        }
        self.plan_flows();
    }

    fn flow_on(&mut self, sending: super::flows::Sending<P::Message>) {
        let Some(link) = self.links.link_mut(node(sending.from), node(sending.to)) else { return };
        let leaving =
            Leaving { sent_ns: sending.sent_ns, leaves_ns: self.now_ns, wire: sending.wire };
        let arrivals = link.send_shared(leaving, &mut self.link_random, &mut self.counters);
        self.bring(sending.from, sending.to, sending.message, arrivals);
    }
}
