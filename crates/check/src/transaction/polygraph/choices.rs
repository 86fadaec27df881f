//! Reads of values that were written twice: whose write each may have seen.

use super::chains::Chains;
use super::reach::Reach;
use super::shape::Shape;
use super::writes::Writes;
use crate::transaction::history::{Access, Step, Transactions};
use crate::transaction::sources::{Impossible, Sources};
use std::collections::BTreeSet;

/// A read, and the places of the writes that it may have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) reader: u32,
    pub(super) key: u32,
    pub(super) value: i64,
    pub(super) places: Vec<usize>,
    /// Whether it matters what the read overlooks.
    pub(super) asks: bool,
}

/// The choices of a history, or a read of what nobody may see.
pub(super) fn all(
    history: &Transactions,
    sources: &Sources,
    writes: &Writes,
    shape: Shape,
) -> Result<Vec<Choice>, Impossible> {
    let mut met = BTreeSet::new();
    let mut found = Vec::new();
    for (reader, step) in &sources.ambiguous {
        if !met.insert((*reader, step.key, step.value)) {
            continue;
        }
        let wrote = |writer: u32| {
            let is = |write: &&Step| write.access == Access::Write && write.key == step.key;
            history.steps(writer).iter().rev().find(is).map(|write| write.value)
        };
        let range = writes.of(step.key);
        let all = range.clone().zip(writes.writers(range));
        let may =
            all.filter(|(_, writer)| *writer != reader && wrote(**writer) == Some(step.value));
        let places: Vec<usize> = may.map(|(place, _)| place).collect();
        if places.is_empty() {
            let title = "G1: a read of a value that nobody left behind: whoever wrote it aborted, \
                         overwrote it, or is the reader";
            return Err(Impossible { title, reader: *reader, step: *step, writer: None });
        }
        let asks = shape.asks(sources.has_written(*reader, step.key));
        found.push(Choice { reader: *reader, key: step.key, value: step.value, places, asks });
    }
    Ok(found)
}

impl Choice {
    /// Leaves out the writes that the graph rules out: those that the reader is before, and those
    /// that were overwritten before it.
    pub(super) fn prune(&mut self, shape: Shape, chains: &Chains, writes: &Writes, reach: &Reach) {
        let start = shape.start(self.reader);
        let range = writes.of(self.key);
        let reaching: Vec<u32> = writes
            .writers(range)
            .iter()
            .copied()
            .filter(|writer| reach.is_reached_by(chains.at(*writer), start))
            .collect();
        self.places.retain(|place| {
            let seen = writes.writers(*place..*place + 1)[0];
            let is_before = |other: &u32| {
                *other != seen && reach.reaches(shape.decides(seen), chains.at(*other))
            };
            let is_overwritten = || self.asks && reaching.iter().any(is_before);
            !reach.reaches(start, chains.at(seen)) && !is_overwritten()
        });
    }
}
