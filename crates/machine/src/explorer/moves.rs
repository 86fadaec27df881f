//! From one state of the system to all its successors.
//!
//! Every act of a node is performed once for each different (node, act) and kept: a protocol is a
//! pure function, and the same node meets the same message in very many states of the system.
//! What remains per successor is to copy a row of numbers and change a few of them.

use crate::event::CommandId;
use crate::explorer::Explorer;
use crate::explorer::bounds::{Bounds, Clock, Network, UNBOUNDED};
use crate::explorer::node::{Explorable, Node};
use crate::explorer::perform::{Act, Cost, Fact, Performed, World, acts, perform};
use crate::explorer::system::{START, Spent, Store};
use crate::explorer::table::Table;
use avouch_promise::{Nanos, NodeId};
use std::hash::Hash;
use std::ops::Range;

/// A kept outcome of an act.
pub(super) struct Outcome<P: Explorable> {
    pub(super) node: u32,
    pub(super) sends: Vec<u32>,
    pub(super) facts: Vec<Fact<P>>,
    pub(super) choices: Vec<u32>,
    pub(super) trouble: Option<String>,
}

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

/// What a node may do by itself, and where the outcomes are kept once it has.
struct Own<P: Explorable> {
    act: Act<P>,
    cost: Cost,
    limits: Vec<usize>,
    outcomes: Option<Range<usize>>,
}

/// Everything that successors are made with.
pub(super) struct Moves<'a, P: Explorable, H> {
    pub(super) explorer: &'a Explorer<P, H>,
    pub(super) world: World<'a, P>,
    pub(super) store: Store<P, H>,
    pub(super) outcomes: Vec<Outcome<P>>,
    met: Met,
    own: Vec<Option<Vec<Own<P>>>>,
}

/// Where the outcomes of a node and a message (or command) are kept.
#[derive(Default)]
struct Met {
    keys: Vec<u64>,
    ranges: Vec<Range<usize>>,
    table: Table,
}

/// Commands are told from messages by this bit of their number.
const COMMAND: u32 = 1 << 31;

impl Met {
    fn scatter(key: u64) -> u64 {
        let z = (key ^ (key >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z ^ (z >> 32)
    }
    /// The place of `key`, and whether it is new there.
    fn place(&mut self, key: u64) -> (usize, bool) {
        let (keys, fresh) = (&self.keys, self.keys.len());
        let same = |id: u32| keys[id as usize] == key;
        let hash_of = |id: u32| Self::scatter(keys[id as usize]);
        match self.table.find_or_add(Self::scatter(key), fresh as u32, same, hash_of) {
            Some(id) => (id as usize, false),
            None => {
                self.keys.push(key);
                (fresh, true)
            }
        }
    }
}

/// How a successor differs from its parent.
struct Change<'s> {
    kind: Kind,
    slot: usize,
    outcome: usize,
    remove: Option<usize>,
    spend: &'s dyn Fn(&mut Spent),
    spends: bool,
}

fn nothing(_: &mut Spent) {}

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
            let change =
                Change { kind, slot, outcome, remove: None, spend: &nothing, spends: false };
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
            let slot = link.1 as usize - 1;
            if self.store.up[words[slot] as usize] {
                for outcome in self.received(words[slot], message) {
                    let (kind, remove) =
                        (Kind::Receive { at, again: false }, consumed.then_some(at));
                    let spend = &nothing;
                    self.push(
                        words,
                        &Change { kind, slot, outcome, remove, spend, spends: false },
                        out,
                    );
                    if may_repeat {
                        let kind = Kind::Receive { at, again: true };
                        let spends = bounds.duplicates != UNBOUNDED;
                        let spend = &|spent: &mut Spent| spent.duplicates += 1;
                        let change = Change { kind, slot, outcome, remove: None, spend, spends };
                        self.push(words, &change, out);
                    }
                }
            }
            if may_lose {
                self.lose(words, at, out);
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
                    let spend = &|spent: &mut Spent| spent.commands |= 1 << index;
                    let kind = Kind::Command { index };
                    let change = Change { kind, slot, outcome, remove: None, spend, spends: true };
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
            let spends = counted(&bounds, cost) || !limits.is_empty();
            for outcome in self.own_outcomes(node, act) {
                let spend = &|spent: &mut Spent| charge(&bounds, spent, cost, &limits);
                let kind = Kind::Own { act };
                let change = Change { kind, slot, outcome, remove: None, spend, spends };
                self.push(words, &change, out);
            }
        }
    }

    fn affordable(&self, spent: &Spent, cost: Cost, limits: &[usize]) -> bool {
        let left = |used: u32, bound: u32| bound == UNBOUNDED || used < bound;
        let bounds = &self.explorer.bounds;
        limits.iter().all(|at| spent.limits[*at] < self.explorer.limits[*at].count)
            && match cost {
                Cost::Free => true,
                Cost::Timer => left(spent.timers, bounds.timers),
                Cost::Crash => left(spent.crashes, bounds.crashes),
                Cost::DoubtfulTail => {
                    left(spent.crashes, bounds.crashes)
                        && left(spent.doubtful_tails, bounds.doubtful_tails)
                }
                Cost::CorruptLoad => left(spent.corrupt_loads, bounds.corrupt_loads),
                Cost::ShortLoad => left(spent.short_loads, bounds.short_loads),
            }
    }

    fn lose(&mut self, words: &[u32], at: usize, out: &mut Successors) {
        let start = out.words.len();
        out.words.extend_from_slice(words);
        out.words.remove(start + at);
        let bounded = self.explorer.bounds.losses != UNBOUNDED;
        self.spend(&mut out.words[start..], bounded, &|spent| spent.losses += 1);
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
        for slot in 0..self.store.count {
            let node = Node { now, ..self.store.nodes.value(words[slot]).clone() };
            out.words[start + slot] = self.store.node(node);
        }
        self.spend(&mut out.words[start..], true, &|spent| spent.ticks += 1);
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
            && !change.spends;
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
        self.spend(&mut out.words[start..], change.spends, change.spend);
        if !self.outcomes[change.outcome].facts.is_empty() {
            let facts = std::mem::take(&mut self.outcomes[change.outcome].facts);
            self.note(&mut out.words[start..], &facts);
            self.outcomes[change.outcome].facts = facts;
        }
        let step = Move { kind: change.kind, slot: change.slot, outcome: change.outcome };
        out.moves.push((step, start..out.words.len()));
    }

    fn spend(&mut self, words: &mut [u32], bounded: bool, spend: &dyn Fn(&mut Spent)) {
        if bounded {
            let at = self.store.spent_at();
            let mut spent = self.store.spents.value(words[at]).clone();
            spend(&mut spent);
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

    fn received(&mut self, node: u32, message: u32) -> Range<usize> {
        let (place, new) = self.met.place(u64::from(node) << 32 | u64::from(message));
        if new {
            let envelope = self.store.messages.value(message);
            let act = Act::Receive(envelope.from, envelope.message.clone());
            let range = self.perform(node, &act);
            self.met.ranges.push(range);
        }
        self.met.ranges[place].clone()
    }

    fn commanded(&mut self, node: u32, index: usize) -> Range<usize> {
        let key = u64::from(node) << 32 | u64::from(COMMAND | index as u32);
        let (place, new) = self.met.place(key);
        if new {
            let act = self.command(index);
            let range = self.perform(node, &act);
            self.met.ranges.push(range);
        }
        self.met.ranges[place].clone()
    }

    pub(super) fn command(&self, index: usize) -> Act<P> {
        let command = self.explorer.commands[index].1.clone();
        Act::Command(CommandId(index as u64 + 1), command)
    }

    /// What the node of this number may do by itself, leaving out what no run can afford.
    fn find_own(&mut self, node: u32) {
        if self.own.len() <= node as usize {
            self.own.resize_with(node as usize + 1, || None);
        }
        if self.own[node as usize].is_some() {
            return;
        }
        let mut found = Vec::new();
        let fresh = Spent { limits: vec![0; self.explorer.limits.len()], ..Spent::default() };
        for (act, cost) in acts(&self.world, self.store.nodes.value(node)) {
            let mut limits = Vec::new();
            if let Act::Fire(key) = &act {
                let counted = self.explorer.limits.iter().enumerate();
                limits.extend(counted.filter(|(_, limit)| (limit.counts)(key)).map(|(at, _)| at));
            }
            if self.affordable(&fresh, cost, &limits) {
                found.push(Own { act, cost, limits, outcomes: None });
            }
        }
        self.own[node as usize] = Some(found);
    }

    fn own_of(&self, node: u32) -> &[Own<P>] {
        self.own[node as usize].as_deref().unwrap_or_default()
    }

    pub(super) fn own_act(&self, node: u32, act: usize) -> &Act<P> {
        &self.own_of(node)[act].act
    }

    fn own_outcomes(&mut self, node: u32, act: usize) -> Range<usize> {
        let own = &self.own_of(node)[act];
        if let Some(range) = &own.outcomes {
            return range.clone();
        }
        let todo = own.act.clone();
        let range = self.perform(node, &todo);
        if let Some(own) = &mut self.own[node as usize] {
            own[act].outcomes = Some(range.clone());
        }
        range
    }

    fn perform(&mut self, node: u32, act: &Act<P>) -> Range<usize> {
        let performed = perform(&self.world, self.store.nodes.value(node), act);
        let start = self.outcomes.len();
        for Performed { node, sends, facts, choices, trouble, .. } in performed {
            let node = self.store.node(node);
            let sends = sends.into_iter().map(|envelope| self.store.message(envelope)).collect();
            self.outcomes.push(Outcome { node, sends, facts, choices, trouble });
        }
        start..self.outcomes.len()
    }
}

fn counted(bounds: &Bounds, cost: Cost) -> bool {
    let bounded = |bound: u32| bound != UNBOUNDED;
    match cost {
        Cost::Free => false,
        Cost::Timer => bounded(bounds.timers),
        Cost::Crash => bounded(bounds.crashes),
        Cost::DoubtfulTail => bounded(bounds.crashes) || bounded(bounds.doubtful_tails),
        Cost::CorruptLoad => bounded(bounds.corrupt_loads),
        Cost::ShortLoad => bounded(bounds.short_loads),
    }
}

fn charge(bounds: &Bounds, spent: &mut Spent, cost: Cost, limits: &[usize]) {
    let add = |used: &mut u32, bound: u32| *used += u32::from(bound != UNBOUNDED);
    for at in limits {
        spent.limits[*at] += 1;
    }
    match cost {
        Cost::Free => {}
        Cost::Timer => add(&mut spent.timers, bounds.timers),
        Cost::Crash => add(&mut spent.crashes, bounds.crashes),
        Cost::DoubtfulTail => {
            add(&mut spent.crashes, bounds.crashes);
            add(&mut spent.doubtful_tails, bounds.doubtful_tails);
        }
        Cost::CorruptLoad => add(&mut spent.corrupt_loads, bounds.corrupt_loads),
        Cost::ShortLoad => add(&mut spent.short_loads, bounds.short_loads),
    }
}
