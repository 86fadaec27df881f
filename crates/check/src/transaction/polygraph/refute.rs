//! Pairs of which no choice is possible, as a tree: each order of a pair closes a cycle, or leads
//! to the next pair.

use super::explain::{self, Proof, Step};
use super::facts::{Because, Edge, Fact, Known, Why};
use super::pairs::Pair;
use super::reach::Adjacency;
use super::verify::Verifier;
use super::writes::Writes;
use std::collections::{BTreeSet, VecDeque};

/// Why no order exists, under what was assumed on the way here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refutation {
    /// A cycle, and the facts that it needs.
    Cycle { steps: Vec<Step>, cycle: Vec<Edge> },
    /// Of two writers either is first, and neither can be.
    Split(Box<[Side; 2]>),
}

/// One order of two writers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// What is assumed, a fact a key, by the numbers by which edges name them.
    pub(super) assumed: Vec<(u32, Fact)>,
    pub(super) refuted: Refutation,
}

/// How many cycles a tree may have.
const LEAVES: usize = 200;

/// The tree of pairs that are impossible together; nothing if it has too many cycles.
pub(super) fn refute(known: &Known, writes: &Writes, pairs: &[Pair]) -> Option<Refutation> {
    let nodes = known.shape.nodes(writes.count());
    let mut leaves = LEAVES;
    let known = &mut known.clone();
    Search { writes, nodes }.split(known, pairs, &mut leaves)
}

struct Search<'a> {
    writes: &'a Writes,
    nodes: usize,
}

impl Search<'_> {
    fn split(&self, known: &mut Known, pairs: &[Pair], leaves: &mut usize) -> Option<Refutation> {
        let forward = Adjacency::forward(known, self.nodes);
        // The pair of which most sides close a cycle at once.
        let closing = |pair: &Pair| {
            [true, false]
                .into_iter()
                .filter(|side| self.closes(known, &forward, pair, *side))
                .count()
        };
        let (place, pair) =
            pairs.iter().enumerate().max_by_key(|(place, pair)| (closing(pair), !*place))?;
        let others = [&pairs[..place], &pairs[place + 1..]].concat();
        let first = self.side(known, pair, true, &others, leaves)?;
        let second = self.side(known, pair, false, &others, leaves)?;
        Some(Refutation::Split(Box::new([first, second])))
    }

    fn side(
        &self,
        known: &mut Known,
        pair: &Pair,
        one_first: bool,
        others: &[Pair],
        leaves: &mut usize,
    ) -> Option<Side> {
        let (edges, facts) = (known.edges.len(), known.facts.len());
        self.assume(known, pair, one_first);
        let assumed = (facts as u32..).zip(known.facts[facts..].to_vec()).collect();
        let forward = Adjacency::forward(known, self.nodes);
        let refuted = match forward.order() {
            Err(left) => {
                *leaves = leaves.checked_sub(1)?;
                let proof = explain::cycle(known, &forward, &left);
                Some(Refutation::Cycle { steps: proof.steps, cycle: proof.cycle })
            }
            Ok(_) => match self.overlooked(known, &forward) {
                Some(proof) => {
                    *leaves = leaves.checked_sub(1)?;
                    Some(Refutation::Cycle { steps: proof.steps, cycle: proof.cycle })
                }
                None => self.split(known, others, leaves),
            },
        };
        known.edges.truncate(edges);
        known.facts.truncate(facts);
        Some(Side { assumed, refuted: refuted? })
    }

    fn assume(&self, known: &mut Known, pair: &Pair, one_first: bool) {
        let shape = known.shape;
        let (first, second, places) = pair.ordered(one_first);
        let places: Vec<usize> = places.collect();
        for place in places {
            let key = self.writes.key(place);
            let fact = Fact { first, second, key, because: Because::Assumed, edges: 0 };
            let number = known.fact(fact);
            known.push(shape.commit(first), shape.after_commit(second), Why::Before(number));
            let counts =
                |reader: &&u32| **reader != second && self.writes.counts(shape, **reader, second);
            for reader in self.writes.readers(place).iter().filter(counts) {
                known.push(shape.start(*reader), shape.commit(second), Why::Overwritten(number));
            }
        }
    }

    /// The proof that some reader overlooks something, by what was assumed: each writer that
    /// reaches a reader by an assumed edge is before the one that was read.
    fn overlooked(&self, known: &mut Known, forward: &Adjacency) -> Option<Proof> {
        let shape = known.shape;
        if !shape.views() {
            return None;
        }
        let backward = Adjacency::backward(known, self.nodes);
        let assumed: BTreeSet<(u32, u32)> = known
            .facts
            .iter()
            .filter(|fact| fact.because == Because::Assumed)
            .map(|fact| (shape.commit(fact.first), shape.after_commit(fact.second)))
            .collect();
        let edges = known.edges.len() as u32;
        let weighs = |reader: &&u32| shape.weighs(self.writes.has(**reader));
        for (first, second) in assumed {
            let (behind, ahead) = (self.reached(&backward, first), self.reached(forward, second));
            let is_ahead = |reader: &&u32| weighs(reader) && ahead[shape.start(**reader) as usize];
            let is_behind = |writer: u32| behind[shape.commit(writer) as usize];
            for (key, reader) in self.writes.initial() {
                let all = self.writes.writers(self.writes.of(*key));
                let found = all.iter().find(|writer| *writer != reader && is_behind(**writer));
                if let Some(writer) = found.filter(|_| is_ahead(&reader)) {
                    let (from, to) = (shape.start(*reader), shape.commit(*writer));
                    let back = Edge { from, to, why: Why::Initial(*key) };
                    return Some(explain::closed(known, forward, back));
                }
            }
            for key in 0..self.writes.keys() {
                let range = self.writes.of(key);
                let all = self.writes.writers(range.clone());
                for (place, read) in range.zip(all) {
                    let reader = self.writes.readers(place).iter().find(is_ahead).copied();
                    let Some(reader) = reader else { continue };
                    for writer in all.iter().filter(|one| *one != read && is_behind(**one)) {
                        let because = Because::Seen(reader);
                        let fact = Fact { first: *writer, second: *read, key, because, edges };
                        let number = known.fact(fact);
                        let ends = (shape.commit(*writer), shape.after_commit(*read));
                        known.push(ends.0, ends.1, Why::Before(number));
                    }
                }
            }
        }
        let forward = Adjacency::forward(known, self.nodes);
        forward.order().err().map(|left| explain::cycle(known, &forward, &left))
    }

    /// Which nodes are reached from one, itself among them.
    fn reached(&self, edges: &Adjacency, from: u32) -> Vec<bool> {
        let mut met = vec![false; self.nodes];
        met[from as usize] = true;
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for (next, _) in edges.of(node) {
                if !std::mem::replace(&mut met[*next as usize], true) {
                    queue.push_back(*next);
                }
            }
        }
        met
    }

    /// Whether one order of a pair closes a cycle at once.
    fn closes(&self, known: &Known, forward: &Adjacency, pair: &Pair, one_first: bool) -> bool {
        let mut edges = Vec::new();
        pair.edges(known.shape, self.writes, one_first, |from, to| edges.push((from, to)));
        edges.into_iter().any(|(from, to)| {
            let mut met = vec![false; self.nodes];
            let mut queue = VecDeque::from([to]);
            while let Some(node) = queue.pop_front() {
                if node == from {
                    return true;
                }
                for (next, _) in forward.of(node) {
                    if !std::mem::replace(&mut met[*next as usize], true) {
                        queue.push_back(*next);
                    }
                }
            }
            false
        })
    }
}

/// Whether a tree shows that no order exists.
pub(super) fn accepts(verifier: &mut Verifier<'_>, refutation: &Refutation) -> bool {
    match refutation {
        Refutation::Cycle { steps, cycle } => {
            steps.iter().all(|step| {
                let is_shown = verifier.is_fact(&step.fact, &step.way);
                verifier.facts.insert(step.number, step.fact);
                is_shown
            }) && verifier.is_cycle(cycle)
        }
        Refutation::Split(sides) => {
            let [one, other] = &**sides;
            let pair =
                |side: &Side| side.assumed.first().map(|(_, fact)| (fact.first, fact.second));
            let reversed = pair(other).map(|(first, second)| (second, first));
            pair(one).is_some()
                && pair(one) == reversed
                && [one, other].into_iter().all(|side| {
                    let before = verifier.facts.clone();
                    let is_one = side.assumed.iter().all(|(number, fact)| {
                        verifier.facts.insert(*number, *fact);
                        verifier.may_be_assumed(fact)
                            && pair(side) == Some((fact.first, fact.second))
                    });
                    let is_refuted = is_one && accepts(verifier, &side.refuted);
                    verifier.facts = before;
                    is_refuted
                })
        }
    }
}
