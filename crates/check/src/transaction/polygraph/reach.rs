//! Who reaches whom: two clocks per node, by chains of transactions, so that of each chain one
//! number says which commits reach a node, and one which it reaches.

use super::chains::Chains;
use super::facts::Known;
use super::shape::Shape;
use crate::limits::{Budget, Exhausted};

/// Edges by where they begin, or where they end.
#[derive(Clone, Debug)]
pub(super) struct Adjacency {
    ends: Vec<u32>,
    /// The node at the other end, and the edge's number.
    to: Vec<(u32, u32)>,
}

impl Adjacency {
    /// By where edges begin.
    pub(super) fn forward(known: &Known, nodes: usize) -> Self {
        Self::new(known, nodes, |edge| (edge.from, edge.to))
    }

    /// By where they end.
    pub(super) fn backward(known: &Known, nodes: usize) -> Self {
        Self::new(known, nodes, |edge| (edge.to, edge.from))
    }

    fn new(known: &Known, nodes: usize, ends: impl Fn(&super::facts::Edge) -> (u32, u32)) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for edge in &known.edges {
            starts[ends(edge).0 as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut to = vec![(0, 0); known.edges.len()];
        for (number, edge) in (0..).zip(&known.edges) {
            let (from, target) = ends(edge);
            let at = &mut starts[from as usize];
            to[*at as usize] = (target, number);
            *at += 1;
        }
        starts.truncate(nodes);
        Self { ends: starts, to }
    }

    /// The edges of a node: the other end, and the edge's number, which grows.
    pub(super) fn of(&self, node: u32) -> &[(u32, u32)] {
        let node = node as usize;
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.to[start..self.ends[node] as usize]
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.ends.len()
    }

    /// Every node after all from which an edge leads to it; or those on cycles and behind them.
    pub(super) fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        let mut waits = vec![0_u32; self.nodes()];
        for (target, _) in &self.to {
            waits[*target as usize] += 1;
        }
        let mut order: Vec<u32> =
            (0..).zip(&waits).filter(|(_, waits)| **waits == 0).map(|(node, _)| node).collect();
        let mut done = 0;
        while let Some(next) = order.get(done).copied() {
            done += 1;
            for (target, _) in self.of(next) {
                waits[*target as usize] -= 1;
                if waits[*target as usize] == 0 {
                    order.push(*target);
                }
            }
        }
        if done == waits.len() {
            return Ok(order);
        }
        Err((0..).zip(waits).filter(|(_, waits)| *waits > 0).map(|(node, _)| node).collect())
    }
}

/// No commit of a chain.
const NONE: u32 = u32::MAX;

/// The clocks of every node.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    width: usize,
    /// How many of each chain's commits reach a node.
    before: Vec<u32>,
    /// The place in each chain of the first commit that a node reaches.
    after: Vec<u32>,
}

impl Reach {
    /// How many bytes the clocks of so many nodes hold.
    pub(super) fn bytes(nodes: usize, width: usize) -> usize {
        nodes.saturating_mul(width).saturating_mul(2 * size_of::<u32>())
    }

    /// The clocks of a graph, in an order that agrees with it.
    pub(super) fn new(
        shape: Shape,
        chains: &Chains,
        forward: &Adjacency,
        backward: &Adjacency,
        order: &[u32],
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let width = chains.width;
        let bytes = Self::bytes(order.len(), width);
        budget.step(bytes)?;
        let mut before = vec![0_u32; order.len() * width];
        let mut after = vec![NONE; order.len() * width];
        let commit = |node: u32| {
            let transaction = shape.transaction(node);
            let is_asked_for = shape.commit(transaction) == node && chains.has(transaction);
            is_asked_for.then(|| chains.at(transaction))
        };
        let mut row = vec![0_u32; width];
        for node in order {
            budget.step(bytes)?;
            row.fill(0);
            for (from, _) in backward.of(*node) {
                let theirs = &before[*from as usize * width..][..width];
                row.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
                if let Some((chain, place)) = commit(*from) {
                    row[chain as usize] = row[chain as usize].max(place + 1);
                }
            }
            before[*node as usize * width..][..width].copy_from_slice(&row);
        }
        for node in order.iter().rev() {
            budget.step(bytes)?;
            row.fill(NONE);
            for (to, _) in forward.of(*node) {
                let theirs = &after[*to as usize * width..][..width];
                row.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).min(*theirs));
                if let Some((chain, place)) = commit(*to) {
                    row[chain as usize] = row[chain as usize].min(place);
                }
            }
            after[*node as usize * width..][..width].copy_from_slice(&row);
        }
        Ok(Self { width, before, after })
    }

    /// How many of a chain's commits reach a node.
    pub(super) fn before(&self, node: u32, chain: u32) -> u32 {
        self.before[node as usize * self.width + chain as usize]
    }

    /// The place of the first commit of a chain that a node reaches.
    pub(super) fn after(&self, node: u32, chain: u32) -> u32 {
        self.after[node as usize * self.width + chain as usize]
    }

    /// Whether a commit reaches a node.
    pub(super) fn is_reached_by(&self, (chain, place): (u32, u32), node: u32) -> bool {
        self.before(node, chain) > place
    }

    /// Whether a node reaches a commit.
    pub(super) fn reaches(&self, node: u32, (chain, place): (u32, u32)) -> bool {
        self.after(node, chain) <= place
    }
}
