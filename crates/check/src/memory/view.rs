//! A view: what one model lets one session's operations, or all of them, be ordered by.
//!
//! A node is an operation, or a joint that stands for "all that came before here" so that edges
//! stay linear in number. Writes that may overwrite each other in the view are tracked in chains,
//! each ordered by the edges, so that of a chain one number says what lies in a node's past.
//!
//! | model | a view for | edges, besides from a write to those who read it |
//! |---|---|---|
//! | causal, causal convergence | all | each session's order |
//! | causal memory | a session's reads, all writes | causality: each session's order and reads, of others too |
//! | PRAM | a session's reads, all writes | each session's order |
//! | monotonic writes | a session's reads, all writes | the session's reads in order; each session's writes in order |
//! | writes follow reads | a session's reads, all writes | the session's reads in order; what a writer had read before its write |
//! | monotonic reads | a session's reads, all writes | the session's reads in order |
//! | read your writes | a session's reads, all writes | its writes before its later reads |
//!
//! Monotonic writes and writes follow reads are promises on the order in which replicas apply
//! writes (Terry et al. 1994; Brzezinski, Sobaniec and Wawrzyniak 2004; Viotti and Vukolic 2016,
//! who ask it of arbitration alone). Word for word no history of single-key gets can break the
//! first, and the second only by two writes that each follow the other: each get may be served by
//! a replica of its own, and any one write of the key may be the last there. What can be judged is
//! how Jepsen says it: whoever *observes* the writes does so in their order. An observer is a
//! session whose reads go forward, so both are judged with the session's reads in order, and
//! both imply monotonic reads: a report that names monotonic reads as the weakest that is violated
//! says that the reads went back, and nothing of the writes. `tests/standards` has an example for
//! each that breaks it and not the others.

use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Registers, Source};
use std::collections::{BTreeMap, BTreeSet};

/// One node comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    /// An operation outside the view that it goes through.
    pub(super) through: Option<u32>,
}

/// A read that the view has to explain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) node: u32,
    pub(super) key: u32,
    /// The node of what it read; nothing for the initial state.
    pub(super) source: Option<u32>,
}

/// A view.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// The operation of each node; of a joint, the one that it was made for.
    pub(super) nodes: Vec<u32>,
    pub(super) is_joint: Vec<bool>,
    pub(super) edges: Vec<Edge>,
    pub(super) reads: Vec<Read>,
    /// The node of each operation in it.
    pub(super) node_of: BTreeMap<u32, u32>,
    /// Chain and place of each tracked write, by node.
    pub(super) place: Vec<Option<(u32, u32)>>,
    /// How many chains.
    pub(super) width: usize,
    /// By key: the chains that write it, each with the places and nodes that do.
    pub(super) writers: Vec<BTreeMap<u32, Vec<(u32, u32)>>>,
}

impl View {
    /// The view of a model; of one session's reads, where the model has one for each.
    pub(super) fn new(
        from: &Registers,
        model: Model,
        session: Option<u64>,
        mutant: Mutant,
    ) -> Self {
        let mut view = Self { writers: vec![BTreeMap::new(); from.keys], ..Self::default() };
        for (number, one) in (0..).zip(&from.operations) {
            if one.is_write() || session.is_none_or(|session| session == one.process) {
                let node = view.node(number, false);
                view.node_of.insert(number, node);
            }
        }
        view.explain(from);
        let mut weave = Weave { from, view: &mut view, session, mutant, last: BTreeMap::new() };
        match model {
            Model::Causal | Model::CausalConvergence | Model::Pram => weave.program(),
            Model::CausalMemory => weave.causality(),
            Model::MonotonicReads => weave.reads(),
            Model::MonotonicWrites => {
                weave.reads();
                weave.writes();
            }
            Model::WritesFollowReads => {
                weave.reads();
                weave.follow();
            }
            _ => weave.own(),
        }
        view.track(from, model, session);
        view
    }

    fn node(&mut self, operation: u32, is_joint: bool) -> u32 {
        self.nodes.push(operation);
        self.is_joint.push(is_joint);
        self.place.push(None);
        self.nodes.len() as u32 - 1
    }

    fn edge(&mut self, from: u32, to: u32, through: Option<u32>) {
        self.edges.push(Edge { from, to, through });
    }

    /// The reads, with an edge to each from what it read.
    fn explain(&mut self, from: &Registers) {
        for node in 0..self.nodes.len() as u32 {
            let one = from.at(self.nodes[node as usize]);
            let source = match one.read {
                Some(Source::Write(writer)) => self.node_of.get(&writer).copied(),
                Some(Source::Initial) => None,
                Some(Source::Nowhere) | None => continue,
            };
            self.reads.push(Read { node, key: one.key, source });
            if let Some(source) = source {
                self.edge(source, node, None);
            }
        }
    }

    /// Puts the writes that may overwrite each other into chains.
    fn track(&mut self, from: &Registers, model: Model, session: Option<u64>) {
        let is_read: BTreeSet<u32> = match model {
            Model::MonotonicReads => self.reads.iter().filter_map(|read| read.source).collect(),
            Model::WritesFollowReads => {
                let sources = from.operations.iter().filter_map(|one| one.read);
                let writer = |source| match source {
                    Source::Write(writer) => self.node_of.get(&writer).copied(),
                    _ => None,
                };
                sources.filter_map(writer).collect()
            }
            _ => BTreeSet::new(),
        };
        let mut chains: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
        for node in 0..self.nodes.len() {
            let one = from.at(self.nodes[node]);
            if !one.is_write() || self.is_joint[node] {
                continue;
            }
            let alone = match model {
                Model::MonotonicReads | Model::WritesFollowReads => {
                    if !is_read.contains(&(node as u32)) {
                        continue;
                    }
                    true
                }
                Model::ReadYourWrites => {
                    if Some(one.process) != session {
                        continue;
                    }
                    true
                }
                _ => one.ended.is_none(),
            };
            let place = if alone {
                self.width += 1;
                (self.width as u32 - 1, 0)
            } else {
                let next = self.width as u32;
                let (chain, count) = chains.entry(one.process).or_insert((next, 0));
                self.width = self.width.max(*chain as usize + 1);
                *count += 1;
                (*chain, *count - 1)
            };
            self.place[node] = Some(place);
            let chain = self.writers[one.key as usize].entry(place.0).or_default();
            chain.push((place.1, node as u32));
        }
    }
}

/// What is remembered of one session while its edges are made.
#[derive(Clone, Debug, Default)]
struct Line {
    last: Option<u32>,
    /// Reads that are not in the view, since the last operation that is.
    pending: Vec<u32>,
}

/// Makes the edges of a view.
struct Weave<'a> {
    from: &'a Registers,
    view: &'a mut View,
    session: Option<u64>,
    mutant: Mutant,
    last: BTreeMap<u64, Line>,
}

impl Weave<'_> {
    fn each(&mut self, mut step: impl FnMut(&mut View, &mut Line, u32, Option<u32>)) {
        for number in 0..self.from.operations.len() as u32 {
            let one = self.from.at(number);
            let line = self.last.entry(one.process).or_default();
            let node = self.view.node_of.get(&number).copied();
            if one.ended.is_some() || !one.is_write() {
                step(self.view, line, number, node);
            } else {
                // Of unknown outcome: after what came before, and before nothing.
                step(self.view, &mut line.clone(), number, node);
            }
        }
        self.last.clear();
    }

    /// Each session's order.
    fn program(&mut self) {
        let forget = self.mutant == Mutant::ForgetProgram;
        self.each(|view, line, _, node| {
            let Some(node) = node else { return };
            if let Some(last) = line.last.replace(node).filter(|_| !forget) {
                view.edge(last, node, None);
            }
        });
    }

    /// Each session's order, and what its reads that are not in the view saw.
    fn causality(&mut self) {
        let (from, forget) = (self.from, self.mutant == Mutant::ForgetCauses);
        self.each(|view, line, number, node| {
            let Some(node) = node else {
                line.pending.push(number);
                return;
            };
            if let Some(last) = line.last.replace(node) {
                view.edge(last, node, None);
            }
            for read in std::mem::take(&mut line.pending) {
                if let Some(Source::Write(writer)) = from.at(read).read.filter(|_| !forget)
                    && let Some(source) = view.node_of.get(&writer).copied()
                {
                    view.edge(source, node, Some(read));
                }
            }
        });
    }

    /// The session's reads in order.
    fn reads(&mut self) {
        let (from, forget) = (self.from, self.mutant == Mutant::ForgetReadOrder);
        self.each(|view, line, number, node| {
            let Some(node) = node.filter(|_| !from.at(number).is_write()) else { return };
            if let Some(last) = line.last.replace(node).filter(|_| !forget) {
                view.edge(last, node, None);
            }
        });
    }

    /// The writes of each session in order.
    fn writes(&mut self) {
        let (from, forget) = (self.from, self.mutant == Mutant::ForgetWriteOrder);
        self.each(|view, line, number, node| {
            let Some(node) = node.filter(|_| from.at(number).is_write()) else { return };
            if let Some(last) = line.last.replace(node).filter(|_| !forget) {
                view.edge(last, node, None);
            }
        });
    }

    /// What each session had read before each of its writes.
    fn follow(&mut self) {
        let (from, forget) = (self.from, self.mutant == Mutant::ForgetWhatWasRead);
        self.each(|view, line, number, node| match (from.at(number).read, node) {
            (None, Some(node)) => {
                if let Some(last) = line.last.filter(|_| !forget) {
                    view.edge(last, node, None);
                }
            }
            (Some(Source::Write(writer)), _) => {
                let Some(source) = view.node_of.get(&writer).copied() else { return };
                let joint = view.node(number, true);
                view.edge(source, joint, None);
                if let Some(last) = line.last.replace(joint) {
                    view.edge(last, joint, None);
                }
            }
            _ => {}
        });
    }

    /// The session's writes before its later reads.
    fn own(&mut self) {
        let (from, session) = (self.from, self.session);
        let forget = self.mutant == Mutant::ForgetOwnWrites;
        self.each(|view, line, number, node| {
            let Some(node) = node.filter(|_| Some(from.at(number).process) == session) else {
                return;
            };
            if !from.at(number).is_write() {
                if let Some(last) = line.last.filter(|_| !forget) {
                    view.edge(last, node, None);
                }
                return;
            }
            let joint = view.node(number, true);
            view.edge(node, joint, None);
            if let Some(last) = line.last.replace(joint) {
                view.edge(last, joint, None);
            }
        });
    }
}
