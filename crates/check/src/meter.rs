//! A budget as a judge asks it that goes through a history in passes: what its tables hold, how far
//! it has come, and the bound that it met.
//!
//! ```text
//!   pass("operations", n, 0..20) -> next() next() ... hold(bytes) ... next()
//!   pass("reads", m, 20..100)    -> next() look(elements) ... next() = a bound is met
//!                                   -> far(): 17 of 400 reads, with 1234 bytes of tables
//! ```
//!
//! I1: a bound that was met stays met: whatever asks afterwards ends at once.
//! I2: what is told of how far it is costs a look at a thread's own cell in each block of steps,
//! not in each step.

use crate::limits::{Budget, Exhausted, Limits};
use crate::progress;
use crate::report::Finding;
use std::fmt;
use std::ops::Range;

/// Steps between two times that it tells how far it is.
const BLOCK: u64 = 1024;
/// What an entry of a map by key takes beside its key and value, as far as that is known: the part
/// of a node that is empty, and the node's own fields.
const ENTRY_BYTES: usize = 24;

/// The bytes of an entry of a sorted map or set.
pub(crate) const fn entry<T>() -> usize {
    size_of::<T>() + ENTRY_BYTES
}

/// A bound that was met, and how far the judge had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub(crate) bound: Exhausted,
    pub(crate) far: String,
}

impl Met {
    /// The finding of what was not looked at to its end.
    pub(crate) fn finding(&self) -> Finding {
        Finding::Unknown { reason: self.bound.to_string(), story: Some(self.far.clone()) }
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.bound, self.far)
    }
}

/// What a judge may spend, and what it has.
pub(crate) struct Meter<'a> {
    budget: &'a mut Budget,
    held: usize,
    met: Option<Exhausted>,
    /// What the pass goes through, how many of these are done, and of how many.
    what: &'static str,
    done: usize,
    total: usize,
    /// The part of the whole that the pass is, in percent.
    share: Range<u64>,
    /// The steps when it last told how far it is.
    told: u64,
    counts: bool,
}

impl<'a> Meter<'a> {
    /// One of a budget; that counts what tables hold, unless a test plants that it does not.
    pub(crate) fn new(budget: &'a mut Budget, counts: bool) -> Self {
        let told = budget.taken();
        Self {
            budget,
            held: 0,
            met: None,
            what: "operations",
            done: 0,
            total: 0,
            share: 0..100,
            told,
            counts,
        }
    }

    /// A pass begins over so many of something; in percent, the part of the whole that it is.
    pub(crate) fn pass(&mut self, what: &'static str, total: usize, share: Range<u64>) {
        // Of a pass that ended by a bound it is told how far it came, not of one after it.
        if self.met.is_none() {
            (self.what, self.done, self.total, self.share) = (what, 0, total, share);
            self.tell();
        }
    }

    /// The next one of the pass.
    pub(crate) fn next(&mut self) -> Result<(), Exhausted> {
        self.look(1)?;
        self.done += 1;
        Ok(())
    }

    /// So many of the pass at once.
    pub(crate) fn next_few(&mut self, count: usize) -> Result<(), Exhausted> {
        self.look(count)?;
        self.done += count;
        Ok(())
    }

    /// Looks at so many things at once.
    pub(crate) fn look(&mut self, count: usize) -> Result<(), Exhausted> {
        if let Some(met) = self.met {
            return Err(met);
        }
        if self.budget.taken() - self.told >= BLOCK {
            self.tell();
        }
        let held = if self.counts { self.held } else { 0 };
        let asked = self.budget.steps(count as u64, held);
        self.met = asked.err();
        asked
    }

    fn tell(&mut self) {
        self.told = self.budget.taken();
        let (from, to) = (self.share.start, self.share.end);
        let (done, total) = (self.done as u64, (self.total as u64).max(1));
        progress::at(from * total + (to - from) * done.min(total), 100 * total);
    }

    /// The tables hold so many bytes more.
    pub(crate) fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
    }

    /// They hold so many bytes less.
    pub(crate) fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// What is left for a judge that keeps a budget of its own, beside the tables that stay.
    pub(crate) fn left(&self) -> Limits {
        let left = self.budget.left();
        let held = if self.counts { self.held } else { 0 };
        Limits { memory_bytes: left.memory_bytes.saturating_sub(held), ..left }
    }

    /// The finding of what was not looked at to its end.
    pub(crate) fn finding(&self) -> Finding {
        let unnamed = Finding::Unknown { reason: "a bound was reached".to_owned(), story: None };
        self.met().map_or(unnamed, |met| met.finding())
    }

    /// The bound that was met, if one was.
    pub(crate) fn met(&self) -> Option<Met> {
        let bound = self.met?;
        let Self { what, done, total, held, .. } = self;
        let far = format!("{done} of {total} {what} were looked at, with {held} bytes of tables");
        Some(Met { bound, far })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_met_stays_met_and_says_how_far_it_came() {
        let mut budget = Budget::new(Limits { memory_bytes: 100, ..Limits::default() });
        let mut meter = Meter::new(&mut budget, true);
        meter.pass("reads", 9, 0..100);
        for _ in 0..5 {
            assert_eq!(meter.next(), Ok(()));
            meter.hold(20);
        }
        assert_eq!(meter.next(), Ok(()), "all of the bound may be held");
        meter.hold(1);
        assert_eq!(meter.next(), Err(Exhausted::Memory(100)));
        meter.release(90);
        assert_eq!(meter.next(), Err(Exhausted::Memory(100)), "what is missing stays missing");
        meter.pass("elements", 3, 0..100);
        let told = meter.met().expect("a bound").to_string();
        assert!(told.ends_with("6 of 9 reads were looked at, with 11 bytes of tables"), "{told}");
    }

    #[test]
    fn a_block_is_taken_whole() {
        let mut budget = Budget::new(Limits { steps: 10, ..Limits::default() });
        let mut meter = Meter::new(&mut budget, true);
        assert_eq!(meter.look(10), Ok(()));
        assert_eq!(meter.look(1), Err(Exhausted::Steps(10)));
    }
}
