//! The graph that a level looks at, by where its edges begin.
//!
//! ```text
//!   one after another     a node a transaction:   T1 -> T2 for every kind of edge
//!   snapshots             two, start and commit:  start -> commit
//!                         ww, wr, process, real time    T1's commit -> T2's start
//!                         rw                            T1's start -> T2's commit
//! ```
//!
//! A level that lets writers of one key overlap asks of a ww edge only that the commits are in its
//! order: it leads from commit to commit.
//!
//! A history is serializable if the first graph has no cycle, and has snapshots if the second has
//! none: an order of the second's nodes is one of starts and commits in which each transaction
//! reads what had committed when it started.

use super::edges::{Edge, Edges, Kind};
use super::levels::Rule;

/// The graph.
#[derive(Clone, Debug)]
pub(super) struct Net {
    /// How many transactions there are.
    pub(super) transactions: u32,
    /// Whether each has a start and a commit.
    pub(super) snapshots: bool,
    /// Whether writers of one key may overlap.
    pub(super) overlaps: bool,
    /// Where each node's edges end in `to`.
    ends: Vec<u32>,
    to: Vec<u32>,
    kinds: Vec<Kind>,
}

impl Net {
    /// The graph that a rule looks at.
    pub(super) fn new(edges: &Edges, more: &[Edge], rule: &Rule) -> Self {
        let Rule { kinds, snapshots, overlaps, .. } = *rule;
        let joints = edges.nodes - edges.transactions;
        let count = if snapshots { edges.transactions * 2 + joints } else { edges.nodes };
        let mut net = Self {
            transactions: edges.transactions,
            snapshots,
            overlaps,
            ends: Vec::new(),
            to: Vec::new(),
            kinds: Vec::new(),
        };
        let wanted = |edge: &&Edge| kinds.contains(&edge.kind);
        let all = || edges.all.iter().chain(more).filter(wanted);
        let mut starts = vec![0_u32; count as usize + 1];
        let inner = if snapshots { edges.transactions } else { 0 };
        for number in 0..inner {
            starts[number as usize * 2 + 1] += 1;
        }
        for edge in all() {
            starts[net.leaves(edge) as usize + 1] += 1;
        }
        for place in 0..count as usize {
            starts[place + 1] += starts[place];
        }
        let size = starts[count as usize] as usize;
        net.to = vec![0; size];
        net.kinds = vec![Kind::Process; size];
        for number in 0..inner {
            let at = &mut starts[number as usize * 2];
            net.to[*at as usize] = number * 2 + 1;
            *at += 1;
        }
        for edge in all() {
            let to = net.enters(edge);
            let at = &mut starts[net.leaves(edge) as usize];
            net.to[*at as usize] = to;
            net.kinds[*at as usize] = edge.kind;
            *at += 1;
        }
        starts.truncate(count as usize);
        net.ends = starts;
        net
    }

    /// The node from which an edge leads.
    fn leaves(&self, edge: &Edge) -> u32 {
        if !self.snapshots {
            edge.from
        } else if edge.from >= self.transactions {
            edge.from + self.transactions
        } else {
            edge.from * 2 + u32::from(edge.kind != Kind::ReadWrite)
        }
    }

    /// The node to which it leads.
    fn enters(&self, edge: &Edge) -> u32 {
        if !self.snapshots {
            edge.to
        } else if edge.to >= self.transactions {
            edge.to + self.transactions
        } else {
            let is_write = edge.kind == Kind::WriteWrite && self.overlaps;
            edge.to * 2 + u32::from(edge.kind == Kind::ReadWrite || is_write)
        }
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> u32 {
        self.ends.len() as u32
    }

    /// The transaction of a node; nothing for a joint.
    pub(super) fn transaction(&self, node: u32) -> Option<u32> {
        let number = if self.snapshots { node / 2 } else { node };
        (number < self.transactions).then_some(number)
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        let node = node as usize;
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[node] as usize
    }

    /// Where a node's edges lead.
    #[inline]
    pub(super) fn after(&self, node: u32) -> &[u32] {
        &self.to[self.range(node)]
    }

    /// Where they lead, and of which kind they are.
    pub(super) fn edges(&self, node: u32) -> impl Iterator<Item = (u32, Kind)> + '_ {
        let range = self.range(node);
        self.to[range.clone()].iter().copied().zip(self.kinds[range].iter().copied())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.ends.len() * 4 + self.to.len() * 5
    }

    /// An order of all nodes that agrees with every edge, if there is one.
    pub(super) fn order(&self) -> Option<Vec<u32>> {
        let mut waits = vec![0_u32; self.ends.len()];
        for target in &self.to {
            waits[*target as usize] += 1;
        }
        let mut order: Vec<u32> = Vec::with_capacity(waits.len());
        // What is ready is taken at once, before what waits longer: so a commit follows its start
        // as soon as it may, and few transactions overlap without need.
        let mut ready: Vec<u32> =
            (0..self.nodes()).filter(|node| waits[*node as usize] == 0).collect();
        ready.reverse();
        while let Some(next) = ready.pop() {
            order.push(next);
            for target in self.after(next).iter().rev() {
                let waits = &mut waits[*target as usize];
                *waits -= 1;
                if *waits == 0 {
                    ready.push(*target);
                }
            }
        }
        (order.len() == waits.len()).then_some(order)
    }
}
