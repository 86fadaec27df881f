//! What is known of the graph, edge by edge, and what each edge rests on.

use super::chains::Chains;
use super::real_time;
use super::shape::Shape;
use super::writes::Writes;
use crate::transaction::history::Transactions;
use crate::transaction::mutant::Mutant;
use crate::transaction::sources::{INITIAL, Sources};

/// What an edge rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A transaction starts before it commits.
    Inside,
    /// Their session ran them in this order.
    Session,
    /// The first one had ended before the second one began.
    RealTime,
    /// The second one reads this key from the first one.
    Read(u32),
    /// The first one reads the key's initial state, and the second one writes it.
    Initial(u32),
    /// Both write a key in this order: a fact.
    Before(u32),
    /// The first one reads, of a fact's key, what its first writer wrote; the second one is the
    /// fact's second writer.
    Overwritten(u32),
}

impl Why {
    /// The type of the edge, as in Adya's graphs.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Inside => "within",
            Self::Session => "process",
            Self::RealTime => "realtime",
            Self::Read(_) => "wr",
            Self::Before(_) => "ww",
            Self::Initial(_) | Self::Overwritten(_) => "rw",
        }
    }
}

/// An edge between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) why: Why,
}

/// Why one writer of a key is before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// There is a way from the first one to the commit of the second one.
    Reaches,
    /// There is a way from the first one's commit to this one, which reads from the second one.
    Seen(u32),
    /// It is tried: the other order is, too.
    Assumed,
}

/// One writer of a key is before another one, as the edges before `edges` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) key: u32,
    pub(super) because: Because,
    /// How many edges it may rest on.
    pub(super) edges: u32,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) shape: Shape,
    pub(super) edges: Vec<Edge>,
    pub(super) facts: Vec<Fact>,
}

impl Known {
    /// What holds of a history before anything is inferred.
    pub(super) fn new(
        history: &Transactions,
        sources: &Sources,
        (chains, writes): (&Chains, &Writes),
        shape: Shape,
        mutant: Mutant,
    ) -> Self {
        let mut edges = Vec::new();
        let mut add = |from, to, why| edges.push(Edge { from, to, why });
        let count = history.len() as u32;
        if shape.split {
            for one in 0..count {
                add(shape.start(one), shape.commit(one), Why::Inside);
            }
        }
        for session in history.sessions().iter().filter(|_| shape.sessions) {
            for next in session.clone().skip(1) {
                add(shape.commit(next - 1), shape.start(next), Why::Session);
            }
        }
        if shape.timed {
            real_time::edges(history, mutant, |from, to| {
                add(shape.commit(from), shape.start(to), Why::RealTime);
            });
        }
        for reader in 0..count {
            let mut before = INITIAL;
            for read in sources.reads(reader) {
                if read.from != INITIAL && read.from != before {
                    add(shape.commit(read.from), shape.start(reader), Why::Read(read.key));
                    before = read.from;
                }
            }
        }
        for (key, reader) in writes.initial().iter().filter(|_| shape.latest) {
            let mut met = u32::MAX;
            for writer in writes.writers(writes.of(*key)) {
                // Of a chain the first suffices: the others follow it.
                let (chain, _) = chains.at(*writer);
                let counts = || writes.counts(shape, *reader, *writer);
                if writer != reader && chain != met && counts() {
                    add(shape.start(*reader), shape.commit(*writer), Why::Initial(*key));
                    met = chain;
                }
            }
        }
        Self { shape, edges, facts: Vec::new() }
    }

    /// Adds a fact; its edges follow by [`Self::push`].
    pub(super) fn fact(&mut self, fact: Fact) -> u32 {
        self.facts.push(fact);
        self.facts.len() as u32 - 1
    }

    /// Adds an edge.
    pub(super) fn push(&mut self, from: u32, to: u32, why: Why) {
        self.edges.push(Edge { from, to, why });
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.edges.len() * size_of::<Edge>() + self.facts.len() * size_of::<Fact>()
    }
}
