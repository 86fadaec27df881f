//! The part of the log that a node holds: on disk everything after the base, in memory the newest
//! of it.
//!
//! ```text
//!   checkpoint |base+1 ... released from memory ... | memory ...............| end
//!              |<-------------- on disk, by record ------------------------>|
//!
//!   (after a checkpoint, memory and disk may also reach below the base, for peers that lag)
//! ```
//!
//! - I1 Entries continue each other from the base: indexes without gaps, chains linked.
//! - I2 Every entry after the base knows the record that holds it.

use super::entry::SharedEntry;
use avouch_machine::Seq;
use avouch_promise::{Ballot, Digest, LogIndex, invariant};
use std::collections::{BTreeMap, VecDeque};

/// A place in the log: an entry's position, chain and ballot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The position.
    pub index: LogIndex,
    /// The chain there.
    pub chain: Digest,
    /// The ballot of the entry there.
    pub ballot: Ballot,
}

/// The entries a node holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tail {
    base: Place,
    /// The place before the first entry in memory.
    memory_base: Place,
    memory: VecDeque<SharedEntry>,
    records: BTreeMap<LogIndex, Seq>,
}

impl Tail {
    /// An empty tail after `base`.
    pub fn after(base: Place) -> Self {
        Self { base, memory_base: base, memory: VecDeque::new(), records: BTreeMap::new() }
    }
    /// The place before the first entry on disk.
    pub fn base(&self) -> Place {
        self.base
    }
    /// The last place; the base when there is no entry.
    pub fn end(&self) -> Place {
        self.memory.back().map_or(self.memory_base, place)
    }
    /// The place at `index`, when it is in memory.
    pub fn at(&self, index: LogIndex) -> Option<Place> {
        if index == self.memory_base.index {
            return Some(self.memory_base);
        }
        self.entry(index).map(place)
    }
    /// The entry at `index`, when it is in memory.
    pub fn entry(&self, index: LogIndex) -> Option<&SharedEntry> {
        let offset = index.0.checked_sub(self.memory_base.index.0 + 1)?;
        self.memory.get(offset as usize)
    }
    /// The entries after `index` up to `limit` bytes (at least one), when they are in memory.
    pub fn after_index(&self, index: LogIndex, limit: usize) -> Option<Vec<SharedEntry>> {
        let skip = index.0.checked_sub(self.memory_base.index.0)?;
        let mut size = 0;
        let fits = |entry: &&SharedEntry| {
            let first = size == 0;
            size += entry.size();
            first || size <= limit
        };
        Some(self.memory.iter().skip(skip as usize).take_while(fits).cloned().collect())
    }
    /// The bytes of the entries after `index`, when they are in memory; else 0.
    pub fn bytes_after(&self, index: LogIndex) -> usize {
        let skip = index.0.checked_sub(self.memory_base.index.0);
        let entries = skip.map(|skip| self.memory.iter().skip(skip as usize));
        entries.into_iter().flatten().map(|entry| entry.size()).sum()
    }
    /// Appends an entry that a record holds.
    pub fn push(&mut self, entry: SharedEntry, record: Seq) {
        let end = self.end();
        invariant!(I1, entry.index() == end.index.next(), "{entry:?} after {}", end.index);
        invariant!(I1, entry.header().previous == end.chain, "{entry:?} breaks the chain");
        self.records.insert(entry.index(), record);
        self.memory.push_back(entry);
    }
    /// Drops every entry after `index`, which is in memory or its base.
    pub fn truncate(&mut self, index: LogIndex) {
        invariant!(I1, index >= self.memory_base.index, "truncated below what memory holds");
        if index < self.end().index {
            self.memory.truncate((index.0 - self.memory_base.index.0) as usize);
            self.records.split_off(&index.next());
        }
    }
    /// Frees memory: keeps the newest `keep` entries of those up to `index`, and all after it.
    pub fn evict(&mut self, index: LogIndex, keep: u64) {
        while let Some(first) = self.memory.front() {
            if first.index().0 + keep > index.0 {
                return;
            }
            self.memory_base = place(first);
            self.memory.pop_front();
        }
    }
    /// Moves the base up to `base`: a checkpoint covers everything until there. Memory keeps what
    /// it has for peers that lag, unless it contradicts the checkpoint, and so does the disk after
    /// `kept`. True when the log was replaced.
    pub fn rebase(&mut self, base: Place, kept: LogIndex) -> bool {
        let evicted = base.index < self.memory_base.index && base.index >= self.base.index;
        let continues = self.at(base.index).is_some_and(|at| at.chain == base.chain);
        self.base = base;
        if continues || evicted {
            self.records = self.records.split_off(&kept.min(base.index).next());
            return false;
        }
        self.memory.clear();
        self.memory_base = base;
        self.records.clear();
        true
    }
    /// The first record that holds an entry after `index`.
    pub fn first_record_after(&self, index: LogIndex) -> Option<Seq> {
        self.records.range(index.next()..).map(|(_, seq)| *seq).min()
    }
    /// The first record of those that hold an entry on disk.
    pub fn first_record(&self) -> Option<Seq> {
        self.records.values().min().copied()
    }
    /// The record that holds the entry at `index`.
    pub fn record_of(&self, index: LogIndex) -> Option<Seq> {
        self.records.get(&index).copied()
    }
    /// How many entries memory holds.
    pub fn in_memory(&self) -> usize {
        self.memory.len()
    }
    /// How many entries are on disk.
    pub fn on_disk(&self) -> usize {
        self.records.len()
    }
}

/// The place of an entry.
pub fn place(entry: &SharedEntry) -> Place {
    Place { index: entry.index(), chain: entry.chain(), ballot: entry.header().ballot }
}
