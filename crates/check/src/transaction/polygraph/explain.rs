//! From a graph with a cycle to a proof: the facts that it needs, each with its way, and the cycle.

use super::facts::{Because, Edge, Fact, Known, Why};
use super::reach::Adjacency;
use super::real_time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A fact, and the edges that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Its number, by which edges name it.
    pub(super) number: u32,
    pub(super) fact: Fact,
    /// From the first writer (or its commit) to the second one's commit, or to the reader.
    pub(super) way: Vec<Edge>,
}

/// Facts, each from those before it, and a cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) steps: Vec<Step>,
    pub(super) cycle: Vec<Edge>,
    /// Whether no shorter cycle exists in the graph.
    pub(super) shortest: bool,
}

/// How many edges a search for a shorter cycle looks at.
const LOOKS: u64 = 20_000_000;

/// A search by breadth for the shortest way.
struct Breadth<'a> {
    known: &'a Known,
    forward: &'a Adjacency,
    /// Which search was there last, and by which edge.
    parent: Vec<(u32, u32)>,
    round: u32,
    looks: u64,
}

impl Breadth<'_> {
    /// The shortest way of at least one edge from one node to another, of at most `most` edges, by
    /// edges below a number and nodes that are allowed.
    fn way(
        &mut self,
        (from, to): (u32, u32),
        limit: u32,
        most: usize,
        is_allowed: impl Fn(u32) -> bool,
    ) -> Option<Vec<Edge>> {
        self.round += 1;
        let mut queue = VecDeque::from([(from, 0)]);
        while let Some((node, length)) = queue.pop_front() {
            if length >= most {
                return None;
            }
            let edges = self.forward.of(node);
            for (next, edge) in edges.iter().take_while(|(_, edge)| *edge < limit) {
                self.looks += 1;
                let parent = &mut self.parent[*next as usize];
                if parent.0 == self.round || !is_allowed(*next) {
                    continue;
                }
                *parent = (self.round, *edge);
                if *next == to {
                    return Some(self.back(from, to));
                }
                queue.push_back((*next, length + 1));
            }
        }
        None
    }

    fn back(&self, from: u32, to: u32) -> Vec<Edge> {
        let mut way = Vec::new();
        let mut node = to;
        loop {
            let edge = self.known.edges[self.parent[node as usize].1 as usize];
            way.push(edge);
            node = edge.from;
            if node == from {
                way.reverse();
                return way;
            }
        }
    }
}

//= §2.3.1 write skew A5B
//= §2.3.1 lost update P4
//= §2.3.1 long fork
/// The proof that the graph has a cycle, among nodes that are on cycles or behind them.
pub(super) fn cycle(known: &Known, forward: &Adjacency, left: &[u32]) -> Proof {
    let mut breadth =
        Breadth { known, forward, parent: vec![(0, 0); forward.nodes()], round: 0, looks: 0 };
    let mut among = vec![false; forward.nodes()];
    for node in left {
        among[*node as usize] = true;
    }
    let mut best: Option<Vec<Edge>> = None;
    let mut shortest = true;
    for root in left {
        if breadth.looks > LOOKS && best.is_some() {
            shortest = false;
            break;
        }
        let most = best.as_ref().map_or(usize::MAX, |best| best.len() - 1);
        let is_among = |node: u32| among[node as usize];
        if let Some(found) = breadth.way((*root, *root), u32::MAX, most, is_among) {
            best = Some(found);
        }
        // Every cycle through it is known.
        among[*root as usize] = false;
    }
    let cycle = real_time::cycle_drawn_together(known.shape, best.unwrap_or_default());
    // Stretches of real time count as one edge, which the search did not know.
    let count = cycle.iter().filter(|edge| edge.why != Why::Inside).count();
    let shortest = shortest && (!known.shape.timed || count <= 2);
    Proof { steps: steps(known, &mut breadth, &cycle), cycle, shortest }
}

/// The proof of a cycle of one edge that weighs, and a way back.
pub(super) fn closed(known: &Known, forward: &Adjacency, back: Edge) -> Proof {
    let mut breadth =
        Breadth { known, forward, parent: vec![(0, 0); forward.nodes()], round: 0, looks: 0 };
    let ends = (back.to, back.from);
    let mut cycle = breadth.way(ends, u32::MAX, usize::MAX, |_| true).unwrap_or_default();
    cycle.push(back);
    Proof { steps: steps(known, &mut breadth, &cycle), cycle, shortest: false }
}

/// The facts that edges rest on, and those that these rest on, in the order of their numbers.
fn steps(known: &Known, breadth: &mut Breadth<'_>, edges: &[Edge]) -> Vec<Step> {
    let facts = |edges: &[Edge]| -> Vec<u32> {
        let of = |edge: &Edge| match edge.why {
            Why::Before(fact) | Why::Overwritten(fact) => Some(fact),
            _ => None,
        };
        edges.iter().filter_map(of).collect()
    };
    let mut found: BTreeMap<u32, Step> = BTreeMap::new();
    let mut left: BTreeSet<u32> = facts(edges).into_iter().collect();
    while let Some(number) = left.pop_last() {
        let fact = known.facts[number as usize];
        let shape = known.shape;
        let ends = match fact.because {
            Because::Assumed => continue,
            Because::Reaches => (shape.decides(fact.first), shape.commit(fact.second)),
            Because::Seen(reader) => (shape.commit(fact.first), shape.start(reader)),
        };
        let way = breadth.way(ends, fact.edges, usize::MAX, |_| true).unwrap_or_default();
        let way = real_time::drawn_together(shape, &way);
        left.extend(facts(&way).into_iter().filter(|fact| !found.contains_key(fact)));
        found.insert(number, Step { number, fact, way });
    }
    found.into_values().collect()
}
