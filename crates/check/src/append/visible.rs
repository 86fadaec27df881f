//! The oracle of levels that say whom a transaction sees: every order of all and every set of seen
//! transactions is tried; a list is a version, and what those seen appended in that order.
//!
//! By the definitions of Cerone, Bernardi and Gotsman (CONCUR 2015) for read atomic, update atomic
//! and causal; of Bailis et al. (VLDB 2013) for monotonic atomic view, where what is seen grows
//! from operation to operation; of Adya's PL-2L as the least that must be seen.

use super::history::{Act, Appends, Operation};
use crate::dependency::Fate;
use crate::transaction::Level;

/// A set of transactions, by bits.
type Set = u32;

struct World<'a> {
    history: &'a Appends,
    level: Level,
    order: Vec<usize>,
}

pub(super) fn holds(history: &Appends, chosen: &[usize], level: Level) -> bool {
    orders(chosen).into_iter().any(|order| {
        let world = World { history, level, order };
        world.keeps_sessions() && world.goes_on(0, &mut vec![0; history.frames.all().len()])
    })
}

fn orders(all: &[usize]) -> Vec<Vec<usize>> {
    all.iter().fold(vec![Vec::new()], |shorter, new| {
        let grown = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, *new);
                order
            })
        };
        shorter.into_iter().flat_map(grown).collect()
    })
}

fn has(set: Set, one: usize) -> bool {
    set >> one & 1 == 1
}

impl World<'_> {
    fn operations(&self, one: usize) -> &[Operation] {
        self.history.operations(&self.history.frames.all()[one])
    }

    fn follows(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.history.frames.all()[one], &self.history.frames.all()[other]);
        one.fate == Fate::Committed && one.process == other.process && one.ended < other.began
    }

    fn keeps_sessions(&self) -> bool {
        let place = |one: usize| self.order.iter().position(|other| *other == one);
        self.level == Level::MonotonicView
            || self.order.iter().all(|one| {
                let later = |other: &&usize| self.follows(*one, **other);
                self.order.iter().filter(later).all(|other| place(*one) < place(*other))
            })
    }

    fn appends(&self, one: usize, key: u32) -> impl Iterator<Item = i64> + '_ {
        self.operations(one).iter().filter(move |step| step.key == key).filter_map(
            |step| match step.act {
                Act::Append(value) => Some(value),
                _ => None,
            },
        )
    }

    fn write_same(&self, one: usize, other: usize) -> bool {
        self.operations(one).iter().any(|step| {
            matches!(step.act, Act::Append(_)) && self.appends(other, step.key).next().is_some()
        })
    }

    /// Whether an operation reads what those seen appended, and its own transaction before.
    fn reads(&self, one: usize, at: usize, seen: Set) -> bool {
        let operations = self.operations(one);
        let Some(list) = self.history.list(&operations[at]) else { return true };
        let key = operations[at].key;
        let all = self.order.iter().filter(|other| has(seen, **other));
        let mut expected: Vec<i64> = all.flat_map(|other| self.appends(*other, key)).collect();
        let others = expected.len();
        expected.extend(operations[..at].iter().filter(|step| step.key == key).filter_map(
            |step| match step.act {
                Act::Append(value) => Some(value),
                _ => None,
            },
        ));
        // A list read is a version: nothing that it does not show is before its last.
        let is_own = expected.len() > others;
        let shows = |other: usize| has(seen, other) || (other == one && is_own);
        let writers = self.order.iter().filter(|other| **other != one || is_own);
        let writers = writers.filter(|other| self.appends(**other, key).next().is_some());
        expected == list && writers.map(|other| !shows(*other)).is_sorted()
    }

    /// Whether those from a place of the order on can each see something that explains it.
    fn goes_on(&self, place: usize, seen: &mut Vec<Set>) -> bool {
        let Some(one) = self.order.get(place).copied() else { return true };
        let before: Set = self.order[..place].iter().fold(0, |set, other| set | 1 << other);
        if self.level == Level::MonotonicView {
            return self.monotonic_view(one, before, seen) && self.goes_on(place + 1, seen);
        }
        if self.level == Level::MonotonicAtomicView {
            return self.grows(one, 0, 0, before) && self.goes_on(place + 1, seen);
        }
        let must = self.order[..place].iter().filter(|other| {
            self.follows(**other, one)
                || (self.level == Level::UpdateAtomic && self.write_same(one, **other))
        });
        let must: Set = must.fold(0, |set, other| set | 1 << other);
        let mut set = before;
        loop {
            let is_closed = self.level != Level::Causal
                || (0..seen.len()).all(|other| !has(set, other) || seen[other] & !set == 0);
            let explains = || (0..self.operations(one).len()).all(|at| self.reads(one, at, set));
            if set & must == must && is_closed && explains() {
                seen[one] = set;
                if self.goes_on(place + 1, seen) {
                    return true;
                }
                if self.level != Level::Causal {
                    return false; // nobody else asks what it saw
                }
            }
            if set == 0 {
                return false;
            }
            set = (set - 1) & before;
        }
    }

    /// Whether what it sees can grow from operation to operation.
    fn grows(&self, one: usize, at: usize, seen: Set, before: Set) -> bool {
        if at == self.operations(one).len() {
            return true;
        }
        let mut more = before & !seen;
        loop {
            if self.reads(one, at, seen | more) && self.grows(one, at + 1, seen | more, before) {
                return true;
            }
            if more == 0 {
                return false;
            }
            more = (more - 1) & before & !seen;
        }
    }

    /// Whether each operation reads at least what the earlier ones and itself depend on, and
    /// nothing that the order has later; `seen` is what each depends on.
    fn monotonic_view(&self, one: usize, before: Set, seen: &mut [Set]) -> bool {
        let mut known: Set = 0;
        for (at, operation) in self.operations(one).iter().enumerate() {
            let writes = |other: &usize| self.appends(*other, operation.key).next().is_some();
            let others = (0..seen.len()).filter(|other| *other != one && has(before, *other));
            let depends: Set = match (operation.act, self.history.list(operation)) {
                (Act::Append(_), _) => others.filter(writes).fold(0, |set, other| set | 1 << other),
                (_, Some(list)) => others
                    .filter(|other| {
                        self.appends(*other, operation.key).any(|value| list.contains(&value))
                    })
                    .fold(0, |set, other| set | 1 << other),
                _ => 0,
            };
            for (other, theirs) in seen.iter().enumerate() {
                if has(depends, other) {
                    known |= theirs | 1 << other;
                }
            }
            // Of this key it sees those of its list, which have to be all that it knows of.
            let of_key = (0..seen.len()).filter(|other| has(known, *other)).filter(writes);
            let of_key: Set = of_key.fold(0, |set, other| set | 1 << other);
            let is_read = matches!(operation.act, Act::Append(_) | Act::Unread);
            if !is_read && (of_key != depends || !self.reads(one, at, depends)) {
                return false;
            }
        }
        seen[one] = known;
        true
    }
}
