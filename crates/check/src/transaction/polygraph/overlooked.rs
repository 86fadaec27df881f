//! What a reader overlooks: of a key that it read, a later writer that is before it.
//!
//! ```text
//!   w -ww-> w' -> .. -> r      r reads the key from w: a cycle with the one rw edge r -> w'
//! ```
//!
//! Who reads backwards from the readers meets such a writer within the ranks of the order that the
//! theory keeps. Of a value that was written twice r reads from whom the solver chose. Where every
//! two writers of a key are ordered, the next after w is enough: a later one is behind it. Where
//! some were left out, each that is surely after w is looked for.

use super::chains::Chains;
use super::facts::{Edge, Why};
use super::pairs::Pair;
use super::reach::Reach;
use super::shape::Shape;
use super::theory::{Acyclic, KNOWN, code};
use super::writes::Writes;
use crate::transaction::sources::{INITIAL, Sources};
use std::collections::{BTreeMap, VecDeque};

/// The rw edge of a reader of a key's initial state to a writer that reaches it.
pub(super) fn initial(
    shape: Shape,
    chains: &Chains,
    writes: &Writes,
    reach: &Reach,
) -> Option<Edge> {
    let heavy = writes.initial().iter().filter(|(_, reader)| shape.weighs(writes.has(*reader)));
    heavy.into_iter().find_map(|(key, reader)| {
        let all = writes.writers(writes.of(*key)).iter().filter(|writer| *writer != reader);
        let start = shape.start(*reader);
        let found = all.into_iter().find(|one| reach.is_reached_by(chains.at(**one), start))?;
        Some(Edge { from: start, to: shape.commit(*found), why: Why::Initial(*key) })
    })
}

/// That a read of a value written twice is of one of its writers, as the solver may choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) reader: u32,
    pub(super) key: u32,
    pub(super) value: i64,
    pub(super) writer: u32,
    /// The variable that says so.
    pub(super) variable: u32,
}

/// What the theory asks of readers.
pub(super) struct Views<'a> {
    pub(super) sources: &'a Sources,
    pub(super) chains: &'a Chains,
    pub(super) reach: &'a Reach,
    /// Whether every two writers of a key are ordered.
    pub(super) complete: bool,
    /// Pairs by their writers, the lesser first.
    pub(super) numbers: BTreeMap<(u32, u32), u32>,
    /// What may be chosen.
    pub(super) choices: &'a [Chosen],
    /// What the last model chose.
    pub(super) chosen: Vec<Chosen>,
    /// What the last model breaks: literals that must not all be true.
    pub(super) found: Vec<Vec<u32>>,
}

impl<'a> Views<'a> {
    pub(super) fn new(
        (sources, chains, reach): (&'a Sources, &'a Chains, &'a Reach),
        (pairs, choices): (&[Pair], &'a [Chosen]),
        complete: bool,
    ) -> Self {
        let of = |pair: &Pair| (pair.one.min(pair.other), pair.one.max(pair.other));
        let numbers = (0..).zip(pairs).map(|(number, pair)| (of(pair), number)).collect();
        let (chosen, found) = (Vec::new(), Vec::new());
        Self { sources, chains, reach, complete, numbers, choices, chosen, found }
    }
}

/// So many impossibilities are looked for at once.
const AT_ONCE: usize = 10_000;

/// A writer that must not reach a reader, and the literals by which that is so: of the pair, and of
/// the read where that was chosen.
struct Wanted {
    node: u32,
    literals: [u32; 2],
}

impl Acyclic<'_> {
    /// Literals that are all true and must not be: those of what some readers overlook.
    pub(super) fn overlooked(&mut self, views: &Views<'_>) -> Vec<Vec<u32>> {
        let next = self.next();
        let mut found = Vec::new();
        for reader in 0..views.chains.count() {
            if !self.shape.weighs(self.writes.has(reader)) {
                continue;
            }
            let wanted = self.wanted(views, &next, reader);
            if !wanted.is_empty() {
                self.meet(reader, &wanted, &mut found);
            }
            if found.len() >= AT_ONCE || self.spent.is_some() {
                break;
            }
        }
        found
    }

    /// By place, who writes the key next in the order; at each key's end, who does so first.
    fn next(&self) -> Vec<Vec<u32>> {
        let mut all = Vec::with_capacity(self.writes.keys() as usize);
        for key in 0..self.writes.keys() {
            let mut writers = self.writes.writers(self.writes.of(key)).to_vec();
            writers.sort_unstable_by_key(|writer| self.rank_of(*writer));
            all.push(writers);
        }
        all
    }

    fn rank_of(&self, transaction: u32) -> u32 {
        self.rank[self.shape.commit(transaction) as usize]
    }

    /// Who must not reach a reader, of those whom the order has before it.
    fn wanted(&self, views: &Views<'_>, next: &[Vec<u32>], reader: u32) -> Vec<Wanted> {
        let mine = self.rank[self.shape.start(reader) as usize];
        let mut wanted = Vec::new();
        let known = views.sources.reads(reader).iter().map(|read| (read.key, read.from, KNOWN));
        let is_mine = |one: &&Chosen| one.reader == reader;
        let chosen = views.chosen.iter().filter(is_mine);
        let chosen = chosen.map(|one| (one.key, one.writer, code(one.variable, true)));
        for (key, from, by) in known.chain(chosen) {
            let writers = &next[key as usize];
            let after = match from {
                INITIAL => 0,
                from => {
                    let rank = self.rank_of(from);
                    writers.partition_point(|one| self.rank_of(*one) <= rank)
                }
            };
            let most = if views.complete { 1 } else { usize::MAX };
            let later = writers[after..].iter().take(most);
            for writer in later.take_while(|one| self.rank_of(**one) < mine) {
                let literal =
                    if from == INITIAL { Some(KNOWN) } else { self.literal(views, from, *writer) };
                let node = self.shape.commit(*writer);
                wanted.extend(literal.map(|literal| Wanted { node, literals: [literal, by] }));
            }
        }
        wanted
    }

    /// The literal by which one writer is before another one; nothing if it need not be.
    fn literal(&self, views: &Views<'_>, first: u32, second: u32) -> Option<u32> {
        if let Some(number) = views.numbers.get(&(first.min(second), first.max(second))) {
            return Some(code(*number, self.pairs[*number as usize].one == first));
        }
        let is_known = views.reach.reaches(self.shape.decides(first), views.chains.at(second));
        is_known.then_some(KNOWN)
    }

    /// Goes backwards from a reader, and notes each wanted writer that it meets.
    fn meet(&mut self, reader: u32, wanted: &[Wanted], found: &mut Vec<Vec<u32>>) {
        let start = self.shape.start(reader);
        let ranks = wanted.iter().map(|one| self.rank[one.node as usize]);
        let bound = ranks.min().unwrap_or(0);
        self.round += 1;
        self.parent[start as usize] = (self.round, start, KNOWN);
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            self.step();
            if self.spent.is_some() {
                return;
            }
            if let Some(one) = wanted.iter().find(|one| one.node == node) {
                found.push(self.back(start, one));
                return;
            }
            for (from, by) in &self.before[node as usize] {
                let parent = &mut self.parent[*from as usize];
                if parent.0 != self.round && self.rank[*from as usize] >= bound {
                    *parent = (self.round, node, *by);
                    queue.push_back(*from);
                }
            }
        }
    }

    /// The literals of the way from a writer to a reader, and that by which it must not be one.
    fn back(&self, start: u32, wanted: &Wanted) -> Vec<u32> {
        let mut literals = wanted.literals.to_vec();
        let mut node = wanted.node;
        while node != start {
            let (_, next, by) = self.parent[node as usize];
            literals.push(by);
            node = next;
        }
        literals.retain(|literal| *literal != KNOWN);
        literals.sort_unstable();
        literals.dedup();
        literals
    }
}
