//! The state of a whole system, stored as a row of small numbers, and the view that properties
//! get of it.
//!
//! ```text
//!   words   | n1 | n2 | .. | nN | history | spent | message | message | .. |
//! ```
//!
//! Each word is the number of an interned value (table.rs), so that a system of a thousand
//! bytes takes a few dozen, equal parts are kept once, and two systems are equal exactly when
//! their words are. Messages stand sorted by number (in first-in-first-out networks: by link,
//! then in their order on it).

use crate::explorer::bounds::Network;
use crate::explorer::node::{Envelope, Explorable, Node};
use crate::explorer::table::Interner;
use avouch_promise::{Nanos, NodeId};
use std::hash::Hash;

/// What a run has used of its budgets. Only what is bounded is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spent {
    /// Messages lost.
    pub losses: u32,
    /// Messages received once more.
    pub duplicates: u32,
    /// Crashes.
    pub crashes: u32,
    /// Crashes that left a doubtful tail.
    pub doubtful_tails: u32,
    /// Corrupt loads.
    pub corrupt_loads: u32,
    /// Short loads.
    pub short_loads: u32,
    /// Timers fired.
    pub timers: u32,
    /// Ticks of the clock.
    pub ticks: u32,
    /// Timers fired per limit, in the order in which the limits were given.
    pub limits: Vec<u32>,
    /// The commands given so far: bit i for the i-th.
    pub commands: u64,
}

/// Every value that a number stands for.
pub(super) struct Store<P: Explorable, H> {
    pub(super) count: usize,
    pub(super) nodes: Interner<Node<P>>,
    pub(super) up: Vec<bool>,
    pub(super) messages: Interner<Envelope<P>>,
    pub(super) links: Vec<(u32, u32)>,
    pub(super) histories: Interner<H>,
    pub(super) spents: Interner<Spent>,
}

impl<P: Explorable, H: Clone + Eq + Hash> Store<P, H> {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            nodes: Interner::default(),
            up: Vec::new(),
            messages: Interner::default(),
            links: Vec::new(),
            histories: Interner::default(),
            spents: Interner::default(),
        }
    }
    pub(super) fn node(&mut self, node: Node<P>) -> u32 {
        let up = node.is_up();
        let (id, new) = self.nodes.add(node);
        if new {
            self.up.push(up);
        }
        id
    }
    pub(super) fn message(&mut self, envelope: Envelope<P>) -> u32 {
        let link = (envelope.from.0, envelope.to.0);
        let (id, new) = self.messages.add(envelope);
        if new {
            self.links.push(link);
        }
        id
    }
    /// Where in a system's words the history stands; what it has spent follows, then messages.
    pub(super) fn history_at(&self) -> usize {
        self.count
    }
    pub(super) fn spent_at(&self) -> usize {
        self.count + 1
    }
    pub(super) fn network_at(&self) -> usize {
        self.count + 2
    }
    pub(super) fn spent(&self, words: &[u32]) -> &Spent {
        self.spents.value(words[self.spent_at()])
    }
    /// Puts a message into the network of the system that starts at `start` of `words`.
    pub(super) fn put(&self, network: Network, words: &mut Vec<u32>, start: usize, message: u32) {
        let from = start + self.network_at();
        let messages = &words[from..];
        let at = match network {
            Network::EverSent => match messages.binary_search(&message) {
                Ok(_) => return,
                Err(at) => at,
            },
            Network::Multiset => messages.partition_point(|other| *other < message),
            Network::Fifo => {
                let link = self.links[message as usize];
                messages.partition_point(|other| self.links[*other as usize] <= link)
            }
        };
        words.insert(from + at, message);
    }
}

/// One state of the whole system, as properties see it.
pub struct System<'a, P: Explorable, H = ()> {
    pub(super) store: &'a Store<P, H>,
    pub(super) words: &'a [u32],
}

impl<'a, P: Explorable, H: Clone + Eq + Hash> System<'a, P, H> {
    /// Every node, from n1.
    pub fn nodes(&self) -> impl Iterator<Item = &'a Node<P>> + use<'a, P, H> {
        let store = self.store;
        self.words[..store.count].iter().map(|id| store.nodes.value(*id))
    }
    /// One node.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(&self, id: NodeId) -> &'a Node<P> {
        self.store.nodes.value(self.words[..self.store.count][id.0 as usize - 1])
    }
    /// What the protocol of one node knows; none while it is down.
    pub fn state(&self, id: NodeId) -> Option<&'a P::State> {
        self.node(id).state.as_ref()
    }
    /// What the protocols of all nodes that are up know.
    pub fn states(&self) -> impl Iterator<Item = (NodeId, &'a P::State)> + use<'a, P, H> {
        self.nodes().filter_map(|node| node.state.as_ref().map(|state| (node.id, state)))
    }
    /// The messages on their way (or ever sent, in that kind of network).
    pub fn messages(&self) -> impl Iterator<Item = &'a Envelope<P>> + use<'a, P, H> {
        let store = self.store;
        self.words[store.network_at()..].iter().map(|id| store.messages.value(*id))
    }
    /// What the model's history has noted.
    pub fn history(&self) -> &'a H {
        self.store.histories.value(self.words[self.store.history_at()])
    }
    /// What the run so far has used of its budgets.
    pub fn spent(&self) -> &'a Spent {
        self.store.spent(self.words)
    }
}

/// A system by value, for [`Explorer::canonical`](super::Explorer::canonical) to rewrite.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<P: Explorable, H> {
    /// Every node; the i-th is n(i+1), and is renamed so after rewriting.
    pub nodes: Vec<Node<P>>,
    /// The messages on their way.
    pub messages: Vec<Envelope<P>>,
    /// The history.
    pub history: H,
    /// What the run has used of its budgets.
    pub spent: Spent,
}

impl<P: Explorable, H: Clone + Eq + Hash> Store<P, H> {
    pub(super) fn snapshot(&self, words: &[u32]) -> Snapshot<P, H> {
        let system = System { store: self, words };
        Snapshot {
            nodes: system.nodes().cloned().collect(),
            messages: system.messages().cloned().collect(),
            history: system.history().clone(),
            spent: system.spent().clone(),
        }
    }
    pub(super) fn restore(&mut self, network: Network, snapshot: Snapshot<P, H>) -> Vec<u32> {
        let mut words = Vec::new();
        for (mut node, id) in snapshot.nodes.into_iter().zip(1..) {
            node.id = NodeId(id);
            words.push(self.node(node));
        }
        words.push(self.histories.add(snapshot.history).0);
        words.push(self.spents.add(snapshot.spent).0);
        for envelope in snapshot.messages {
            let message = self.message(envelope);
            self.put(network, &mut words, 0, message);
        }
        words
    }
}

/// The start of every clock.
pub(super) const START: Nanos = Nanos::from_secs(1);
