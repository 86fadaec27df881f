//! Views where of some writes no order is known: those that nobody read.
//!
//! They are put in the order of a topological order of the light edges; where that closes a cycle
//! with at most one heavy edge, one pair on it is tried both ways, back and forth (which may take
//! exponential time, so it is bounded).

use super::cycle::Cycle;
use super::edges::{Edge, Edges, Kind};
use super::heavy::Search;
use super::net::Net;
use crate::limits::{Budget, Exhausted};

/// A bug that a test plants in the search for views.
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
    /// Who reads a list sees only the transaction that appended last.
    LastOnly,
    /// Of those that appended to two keys only the one of the latest version counts.
    OneBest,
    /// What an operation reads of counts for the earlier ones, too.
    SeeAhead,
    /// What a session did before does not count.
    ForgetSession,
    /// Writes of one key that nobody read come in any order, whoever misses whom.
    ForgetUnread,
    /// Who writes a key that it read may overwrite what it did not see.
    ForgetUpdates,
}

impl Mutant {
    /// Every bug.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::ShortWay,
        Self::FirstOrder,
        Self::Apart,
        Self::LastOnly,
        Self::OneBest,
        Self::SeeAhead,
        Self::ForgetSession,
        Self::ForgetUnread,
        Self::ForgetUpdates,
    ];
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

/// A transaction that writes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    pub(crate) transaction: u32,
    /// The node that writes: of an operation, where these are told apart.
    pub(crate) node: u32,
}

impl From<u32> for Writer {
    fn from(transaction: u32) -> Self {
        Self { transaction, node: transaction }
    }
}

/// The first one's version is before the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair(Writer, Writer);

impl Pair {
    fn edge(&self) -> Edge {
        Edge { from: self.0.transaction, to: self.1.node, kind: Kind::WriteWrite }
    }
}

impl Search<'_> {
    /// An order in which no such cycle is left, or why there is none; `unordered` are writers of
    /// one key of whose order nothing is known.
    pub(super) fn run(
        &self,
        unordered: &[Vec<Writer>],
        budget: &mut Budget,
    ) -> Result<Views, Exhausted> {
        if let Some(cycle) = self.cycle(&[], budget)? {
            return Ok(Views::Cycle(cycle));
        }
        // Pairs as they were put, and whether that is the second way.
        let mut chosen: Vec<(Pair, bool)> = Vec::new();
        loop {
            let fixed: Vec<Edge> = chosen.iter().map(|(pair, _)| pair.edge()).collect();
            if self.cycle(&fixed, budget)?.is_none() {
                let order = self.ordered(&fixed);
                let chains = chains(self.edges, &order, unordered);
                let all: Vec<Edge> =
                    fixed.iter().copied().chain(chains.iter().map(Pair::edge)).collect();
                let Some(cycle) = self.cycle(&all, budget)? else {
                    return Ok(Views::Order(self.ordered(&all)));
                };
                let is_on = |pair: &&Pair| {
                    let edge = pair.edge();
                    let owner = |node| self.edges.owner(node);
                    let is = |one: &Edge| {
                        one.kind == edge.kind
                            && (Some(one.from), Some(one.to)) == (owner(edge.from), owner(edge.to))
                    };
                    cycle.edges.iter().any(is) && !fixed.contains(&edge)
                };
                if self.mutant != Mutant::FirstOrder
                    && let Some(pair) = chains.iter().find(is_on)
                {
                    chosen.push((*pair, false));
                    continue;
                }
            }
            // Back to the last choice that has another way left.
            loop {
                match chosen.pop() {
                    None => return Ok(Views::None),
                    Some((_, true)) => {}
                    Some((Pair(one, other), false)) => {
                        chosen.push((Pair(other, one), true));
                        break;
                    }
                }
            }
        }
    }

    fn ordered(&self, more: &[Edge]) -> Vec<u32> {
        self.order(&Net::new(self.edges, more, &self.rule)).0
    }
}

/// Of each key what nobody read, in an order.
fn chains(edges: &Edges, order: &[u32], unordered: &[Vec<Writer>]) -> Vec<Pair> {
    let mut places = vec![0_u32; edges.nodes as usize];
    for (place, node) in (0..).zip(order) {
        places[*node as usize] = place;
    }
    let mut chains = Vec::new();
    for writers in unordered {
        let mut sorted = writers.clone();
        sorted.sort_unstable_by_key(|one| places[one.transaction as usize]);
        sorted.dedup();
        chains.extend(sorted.windows(2).map(|pair| Pair(pair[0], pair[1])));
    }
    chains
}
