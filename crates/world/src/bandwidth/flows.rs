//! Messages on their way through shared uplinks and downlinks, as a fluid: between two events every
//! flow has one rate.
//!
//! Invariants:
//! - I1 A flow's messages leave in the order in which they came.
//! - I2 A message never leaves before its bytes have had the time that its flow's rate gives them.

use super::{Demand, Limits, max_min};
use crate::equipment::serialisation;
use avouch_promise::{Nanos, invariant};
use std::collections::{BTreeMap, VecDeque};

/// A message that shares wires with others.
pub(crate) struct Sending<M> {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) message: M,
    /// Its size.
    pub(crate) bytes: u64,
    /// When it was sent.
    pub(crate) sent_ns: u64,
    /// What the narrowest of its wires would take for it alone.
    pub(crate) wire: Nanos,
}

/// What one node sends to another, one message after another.
struct Flow<M> {
    queue: VecDeque<Sending<M>>,
    /// Of the first message, in bytes times 10^9: a rate of bytes per second takes so many off in
    /// each nanosecond.
    left: u128,
    rate: u64,
    cap: Option<u64>,
}

/// All flows of a world.
pub(crate) struct Flows<M> {
    limits: Vec<Limits>,
    active: BTreeMap<(usize, usize), Flow<M>>,
    now_ns: u64,
    /// Counts what changed rates, so that an event that was planned before is recognised.
    pub(crate) epoch: u64,
    /// A planted bug: the first flow takes what there is.
    greedy: bool,
}

const UNIT: u128 = 1_000_000_000;

/// What a wire of this rate takes for a message that has it to itself.
fn alone(bytes: u64, rate: Option<u64>) -> Nanos {
    rate.map_or(Nanos::ZERO, |rate| serialisation(bytes, rate))
}

impl<M> Flows<M> {
    pub(crate) fn new(limits: Vec<Limits>, greedy: bool) -> Self {
        Self { limits, active: BTreeMap::new(), now_ns: 0, epoch: 0, greedy }
    }

    /// Changes what one node can send and receive.
    pub(crate) fn limit(&mut self, now_ns: u64, node: usize, limits: Limits) {
        self.advance(now_ns);
        if let Some(own) = self.limits.get_mut(node) {
            *own = limits;
        }
        // What is under way may now be faster than it could have been alone before.
        let mut flows = std::mem::take(&mut self.active);
        for ((from, to), flow) in &mut flows {
            let narrowest = self.narrowest(*from, *to, flow.cap);
            for sending in &mut flow.queue {
                sending.wire = sending.wire.min(alone(sending.bytes, narrowest));
            }
        }
        self.active = flows;
        self.share();
    }

    /// The rate of the narrowest wire that a message passes alone; none if nothing limits it.
    fn narrowest(&self, from: usize, to: usize, cap: Option<u64>) -> Option<u64> {
        let uplink = self.limits.get(from).and_then(|limits| limits.uplink);
        let downlink = self.limits.get(to).and_then(|limits| limits.downlink);
        [uplink, downlink, cap].into_iter().flatten().min()
    }

    /// Takes a message in. One that nothing limits comes back at once.
    pub(crate) fn enter(
        &mut self,
        now_ns: u64,
        (from, to): (usize, usize),
        (message, bytes): (M, u64),
        cap: Option<u64>,
    ) -> Option<Sending<M>> {
        let narrowest = self.narrowest(from, to, cap);
        let wire = alone(bytes, narrowest);
        let sending = Sending { from, to, message, bytes, sent_ns: now_ns, wire };
        if narrowest.is_none() {
            return Some(sending);
        }
        self.advance(now_ns);
        let new = || Flow { queue: VecDeque::new(), left: 0, rate: 0, cap };
        let flow = self.active.entry((from, to)).or_insert_with(new);
        let idle = flow.queue.is_empty();
        if idle {
            flow.left = u128::from(bytes) * UNIT;
        }
        flow.queue.push_back(sending);
        if idle || flow.cap != cap {
            flow.cap = cap;
            self.share();
        }
        None
    }

    /// Whether anything that a node sends is on its way through its wire.
    pub(crate) fn is_sending(&self, node: usize) -> bool {
        self.active.range((node, 0)..=(node, usize::MAX)).next().is_some()
    }

    /// Divides the wires among the flows that there are.
    fn share(&mut self) {
        self.epoch += 1;
        let nodes = self.limits.len();
        let mut capacities: Vec<Option<u64>> =
            self.limits.iter().map(|limits| limits.uplink).collect();
        capacities.extend(self.limits.iter().map(|limits| limits.downlink));
        let demands: Vec<Demand> = self
            .active
            .iter()
            .map(|((from, to), flow)| Demand { through: vec![*from, nodes + to], cap: flow.cap })
            .collect();
        let rates = max_min(&capacities, &demands);
        for (at, (flow, rate)) in self.active.values_mut().zip(rates).enumerate() {
            // A share of less than one byte per second is one, so that everything ends some time.
            flow.rate = rate.max(1);
            if self.greedy {
                flow.rate = if at == 0 { rate.saturating_mul(2) } else { (rate / 2).max(1) };
            }
        }
    }

    /// Lets time pass at the present rates.
    fn advance(&mut self, now_ns: u64) {
        invariant!(I2, now_ns >= self.now_ns, "{now_ns} is before {}", self.now_ns);
        let passed = u128::from(now_ns - self.now_ns);
        for flow in self.active.values_mut() {
            flow.left = flow.left.saturating_sub(u128::from(flow.rate) * passed);
        }
        self.now_ns = now_ns;
    }

    /// When the next message leaves, if rates stay as they are.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        let takes = |flow: &Flow<M>| flow.left.div_ceil(u128::from(flow.rate));
        let least = self.active.values().map(takes).min()?;
        Some(self.now_ns.saturating_add(u64::try_from(least).unwrap_or(u64::MAX)))
    }

    /// The messages that have left by now, and the flows that go on without them.
    pub(crate) fn leave(&mut self, now_ns: u64) -> Vec<Sending<M>> {
        self.advance(now_ns);
        let mut gone = Vec::new();
        for flow in self.active.values_mut() {
            if flow.left == 0
                && let Some(first) = flow.queue.pop_front()
            {
                let took = now_ns - first.sent_ns;
                invariant!(I2, took >= first.wire.0, "{took} ns, {} alone", first.wire);
                gone.push(first);
                flow.left = flow.queue.front().map_or(0, |next| u128::from(next.bytes) * UNIT);
            }
        }
        let before = self.active.len();
        self.active.retain(|_, flow| !flow.queue.is_empty());
        if self.active.len() == before {
            self.epoch += 1;
        } else {
            self.share();
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::{Flows, Limits};

    /// When the messages of `(from, to, bytes, sent at)` leave, by their number.
    fn leaves(limits: Vec<Limits>, messages: &[(usize, usize, u64, u64)]) -> Vec<u64> {
        let mut flows = Flows::new(limits, false);
        let mut left = vec![0; messages.len()];
        let mut coming = messages.iter().enumerate().peekable();
        loop {
            let comes = coming.peek().map(|(_, message)| message.3);
            let goes = flows.next_ns();
            match (comes, goes) {
                (Some(comes), goes) if goes.is_none_or(|goes| comes < goes) => {
                    let (number, (from, to, bytes, at)) = coming.next().expect("peeked");
                    let own = flows.enter(*at, (*from, *to), (number, *bytes), None);
                    if let Some(own) = own {
                        left[own.message] = *at;
                    }
                }
                (_, Some(goes)) => {
                    for gone in flows.leave(goes) {
                        left[gone.message] = goes;
                    }
                }
                (None, None) => return left,
                (Some(_), None) => unreachable!("taken above"),
            }
        }
    }

    #[test]
    fn rates_change_when_others_come_and_go() {
        let both = |rate| Limits { uplink: Some(rate), downlink: Some(rate) };
        let nodes = vec![both(1_000_000_000); 3];
        // Alone: 1 byte a nanosecond.
        assert_eq!(leaves(nodes.clone(), &[(0, 1, 1_000, 5)]), [1_005]);
        // Two from one node: half each until the shorter one is gone.
        let two = [(0, 1, 1_000, 0), (0, 2, 500, 0)];
        assert_eq!(leaves(nodes.clone(), &two), [1_500, 1_000]);
        // The second comes when the first has 600 bytes left.
        let late = [(0, 1, 1_000, 0), (2, 1, 1_000, 400)];
        assert_eq!(leaves(nodes.clone(), &late), [1_600, 2_000]);
        // One flow's messages wait for each other and count as one flow.
        let line = [(0, 1, 100, 0), (0, 1, 100, 0), (2, 1, 100, 0)];
        assert_eq!(leaves(nodes, &line), [200, 300, 200]);
        let free = vec![Limits::default(); 2];
        assert_eq!(leaves(free, &[(0, 1, 1 << 40, 7)]), [7], "nothing limits it");
    }
}
