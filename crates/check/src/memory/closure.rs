//! What a view forces: if a write comes before a read that returned another write of the same
//! key, it comes before that one too; over and over, until nothing is new or a cycle closes.
//!
//! ```text
//!   w' ──► ... ──► r        r returned s, w' is another write of its key
//!   w' ──► s                is forced
//! ```
//!
//! Where the edges order all the reads of a view, an order that explains them exists exactly if no
//! cycle closes: place before each read, in turn, what comes before it. The same holds of read your
//! writes, whose reads are free, but whose forced edges all begin at the session's own writes
//! (`order`). Causal memory and PRAM are decided so (Bouajjani, Enea, Guerraoui and Hamza, 2017,
//! section 5: happened-before saturation). Causal convergence forces once, from causality
//! alone, and causal consistency only asks whether causality itself says the contrary.
//!
//! A round takes one number a chain and node; of each chain only the last write before a read can
//! force anything new. O(n k) for k chains a round, and rarely more than a few rounds.

use super::model::Model;
use super::mutant::Mutant;
use super::view::{Edge, Read, View};
use crate::limits::{Budget, Exhausted};
use std::collections::{BTreeSet, VecDeque};

/// How often edges are forced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Never: only what contradicts the view's own edges counts.
    Never,
    /// Once, by the view's own edges.
    Once,
    /// By those forced before, too.
    Always,
}

impl Rule {
    pub(super) fn of(model: Model) -> Self {
        match model {
            Model::Causal => Self::Never,
            Model::CausalConvergence => Self::Once,
            _ => Self::Always,
        }
    }
}

/// An edge that is forced, and the read that forces it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forced {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) read: u32,
}

/// What came of it.
pub(super) enum Closed {
    /// No cycle: the nodes in an order that the edges allow, and what was forced.
    Open(Vec<u32>, Vec<Forced>),
    /// A cycle: the operations that it rests on.
    Cyclic(BTreeSet<u32>),
}

/// A view while it is closed.
pub(super) struct Closure<'a> {
    view: &'a View,
    forced: Vec<Forced>,
    /// Places of `all` by the node that they leave, and where each node's begin.
    leaving: Vec<u32>,
    first: Vec<u32>,
}

impl<'a> Closure<'a> {
    pub(super) fn new(view: &'a View) -> Self {
        Self { view, forced: Vec::new(), leaving: Vec::new(), first: Vec::new() }
    }

    fn end(&self, edge: u32) -> (u32, u32) {
        let edge = edge as usize;
        if let Some(Edge { from, to, .. }) = self.view.edges.get(edge) {
            return (*from, *to);
        }
        let Forced { from, to, .. } = self.forced[edge - self.view.edges.len()];
        (from, to)
    }

    /// Sorts the edges by the nodes that they leave.
    fn index(&mut self) {
        let count = self.view.edges.len() + self.forced.len();
        let mut first = vec![0_u32; self.view.nodes.len() + 1];
        for edge in 0..count as u32 {
            first[self.end(edge).0 as usize + 1] += 1;
        }
        for node in 1..first.len() {
            first[node] += first[node - 1];
        }
        let mut next = first.clone();
        let mut leaving = vec![0_u32; count];
        for edge in 0..count as u32 {
            let at = &mut next[self.end(edge).0 as usize];
            leaving[*at as usize] = edge;
            *at += 1;
        }
        (self.first, self.leaving) = (first, leaving);
    }

    fn leaving(&self, node: u32) -> &[u32] {
        &self.leaving[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }

    /// The nodes in an order that the edges allow, as far as there is one.
    fn sorted(&self) -> Vec<u32> {
        let mut waits = vec![0_u32; self.view.nodes.len()];
        for edge in &self.leaving {
            waits[self.end(*edge).1 as usize] += 1;
        }
        let mut order: Vec<u32> =
            (0..waits.len() as u32).filter(|node| waits[*node as usize] == 0).collect();
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next += 1;
            for edge in self.leaving(node) {
                let to = self.end(*edge).1;
                waits[to as usize] -= 1;
                if waits[to as usize] == 0 {
                    order.push(to);
                }
            }
        }
        order
    }

    /// How many writes of each chain come before each node, itself included.
    fn clocks(&self, order: &[u32]) -> Vec<u32> {
        let width = self.view.width;
        let mut clocks = vec![0_u32; width * self.view.nodes.len()];
        let mut mine = vec![0_u32; width];
        for node in order {
            let at = *node as usize * width;
            if let Some((chain, place)) = self.view.place[*node as usize] {
                let own = &mut clocks[at + chain as usize];
                *own = (*own).max(place + 1);
            }
            mine.copy_from_slice(&clocks[at..at + width]);
            for edge in self.leaving(*node) {
                let to = self.end(*edge).1 as usize * width;
                for (theirs, mine) in clocks[to..to + width].iter_mut().zip(&mine) {
                    *theirs = (*theirs).max(*mine);
                }
            }
        }
        clocks
    }

    /// Closes the view.
    pub(super) fn run(
        mut self,
        rule: Rule,
        budget: &mut Budget,
        mutant: Mutant,
    ) -> Result<Closed, Exhausted> {
        let width = self.view.width;
        loop {
            let nodes = self.view.nodes.len();
            budget.step(nodes * (width * 4 + 40) + self.forced.len() * size_of::<Forced>())?;
            self.index();
            let order = self.sorted();
            if order.len() < nodes {
                return Ok(Closed::Cyclic(self.cycle(&order)));
            }
            if rule == Rule::Once && !self.forced.is_empty() {
                return Ok(Closed::Open(order, self.forced));
            }
            let clocks = self.clocks(&order);
            let before = self.forced.len();
            for read in &self.view.reads {
                budget.step(0)?;
                if let Some(write) = self.force(*read, rule, &clocks, mutant) {
                    let mut told = self.way(write, read.node, before);
                    if let Some(source) = read.source {
                        told.extend(self.way(source, write, before));
                    }
                    return Ok(Closed::Cyclic(told));
                }
            }
            if self.forced.len() == before || mutant == Mutant::OneRound {
                return Ok(Closed::Open(order, self.forced));
            }
        }
    }

    /// Forces what a read forces; a write that contradicts it outright is handed back.
    fn force(&mut self, read: Read, rule: Rule, clocks: &[u32], mutant: Mutant) -> Option<u32> {
        let width = self.view.width;
        let clock = |node: u32, chain: u32| clocks[node as usize * width + chain as usize];
        let at = |node: u32| self.view.place[node as usize];
        for (chain, places) in &self.view.writers[read.key as usize] {
            let seen = clock(read.node, *chain);
            let below = places.partition_point(|(place, _)| *place < seen);
            let Some((place, write)) = below.checked_sub(1).map(|last| places[last]) else {
                continue;
            };
            let Some(source) = read.source else {
                if mutant == Mutant::InitialAnyTime {
                    continue;
                }
                return Some(write);
            };
            if write == source || place < clock(source, *chain) {
                continue;
            }
            if rule == Rule::Never {
                // Does the write come after what was read?
                let after = at(source).is_some_and(|(own, place)| clock(write, own) > place);
                if after && mutant != Mutant::IgnoreOverwritten {
                    return Some(write);
                }
                continue;
            }
            self.forced.push(Forced { from: write, to: source, read: read.node });
        }
        None
    }

    /// The operations on some way from one node to another, by edges forced before the given one,
    /// and those that forced its edges.
    fn way(&self, from: u32, to: u32, limit: usize) -> BTreeSet<u32> {
        let mut told = BTreeSet::new();
        let mut open = vec![(from, to, limit)];
        let mut known = BTreeSet::new();
        while let Some((from, to, limit)) = open.pop() {
            for edge in self.path(from, to, limit) {
                self.tell(edge, &mut told, &mut known, &mut open);
            }
            told.insert(self.view.nodes[from as usize]);
            told.insert(self.view.nodes[to as usize]);
        }
        told
    }

    /// Adds what an edge rests on.
    fn tell(
        &self,
        edge: u32,
        told: &mut BTreeSet<u32>,
        known: &mut BTreeSet<usize>,
        open: &mut Vec<(u32, u32, usize)>,
    ) {
        let (from, to) = self.end(edge);
        told.insert(self.view.nodes[from as usize]);
        told.insert(self.view.nodes[to as usize]);
        if let Some(edge) = self.view.edges.get(edge as usize) {
            told.extend(edge.through);
            return;
        }
        let number = edge as usize - self.view.edges.len();
        if known.insert(number) {
            let Forced { from, read, .. } = self.forced[number];
            told.insert(self.view.nodes[read as usize]);
            open.push((from, read, number));
        }
    }

    /// The edges of a shortest way, by edges forced before the given one.
    fn path(&self, from: u32, to: u32, limit: usize) -> Vec<u32> {
        let mut by: Vec<Option<u32>> = vec![None; self.view.nodes.len()];
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            if node == to {
                break;
            }
            for edge in self.leaving(node) {
                let next = self.end(*edge).1;
                let is_known = (*edge as usize) < self.view.edges.len() + limit;
                if is_known && next != from && by[next as usize].is_none() {
                    by[next as usize] = Some(*edge);
                    queue.push_back(next);
                }
            }
        }
        let mut edges = Vec::new();
        let mut at = to;
        while at != from {
            let Some(edge) = by[at as usize] else { break };
            edges.push(edge);
            at = self.end(edge).0;
        }
        edges
    }

    /// The operations that a cycle among what could not be sorted rests on.
    fn cycle(&self, sorted: &[u32]) -> BTreeSet<u32> {
        let mut left = vec![true; self.view.nodes.len()];
        for node in sorted {
            left[*node as usize] = false;
        }
        // Each that is left waits for another that is left: going back ends in a cycle.
        let mut entering: Vec<Option<u32>> = vec![None; left.len()];
        for edge in &self.leaving {
            let (from, to) = self.end(*edge);
            if left[from as usize] && left[to as usize] {
                entering[to as usize].get_or_insert(*edge);
            }
        }
        let mut told = BTreeSet::new();
        let Some(start) = left.iter().position(|left| *left) else { return told };
        let mut at = start as u32;
        for _ in 0..left.len() {
            at = entering[at as usize].map_or(at, |edge| self.end(edge).0);
        }
        let (mut open, mut known) = (Vec::new(), BTreeSet::new());
        let end = at;
        while let Some(edge) = entering[at as usize] {
            self.tell(edge, &mut told, &mut known, &mut open);
            at = self.end(edge).0;
            if at == end {
                break;
            }
        }
        while let Some((from, to, limit)) = open.pop() {
            for edge in self.path(from, to, limit) {
                self.tell(edge, &mut told, &mut known, &mut open);
            }
        }
        told
    }
}
