//! 2-atomicity in polynomial time: limited backtracking (Golab, Li and Shah, 2011, section 3).
//!
//! ```text
//!   ... w" | w' | w |        the order is built from its end
//!              reads that began after w ended return w, or all of them one other write: w' is next
//! ```
//!
//! A write may stand last if none that is left began after it ended. That forces a chain of writes
//! before it, an epoch, until no read asks for more. An epoch that ends may be kept for good; where
//! one fails, another last write is tried. A write counts as ended before the first read of it
//! does, so that what reads order, writes do. About O(n c log n) for c writes that overlap.

use super::mutant::Mutant;
use super::registers::{Operation, Registers, Source};
use crate::limits::{Budget, Exhausted};
use crate::operation::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// What is left of one key; nothing stands for the initial state.
struct Left<'a> {
    from: &'a Registers,
    /// When each write ended at the latest.
    ended: BTreeMap<Option<u32>, Option<Moment>>,
    /// By invocation, and by answer.
    writes: BTreeSet<(Moment, Option<u32>)>,
    ends: BTreeSet<(Moment, Option<u32>)>,
    reads: BTreeSet<(Moment, u32)>,
    of: BTreeMap<Option<u32>, BTreeSet<u32>>,
    /// The order, from its end.
    order: Vec<u32>,
    mutant: Mutant,
}

fn source(one: &Operation) -> Option<u32> {
    match one.read {
        Some(Source::Write(writer)) => Some(writer),
        _ => None,
    }
}

impl<'a> Left<'a> {
    fn new(from: &'a Registers, key: u32, mutant: Mutant) -> Self {
        let mut left = Self {
            from,
            ended: [(None, Some(Moment(0)))].into(),
            writes: [(Moment(0), None)].into(),
            ends: BTreeSet::new(),
            reads: BTreeSet::new(),
            of: BTreeMap::new(),
            order: Vec::new(),
            mutant,
        };
        for (number, one) in (0..).zip(&from.operations).filter(|(_, one)| one.key == key) {
            if one.is_write() {
                left.writes.insert((one.began, Some(number)));
                let ended = left.ended.entry(Some(number)).or_insert(one.ended);
                *ended = sooner(*ended, one.ended);
            } else {
                left.reads.insert((one.began, number));
                left.of.entry(source(one)).or_default().insert(number);
                if let Some(writer) = source(one) {
                    let ended = left.ended.entry(Some(writer)).or_insert(one.ended);
                    *ended = sooner(*ended, one.ended);
                }
            }
        }
        let ends = left.ended.keys().map(|write| (left.end(*write), *write)).collect();
        left.ends = ends;
        left
    }

    /// When a write ended; never, if that is not known.
    fn end(&self, write: Option<u32>) -> Moment {
        self.ended.get(&write).copied().flatten().unwrap_or(Moment(u64::MAX))
    }

    fn began(&self, write: Option<u32>) -> Moment {
        write.map_or(Moment(0), |write| self.from.at(write).began)
    }

    /// Whether a write may stand last.
    fn may_be_last(&self, write: Option<u32>) -> bool {
        let mut latest = self.writes.iter().rev().filter(|(_, other)| *other != write);
        let is_later = latest.next().is_some_and(|(began, _)| self.end(write) < *began);
        self.writes.contains(&(self.began(write), write)) && !is_later
    }

    /// Puts a write last, with the reads that have to follow it: the write that they ask for before
    /// it, if there is one; an error if they ask for more.
    #[expect(clippy::option_option, reason = "nothing asked for, the initial state, or a write")]
    fn place(&mut self, write: Option<u32>) -> Result<Option<Option<u32>>, ()> {
        if !self.may_be_last(write) {
            return Err(());
        }
        let mut follow: BTreeSet<(Moment, u32)> = BTreeSet::new();
        let ended = self.end(write);
        follow.extend(self.reads.iter().rev().take_while(|(began, _)| *began > ended));
        let own = self.of.get(&write).into_iter().flatten();
        follow.extend(own.map(|read| (self.from.at(*read).began, *read)));
        let mut asked: Option<Option<u32>> = None;
        for (_, read) in &follow {
            let source = source(self.from.at(*read));
            let more =
                source != write && asked.replace(source).is_some_and(|other| other != source);
            if more && self.mutant != Mutant::TwoBefore {
                return Err(());
            }
        }
        self.writes.remove(&(self.began(write), write));
        self.ends.remove(&(ended, write));
        for (began, read) in follow.into_iter().rev() {
            self.reads.remove(&(began, read));
            if let Some(reads) = self.of.get_mut(&source(self.from.at(read))) {
                reads.remove(&read);
            }
            self.order.push(read);
        }
        self.order.extend(write);
        Ok(asked)
    }

    /// Everything that an epoch took.
    fn undo(&mut self, length: usize, initial: bool) {
        for number in self.order.split_off(length) {
            let one = self.from.at(number);
            if one.is_write() {
                self.writes.insert((one.began, Some(number)));
                self.ends.insert((self.end(Some(number)), Some(number)));
            } else {
                self.reads.insert((one.began, number));
                self.of.entry(source(one)).or_default().insert(number);
            }
        }
        if initial {
            self.writes.insert((Moment(0), None));
            self.ends.insert((Moment(0), None));
        }
    }

    /// The writes that may stand last.
    fn candidates(&self) -> Vec<Option<u32>> {
        let Some((began, latest)) = self.writes.last().copied() else { return Vec::new() };
        let late = self.ends.iter().rev().take_while(|(ended, _)| *ended >= began);
        let mut found: Vec<_> = late.map(|(_, write)| *write).collect();
        if !found.contains(&latest) {
            found.push(latest);
        }
        found.retain(|write| self.may_be_last(*write));
        found
    }

    /// Runs an epoch; whether it ended well.
    fn epoch(&mut self, last: Option<u32>, budget: &mut Budget) -> Result<bool, Exhausted> {
        let mut next = Some(last);
        while let Some(write) = next {
            budget.step(0)?;
            match self.place(write) {
                Ok(asked) => next = asked,
                Err(()) => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn sooner(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

/// An order of one key's operations in which each read returns one of the last two writes before
/// it; nothing if there is none.
pub(super) fn order(
    from: &Registers,
    key: u32,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Option<Vec<u32>>, Exhausted> {
    let mut left = Left::new(from, key, mutant);
    // What was read before anybody asked for it stands nowhere.
    let too_early = |one: &Operation| {
        one.key == key
            && source(one).is_some_and(|writer| one.ended < Some(from.at(writer).began))
            && one.ended.is_some()
    };
    if from.operations.iter().any(too_early) {
        return Ok(None);
    }
    while !left.writes.is_empty() {
        let (length, initial) = (left.order.len(), left.writes.contains(&(Moment(0), None)));
        let mut found = false;
        for write in left.candidates() {
            found = left.epoch(write, budget)?;
            if found {
                break;
            }
            left.undo(length, initial);
        }
        if !found {
            return Ok(None);
        }
    }
    left.order.reverse();
    Ok(Some(left.order))
}
