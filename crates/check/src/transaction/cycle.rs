//! A shortest cycle of the commit order, and what each of its edges rests on.

use super::history::Transactions;
use super::level::Level;
use super::mutant::Mutant;
use super::order::{Graph, Inferred};
use super::sources::{INITIAL, Sources};
use std::collections::VecDeque;

/// One transaction commits before another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) why: Why,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The initial state is before everything.
    Initial,
    /// Their session ran them in this order.
    Session,
    /// The second one reads this key from the first one.
    Read(u32),
    /// `reader` reads `key` from the second one although it saw the first one, which writes it too.
    Seen {
        reader: u32,
        key: u32,
        /// From the first one to the reader: transactions, each before the next by session or read.
        path: Vec<u32>,
    },
}

/// A cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cycle {
    pub(super) edges: Vec<Edge>,
    /// Whether no shorter one exists.
    pub(super) shortest: bool,
}

/// How many edges a search for a shorter cycle looks at.
const LOOKS: u64 = 20_000_000;

/// Where the search came from, and in which round it was there.
struct Breadth {
    parent: Vec<(u32, u32)>,
    queue: VecDeque<(u32, u32)>,
}

impl Breadth {
    fn new(count: usize) -> Self {
        Self { parent: vec![(u32::MAX, 0); count], queue: VecDeque::new() }
    }

    /// The shortest way from one to another of at most `most` edges, as transactions.
    fn path(
        &mut self,
        graph: &Graph,
        (from, to): (u32, u32),
        most: u32,
        among: impl Fn(u32) -> bool,
        looks: &mut u64,
    ) -> Option<Vec<u32>> {
        self.queue.clear();
        self.queue.push_back((from, 0));
        while let Some((at, length)) = self.queue.pop_front() {
            if length == most {
                return None;
            }
            for next in graph.after(at) {
                *looks += 1;
                if *next == to {
                    let mut path = vec![to, at];
                    while let Some(last) = path.last().copied().filter(|last| *last != from) {
                        path.push(self.parent[last as usize].1);
                    }
                    path.reverse();
                    return Some(path);
                }
                let seen = &mut self.parent[*next as usize];
                if seen.0 != from && *next != from && among(*next) {
                    *seen = (from, at);
                    self.queue.push_back((*next, length + 1));
                }
            }
        }
        None
    }
}

/// A shortest cycle among transactions that are on cycles or after them.
fn shortest(graph: &Graph, count: usize, left: &[u32]) -> Option<(Vec<u32>, bool)> {
    let mut among = vec![false; count];
    for place in left {
        among[*place as usize] = true;
    }
    let mut breadth = Breadth::new(count);
    let (mut best, mut looks): (Option<Vec<u32>>, u64) = (None, 0);
    for root in left {
        if looks > LOOKS && best.is_some() {
            return best.map(|best| (best, false));
        }
        let most = best.as_ref().map_or(u32::MAX, |best| best.len() as u32 - 2);
        let is_among = |place: u32| among[place as usize];
        if let Some(found) = breadth.path(graph, (*root, *root), most, is_among, &mut looks) {
            let done = found.len() == 3;
            best = Some(found);
            if done {
                break;
            }
        }
        // Every cycle through it is known.
        among[*root as usize] = false;
    }
    best.map(|best| (best, true))
}

/// The witness of a level's violation; `left` stand on cycles of the graph or after them.
pub(super) fn find(
    history: &Transactions,
    sources: &Sources,
    level: Level,
    inferred: &[Inferred],
    graph: &Graph,
    left: &[u32],
) -> Option<Cycle> {
    let base = Graph::new(history, sources, &[], Mutant::None);
    let mut looks = 0;
    let mut breadth = Breadth::new(history.len());
    let mut seen = |one: &Inferred| {
        let path = match level {
            Level::Causal => {
                breadth.path(&base, (one.before, one.reader), u32::MAX, |_| true, &mut looks)?
            }
            _ => vec![one.before, one.reader],
        };
        let reads = sources.reads(one.reader);
        let first = match level {
            Level::MonotonicAtomicView => reads.iter().position(|read| read.from == one.before)?,
            _ => 0,
        };
        let of_it = |key| sources.has_written(one.before, key);
        let read = reads[first..].iter().find(|read| read.from == one.after && of_it(read.key))?;
        let why = Why::Seen { reader: one.reader, key: read.key, path };
        Some(Edge { from: one.before, to: one.after, why })
    };
    if let Some(first) = inferred.iter().find(|one| one.after == INITIAL) {
        let back = Edge { from: INITIAL, to: first.before, why: Why::Initial };
        return Some(Cycle { edges: vec![seen(first)?, back], shortest: true });
    }
    let (path, shortest) = shortest(graph, history.len(), left)?;
    let edges = path.windows(2).map(|pair| {
        let (from, to) = (pair[0], pair[1]);
        let session = |place: u32| history.transactions()[place as usize].session;
        if from < to && session(from) == session(to) {
            return Some(Edge { from, to, why: Why::Session });
        }
        if let Some(read) = sources.reads(to).iter().find(|read| read.from == from) {
            return Some(Edge { from, to, why: Why::Read(read.key) });
        }
        seen(inferred.iter().find(|one| one.before == from && one.after == to)?)
    });
    Some(Cycle { edges: edges.collect::<Option<_>>()?, shortest })
}
