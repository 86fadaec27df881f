//! Directed links: what becomes of a message between two nodes.
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
//!
//! A link has its nature (delay, loss, ..., changed by whoever builds the scenario), and its
//! weather (what faults add for a while). A cut is counted, so that overlapping partitions each
//! take back only their own; it stops messages that are on their way as well as new ones.

use crate::counters::{Count, Counters};
use crate::delay::{Delay, Family as DelayFamily};
use crate::equipment::{Equipment, serialisation};
use crate::geography::{Region, fibre_floor};
use crate::meter::Meter;
use crate::parts::Parts;
use crate::transport::Transport;
use avouch_promise::{Nanos, NodeId, Random, invariant};

/// What faults add to a link for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// The added probability that a message is lost.
    pub loss: f64,
    /// The added probability that a message arrives twice.
    pub duplicate: f64,
    /// The probability that a message is held back.
    pub reorder: f64,
    /// For how long at most it is then held back.
    pub reorder_by: Nanos,
    /// Replaces the link's delay.
    pub delay: Option<Delay>,
    /// The probability that a bit of a message is flipped.
    pub corrupt: f64,
    /// Until when messages are held back at the sender.
    pub clogged_until: Nanos,
}

impl Weather {
    /// Nothing added.
    pub const FAIR: Self = Self {
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        reorder_by: Nanos::ZERO,
        delay: None,
        corrupt: 0.0,
        clogged_until: Nanos::ZERO,
    };
}

/// A directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How long a message takes.
    pub delay: Delay,
    /// What nothing that happens here can be faster than, whatever `delay` says or a fault puts in
    /// its place: light in fibre.
    pub floor: Nanos,
    /// What stands between the ends. A measured path has it in its delay already; to every other
    /// delay it is added.
    pub equipment: Equipment,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message arrives twice.
    pub duplicate: f64,
    /// Whether messages arrive in the order in which they were sent, as in one connection.
    pub ordered: bool,
    /// Bytes per second; none for no limit. Messages queue for it.
    pub rate: Option<u64>,
    /// The longest message that a connection carries in bytes; none for no limit. A longer one is
    /// a violation: a real connection would lose it, again and again.
    pub carries: Option<u64>,
    /// The connection whose segments are sent again when they are lost; none for messages that
    /// are lost for good.
    pub transport: Option<Box<Transport>>,
    /// What faults add.
    pub weather: Weather,
    cuts: u32,
    busy_until_ns: u64,
    latest_arrival_ns: u64,
    meter: Option<Box<Meter>>,
    planted: Option<LinkMutant>,
}

/// Bugs that a test plants in a link, to see them found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMutant {
    /// Breaks I1: the floor is forgotten.
    NoFloor,
    /// Breaks I2: equipment is told, and takes no time.
    FreeEquipment,
}

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

impl Default for Link {
    fn default() -> Self {
        Self::with(Delay::Uniform { low: Nanos::from_micros(500), high: Nanos::from_millis(2) })
    }
}

/// When a message arrives: never, once or twice.
pub(crate) type Arrivals = [Option<u64>; 2];

impl Link {
    /// A link without faults that takes `delay`; messages may overtake each other.
    pub fn with(delay: Delay) -> Self {
        Self {
            delay,
            floor: Nanos::ZERO,
            equipment: Equipment::NONE,
            loss: 0.0,
            duplicate: 0.0,
            ordered: false,
            rate: None,
            carries: None,
            transport: None,
            weather: Weather::FAIR,
            cuts: 0,
            busy_until_ns: 0,
            latest_arrival_ns: 0,
            meter: None,
            planted: None,
        }
    }

    /// Keeps the parts of every delay apart from now on.
    pub fn measure(&mut self) {
        self.meter.get_or_insert_default();
    }

    /// What was measured; none unless [`Link::measure`] was called.
    pub fn meter(&self) -> Option<&Meter> {
        self.meter.as_deref()
    }

    /// Plants a bug.
    #[doc(hidden)]
    pub fn plant(&mut self, mutant: LinkMutant) {
        self.planted = Some(mutant);
    }

    /// The same link, in which messages arrive in order.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self { ordered: true, ..self }
    }

    /// Whether nothing passes.
    pub fn is_cut(&self) -> bool {
        self.cuts > 0
    }

    pub(crate) fn cut(&mut self) {
        self.cuts += 1;
    }

    pub(crate) fn mend(&mut self) {
        self.cuts = self.cuts.saturating_sub(1);
    }

    pub(crate) fn mend_wholly(&mut self) {
        self.cuts = 0;
        self.weather = Weather::FAIR;
        self.change_transport(Transport::settle);
        self.forget_queue();
    }

    /// Changes the connection; one that nothing needs any more goes.
    pub(crate) fn change_transport(&mut self, change: impl Fn(&mut Transport)) {
        let mut transport =
            self.transport.take().unwrap_or_else(|| Box::new(Transport::for_a_fault()));
        change(&mut transport);
        self.transport = Some(transport).filter(|transport| transport.is_needed());
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

    /// New messages no longer wait for those under way, as in a new connection.
    pub(crate) fn forget_queue(&mut self) {
        self.busy_until_ns = 0;
        self.latest_arrival_ns = 0;
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
}

/// Every directed link of a run.
#[derive(Clone, Debug)]
pub struct Links {
    nodes: usize,
    matrix: Vec<Link>,
    /// Whether any link is cut, so that an arrival need not look at its link while none is: of a
    /// hundred nodes the links are more than a processor's cache holds.
    any_cut: bool,
}

impl Links {
    pub(crate) fn new(nodes: usize, link: &Link) -> Self {
        Self { nodes, matrix: vec![link.clone(); nodes * nodes], any_cut: link.is_cut() }
    }

    fn at(&self, from: NodeId, to: NodeId) -> Option<usize> {
        let (from, to) = (index(from)?, index(to)?);
        (from < self.nodes && to < self.nodes).then_some(from * self.nodes + to)
    }

    /// Looks again whether any link is cut: after every fault.
    pub(crate) fn look_for_cuts(&mut self) {
        self.any_cut = self.matrix.iter().any(Link::is_cut);
    }

    /// Links may be cut from now on without a fault: every arrival looks until the next fault.
    pub(crate) fn suspect_cuts(&mut self) {
        self.any_cut = true;
    }

    /// Whether nothing passes from one node to another.
    #[inline]
    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.any_cut && self.link(from, to).is_some_and(Link::is_cut)
    }

    /// The link between two nodes.
    pub fn link(&self, from: NodeId, to: NodeId) -> Option<&Link> {
        self.matrix.get(self.at(from, to)?)
    }

    /// The link between two nodes, to change it.
    pub fn link_mut(&mut self, from: NodeId, to: NodeId) -> Option<&mut Link> {
        let at = self.at(from, to)?;
        self.matrix.get_mut(at)
    }

    /// Every link with its ends, to change them.
    pub fn each(&mut self) -> impl Iterator<Item = (NodeId, NodeId, &mut Link)> {
        let nodes = self.nodes;
        self.matrix
            .iter_mut()
            .enumerate()
            .filter(move |(at, _)| at / nodes != at % nodes)
            .map(move |(at, link)| (node(at / nodes), node(at % nodes), link))
    }

    /// Sets each link's delay to the measured one between its ends' regions, in node order, and
    /// its floor to that of fibre.
    pub fn set_regions(&mut self, regions: &[Region]) {
        self.set_regions_as(DelayFamily::LogNormal, regions);
    }

    /// The same with delays of another family, fitted to the same measurements.
    pub fn set_regions_as(&mut self, family: DelayFamily, regions: &[Region]) {
        for (from, to, link) in self.each() {
            let region = |node| index(node).and_then(|at| regions.get(at));
            if let (Some(from), Some(to)) = (region(from), region(to)) {
                link.delay = family.between(*from, *to);
                link.floor = fibre_floor(from.position(), to.position());
            }
        }
    }

    /// Keeps the parts of every delay apart from now on, on every link.
    pub fn measure(&mut self) {
        self.each().for_each(|(.., link)| link.measure());
    }

    /// Sets each link's delay from a table: row = from, column = to, both counted from 0.
    pub fn set_delays(&mut self, table: &[Vec<Delay>]) {
        for (from, to, link) in self.each() {
            let row = index(from).and_then(|row| table.get(row));
            if let Some(delay) = row.and_then(|row| row.get(index(to)?)) {
                link.delay = *delay;
            }
        }
    }
}

/// The position of a node in lists, which starts at 0; node 0 does not exist.
pub(crate) fn index(node: NodeId) -> Option<usize> {
    (node.0 as usize).checked_sub(1)
}

/// The node at a position in lists.
pub(crate) fn node(index: usize) -> NodeId {
    NodeId(index as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(link: &mut Link, count: u64) -> (Counters, Vec<u64>) {
        let (mut random, mut counters) = (Random::new(5), Counters::default());
        let mut arrivals = Vec::new();
        for now in 0..count {
            let sent = link.send(now * 1_000, || 1_000, &mut random, &mut counters);
            arrivals.extend(sent.into_iter().flatten());
        }
        (counters, arrivals)
    }

    #[test]
    fn loss_and_duplication_have_the_stated_share() {
        let mut link = Link::default();
        (link.loss, link.weather.loss, link.duplicate) = (0.1, 0.1, 0.05);
        let (counters, arrivals) = run(&mut link, 20_000);
        assert!(counters.of(Count::Lost).abs_diff(4_000) < 200);
        assert!(counters.of(Count::Duplicated).abs_diff(800) < 100);
        assert_eq!(
            arrivals.len() as u64,
            20_000 - counters.of(Count::Lost) + counters.of(Count::Duplicated)
        );
    }

    #[test]
    fn only_an_ordered_link_keeps_the_order() {
        let (counters, arrivals) = run(&mut Link::default(), 500);
        assert!(!arrivals.is_sorted() && counters.of(Count::Reordered) > 100);
        let (counters, arrivals) = run(&mut Link::default().in_order(), 500);
        assert!(arrivals.is_sorted() && counters.of(Count::Reordered) == 0);
        let mut link = Link::default().in_order();
        (link.weather.reorder, link.weather.reorder_by) = (0.1, Nanos::from_millis(5));
        assert!(run(&mut link, 500).0.of(Count::Reordered) > 10);
    }

    #[test]
    fn messages_queue_for_a_link_with_a_rate() {
        let mut link = Link::with(Delay::Constant(Nanos(5)));
        link.rate = Some(500_000_000);
        let (_, arrivals) = run(&mut link, 4);
        assert_eq!(arrivals, [2_005, 4_005, 6_005, 8_005]);
    }

    /// A link of 10 MB/s with three hops, measured: every part as worked out by hand.
    #[test]
    fn a_measured_link_keeps_the_parts_apart() {
        let us = Nanos::from_micros;
        let mut link = Link::with(Delay::Constant(us(700)));
        (link.rate, link.floor) = (Some(10_000_000), us(600));
        link.equipment = Equipment { hops: 3, switching: us(10), host: us(20) };
        link.measure();
        // A thousand bytes take 100 us a wire, on four wires; they come every microsecond.
        let (_, arrivals) = run(&mut link, 4);
        assert_eq!(arrivals, [1_170_000, 1_270_000, 1_370_000, 1_470_000]);
        let meter = link.meter().expect("measured");
        let last = Parts {
            propagation: us(700),
            serialisation: us(400),
            equipment: us(70),
            queueing: us(297),
        };
        assert_eq!((meter.count(), meter.last()), (4, last));
        assert_eq!(meter.sum().queueing, us(99 + 198 + 297));
        assert_eq!(meter.longest(), last);
    }

    #[test]
    fn measuring_changes_nothing_and_no_delay_is_below_the_floor() {
        let build = || {
            let mut link = Link::default().in_order();
            (link.floor, link.duplicate, link.loss) = (Nanos::from_millis(1), 0.1, 0.1);
            (link.weather.reorder, link.weather.reorder_by) = (0.1, Nanos::from_millis(5));
            link
        };
        let (mut plain, mut measured) = (build(), build());
        measured.measure();
        let ((counters, arrivals), other) = (run(&mut plain, 2_000), run(&mut measured, 2_000));
        assert_eq!((&counters, &arrivals), (&other.0, &other.1));
        let meter = measured.meter().expect("measured");
        assert_eq!(meter.count(), arrivals.len() as u64);
        assert!(meter.sum().propagation >= Nanos::from_millis(arrivals.len() as u64));
    }

    /// The planted bugs of this file, each found by what holds the property.
    #[test]
    fn a_link_without_a_floor_or_with_free_equipment_is_noticed() {
        let fastest = |mutant: Option<LinkMutant>| {
            let mut link = Link::with(Delay::log_normal(Nanos(1_000), Nanos(2_000)));
            link.floor = Nanos(950);
            link.planted = mutant;
            let (_, arrivals) = run(&mut link, 2_000);
            arrivals.iter().zip(0..).map(|(at, sent)| at - sent * 1_000).min().expect("some")
        };
        assert_eq!(fastest(None), 950);
        assert!(fastest(Some(LinkMutant::NoFloor)) < 700, "below the floor");

        let mut link = Link::with(Delay::Constant(Nanos(1_000)));
        link.equipment = Equipment { hops: 1, switching: Nanos(10), host: Nanos(5) };
        link.plant(LinkMutant::FreeEquipment);
        link.measure();
        let caught = std::panic::catch_unwind(move || run(&mut link, 1));
        assert!(caught.is_err(), "parts that are more than the whole break I2");
    }

    #[test]
    fn overlapping_cuts_are_each_taken_back_once() {
        let mut link = Link::default();
        link.cut();
        link.cut();
        link.mend();
        assert!(link.is_cut());
        assert_eq!(run(&mut link, 3).0.of(Count::Cut), 3);
        link.mend();
        link.mend();
        assert!(!link.is_cut());
    }
}
