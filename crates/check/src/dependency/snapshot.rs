//! Snapshots where some writes were never read, so that nobody saw in which order they came.
//!
//! Two transactions that write one key must not overlap: one commits before the other starts. Where
//! the versions are known, the graph says which; where they are not, both ways are open:
//!
//! ```text
//!   S1 ---- C1                  S2 ---- C2
//!            \___ before ___   /            \___ before S1     one of the two
//! ```
//!
//! First the order of an order that ignores the question is tried for all keys at once; then each
//! pair that overlaps, one way and then the other, back and forth (which may take exponential time,
//! so it is bounded). A pair that fits neither way at once gives a cycle through both.

use super::cycle::{self, Cycle};
use super::edges::{Edge, Edges, Kind};
use super::levels::Rule;
use super::net::Net;
use crate::limits::{Budget, Exhausted};

/// What came of it.
pub(super) enum Snapshots {
    /// An order of starts and commits: even numbers start, odd ones commit.
    Order(Vec<u32>),
    /// These two write a key whose writers overlap either way, and the cycle goes through both.
    Pair(Cycle),
    /// Every choice ends in a cycle, none of them at once.
    None,
}

/// The places of starts and commits in an order.
fn places(net: &Net, order: &[u32]) -> Vec<u32> {
    let mut places = vec![0; net.nodes() as usize];
    for (place, node) in (0..).zip(order) {
        places[*node as usize] = place;
    }
    places
}

/// The first two writers of one key that overlap, in the order of their commits.
fn overlap(places: &[u32], unordered: &[Vec<u32>]) -> Option<(u32, u32)> {
    let at = |node: u32| places[node as usize];
    unordered.iter().find_map(|writers| {
        let mut sorted = writers.clone();
        sorted.sort_unstable_by_key(|one| at(one * 2 + 1));
        let pair = sorted.windows(2).find(|pair| at(pair[1] * 2) < at(pair[0] * 2 + 1));
        pair.map(|pair| (pair[0], pair[1]))
    })
}

/// An order of starts and commits in which no two writers of one key overlap; the graph without
/// `unordered` has the order `first`.
pub(super) fn order(
    edges: &Edges,
    rule: Rule,
    net: &Net,
    first: Vec<u32>,
    unordered: &[Vec<u32>],
    budget: &mut Budget,
) -> Result<Snapshots, Exhausted> {
    let at = places(net, &first);
    if overlap(&at, unordered).is_none() {
        return Ok(Snapshots::Order(first));
    }
    let with = |more: &[Edge]| Net::new(edges, more, &rule);
    // All keys at once, in the order of the commits.
    let mut chains = Vec::new();
    for writers in unordered {
        let mut sorted = writers.clone();
        sorted.sort_unstable_by_key(|one| at[*one as usize * 2 + 1]);
        chains.extend(sorted.windows(2).map(|pair| before(pair[0], pair[1])));
    }
    if let Some(order) = with(&chains).order() {
        return Ok(Snapshots::Order(order));
    }
    let mut chosen: Vec<(Edge, bool)> = Vec::new();
    let mut current = Some(first);
    loop {
        let more: Vec<Edge> = chosen.iter().map(|(edge, _)| *edge).collect();
        let found = match current.take() {
            Some(first) => Some(first),
            None => with(&more).order(),
        };
        budget.step(net.bytes() * 2)?;
        let pair = match found {
            Some(order) => match overlap(&places(net, &order), unordered) {
                None => return Ok(Snapshots::Order(order)),
                Some(pair) => Some(pair),
            },
            None => None,
        };
        if let Some((one, other)) = pair {
            if chosen.is_empty()
                && let Some(cycle) = either_way(net, one, other)
            {
                return Ok(Snapshots::Pair(cycle));
            }
            chosen.push((before(one, other), false));
            continue;
        }
        // Back to the last choice that has another way left.
        loop {
            match chosen.pop() {
                None => return Ok(Snapshots::None),
                Some((_, true)) => {}
                Some((edge, false)) => {
                    chosen.push((before(edge.to, edge.from), true));
                    break;
                }
            }
        }
    }
}

fn before(from: u32, to: u32) -> Edge {
    Edge { from, to, kind: Kind::WriteWrite }
}

/// The cycle through two writers of one key, if each starts before the other commits.
fn either_way(net: &Net, one: u32, other: u32) -> Option<Cycle> {
    let mut there = cycle::way(net, one * 2, other * 2 + 1)?;
    there.extend(cycle::way(net, other * 2, one * 2 + 1)?);
    Some(Cycle { edges: there, shortest: false })
}
