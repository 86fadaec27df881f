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

use super::history::{Access, Outcome, Step, Transactions};
use super::mutant::Mutant;
use super::parts::Parts;
use super::writers::{FEW, LastWrites, Write, Writers};
use crate::limits::{Budget, Exhausted};
use std::cell::OnceCell;
use std::hint::black_box;

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
    /// What the verifier said of it, once it was asked.
    pub(super) accepted: OnceCell<bool>,
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

    /// Asks memory for what those wrote whom a transaction reads from, of all at the same time: who
    /// comes to them one by one waits for each. Changes nothing.
    #[inline]
    pub(super) fn fetch(&self, reader: u32) {
        let writers = self.reads(reader).iter().filter(|read| read.from != INITIAL);
        let first = writers.map(|read| self.writes(read.from).first().copied().unwrap_or(0));
        black_box(first.fold(0, |all, one| all ^ one));
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
        let mut parts = Parts::new(history);
        budget.step(parts.bytes()).map_err(Unsourced::Exhausted)?;
        let mut found = Self::default();
        let mut own = Own::new(history);
        found.collect(history, &mut parts, &mut own);
        let bytes = parts.bytes() + found.bytes();
        parts.resolve(&mut found.reads, ODD);
        drop(parts);
        found.settle(history, &mut own, (bytes, budget), mutant)?;
        Ok(found)
    }

    /// Lists writes and reads of others, the sources of which are not known yet: [`ODD`] where a
    /// transaction does not see its own write.
    fn collect(&mut self, history: &Transactions, parts: &mut Parts, own: &mut Own) {
        let mut last = LastWrites::new(history);
        for (transaction, one) in (0..).zip(history.transactions()) {
            let steps = history.steps(transaction);
            let committed = one.outcome != Outcome::Aborted;
            last.look(transaction, steps);
            let start = self.writes.len();
            for (place, step) in steps.iter().enumerate() {
                let is_write = step.access == Access::Write;
                if is_write {
                    let is_overwritten = last.is_overwritten(transaction, steps, place);
                    let write = Write::new(step, transaction, one.outcome, is_overwritten);
                    parts.write(step.key, write);
                }
                if !committed {
                    continue;
                }
                let mine = own.before(transaction, steps, place);
                if is_write {
                    if mine.is_none() {
                        self.writes.push(step.key);
                    }
                    own.write(transaction, steps, place);
                    continue;
                }
                let from = match (mine, step.access) {
                    (Some(mine), Access::Read) if mine == step.value => continue,
                    (Some(_), _) => ODD,
                    (None, Access::ReadInitial) => INITIAL,
                    (None, _) => {
                        parts.read(step.key, step.value, self.reads.len() as u32);
                        ODD
                    }
                };
                self.reads.push(Read { key: step.key, from });
            }
            self.writes[start..].sort_unstable();
            self.reads_end.push(self.reads.len() as u32);
            self.writes_end.push(self.writes.len() as u32);
        }
    }

    /// Looks again at every transaction of which more must be said than where its reads are from.
    fn settle(
        &mut self,
        history: &Transactions,
        own: &mut Own,
        (bytes, budget): (usize, &mut Budget),
        mutant: Mutant,
    ) -> Result<(), Unsourced> {
        let mut writers = None;
        let (mut start, mut kept) = (0, 0);
        let mut again = Vec::new();
        for transaction in 0..history.len() {
            budget.step(bytes).map_err(Unsourced::Exhausted)?;
            let end = self.reads_end[transaction] as usize;
            let is_odd = |read: &Read| read.from == ODD || read.from == transaction as u32;
            if self.reads[start..end].iter().any(is_odd) {
                let writers = writers.get_or_insert_with(|| Writers::new(history));
                again.clear();
                let open = (&mut again, &mut self.ambiguous);
                look_again(history, transaction as u32, writers, own, open, mutant)?;
                self.reads[kept..kept + again.len()].copy_from_slice(&again);
                kept += again.len();
            } else if kept == start {
                kept = end;
            } else {
                self.reads.copy_within(start..end, kept);
                kept += end - start;
            }
            start = end;
            self.reads_end[transaction] = kept as u32;
        }
        self.reads.truncate(kept);
        Ok(())
    }
}

/// A read of which more must be said than where it is from.
const ODD: u32 = INITIAL - 1;

/// The reads of one transaction, and those that are ambiguous, with all that may be wrong.
fn look_again(
    history: &Transactions,
    transaction: u32,
    writers: &Writers,
    own: &mut Own,
    (reads, ambiguous): (&mut Vec<Read>, &mut Vec<(u32, Step)>),
    mutant: Mutant,
) -> Result<(), Unsourced> {
    let steps = history.steps(transaction);
    own.forget(steps);
    for (place, step) in steps.iter().enumerate() {
        let mine = own.before(transaction, steps, place);
        if step.access == Access::Write {
            own.write(transaction, steps, place);
        } else if let Some(mine) = mine {
            let is_mine = step.access == Access::Read && step.value == mine;
            if !is_mine && mutant != Mutant::ForgetOwnWrites {
                let title = "internal: a transaction does not see its own last write";
                return Err(writers.impossible(title, transaction, step));
            }
        } else {
            match writers.source(transaction, step, mutant)? {
                Some(from) => reads.push(Read { key: step.key, from }),
                None => ambiguous.push((transaction, *step)),
            }
        }
    }
    Ok(())
}

/// What the transaction looked at wrote to a key last.
struct Own {
    /// By key: the transaction, and the value.
    by_key: Vec<(u32, i64)>,
}

impl Own {
    fn new(history: &Transactions) -> Self {
        let is_long = |number: u32| history.steps(number).len() > FEW;
        let keys = if (0..history.len() as u32).any(is_long) { history.keys() } else { 0 };
        Self { by_key: vec![(u32::MAX, 0); keys] }
    }

    /// Before a transaction is looked at again.
    fn forget(&mut self, steps: &[Step]) {
        if steps.len() > FEW {
            for step in steps {
                self.by_key[step.key as usize].0 = u32::MAX;
            }
        }
    }

    fn write(&mut self, transaction: u32, steps: &[Step], place: usize) {
        if steps.len() > FEW {
            let Step { key, value, .. } = steps[place];
            self.by_key[key as usize] = (transaction, value);
        }
    }

    /// The value that the transaction wrote last, before this place, to the key there.
    #[inline]
    fn before(&self, transaction: u32, steps: &[Step], place: usize) -> Option<i64> {
        let key = steps[place].key;
        if steps.len() > FEW {
            let (writer, value) = self.by_key[key as usize];
            return (writer == transaction).then_some(value);
        }
        let before = steps[..place].iter().rev();
        let mut mine = before.filter(|step| step.access == Access::Write && step.key == key);
        mine.next().map(|step| step.value)
    }
}
