//! From one state of the system to all its successors.
//!
//! Every act of a node is performed once for each different (node, act) and kept: a protocol is a
//! pure function, and the same node meets the same message in very many states of the system.
//! What remains per successor is to copy a row of numbers and change a few of them.

use crate::explorer::Explorer;
use crate::explorer::act::{Fact, World};
use crate::explorer::bounds::{Clock, Network, UNBOUNDED};
use crate::explorer::kept::{self, Met, Outcome, Own};
use crate::explorer::node::{Explorable, Node};
use crate::explorer::system::{START, Spent, Store};
use avouch_promise::{Nanos, NodeId};
use std::hash::Hash;
use std::ops::Range;

/// What kind of step leads to a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The message at this word is received; and stays, if `again`.
    Receive { at: usize, again: bool },
    /// The message at this word is lost.
    Lose { at: usize },
    /// This command reaches the node.
    Command { index: usize },
    /// The node does something by itself.
    Own { act: usize },
    /// The clock advances.
    Tick,
}

/// One step, by numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) kind: Kind,
    /// Which node acts; the place of its word.
    pub(super) slot: usize,
    /// Which outcome, for steps in which a node acts.
    pub(super) outcome: usize,
}

/// The successors of one state.
#[derive(Default)]
pub(super) struct Successors {
    words: Vec<u32>,
    moves: Vec<(Move, Range<usize>)>,
    /// Steps that changed nothing.
    pub(super) idle: u64,
    /// Steps left out for too many messages in flight.
    pub(super) overfull: u64,
}

impl Successors {
    pub(super) fn len(&self) -> usize {
        self.moves.len()
    }
    pub(super) fn step(&self, ordinal: usize) -> (Move, &[u32]) {
        let (step, range) = &self.moves[ordinal];
        (*step, &self.words[range.clone()])
    }
    fn clear(&mut self) {
        self.words.clear();
        self.moves.clear();
        self.idle = 0;
        self.overfull = 0;
    }
}

/// Everything that successors are made with.
pub(super) struct Moves<'a, P: Explorable, H> {
    pub(super) explorer: &'a Explorer<P, H>,
    pub(super) world: World<'a, P>,
    pub(super) store: Store<P, H>,
    pub(super) outcomes: Vec<Outcome<P>>,
    pub(super) met: Met,
    pub(super) own: Vec<Option<Vec<Own<P>>>>,
}

/// How a successor differs from its parent.
struct Change<'s> {
    kind: Kind,
    slot: usize,
    outcome: usize,
    remove: Option<usize>,
    /// What the step costs, where that is bounded.
    fee: Option<&'s dyn Fn(&mut Spent)>,
}

impl<'a, P: Explorable, H: Clone + Eq + Hash> Moves<'a, P, H> {
    pub(super) fn new(explorer: &'a Explorer<P, H>) -> Self {
        Self {
            explorer,
            world: explorer.world(false),
            store: Store::new(explorer.configs.len()),
            outcomes: Vec::new(),
            met: Met::default(),
            own: Vec::new(),
        }
    }

    /// The system in which no node has started.
    pub(super) fn origin(&mut self) -> Vec<u32> {
        let count = self.explorer.configs.len() as u32;
        let mut words: Vec<u32> =
            (1..=count).map(|id| self.store.node(Node::new(NodeId(id)))).collect();
        words.push(self.store.histories.add(self.explorer.history.clone()).0);
        let limits = vec![0; self.explorer.limits.len()];
        words.push(self.store.spents.add(Spent { limits, ..Spent::default() }).0);
        words
    }

    /// All ways in which node `slot` may start in this system.
    pub(super) fn starts(&mut self, words: &[u32], slot: usize, out: &mut Successors) {
        out.clear();
        self.find_own(words[slot]);
        for outcome in self.own_outcomes(words[slot], 0) {
            let kind = Kind::Own { act: 0 };
            let change = Change { kind, slot, outcome, remove: None, fee: None };
            self.push(words, &change, out);
        }
    }

    /// All successors of a state.
    pub(super) fn successors(&mut self, words: &[u32], out: &mut Successors) {
        out.clear();
        self.network(words, out);
        self.commands(words, out);
        for slot in 0..self.store.count {
            self.own_acts(words, slot, out);
        }
        self.tick(words, out);
    }

    fn network(&mut self, words: &[u32], out: &mut Successors) {
        let (network, bounds) = (self.explorer.network, self.explorer.bounds);
        let first = self.store.network_at();
        let spent = self.store.spent(words);
        let left = |used: u32, bound: u32| bound == UNBOUNDED || used < bound;
        let consumed = network != Network::EverSent;
        let may_lose = consumed && left(spent.losses, bounds.losses);
        let may_repeat = consumed && left(spent.duplicates, bounds.duplicates);
        for at in first..words.len() {
            let message = words[at];
            let link = self.store.links[message as usize];
            let behind = at > first
                && match network {
                    Network::EverSent => false,
                    Network::Multiset => words[at - 1] == message,
                    Network::Fifo => self.store.links[words[at - 1] as usize] == link,
                };
            if behind {
                continue;
            }
            self.receive(words, at, consumed, may_repeat, out);
            if may_lose {
                self.lose(words, at, out);
            }
        }
    }

    fn receive(
        &mut self,
        words: &[u32],
        at: usize,
        consumed: bool,
        may_repeat: bool,
        out: &mut Successors,
    ) {
        let slot = self.store.links[words[at] as usize].1 as usize - 1;
        if !self.store.up[words[slot] as usize] {
            return;
        }
        let repeat: &dyn Fn(&mut Spent) = &|spent| spent.duplicates += 1;
        let bounded = self.explorer.bounds.duplicates != UNBOUNDED;
        for outcome in self.received(words[slot], words[at]) {
            let (kind, remove) = (Kind::Receive { at, again: false }, consumed.then_some(at));
            self.push(words, &Change { kind, slot, outcome, remove, fee: None }, out);
            if may_repeat {
                let (kind, fee) = (Kind::Receive { at, again: true }, bounded.then_some(repeat));
                self.push(words, &Change { kind, slot, outcome, remove: None, fee }, out);
            }
        }
    }

    fn commands(&mut self, words: &[u32], out: &mut Successors) {
        let given = self.store.spent(words).commands;
        for index in 0..self.explorer.commands.len() {
            if given >> index & 1 == 1 {
                continue;
            }
            let to = self.explorer.commands[index].0;
            let slots = to.map_or(0..self.store.count, |to| to.0 as usize - 1..to.0 as usize);
            for slot in slots {
                if !self.store.up[words[slot] as usize] {
                    continue;
                }
                for outcome in self.commanded(words[slot], index) {
                    let fee = &|spent: &mut Spent| spent.commands |= 1 << index;
                    let kind = Kind::Command { index };
                    let change = Change { kind, slot, outcome, remove: None, fee: Some(fee) };
                    self.push(words, &change, out);
                }
            }
            if self.explorer.in_order {
                return;
            }
        }
    }

    fn own_acts(&mut self, words: &[u32], slot: usize, out: &mut Successors) {
        let node = words[slot];
        self.find_own(node);
        let bounds = self.explorer.bounds;
        for act in 0..self.own_of(node).len() {
            let Own { cost, limits, .. } = &self.own_of(node)[act];
            if !self.affordable(self.store.spent(words), *cost, limits) {
                continue;
            }
            let (cost, limits) = (*cost, limits.clone());
            let charges = kept::counted(&bounds, cost) || !limits.is_empty();
            for outcome in self.own_outcomes(node, act) {
                let fee: &dyn Fn(&mut Spent) = &|spent| kept::charge(&bounds, spent, cost, &limits);
                let fee = charges.then_some(fee);
                let kind = Kind::Own { act };
                let change = Change { kind, slot, outcome, remove: None, fee };
                self.push(words, &change, out);
            }
        }
    }

    fn lose(&mut self, words: &[u32], at: usize, out: &mut Successors) {
        let start = out.words.len();
        out.words.extend_from_slice(words);
        out.words.remove(start + at);
        let bounded = self.explorer.bounds.losses != UNBOUNDED;
        let loss: &dyn Fn(&mut Spent) = &|spent| spent.losses += 1;
        self.pay(&mut out.words[start..], bounded.then_some(loss));
        if self.explorer.record.is_some() {
            let envelope = self.store.messages.value(words[at]).clone();
            self.note(&mut out.words[start..], &[Fact::Lost(envelope)]);
        }
        let step = Move { kind: Kind::Lose { at }, slot: 0, outcome: 0 };
        out.moves.push((step, start..out.words.len()));
    }

    fn tick(&mut self, words: &[u32], out: &mut Successors) {
        let Clock::Ticks { unit_ns, limit } = self.explorer.clock else { return };
        let ticks = self.store.spent(words).ticks;
        if ticks >= limit {
            return;
        }
        let now = START.plus(Nanos(unit_ns).times(u64::from(ticks) + 1));
        let start = out.words.len();
        out.words.extend_from_slice(words);
        for (slot, node) in words.iter().enumerate().take(self.store.count) {
            let node = Node { now, ..self.store.nodes.value(*node).clone() };
            out.words[start + slot] = self.store.node(node);
        }
        self.pay(&mut out.words[start..], Some(&|spent| spent.ticks += 1));
        let step = Move { kind: Kind::Tick, slot: 0, outcome: 0 };
        out.moves.push((step, start..out.words.len()));
    }

    /// Adds the successor that a node's act leads to.
    fn push(&mut self, words: &[u32], change: &Change<'_>, out: &mut Successors) {
        let outcome = &self.outcomes[change.outcome];
        let idle = outcome.node == words[change.slot]
            && outcome.sends.is_empty()
            && outcome.facts.is_empty()
            && outcome.trouble.is_none()
            && change.remove.is_none()
            && change.fee.is_none();
        if idle {
            out.idle += 1;
            return;
        }
        let start = out.words.len();
        out.words.extend_from_slice(words);
        out.words[start + change.slot] = outcome.node;
        if let Some(at) = change.remove {
            out.words.remove(start + at);
        }
        let crashed = !self.store.up[outcome.node as usize];
        if crashed && self.explorer.network == Network::Fifo {
            let (store, to) = (&self.store, change.slot as u32 + 1);
            let from = start + store.network_at();
            let kept: Vec<u32> = out.words.drain(from..).collect();
            out.words.extend(kept.iter().filter(|id| store.links[**id as usize].1 != to));
        }
        for message in &self.outcomes[change.outcome].sends {
            self.store.put(self.explorer.network, &mut out.words, start, *message);
        }
        if out.words.len() - start - self.store.network_at()
            > self.explorer.bounds.in_flight as usize
        {
            out.words.truncate(start);
            out.overfull += 1;
            return;
        }
        self.pay(&mut out.words[start..], change.fee);
        if !self.outcomes[change.outcome].facts.is_empty() {
            let facts = std::mem::take(&mut self.outcomes[change.outcome].facts);
            self.note(&mut out.words[start..], &facts);
            self.outcomes[change.outcome].facts = facts;
        }
        let step = Move { kind: change.kind, slot: change.slot, outcome: change.outcome };
        out.moves.push((step, start..out.words.len()));
    }

    fn pay(&mut self, words: &mut [u32], fee: Option<&dyn Fn(&mut Spent)>) {
        if let Some(fee) = fee {
            let at = self.store.spent_at();
            let mut spent = self.store.spents.value(words[at]).clone();
            fee(&mut spent);
            words[at] = self.store.spents.add(spent).0;
        }
    }

    fn note(&mut self, words: &mut [u32], facts: &[Fact<P>]) {
        if let Some(record) = &self.explorer.record {
            let at = self.store.history_at();
            let mut history = self.store.histories.value(words[at]).clone();
            for fact in facts {
                record(&mut history, fact);
            }
            words[at] = self.store.histories.add(history).0;
        }
    }
}
