//! Levels that forbid a cycle with at most one *heavy* dependency and allow those with more.
//!
//! ```text
//!   consistent view (PL-2+)       heavy: every rw edge                    G1c and G-single
//!   update serializable (PL-3U)   heavy: rw edges of those that only read G1c and G-update
//! ```
//!
//! Of PL-3U: G-update is a cycle of transactions that write and at most one that only reads. Out of
//! one that only reads nothing leads but rw edges, so it is passed as often as one of these is.
//!
//! Such a cycle is a heavy edge and a way back of light ones, or a cycle of light ones alone. Each
//! way back stays within a strongly connected component of the whole graph.
//!
//! Of writes that nobody read no order is known. They are put in the order of a topological order
//! of the light edges; where that closes a cycle, one pair on it is tried both ways, back and forth
//! (which may take exponential time, so it is bounded).
//!
//! Reference: Adya, "Weak consistency: a generalized theory" (1999), chapter 4.

use super::cycle::{self, Cycle};
use super::edges::{Edge, Edges, Kind};
use super::levels::Rule;
use super::net::Net;
use crate::limits::{Budget, Exhausted};
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

/// Which dependencies weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heavy {
    /// Every rw edge.
    Reads,
    /// The rw edges of transactions that write nothing.
    ReadersOnly,
}

impl Heavy {
    /// Whether a dependency weighs; `writes` says who writes.
    pub(super) fn is(self, edge: &Edge, writes: impl FnOnce(u32) -> bool) -> bool {
        edge.kind == Kind::ReadWrite && (self == Self::Reads || !writes(edge.from))
    }
}

/// A bug that a test plants in the search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// The way back is one dependency long.
    ShortWay,
    /// What nobody read comes in the first order that was tried, or in none.
    FirstOrder,
    /// Of prefix consistency, writers of one key must not overlap.
    Apart,
}

/// What came of it.
pub(super) enum Views {
    /// An order of transactions that keeps to the light edges.
    Order(Vec<u32>),
    /// A cycle with at most one heavy edge.
    Cycle(Cycle),
    /// Every order of what nobody read ends in such a cycle, none of them at once.
    None,
}

const NONE: u32 = u32::MAX;

/// The search of one history.
pub(super) struct Search<'a> {
    pub(super) edges: &'a Edges,
    pub(super) rule: Rule,
    pub(super) heavy: Heavy,
    /// Who writes.
    pub(super) writes: &'a [bool],
    pub(super) mutant: Mutant,
}

impl Search<'_> {
    /// Whether an edge of the graph weighs: of those through joints, the one that leaves a
    /// transaction does.
    fn weighs(&self, edge: &Edge) -> bool {
        let is_whole = edge.from < self.edges.transactions;
        let writes = |one: u32| self.writes.get(one as usize).is_some_and(|is| *is);
        is_whole && self.heavy.is(edge, writes)
    }

    /// An order in which no such cycle is left, or why there is none.
    pub(super) fn run(
        &self,
        unordered: &[Vec<u32>],
        budget: &mut Budget,
    ) -> Result<Views, Exhausted> {
        if let Some(cycle) = self.cycle(&[], budget)? {
            return Ok(Views::Cycle(cycle));
        }
        let mut chosen: Vec<(Edge, bool)> = Vec::new();
        loop {
            let fixed: Vec<Edge> = chosen.iter().map(|(edge, _)| *edge).collect();
            if self.cycle(&fixed, budget)?.is_none() {
                let order = self.order(&fixed);
                let chains = chains(self.edges, &order, unordered);
                let all: Vec<Edge> = fixed.iter().chain(&chains).copied().collect();
                let Some(cycle) = self.cycle(&all, budget)? else {
                    return Ok(Views::Order(self.order(&all)));
                };
                let chains: BTreeSet<Edge> = chains.into_iter().collect();
                let is_open = |edge: &&Edge| chains.contains(edge) && !fixed.contains(edge);
                if self.mutant != Mutant::FirstOrder
                    && let Some(edge) = cycle.edges.iter().find(is_open)
                {
                    chosen.push((*edge, false));
                    continue;
                }
            }
            // Back to the last choice that has another way left.
            loop {
                match chosen.pop() {
                    None => return Ok(Views::None),
                    Some((_, true)) => {}
                    Some((edge, false)) => {
                        chosen.push((Edge { from: edge.to, to: edge.from, ..edge }, true));
                        break;
                    }
                }
            }
        }
    }

    /// An order of all nodes that keeps to the light edges, and to the others where it can.
    fn order(&self, more: &[Edge]) -> Vec<u32> {
        let net = Net::new(self.edges, more, &self.rule);
        // Tarjan's components come last first.
        let (component, _) = cycle::components(&net);
        let light = |node: u32| self.light(&net, node);
        let mut waits = vec![0_u32; net.nodes() as usize];
        for node in 0..net.nodes() {
            light(node).for_each(|(to, _)| waits[to as usize] += 1);
        }
        let ready = (0..net.nodes()).filter(|node| waits[*node as usize] == 0);
        let mut ready: BinaryHeap<(u32, u32)> =
            ready.map(|node| (component[node as usize], node)).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some((_, node)) = ready.pop() {
            order.push(node);
            for (to, _) in light(node) {
                let waits = &mut waits[to as usize];
                *waits -= 1;
                if *waits == 0 {
                    ready.push((component[to as usize], to));
                }
            }
        }
        order
    }

    fn light<'n>(&'n self, net: &'n Net, from: u32) -> impl Iterator<Item = (u32, Kind)> + 'n {
        net.edges(from).filter(move |(to, kind)| !self.weighs(&Edge { from, to: *to, kind: *kind }))
    }

    /// A cycle with at most one heavy edge.
    fn cycle(&self, more: &[Edge], budget: &mut Budget) -> Result<Option<Cycle>, Exhausted> {
        let net = Net::new(self.edges, more, &self.rule);
        let (component, _) = cycle::components(&net);
        let inside = |from: u32, to: u32| component[from as usize] == component[to as usize];
        // Where a heavy edge ends, and whence it comes; and every transaction on a cycle, for
        // cycles of light edges alone.
        let mut closing: Vec<(u32, u32)> = Vec::new();
        for from in 0..net.nodes() {
            let mut is_on_cycle = false;
            for (to, kind) in net.edges(from).filter(|(to, _)| inside(from, *to)) {
                is_on_cycle = true;
                if self.weighs(&Edge { from, to, kind }) {
                    closing.push((to, from));
                }
            }
            if is_on_cycle && net.transaction(from).is_some() {
                closing.push((from, from));
            }
        }
        closing.sort_unstable();
        let mut met = vec![(NONE, Kind::Process, NONE); net.nodes() as usize];
        let mut queue = VecDeque::new();
        for ends in closing.chunk_by(|one, next| one.0 == next.0) {
            let root = ends[0].0;
            let mut looks = 0;
            queue.clear();
            queue.push_back((root, 0_u32));
            while let Some((node, depth)) = queue.pop_front() {
                if self.mutant == Mutant::ShortWay && depth >= 1 {
                    continue;
                }
                for (to, kind) in self.light(&net, node).filter(|(to, _)| inside(node, *to)) {
                    looks += 1;
                    if met[to as usize].2 != root {
                        met[to as usize] = (node, kind, root);
                        queue.push_back((to, depth + 1));
                    }
                }
            }
            budget.step(looks)?;
            let closes = |(_, from): &&(u32, u32)| met[*from as usize].2 == root;
            if let Some((_, from)) = ends.iter().find(closes) {
                let mut path: Vec<(u32, Kind)> = Vec::new();
                let mut at = *from;
                loop {
                    let (before, kind, _) = met[at as usize];
                    path.push((before, kind));
                    at = before;
                    if at == root {
                        break;
                    }
                }
                path.reverse();
                if *from != root {
                    path.push((*from, Kind::ReadWrite));
                }
                return Ok(Some(self.contract(path)));
            }
        }
        Ok(None)
    }

    /// The dependencies of a cycle of nodes, each with the kind of the edge that leaves it.
    fn contract(&self, mut nodes: Vec<(u32, Kind)>) -> Cycle {
        let transactions = self.edges.transactions;
        nodes.retain(|(node, _)| *node < transactions);
        let ends = nodes.iter().cycle().skip(1);
        let edges = nodes.iter().zip(ends).map(|((from, kind), (to, _))| Edge {
            from: *from,
            to: *to,
            kind: *kind,
        });
        Cycle { edges: edges.collect(), shortest: false }
    }
}

/// What nobody read, of each key in an order.
fn chains(edges: &Edges, order: &[u32], unordered: &[Vec<u32>]) -> Vec<Edge> {
    let mut places = vec![0_u32; edges.nodes as usize];
    for (place, node) in (0..).zip(order) {
        places[*node as usize] = place;
    }
    let mut chains = Vec::new();
    for writers in unordered {
        let mut sorted = writers.clone();
        sorted.sort_unstable_by_key(|one| places[*one as usize]);
        sorted.dedup();
        let edge = |pair: &[u32]| Edge { from: pair[0], to: pair[1], kind: Kind::WriteWrite };
        chains.extend(sorted.windows(2).map(edge));
    }
    chains
}
