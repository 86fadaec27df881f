//! Pruned vectors: the entries that changed last, so many at most; the others are dropped (as
//! stores with a vector of every client that ever wrote do, by age and size).
//!
//! A stamp names its own event, whose entry is never dropped. Another stamp knows that event if it
//! has an entry of that process as high; one that was dropped says nothing any more. So what
//! happened before may look concurrent, and never the other way round: a store keeps a sibling too
//! many, and loses none. Two stores that prune the same vector differently may hand a
//! sibling to and fro for ever: prune where a write is stamped, never where one is merged.

//= §3.2.2 pruning of vectors

use super::{Errs, LogicalClock, Relation};

/// What is known of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    process: u32,
    count: u64,
    /// When it was last raised, by the stamping process's own count of changes.
    touched: u64,
}

/// An event by its process and number, and what it knows of the events of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrunedStamp {
    process: u32,
    number: u64,
    /// By process.
    known: Vec<(u32, u64)>,
}

impl PrunedStamp {
    fn knows(&self, other: &Self) -> bool {
        let found = self.known.binary_search_by_key(&other.process, |(process, _)| *process);
        found.is_ok_and(|place| self.known[place].1 >= other.number)
    }
}

/// A process's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    process: u32,
    most: usize,
    changes: u64,
    entries: Vec<Entry>,
}

impl Pruned {
    /// The clock of a process that keeps so many entries, its own among them: one at least.
    pub fn new(process: u32, most: usize) -> Self {
        Self { process, most: most.max(1), changes: 0, entries: Vec::new() }
    }

    fn raise(&mut self, process: u32, count: u64) {
        self.changes += 1;
        let touched = self.changes;
        match self.entries.binary_search_by_key(&process, |entry| entry.process) {
            Ok(place) if self.entries[place].count < count => {
                self.entries[place] = Entry { process, count, touched };
            }
            Ok(_) => {}
            Err(place) => self.entries.insert(place, Entry { process, count, touched }),
        }
    }

    fn own(&self) -> u64 {
        let found = self.entries.iter().find(|entry| entry.process == self.process);
        found.map_or(0, |entry| entry.count)
    }
}

impl LogicalClock for Pruned {
    type Stamp = PrunedStamp;
    const ERRS: Errs = Errs::ByOrderingLess;

    fn event(&mut self) -> PrunedStamp {
        let (process, number) = (self.process, self.own() + 1);
        self.raise(process, number);
        while self.entries.len() > self.most {
            let others = self.entries.iter().filter(|entry| entry.process != process);
            let Some(oldest) = others.min_by_key(|entry| entry.touched).copied() else { break };
            self.entries.retain(|entry| *entry != oldest);
        }
        let known = self.entries.iter().map(|entry| (entry.process, entry.count)).collect();
        PrunedStamp { process, number, known }
    }

    fn receive(&mut self, stamp: &PrunedStamp) -> PrunedStamp {
        // The sender's own entry is the newest of all.
        for (process, count) in stamp.known.iter().filter(|(process, _)| *process != stamp.process)
        {
            self.raise(*process, *count);
        }
        self.raise(stamp.process, stamp.number);
        self.event()
    }

    fn relation(first: &PrunedStamp, second: &PrunedStamp) -> Relation {
        if (first.process, first.number) == (second.process, second.number) {
            return Relation::Equal;
        }
        Relation::of(second.knows(first), first.knows(second))
    }

    fn bytes(stamp: &PrunedStamp) -> usize {
        4 + stamp.known.len() * 12
    }
}
