//! What becomes of one message on a link.
//!
//! ```text
//!   send --> cut? --> lost? --> [queue at rate] --> delay (+ reorder) --> cut? --> arrives
//!                       |
//!                       +--> repeated? --> a second arrival with a delay of its own
//! ```
//!
//! What a message took is propagation + serialisation + equipment + queueing ([`Parts`]); a link
//! that is measured keeps them apart, and runs as one that is not.
//!
//! Invariants:
//! - I1 No message is faster than the link's floor.
//! - I2 The parts of a delay add up to it.

use super::{Link, LinkMutant};
use crate::counters::{Count, Counters};
use crate::equipment::{Equipment, serialisation};
use crate::parts::Parts;
use avouch_promise::{Nanos, Random, invariant};

/// A message on its way into the network.
#[derive(Clone, Copy)]
pub(crate) struct Leaving {
    /// When it was sent.
    pub(crate) sent_ns: u64,
    /// When its last byte is on the first wire.
    pub(crate) leaves_ns: u64,
    /// What one wire takes for it, all to itself.
    pub(crate) wire: Nanos,
}

/// When a message arrives: never, once or twice.
pub(crate) type Arrivals = [Option<u64>; 2];

impl Link {
    /// When a message of this size, sent now, arrives.
    pub(crate) fn send(
        &mut self,
        now_ns: u64,
        message_bytes: impl FnOnce() -> u64,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Arrivals {
        if self.is_stopped(now_ns, random, counters) {
            return [None; 2];
        }
        let mut leaving = Leaving { sent_ns: now_ns, leaves_ns: now_ns, wire: Nanos::ZERO };
        if let Some(rate) = self.rate {
            leaving.wire = serialisation(message_bytes(), rate);
            leaving.leaves_ns = now_ns.max(self.busy_until_ns).saturating_add(leaving.wire.0);
            self.busy_until_ns = leaving.leaves_ns;
        }
        self.travel(leaving, random, counters)
    }

    /// When a message arrives that shared the first wire with others and has left it now.
    pub(crate) fn send_shared(
        &mut self,
        leaving: Leaving,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Arrivals {
        if self.is_stopped(leaving.leaves_ns, random, counters) {
            return [None; 2];
        }
        self.travel(leaving, random, counters)
    }

    /// Whether a message gets no farther than the link's beginning.
    fn is_stopped(&mut self, now_ns: u64, random: &mut Random, counters: &mut Counters) -> bool {
        counters.add(Count::Sent);
        if self.is_cut() {
            counters.add(Count::Cut);
            if let Some(transport) = &mut self.transport {
                transport.meet_a_cut(now_ns);
            }
            return true;
        }
        let loss = self.loss + self.weather.loss;
        let vanishes = loss > 0.0 && random.chance(loss);
        if vanishes {
            counters.add(Count::Lost);
        }
        vanishes
    }

    fn travel(
        &mut self,
        mut leaving: Leaving,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Arrivals {
        if self.weather.clogged_until.0 > leaving.leaves_ns {
            leaving.leaves_ns = self.weather.clogged_until.0;
            counters.add(Count::Clogged);
        }
        if self.transport.is_some() {
            return [self.carried(leaving, random, counters), None];
        }
        let first = self.arrival(leaving, random, counters);
        let duplicate = self.duplicate + self.weather.duplicate;
        if duplicate > 0.0 && random.chance(duplicate) {
            counters.add(Count::Duplicated);
            return [Some(first), Some(self.arrival(leaving, random, counters))];
        }
        [Some(first), None]
    }

    fn arrival(&mut self, leaving: Leaving, random: &mut Random, counters: &mut Counters) -> u64 {
        let (sample, mut delay) = self.draw(leaving, random);
        let held = self.weather.reorder > 0.0 && random.chance(self.weather.reorder);
        if held {
            delay = delay.plus(Nanos(random.between(1, self.weather.reorder_by.0.max(1))));
        }
        let mut at = leaving.leaves_ns.saturating_add(delay.0);
        if self.ordered && !held {
            at = at.max(self.latest_arrival_ns);
        }
        if at < self.latest_arrival_ns {
            counters.add(Count::Reordered);
        }
        self.latest_arrival_ns = self.latest_arrival_ns.max(at);
        self.note(leaving, sample, at);
        at
    }

    /// When a segment of the connection arrives, in the order in which they were sent.
    fn carried(
        &mut self,
        leaving: Leaving,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Option<u64> {
        let (sample, delay) = self.draw(leaving, random);
        let at = self.transport.as_mut()?.carry(leaving.leaves_ns, delay, random, counters);
        let Some(at) = at else {
            counters.add(Count::Lost);
            return None;
        };
        self.latest_arrival_ns = self.latest_arrival_ns.max(at);
        self.note(leaving, sample, self.latest_arrival_ns);
        Some(self.latest_arrival_ns)
    }

    /// A sample of the delay, and all that a message takes behind the first wire.
    #[inline]
    fn draw(&self, leaving: Leaving, random: &mut Random) -> (Nanos, Nanos) {
        let model = self.weather.delay.as_ref().unwrap_or(&self.delay);
        let mut sample = model.sample(random);
        if self.planted.is_none() {
            sample = sample.max(self.floor);
        }
        if self.equipment == Equipment::NONE {
            return (sample, sample);
        }
        let wires = leaving.wire.times(u64::from(self.equipment.hops));
        let added = match self.planted {
            Some(LinkMutant::FreeEquipment) => Nanos::ZERO,
            _ => model.added(&self.equipment),
        };
        (sample, sample.plus(added).plus(wires))
    }

    /// Keeps the parts of a message's delay, if they are wanted.
    #[inline]
    fn note(&mut self, leaving: Leaving, sample: Nanos, arrives_ns: u64) {
        let Some(meter) = &mut self.meter else { return };
        let model = self.weather.delay.as_ref().unwrap_or(&self.delay);
        let whole = Nanos(arrives_ns.saturating_sub(leaving.sent_ns));
        let split = model.split(sample, self.floor, &self.equipment);
        let wires = leaving.wire.times(u64::from(self.equipment.hops) + 1);
        let known = Parts { serialisation: wires, queueing: Nanos::ZERO, ..split };
        // What is left is waiting: for the wire, for others on the way, for its turn in the order.
        let parts = Parts { queueing: whole.minus(known.total()), ..known };
        invariant!(I2, parts.total() == whole, "{parts}, and it took {whole}");
        meter.add(parts);
    }
}
