//! The verifier of views: whether no read misses what its transaction must have seen.
//!
//! ```text
//!   known(T)   of each key, how long its list is among all that T must have seen: the longest of
//!              what these append and, where a view is transitive, of what they know themselves
//!   I1         a read of T is as long as known(T) says at least; by operation: as what is known of
//!              the operations up to it
//! ```
//!
//! Of a key that every read in the order sees whole, nothing can be missed: no length of it is
//! kept. So a history that is nearly serial takes little more than one pass over it.
//!
//! That is the definition of the level said of lists, with no graph and no cycle. T sees whom it
//! read of; with sessions, what its process ran before; where writes count, on whose list it
//! appends to. Of PL-3U it also sees who writes and read what T overwrites, and those that write
//! read everything. Of PL-CS it sees all of a key that it appends to, and no more is asked.
//!
//! Reference: Adya, "Weak consistency: a generalized theory" (1999), chapter 4: a transaction
//! misses no effects of what it depends on.

use super::history::{Act, Appends, Operation};
use crate::dependency::{Fate, View};
use crate::limits::{Budget, Exhausted};
use crate::meter::entry;
use std::collections::BTreeMap;

/// Of some keys, how long their lists are.
type Known = BTreeMap<u32, u32>;

fn merge(known: &mut Known, other: &Known) {
    for (key, length) in other {
        let mine = known.entry(*key).or_default();
        *mine = (*mine).max(*length);
    }
}

fn appends(operation: &Operation) -> bool {
    matches!(operation.act, Act::Append(_))
}

/// Whether an operation misses what is known of itself, or by what its session did.
fn misses(operation: &Operation, known: &Known, session: Option<&Known>) -> bool {
    let Act::Read(length) = operation.act else { return false };
    let is_longer = |known: &Known| known.get(&operation.key).is_some_and(|one| *one > length);
    is_longer(known) || session.is_some_and(is_longer)
}

/// What the transactions of an order, so far, are known to have seen and done.
struct Seen<'a> {
    history: &'a Appends,
    view: View,
    /// What one who sees a transaction knows by that.
    after: Vec<Known>,
    /// Of each key: who appended each value; what those that write and read it know.
    writers: Vec<Vec<u32>>,
    readers: Vec<Known>,
    /// What each process knows by what it did.
    processes: BTreeMap<u32, Known>,
    /// The keys of which some read sees less than all.
    behind: Vec<bool>,
    kept: usize,
    looks: usize,
}

impl Seen<'_> {
    /// What is known by the first values of a list.
    fn of_list(&mut self, known: &mut Known, key: usize, length: usize) {
        let writers = &self.writers[key][..length];
        // Where writes count, the last one knows what those before it do.
        let first = if self.view.transitive && self.view.writes { length.max(1) - 1 } else { 0 };
        for writer in writers.iter().skip(first) {
            let theirs = &self.after[*writer as usize];
            self.looks += 1 + theirs.len();
            merge(known, theirs);
        }
    }

    /// Whether an operation reads less than all.
    fn reads_less(&self, operation: &Operation) -> bool {
        let Act::Read(length) = operation.act else { return false };
        self.writers[operation.key as usize].len() > length as usize
    }

    /// Runs one; whether it misses nothing.
    fn run(&mut self, one: u32) -> bool {
        let view = self.view;
        let Some(frame) = self.history.frames.all().get(one as usize) else { return false };
        let operations = self.history.operations(frame);
        let changes = operations.iter().any(appends);
        let mut known = Known::new();
        // What is not handed on is only looked at, key by key.
        if let Some(before) = self.processes.get(&frame.process).filter(|_| view.transitive) {
            self.looks += before.len();
            merge(&mut known, before);
        }
        for operation in operations.iter().filter(|_| !view.own_keys) {
            let key = operation.key as usize;
            let length = match operation.act {
                Act::Append(_) if !view.writes => continue,
                Act::Append(_) => self.writers[key].len(),
                // What is its own is not there yet.
                Act::Read(length) => self.writers[key].len().min(length as usize),
                Act::Apart(_) => return false,
                Act::Unread => continue,
            };
            // I1, by operation: what its own list shows, it does not miss.
            if view.by_operation && misses(operation, &known, None) {
                return false;
            }
            self.of_list(&mut known, key, length);
            if view.readers_only && appends(operation) {
                merge(&mut known, &self.readers[key]);
            }
        }
        // I1: of those that write, all that is written before counts where they must see it all.
        let all = view.readers_only && changes;
        let session = self.processes.get(&frame.process).filter(|_| !view.transitive);
        let is_own =
            |one: &Operation| operations.iter().any(|own| own.key == one.key && appends(own));
        let is_missed = |one: &Operation| {
            if view.own_keys {
                self.reads_less(one) && is_own(one)
            } else if all {
                self.reads_less(one)
            } else {
                misses(one, &known, session)
            }
        };
        if !view.by_operation && operations.iter().any(is_missed) {
            return false;
        }
        let mut own = Known::new();
        for operation in operations.iter().filter(|one| appends(one)) {
            let of_key = &mut self.writers[operation.key as usize];
            of_key.push(one);
            if self.behind[operation.key as usize] {
                own.insert(operation.key, of_key.len() as u32);
            }
        }
        merge(&mut known, &own);
        for operation in operations.iter().filter(|_| all) {
            if let Act::Read(_) = operation.act {
                merge(&mut self.readers[operation.key as usize], &known);
            }
        }
        let after = if view.transitive { known } else { own };
        if frame.fate == Fate::Committed && view.sessions {
            merge(self.processes.entry(frame.process).or_default(), &after);
        }
        self.kept += after.len();
        self.looks += operations.len();
        self.after[one as usize] = after;
        true
    }
}

/// The keys of which some read, in an order, sees less than was appended before it.
fn behind(history: &Appends, order: &[u32]) -> Vec<bool> {
    let keys = history.longest.len();
    let (mut lengths, mut behind) = (vec![0_u32; keys], vec![false; keys]);
    for frame in order.iter().filter_map(|one| history.frames.all().get(*one as usize)) {
        let operations = history.operations(frame);
        for operation in operations {
            let key = operation.key as usize;
            behind[key] |= matches!(operation.act, Act::Read(length) if length < lengths[key]);
        }
        for operation in operations.iter().filter(|one| appends(one)) {
            lengths[operation.key as usize] += 1;
        }
    }
    behind
}

/// Whether no transaction of an order misses what it must see. The order is one that `flows`
/// accepts.
///
/// # Errors
/// The bound of a budget that does not allow it.
pub(super) fn misses_nothing(
    history: &Appends,
    order: &[u32],
    view: View,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    let keys = history.longest.len();
    let mut seen = Seen {
        history,
        view,
        after: vec![Known::new(); history.frames.all().len()],
        writers: vec![Vec::new(); keys],
        readers: vec![Known::new(); keys],
        processes: BTreeMap::new(),
        behind: behind(history, order),
        kept: 0,
        looks: 0,
    };
    for one in order {
        let before = seen.looks;
        let is_right = seen.run(*one);
        let held = seen.kept * entry::<(u32, u32)>() + seen.after.len() * size_of::<Known>();
        budget.steps((seen.looks - before) as u64, held)?;
        if !is_right {
            return Ok(false);
        }
    }
    Ok(true)
}
