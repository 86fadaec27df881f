//! The verifier of witnesses: small, and looking at nothing but the history.
//!
//! Each edge must rest on steps of the history or on a fact shown before; each fact on a way of
//! such edges; the cycle must close. It infers nothing.

use super::explain::Proof;
use super::facts::{Because, Edge, Fact, Why};
use super::shape::{Overwritten, Shape};
use crate::transaction::history::{Access, Step, Transactions};
use std::collections::BTreeMap;

/// Whether a proof shows that no order exists.
pub(super) fn accepts(history: &Transactions, shape: Shape, proof: &Proof) -> bool {
    let mut verifier = Verifier { history, shape, facts: BTreeMap::new() };
    proof.steps.iter().all(|step| {
        let is_shown = verifier.is_fact(&step.fact, &step.way);
        verifier.facts.insert(step.number, step.fact);
        is_shown
    }) && verifier.is_cycle(&proof.cycle)
}

pub(super) struct Verifier<'a> {
    pub(super) history: &'a Transactions,
    pub(super) shape: Shape,
    /// What was shown, by number.
    pub(super) facts: BTreeMap<u32, Fact>,
}

impl Verifier<'_> {
    pub(super) fn is_cycle(&self, cycle: &[Edge]) -> bool {
        match (cycle.first(), cycle.last()) {
            (Some(first), Some(last)) => {
                let heavy = cycle.iter().filter(|edge| self.weighs(edge)).count();
                last.to == first.from && heavy <= 1 && self.are_edges(cycle)
            }
            _ => false,
        }
    }

    /// Whether an edge is one of which a cycle has one at most, and a way none.
    fn weighs(&self, edge: &Edge) -> bool {
        let reader = self.shape.transaction(edge.from);
        let is_write = |step: &Step| step.access == Access::Write;
        matches!(edge.why, Why::Initial(_) | Why::Overwritten(_))
            && self.shape.weighs(self.history.steps(reader).iter().any(is_write))
    }

    fn is_way(&self, way: &[Edge]) -> bool {
        self.are_edges(way) && !way.iter().any(|edge| self.weighs(edge))
    }

    fn are_edges(&self, way: &[Edge]) -> bool {
        way.windows(2).all(|pair| pair[0].to == pair[1].from)
            && way.iter().all(|edge| self.is_edge(edge))
    }

    /// Whether a way shows that one writer of a key is before another one.
    pub(super) fn is_fact(&self, fact: &Fact, way: &[Edge]) -> bool {
        let (Some(first), Some(last)) = (way.first(), way.last()) else { return false };
        if let Because::Seen(reader) = fact.because
            && !self.must_see(reader, fact.first, fact.key, way)
        {
            return false;
        }
        let (ends, is_seen) = match fact.because {
            Because::Assumed => return false,
            Because::Reaches => {
                ((self.shape.decides(fact.first), self.shape.commit(fact.second)), true)
            }
            Because::Seen(reader) => (
                (self.shape.commit(fact.first), self.shape.start(reader)),
                self.reads(reader, fact.key, fact.second),
            ),
        };
        is_seen && self.are_writers(fact) && (first.from, last.to) == ends && self.is_way(way)
    }

    /// Whether a fact is of two writers of one key, and says that it is only assumed.
    pub(super) fn may_be_assumed(&self, fact: &Fact) -> bool {
        fact.because == Because::Assumed && self.are_writers(fact)
    }

    /// Whether a reader of a key must not overlook a writer of it that is before it by a way.
    fn must_see(&self, reader: u32, writer: u32, key: u32, way: &[Edge]) -> bool {
        let is_direct = way.len() == 1 && matches!(way[0].why, Why::Read(_) | Why::Session);
        self.counts(reader, writer, key)
            || (self.shape.overwritten == Overwritten::Shared && is_direct)
    }

    /// Whether it matters that a reader overlooks a writer of a key.
    fn counts(&self, reader: u32, writer: u32, key: u32) -> bool {
        match self.shape.overwritten {
            Overwritten::OfKey => self.last_write(reader, key).is_some(),
            Overwritten::Shared => self.history.steps(reader).iter().any(|step| {
                step.access == Access::Write && self.last_write(writer, step.key).is_some()
            }),
            Overwritten::All | Overwritten::Writers | Overwritten::Nobody => true,
        }
    }

    fn are_writers(&self, fact: &Fact) -> bool {
        let writes = |writer| self.last_write(writer, fact.key).is_some();
        fact.first != fact.second && writes(fact.first) && writes(fact.second)
    }

    fn is_edge(&self, edge: &Edge) -> bool {
        let (shape, history) = (self.shape, self.history);
        let (from, to) = (shape.transaction(edge.from), shape.transaction(edge.to));
        match edge.why {
            Why::Inside => {
                shape.split && edge.from == shape.start(from) && edge.to == shape.commit(from)
            }
            Why::Session => {
                let of = |one: u32| history.transactions()[one as usize].session;
                let ends = (shape.commit(from), shape.start(to));
                shape.sessions && from < to && of(from) == of(to) && (edge.from, edge.to) == ends
            }
            Why::RealTime => {
                let ends = (shape.commit(from), shape.start(to));
                shape.timed && history.is_before(from, to) && (edge.from, edge.to) == ends
            }
            Why::Read(key) => {
                let ends = (shape.commit(from), shape.start(to));
                (edge.from, edge.to) == ends && self.reads(to, key, from)
            }
            Why::Initial(key) => {
                let is_initial =
                    |step: &Step| step.access == Access::ReadInitial && step.key == key;
                let ends = (shape.start(from), shape.commit(to));
                from != to
                    && (edge.from, edge.to) == ends
                    && self.counts(from, to, key)
                    && history.is_committed(from)
                    && history.steps(from).iter().any(is_initial)
                    && self.last_write(to, key).is_some()
            }
            Why::Before(number) => self.facts.get(&number).is_some_and(|fact| {
                let ends = (shape.commit(fact.first), shape.after_commit(fact.second));
                (edge.from, edge.to) == ends
            }),
            Why::Overwritten(number) => self.facts.get(&number).is_some_and(|fact| {
                let ends = (shape.start(from), shape.commit(fact.second));
                from != fact.second
                    && self.counts(from, fact.second, fact.key)
                    && (edge.from, edge.to) == ends
                    && self.reads(from, fact.key, fact.first)
            }),
        }
    }

    /// What a transaction that committed wrote last to a key.
    fn last_write(&self, writer: u32, key: u32) -> Option<i64> {
        let is = |step: &&Step| step.access == Access::Write && step.key == key;
        let found = self.history.steps(writer).iter().rev().find(is);
        found.filter(|_| self.history.is_committed(writer)).map(|step| step.value)
    }

    /// Whether a transaction reads a key from another one, which alone wrote the value.
    fn reads(&self, reader: u32, key: u32, writer: u32) -> bool {
        let Some(value) = self.last_write(writer, key).filter(|_| reader != writer) else {
            return false;
        };
        let write = Step { value, key, access: Access::Write };
        let others = (0..self.history.len() as u32).filter(|other| *other != writer);
        if others.into_iter().any(|other| self.history.steps(other).contains(&write)) {
            return false;
        }
        let wanted = Step { value, key, access: Access::Read };
        self.history.is_committed(reader) && self.history.steps(reader).contains(&wanted)
    }
}
