//! What nodes do, kept: each distinct (node, act) is performed once, and what it costs.

use crate::event::CommandId;
use crate::explorer::act::{Act, Cost, Fact, acts};
use crate::explorer::bounds::{Bounds, UNBOUNDED};
use crate::explorer::moves::Moves;
use crate::explorer::node::Explorable;
use crate::explorer::perform::{Performed, perform};
use crate::explorer::system::Spent;
use crate::explorer::table::Table;
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

/// What a node may do by itself, and where the outcomes are kept once it has.
pub(super) struct Own<P: Explorable> {
    pub(super) act: Act<P>,
    pub(super) cost: Cost,
    pub(super) limits: Vec<usize>,
    outcomes: Option<Range<usize>>,
}

/// Where the outcomes of a node and a message (or command) are kept.
#[derive(Default)]
pub(super) struct Met {
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
    pub(super) fn place(&mut self, key: u64) -> (usize, bool) {
        let (keys, fresh) = (&self.keys, self.keys.len());
        let same = |id: u32| keys[id as usize] == key;
        let hash_of = |id: u32| Self::scatter(keys[id as usize]);
        let known = self.table.find_or_add(Self::scatter(key), fresh as u32, same, hash_of);
        if known.is_none() {
            self.keys.push(key);
        }
        (known.map_or(fresh, |id| id as usize), known.is_none())
    }
}

impl<P: Explorable, H: Clone + Eq + Hash> Moves<'_, P, H> {
    pub(super) fn affordable(&self, spent: &Spent, cost: Cost, limits: &[usize]) -> bool {
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

    pub(super) fn received(&mut self, node: u32, message: u32) -> Range<usize> {
        let (place, new) = self.met.place(u64::from(node) << 32 | u64::from(message));
        if new {
            let envelope = self.store.messages.value(message);
            let act = Act::Receive(envelope.from, envelope.message.clone());
            let range = self.perform(node, &act);
            self.met.ranges.push(range);
        }
        self.met.ranges[place].clone()
    }

    pub(super) fn commanded(&mut self, node: u32, index: usize) -> Range<usize> {
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
    pub(super) fn find_own(&mut self, node: u32) {
        if self.own.len() <= node as usize {
            self.own.resize_with(node as usize + 1, || None);
        }
        if self.own[node as usize].is_some() {
            return;
        }
        let mut found = Vec::new();
        let fresh = Spent { limits: vec![0; self.explorer.limits.len()], ..Spent::default() };
        let place = self.store.nodes.value(node);
        for (act, cost) in acts(&self.world, place) {
            let counted = self.explorer.limits.iter().enumerate();
            let counted = counted.filter(|(_, limit)| (limit.counts)(place.id, &act));
            let limits: Vec<_> = counted.map(|(at, _)| at).collect();
            // Every node starts once before the exploration begins, whatever limits say.
            if matches!(act, Act::Start) || self.affordable(&fresh, cost, &limits) {
                found.push(Own { act, cost, limits, outcomes: None });
            }
        }
        self.own[node as usize] = Some(found);
    }

    pub(super) fn own_of(&self, node: u32) -> &[Own<P>] {
        self.own[node as usize].as_deref().unwrap_or_default()
    }

    pub(super) fn own_act(&self, node: u32, act: usize) -> &Act<P> {
        &self.own_of(node)[act].act
    }

    pub(super) fn own_outcomes(&mut self, node: u32, act: usize) -> Range<usize> {
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

pub(super) fn counted(bounds: &Bounds, cost: Cost) -> bool {
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

pub(super) fn charge(bounds: &Bounds, spent: &mut Spent, cost: Cost, limits: &[usize]) {
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
