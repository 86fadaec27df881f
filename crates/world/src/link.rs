//! Directed links: what becomes of a message between two nodes.
//!
//! ```text
//!   send --> cut? --> lost? --> [queue at rate] --> delay (+ reorder) --> cut? --> arrives
//!                       |
//!                       +--> repeated? --> a second arrival with a delay of its own
//! ```
//!
//! A link has its nature (delay, loss, ..., changed by whoever builds the scenario), and its
//! weather (what faults add for a while). A cut is counted, so that overlapping partitions each
//! take back only their own; it stops messages that are on their way as well as new ones.

use crate::counters::{Count, Counters};
use crate::delay::Delay;
use crate::geography::Region;
use crate::transport::Transport;
use avouch_promise::{Nanos, NodeId, Random};

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
}

impl Weather {
    /// Nothing added.
    pub const FAIR: Self =
        Self { loss: 0.0, duplicate: 0.0, reorder: 0.0, reorder_by: Nanos::ZERO, delay: None };
}

/// A directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How long a message takes.
    pub delay: Delay,
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
        }
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
        leaves_ns: u64,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Option<u64> {
        let delay = self.weather.delay.unwrap_or(self.delay).sample(random);
        let at = self.transport.as_mut()?.carry(leaves_ns, delay, random, counters);
        let Some(at) = at else {
            counters.add(Count::Lost);
            return None;
        };
        self.latest_arrival_ns = self.latest_arrival_ns.max(at);
        Some(self.latest_arrival_ns)
    }

    /// New messages no longer wait for those under way, as in a new connection.
    pub(crate) fn forget_queue(&mut self) {
        self.busy_until_ns = 0;
        self.latest_arrival_ns = 0;
    }

    fn arrival(&mut self, from_ns: u64, random: &mut Random, counters: &mut Counters) -> u64 {
        let mut delay = self.weather.delay.unwrap_or(self.delay).sample(random);
        let held = self.weather.reorder > 0.0 && random.chance(self.weather.reorder);
        if held {
            delay = delay.plus(Nanos(random.between(1, self.weather.reorder_by.0.max(1))));
        }
        let mut at = from_ns.saturating_add(delay.0);
        if self.ordered && !held {
            at = at.max(self.latest_arrival_ns);
        }
        if at < self.latest_arrival_ns {
            counters.add(Count::Reordered);
        }
        self.latest_arrival_ns = self.latest_arrival_ns.max(at);
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
        counters.add(Count::Sent);
        if self.is_cut() {
            counters.add(Count::Cut);
            if let Some(transport) = &mut self.transport {
                transport.meet_a_cut(now_ns);
            }
            return [None; 2];
        }
        let loss = self.loss + self.weather.loss;
        if loss > 0.0 && random.chance(loss) {
            counters.add(Count::Lost);
            return [None; 2];
        }
        let mut leaves_ns = now_ns;
        if let Some(rate) = self.rate {
            let takes = u128::from(message_bytes()) * 1_000_000_000 / u128::from(rate.max(1));
            let takes = u64::try_from(takes).unwrap_or(u64::MAX);
            leaves_ns = now_ns.max(self.busy_until_ns).saturating_add(takes);
            self.busy_until_ns = leaves_ns;
        }
        if self.transport.is_some() {
            return [self.carried(leaves_ns, random, counters), None];
        }
        let first = self.arrival(leaves_ns, random, counters);
        let duplicate = self.duplicate + self.weather.duplicate;
        if duplicate > 0.0 && random.chance(duplicate) {
            counters.add(Count::Duplicated);
            return [Some(first), Some(self.arrival(leaves_ns, random, counters))];
        }
        [Some(first), None]
    }
}

/// Every directed link of a run.
#[derive(Clone, Debug)]
pub struct Links {
    nodes: usize,
    links: Vec<Link>,
}

impl Links {
    pub(crate) fn new(nodes: usize, link: &Link) -> Self {
        Self { nodes, links: vec![link.clone(); nodes * nodes] }
    }

    fn at(&self, from: NodeId, to: NodeId) -> Option<usize> {
        let (from, to) = (index(from)?, index(to)?);
        (from < self.nodes && to < self.nodes).then_some(from * self.nodes + to)
    }

    /// The link between two nodes.
    pub fn link(&self, from: NodeId, to: NodeId) -> Option<&Link> {
        self.links.get(self.at(from, to)?)
    }

    /// The link between two nodes, to change it.
    pub fn link_mut(&mut self, from: NodeId, to: NodeId) -> Option<&mut Link> {
        let at = self.at(from, to)?;
        self.links.get_mut(at)
    }

    /// Every link with its ends, to change them.
    pub fn each(&mut self) -> impl Iterator<Item = (NodeId, NodeId, &mut Link)> {
        let nodes = self.nodes;
        self.links
            .iter_mut()
            .enumerate()
            .filter(move |(at, _)| at / nodes != at % nodes)
            .map(move |(at, link)| (node(at / nodes), node(at % nodes), link))
    }

    /// Sets each link's delay to the measured one between its ends' regions, in node order.
    pub fn set_regions(&mut self, regions: &[Region]) {
        for (from, to, link) in self.each() {
            let region = |node| index(node).and_then(|at| regions.get(at));
            if let (Some(from), Some(to)) = (region(from), region(to)) {
                link.delay = Delay::between(*from, *to);
            }
        }
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
