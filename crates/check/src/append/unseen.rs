//! A transaction that misses a write of one that it sees directly: by a list that it read, by its
//! session, or as the one whose version its own is after.
//!
//! ```text
//!   of each two keys x, y     who appended to both: first place in x, last place in y, sorted by
//!                             the first, with the greatest of the last so far
//!   a read of x up to i and of y up to l
//!                             misses somebody's y if, of those with a first place below i, the
//!                             greatest last place is l or more
//! ```
//!
//! That takes as many entries as transactions have pairs of keys, and as many looks as they have
//! pairs of operations.

use super::history::{Act, Appends, Operation};
use super::mutant::Mutant;
use super::versions::Versions;
use crate::dependency::{Edge, Fate, Inferred, Kind, Misses, ViewsMutant};
use crate::limits::{Budget, Exhausted};
use std::collections::BTreeMap;

/// The place of what nobody read: after all that was read.
const UNREAD: u32 = u32::MAX;

/// One that appended to two keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Both {
    keys: (u32, u32),
    /// Its first place in the first key.
    first: u32,
    /// Its last place in the second.
    last: u32,
    who: u32,
    /// Of those of the same keys up to here: the greatest last place and whose, and the greatest of
    /// another one.
    best: [(u32, u32); 2],
}

const NOBODY: (u32, u32) = (0, UNREAD);

/// Where a transaction appended to a key: key, first place, last place.
fn placed(history: &Appends, versions: &Versions, number: u32) -> Vec<(u32, u32, u32)> {
    let frame = &history.frames.all()[number as usize];
    let mut all: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    for operation in history.operations(frame) {
        if let Act::Append(value) = operation.act {
            let place = versions.place(number, operation.key, value).unwrap_or(UNREAD);
            let (first, last) = all.entry(operation.key).or_insert((place, place));
            (*first, *last) = (place.min(*first), place.max(*last));
        }
    }
    all.into_iter().map(|(key, (first, last))| (key, first, last)).collect()
}

/// Who appended to each two keys.
struct Table {
    all: Vec<Both>,
}

impl Table {
    fn new(
        history: &Appends,
        versions: &Versions,
        inferred: &Inferred,
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let mut all: Vec<Both> = Vec::new();
        for (who, _) in (0..).zip(&inferred.committed).filter(|(_, is)| **is) {
            let mine = placed(history, versions, who);
            for (x, first, _) in mine.iter().filter(|(_, first, _)| *first != UNREAD) {
                for (y, _, last) in mine.iter().filter(|(y, ..)| y != x) {
                    let (keys, first, last) = ((*x, *y), *first, *last);
                    all.push(Both { keys, first, last, who, best: [NOBODY; 2] });
                }
                budget.step(all.len() * size_of::<Both>())?;
            }
        }
        all.sort_unstable();
        let (mut keys, mut best) = ((UNREAD, UNREAD), [NOBODY; 2]);
        for one in &mut all {
            if one.keys != keys {
                (keys, best) = (one.keys, [NOBODY; 2]);
            }
            let mine = (one.last, one.who);
            if mine.0 >= best[0].0 || best[0] == NOBODY {
                best = [mine, best[0]];
            } else if mine.0 >= best[1].0 || best[1] == NOBODY {
                best[1] = mine;
            }
            if inferred.views == ViewsMutant::OneBest {
                best[1] = NOBODY;
            }
            one.best = best;
        }
        Ok(Self { all })
    }

    /// Another one whose first place in `x` is below `seen` and whose last in `y` is `length` or
    /// more.
    fn find(&self, (x, seen): (u32, u32), (y, length): (u32, u32), reader: u32) -> Option<u32> {
        let below = self.all.partition_point(|one| (one.keys, one.first) < ((x, y), seen));
        let last = self.all[..below].last().filter(|one| one.keys == (x, y))?;
        let is_missed =
            |best: &&(u32, u32)| **best != NOBODY && best.0 >= length && best.1 != reader;
        last.best.iter().find(is_missed).map(|(_, who)| *who)
    }
}

/// What an operation sees of a key: up to where, and by which edge.
fn seen_of(
    versions: &Versions,
    (number, operation): (u32, &Operation),
    misses: Misses,
) -> Option<(u32, Kind)> {
    match operation.act {
        Act::Read(length) if misses != Misses::Overwritten => Some((length, Kind::WriteRead)),
        Act::Append(value) if matches!(misses, Misses::SeenOrOverwritten | Misses::Overwritten) => {
            let place = versions.place(number, operation.key, value).unwrap_or(UNREAD);
            let read = versions.writers(operation.key).len() as u32;
            Some((place.min(read), Kind::WriteWrite))
        }
        _ => None,
    }
}

/// The first that misses a write of one that it sees.
pub(super) fn find(
    history: &Appends,
    inferred: &Inferred,
    misses: Misses,
    budget: &mut Budget,
) -> Result<Option<[Edge; 2]>, Exhausted> {
    if misses == Misses::Overwritten && inferred.views == ViewsMutant::ForgetUpdates {
        return Ok(None);
    }
    let versions = Versions::find(history, Mutant::None);
    let committed = &inferred.committed;
    // What is missed of the key itself needs no table.
    let table = match misses {
        Misses::Overwritten => Table { all: Vec::new() },
        _ => Table::new(history, &versions, inferred, budget)?,
    };
    let held = table.all.len() * size_of::<Both>();
    let sessions = !matches!(misses, Misses::SeenEarlier | Misses::Overwritten)
        && inferred.views != ViewsMutant::ForgetSession;
    let ahead = misses != Misses::SeenEarlier || inferred.views == ViewsMutant::SeeAhead;
    // What each process appended to each key last: where, and by whom.
    let mut done: BTreeMap<(u32, u32), (u32, u32)> = BTreeMap::new();
    for (number, frame) in (0..).zip(history.frames.all()) {
        if frame.fate != Fate::Committed {
            continue;
        }
        let operations = history.operations(frame);
        for (at, read) in operations.iter().enumerate() {
            let Act::Read(length) = read.act else { continue };
            budget.step(held + done.len() * 32)?;
            let pair = |other: u32, kind| {
                let into = Edge { from: other, to: number, kind };
                [into, Edge { from: number, to: other, kind: Kind::ReadWrite }]
            };
            let before = done.get(&(frame.process, read.key)).filter(|_| sessions);
            if let Some((_, other)) = before.filter(|(last, _)| *last >= length) {
                return Ok(Some(pair(*other, Kind::Process)));
            }
            let others = if ahead { operations } else { &operations[..at] };
            for other in others {
                budget.step(held)?;
                let Some((seen, kind)) = seen_of(&versions, (number, other), misses) else {
                    continue;
                };
                let found = if other.key == read.key {
                    let between = versions.writers(read.key).get(length as usize..seen as usize);
                    let is = |one: &&u32| **one != number && committed[**one as usize];
                    between.and_then(|between| between.iter().find(is)).copied()
                } else {
                    table.find((other.key, seen), (read.key, length), number)
                };
                if let Some(other) = found {
                    return Ok(Some(pair(other, kind)));
                }
            }
        }
        for (key, _, last) in placed(history, &versions, number) {
            let entry = done.entry((frame.process, key)).or_insert((last, number));
            if last >= entry.0 {
                *entry = (last, number);
            }
        }
    }
    Ok(None)
}
