//! Which transaction does each read see? And reads that no level allows.
//!
//! Values tell: a value written twice to a key leaves it open whose it is. Such reads are kept
//! apart: the levels that ask for one order of the whole try each writer, the others are not
//! decided. What is checked here, by Adya's names:
//!
//! - a value that nobody wrote ("thin air");
//! - G1a, aborted read: of a transaction that aborted;
//! - G1b, intermediate read: of a value that its writer overwrote itself;
//! - internal: a transaction does not see its own last write, or sees one that it makes later.

use super::history::{Access, Step, Transactions};
use super::mutant::Mutant;
use super::writers::Writers;
use crate::limits::{Budget, Exhausted};

/// The transaction that wrote every key's initial state, before all others.
pub(super) const INITIAL: u32 = u32::MAX;

/// One read of another transaction's write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) key: u32,
    /// Whose write it saw, or [`INITIAL`].
    pub(super) from: u32,
}

/// A read that no level allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Impossible {
    pub(super) title: &'static str,
    pub(super) reader: u32,
    pub(super) step: Step,
    pub(super) writer: Option<u32>,
}

/// Why the sources could not be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsourced {
    /// A read that no level allows.
    Impossible(Impossible),
    /// A bound was met.
    Exhausted(Exhausted),
}

/// What each committed transaction reads of others, in its order, and which keys it writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// Reads of values that were written twice: who reads, and what.
    pub(super) ambiguous: Vec<(u32, Step)>,
    reads: Vec<Read>,
    reads_end: Vec<u32>,
    writes: Vec<u32>,
    writes_end: Vec<u32>,
}

#[inline]
fn slice<'a, T>(all: &'a [T], ends: &[u32], place: u32) -> &'a [T] {
    let place = place as usize;
    let Some(end) = ends.get(place) else { return &[] };
    let start = place.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &all[start..*end as usize]
}

impl Sources {
    /// What a transaction reads of others, in its order.
    #[inline]
    pub(super) fn reads(&self, transaction: u32) -> &[Read] {
        slice(&self.reads, &self.reads_end, transaction)
    }

    /// The keys that a transaction writes, sorted.
    #[inline]
    pub(super) fn writes(&self, transaction: u32) -> &[u32] {
        slice(&self.writes, &self.writes_end, transaction)
    }

    /// Whether a transaction writes a key.
    #[inline]
    pub(super) fn has_written(&self, transaction: u32, key: u32) -> bool {
        let keys = self.writes(transaction);
        if keys.len() <= 16 { keys.contains(&key) } else { keys.binary_search(&key).is_ok() }
    }

    fn bytes(&self) -> usize {
        let (reads, rest) = (self.reads.len(), self.writes.len() + self.writes_end.len() * 2);
        self.ambiguous.len() * size_of::<(u32, Step)>()
            + reads * size_of::<Read>()
            + rest * size_of::<u32>()
    }

    /// Finds every read's writer.
    pub(super) fn find(
        history: &Transactions,
        budget: &mut Budget,
        mutant: Mutant,
    ) -> Result<Self, Unsourced> {
        let bytes = Writers::bytes(history);
        budget.step(bytes).map_err(Unsourced::Exhausted)?;
        let writers = Writers::new(history);
        let mut found = Self::default();
        // Which transaction wrote a key last, and what: of the one looked at, only.
        let mut own = vec![(u32::MAX, 0_i64); history.keys()];
        for transaction in 0..history.len() as u32 {
            let start = found.writes.len();
            let held = bytes + found.bytes() + own.len() * size_of::<(u32, i64)>();
            budget.step(held).map_err(Unsourced::Exhausted)?;
            let committed = history.is_committed(transaction);
            let steps = if committed { history.steps(transaction) } else { &[] };
            for step in steps {
                let mine = &mut own[step.key as usize];
                let is_own = mine.0 == transaction;
                if step.access == Access::Write {
                    if !is_own {
                        found.writes.push(step.key);
                    }
                    *mine = (transaction, step.value);
                } else if is_own {
                    let is_mine = step.access == Access::Read && step.value == mine.1;
                    if !is_mine && mutant != Mutant::ForgetOwnWrites {
                        let title = "internal: a transaction does not see its own last write";
                        return Err(writers.impossible(title, transaction, step));
                    }
                } else {
                    match writers.source(transaction, step, mutant)? {
                        Some(from) => found.reads.push(Read { key: step.key, from }),
                        None => found.ambiguous.push((transaction, *step)),
                    }
                }
            }
            found.writes[start..].sort_unstable();
            found.reads_end.push(found.reads.len() as u32);
            found.writes_end.push(found.writes.len() as u32);
        }
        Ok(found)
    }
}
