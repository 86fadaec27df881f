//! The verifier of views: whether nothing that a transaction depends on overwrites what it read.
//!
//! ```text
//!   known(T)   of each key, how long its list is among all that T depends on
//!              = the longest of known(U), with what U appends, over what T depends on directly
//!   I1         a read of T is as long as known(T) says at least
//! ```
//!
//! That is the definition of PL-2+ said of lists, with no graph and no cycle. T depends on whom it
//! read of, on whose list it appends to, and with sessions on what its process ran before. Of PL-3U
//! it also depends on who writes and read what T overwrites, and those that write read everything.
//!
//! Reference: Adya, "Weak consistency: a generalized theory" (1999), chapter 4: a transaction
//! misses no effects of what it depends on.

use super::history::{Act, Appends, Operation};
use crate::dependency::Fate;
use std::collections::BTreeMap;

/// So many lengths are kept; beyond that nothing is said.
const LENGTHS_MAX: usize = 1 << 22;

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

/// Whether no transaction of an order misses what it depends on; nothing if that takes too much
/// space. The order is one that `flows` accepts.
pub(super) fn misses_nothing(
    history: &Appends,
    order: &[u32],
    sessions: bool,
    readers_only: bool,
) -> Option<bool> {
    let keys = history.longest.len();
    let mut after: Vec<Known> = vec![Known::new(); history.frames.all().len()];
    // Of each key: who appended each value; what those that write and read it depend on.
    let mut writers: Vec<Vec<u32>> = vec![Vec::new(); keys];
    let mut readers: Vec<Known> = vec![Known::new(); keys];
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    let mut kept = 0;
    for one in order {
        let Some(frame) = history.frames.all().get(*one as usize) else { return Some(false) };
        let operations = history.operations(frame);
        let changes = operations.iter().any(appends);
        let mut known = Known::new();
        if let Some(before) = last.get(&frame.process).filter(|_| sessions) {
            merge(&mut known, &after[*before as usize]);
        }
        for operation in operations {
            let key = operation.key as usize;
            let length = match operation.act {
                Act::Append(_) => writers[key].len(),
                // What is its own is not there yet.
                Act::Read(length) => writers[key].len().min(length as usize),
                Act::Apart(_) => return Some(false),
                Act::Unread => continue,
            };
            if let Some(writer) = length.checked_sub(1).map(|place| writers[key][place]) {
                merge(&mut known, &after[writer as usize]);
            }
            if readers_only && appends(operation) {
                merge(&mut known, &readers[key]);
            }
        }
        // I1: of those that write, all that is written before counts where they must see it all.
        let misses = operations.iter().any(|operation| match operation.act {
            Act::Read(length) if readers_only && changes => {
                writers[operation.key as usize].len() > length as usize
            }
            Act::Read(length) => known.get(&operation.key).is_some_and(|known| *known > length),
            _ => false,
        });
        if misses {
            return Some(false);
        }
        for operation in operations.iter().filter(|one| appends(one)) {
            let of_key = &mut writers[operation.key as usize];
            of_key.push(*one);
            known.insert(operation.key, of_key.len() as u32);
        }
        for operation in operations.iter().filter(|_| readers_only && changes) {
            if let Act::Read(_) = operation.act {
                merge(&mut readers[operation.key as usize], &known);
            }
        }
        if frame.fate == Fate::Committed {
            last.insert(frame.process, *one);
        }
        kept += known.len();
        if kept > LENGTHS_MAX {
            return None;
        }
        after[*one as usize] = known;
    }
    Some(true)
}
