//! One order for all and one for each site that reads, as bits, closed under what they force.
//!
//! ```text
//!   for all ──► every site        what comes before for all does so at each site
//!   a site's own operation u      what the site has before u comes before u for all
//!   a site's read r of s          a write of the key that it has before r comes before s, and r
//!                                 before one that it has after s
//!   red operations                what a site has before another comes before it for all
//! ```
//!
//! Where these close without a contradiction and the red operations are in one order, the sites
//! have theirs: before each of its own operations, in turn, a site applies what its order has
//! before it, and the rest at the end. A write that is not before a read is then applied after it.
//!
//! O(n^2) bits for each site. Each pair is found once; finding what a new pair joins takes
//! O(n / 64) for each operation before it.

use super::super::mutant::Mutant;
use super::super::registers::{Registers, Source};
use crate::limits::{Budget, Exhausted};
use std::collections::BTreeMap;

/// Something would come before itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction;

/// Where to go back to.
pub(super) struct Mark(usize);

/// The order for all, among those of the sites.
const ALL: usize = 0;

/// A word of bits that was changed, and what it was.
struct Change {
    place: usize,
    was: u64,
}

/// Pairs that were found and not looked at: in which order, what is before what.
type Pairs = Vec<(usize, u32, u32)>;

/// The orders.
pub(super) struct Relation {
    count: usize,
    /// Words a row.
    words: usize,
    /// By order and operation: what comes after it, then, by the same, what comes before it.
    bits: Vec<u64>,
    /// The order of each operation's site; of nothing, if it only writes or is of unknown outcome.
    site: Vec<Option<usize>>,
    /// The sessions of the orders, from 1.
    sessions: Vec<u64>,
    keys: Vec<u32>,
    red: Vec<bool>,
    reads: Vec<Option<Source>>,
    /// By site and write: its own reads that returned it.
    readers: BTreeMap<(usize, u32), Vec<u32>>,
    changes: Vec<Change>,
    mutant: Mutant,
}

impl Relation {
    /// The orders that sessions and reads give; nothing if these contradict each other.
    pub(super) fn new(
        from: &Registers,
        budget: &mut Budget,
        mutant: Mutant,
    ) -> Result<Option<Self>, Exhausted> {
        let sessions = from.readers();
        let count = from.operations.len();
        let words = count.div_ceil(64);
        let all = (sessions.len() + 1).saturating_mul(count).saturating_mul(words * 2);
        budget.step(all.saturating_mul(size_of::<u64>()))?;
        let number: BTreeMap<u64, usize> = sessions.iter().copied().zip(1..).collect();
        let site = |one: &super::super::registers::Operation| {
            one.ended.and_then(|_| number.get(&one.process).copied())
        };
        let is_blind = mutant == Mutant::RedIsBlue;
        let mut relation = Self {
            count,
            words,
            bits: vec![0; all],
            site: from.operations.iter().map(site).collect(),
            sessions,
            keys: from.operations.iter().map(|one| one.key).collect(),
            red: from.operations.iter().map(|one| one.is_red && !is_blind).collect(),
            reads: from.operations.iter().map(|one| one.read).collect(),
            readers: BTreeMap::new(),
            changes: Vec::new(),
            mutant,
        };
        let taken = relation.begin(from, budget)?;
        Ok(taken.is_ok().then_some(relation))
    }

    /// What is before what from the start.
    fn begin(
        &mut self,
        from: &Registers,
        budget: &mut Budget,
    ) -> Result<Result<(), Contradiction>, Exhausted> {
        for (number, one) in (0..).zip(&from.operations) {
            if let (Some(Source::Write(writer)), Some(site)) =
                (one.read, self.site[number as usize])
            {
                self.readers.entry((site, writer)).or_default().push(number);
            }
        }
        for (number, one) in (0..).zip(&from.operations) {
            let source = match one.read {
                Some(Source::Write(writer)) => Some(writer),
                _ => None,
            };
            for before in one.previous.into_iter().chain(source) {
                if let Err(contradiction) = self.put(before, number, budget)? {
                    return Ok(Err(contradiction));
                }
            }
        }
        Ok(Ok(()))
    }

    fn row(&self, order: usize, operation: u32, is_after: bool) -> usize {
        let half = usize::from(!is_after) * (self.sessions.len() + 1);
        ((half + order) * self.count + operation as usize) * self.words
    }

    fn is_before(&self, order: usize, one: u32, other: u32) -> bool {
        let row = self.row(order, one, true);
        self.bits[row + other as usize / 64] >> (other % 64) & 1 == 1
    }

    /// The operations of a row.
    fn members(&self, row: usize) -> Vec<u32> {
        let mut members = Vec::new();
        for (place, word) in (0_u32..).zip(&self.bits[row..row + self.words]) {
            let mut left = *word;
            while left != 0 {
                members.push(place * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        members
    }

    fn set(&mut self, row: usize, operation: u32) {
        let place = row + operation as usize / 64;
        let was = self.bits[place];
        self.changes.push(Change { place, was });
        self.bits[place] = was | 1 << (operation % 64);
    }

    /// Where the orders stand.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.changes.len())
    }

    /// Goes back.
    pub(super) fn undo(&mut self, mark: &Mark) {
        while self.changes.len() > mark.0
            && let Some(Change { place, was }) = self.changes.pop()
        {
            self.bits[place] = was;
        }
    }

    /// Puts one operation before another for all, with all that follows.
    pub(super) fn put(
        &mut self,
        one: u32,
        other: u32,
        budget: &mut Budget,
    ) -> Result<Result<(), Contradiction>, Exhausted> {
        let mut open: Pairs = vec![(ALL, one, other)];
        while let Some((order, one, other)) = open.pop() {
            let words = self.bits.len() + self.changes.len() * 2 + open.len() * 2;
            budget.step(words * size_of::<u64>())?;
            if self.join(order, one, other, &mut open).is_err() {
                return Ok(Err(Contradiction));
            }
        }
        Ok(Ok(()))
    }

    /// Joins what is before one with what is after the other, in one order.
    fn join(
        &mut self,
        order: usize,
        one: u32,
        other: u32,
        open: &mut Pairs,
    ) -> Result<(), Contradiction> {
        if one == other || self.is_before(order, other, one) {
            return Err(Contradiction);
        }
        if self.is_before(order, one, other) {
            return Ok(());
        }
        let mut earlier = self.members(self.row(order, one, false));
        earlier.push(one);
        let after = self.row(order, other, true);
        for before in earlier {
            let row = self.row(order, before, true);
            for word in 0..self.words {
                let own = if word == other as usize / 64 { 1 << (other % 64) } else { 0 };
                let was = self.bits[row + word];
                let mut new = (self.bits[after + word] | own) & !was;
                if new == 0 {
                    continue;
                }
                self.changes.push(Change { place: row + word, was });
                self.bits[row + word] = was | new;
                while new != 0 {
                    let later = word as u32 * 64 + new.trailing_zeros();
                    new &= new - 1;
                    self.set(self.row(order, later, false), before);
                    self.follow(order, before, later, open)?;
                }
            }
        }
        Ok(())
    }

    /// What follows from one new pair.
    fn follow(
        &self,
        order: usize,
        one: u32,
        other: u32,
        open: &mut Pairs,
    ) -> Result<(), Contradiction> {
        if order == ALL {
            open.extend((1..=self.sessions.len()).map(|site| (site, one, other)));
            return Ok(());
        }
        if self.red[one as usize] && self.red[other as usize] && !self.is_before(ALL, one, other) {
            open.push((ALL, one, other));
        }
        let is_write = |operation: u32| self.reads[operation as usize].is_none();
        let is_same_key = self.keys[one as usize] == self.keys[other as usize];
        if is_same_key && is_write(one) && is_write(other) {
            let readers = self.readers.get(&(order, one)).into_iter().flatten();
            open.extend(readers.map(|read| (order, *read, other)));
        }
        if self.site[other as usize] != Some(order) {
            return Ok(());
        }
        if self.mutant != Mutant::ForgetWhatWasApplied && !self.is_before(ALL, one, other) {
            open.push((ALL, one, other));
        }
        if is_same_key && is_write(one) {
            match self.reads[other as usize] {
                Some(Source::Write(source)) if source != one => open.push((order, one, source)),
                Some(Source::Initial) => return Err(Contradiction),
                _ => {}
            }
        }
        Ok(())
    }

    /// The next two red operations that nothing orders, and before which place all are ordered.
    pub(super) fn unordered(&self, red: &[u32], from: usize) -> Option<(usize, (u32, u32))> {
        (from..red.len()).find_map(|place| {
            let other = red[place];
            let is_open = |one: &&u32| {
                !self.is_before(ALL, **one, other) && !self.is_before(ALL, other, **one)
            };
            let one = red[..place].iter().find(is_open)?;
            Some((place, (*one, other)))
        })
    }

    /// An order of all, and one for each site that reads, of all writes and its own reads.
    pub(super) fn orders(&self, from: &Registers) -> (Vec<u32>, Vec<(u64, Vec<u32>)>) {
        let mut all: Vec<u32> = (0..self.count as u32).collect();
        // Whatever comes before another has fewer before it.
        let weight = |order: usize, operation: &u32| {
            let row = self.row(order, *operation, false);
            self.bits[row..row + self.words].iter().map(|word| word.count_ones()).sum::<u32>()
        };
        all.sort_by_key(|operation| weight(ALL, operation));
        let sites = (1..).zip(&self.sessions).map(|(order, session)| {
            let mut sorted = all.clone();
            sorted.sort_by_key(|operation| weight(order, operation));
            let mut placed = vec![false; self.count];
            let mut applied = Vec::with_capacity(self.count);
            let own = |operation: &&u32| self.site[**operation as usize] == Some(order);
            for operation in sorted.iter().filter(own) {
                let is_due =
                    |one: &&u32| *one == operation || self.is_before(order, **one, *operation);
                for one in sorted.iter().filter(is_due) {
                    if !std::mem::replace(&mut placed[*one as usize], true) {
                        applied.push(*one);
                    }
                }
            }
            applied.extend(sorted.iter().filter(|one| !placed[**one as usize]));
            let is_in = |one: &u32| {
                let one = from.at(*one);
                one.is_write() || one.process == *session
            };
            applied.retain(is_in);
            (*session, applied)
        });
        (all.clone(), sites.collect())
    }
}
