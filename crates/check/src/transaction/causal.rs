//! Causal consistency: of all that happened before a transaction, nothing older is read.
//!
//! Happened before is session order and reads, taken together and over again. A clock per
//! transaction says how many of each session's happened before it; of each session only the last
//! that writes the key matters, and only if it did not happen before the transaction read from
//! anyway. O(n k) for k sessions, times the logarithm of a session's writes to one key.

use super::history::Transactions;
use super::mutant::Mutant;
use super::order::{Graph, Inferred, Order};
use super::sources::{INITIAL, Sources};
use crate::limits::{Budget, Exhausted};
use std::ops::Range;

//= §2.3.1 causality violation
/// The edges that causal consistency infers, or those on a cycle of what happened before what.
pub(super) fn infer(
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Vec<Inferred>, Exhausted> {
    let Order::Found(order) = Graph::new(history, sources, &[], mutant).order(budget)? else {
        return Ok(Vec::new()); // the cycle is found without any inference
    };
    let writers = ByKey::new(history, sources);
    let sessions = history.sessions();
    let width = sessions.len();
    let mut clocks = vec![0_u32; width * history.len()];
    let mut mine = vec![0_u32; width];
    let mut found = Vec::new();
    for reader in order {
        budget.step(clocks.len() * 4 + writers.bytes() + found.len() * size_of::<Inferred>())?;
        let session = history.transactions()[reader as usize].session as usize;
        let position = reader - sessions[session].start;
        mine.fill(0);
        if position > 0 {
            mine.copy_from_slice(row(&clocks, width, reader - 1));
        }
        mine[session] = position;
        let seen = sources.reads(reader).iter().filter(|read| read.from != INITIAL);
        for read in seen.filter(|_| mutant != Mutant::ForgetReads) {
            for (mine, theirs) in mine.iter_mut().zip(row(&clocks, width, read.from)) {
                *mine = (*mine).max(*theirs);
            }
            let from = history.transactions()[read.from as usize].session as usize;
            mine[from] = mine[from].max(read.from - sessions[from].start + 1);
        }
        clocks[reader as usize * width..][..width].copy_from_slice(&mine);
        for read in sources.reads(reader) {
            let theirs = (read.from != INITIAL).then(|| row(&clocks, width, read.from));
            for group in writers.groups(read.key) {
                let session = group.session as usize;
                let Some(last) = group.last_below(&writers.places, mine[session]) else { continue };
                // What happened before the one read from commits before it anyway.
                if theirs.is_some_and(|theirs| last < theirs[session]) {
                    continue;
                }
                let before = sessions[session].start + last;
                if before != read.from {
                    found.push(Inferred { before, after: read.from, reader });
                }
            }
        }
    }
    Ok(found)
}

fn row(clocks: &[u32], width: usize, transaction: u32) -> &[u32] {
    &clocks[transaction as usize * width..][..width]
}

/// The transactions of one session that write one key, by their places in the session.
struct Group {
    session: u32,
    places: Range<u32>,
}

impl Group {
    /// The last place below a bound.
    fn last_below(&self, all: &[u32], bound: u32) -> Option<u32> {
        let places = &all[self.places.start as usize..self.places.end as usize];
        let below = if places.len() <= 8 {
            places.iter().take_while(|place| **place < bound).count()
        } else {
            places.partition_point(|place| *place < bound)
        };
        below.checked_sub(1).map(|at| places[at])
    }
}

/// Who writes each key, by session.
struct ByKey {
    groups: Vec<Group>,
    /// Where each key's groups end.
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl ByKey {
    fn new(history: &Transactions, sources: &Sources) -> Self {
        let mut ends = vec![0_u32; history.keys() + 1];
        for writer in 0..history.len() as u32 {
            for key in sources.writes(writer) {
                ends[*key as usize + 1] += 1;
            }
        }
        for key in 0..history.keys() {
            ends[key + 1] += ends[key];
        }
        let mut all = vec![(0_u32, 0_u32); ends[history.keys()] as usize];
        for (session, range) in (0..).zip(history.sessions()) {
            for writer in range.clone() {
                for key in sources.writes(writer) {
                    let at = &mut ends[*key as usize];
                    all[*at as usize] = (session, writer - range.start);
                    *at += 1;
                }
            }
        }
        ends.truncate(history.keys());
        let mut groups: Vec<Group> = Vec::new();
        let mut start = 0;
        let group_ends = ends.iter().map(|end| {
            let mut new = true;
            for at in start..*end {
                let (session, _) = all[at as usize];
                match groups.last_mut().filter(|last| !new && last.session == session) {
                    Some(last) => last.places.end = at + 1,
                    None => groups.push(Group { session, places: at..at + 1 }),
                }
                new = false;
            }
            start = *end;
            groups.len() as u32
        });
        let ends = group_ends.collect();
        Self { groups, ends, places: all.into_iter().map(|(_, place)| place).collect() }
    }

    fn groups(&self, key: u32) -> &[Group] {
        let key = key as usize;
        let start = key.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.groups[start..self.ends[key] as usize]
    }

    fn bytes(&self) -> usize {
        self.groups.len() * size_of::<Group>() + (self.ends.len() + self.places.len()) * 4
    }
}
