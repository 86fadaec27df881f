//! Who writes each key, and who reads what of it.

use super::chains::Chains;
use super::shape::{Overwritten, Shape};
use crate::transaction::history::Transactions;
use crate::transaction::mutant::Mutant;
use crate::transaction::sources::{INITIAL, Sources};
use std::ops::Range;

/// Every write that others can see, by key, then by chain, then by place in that.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes {
    /// Where each key's writes end.
    ends: Vec<u32>,
    writers: Vec<u32>,
    /// Where each write's readers end.
    readers_end: Vec<u32>,
    readers: Vec<u32>,
    /// Who reads the initial state of each key.
    initial: Vec<(u32, u32)>,
    /// Where each transaction's keys end, and these, sorted, where a level asks who shares one.
    keys_end: Vec<u32>,
    keys: Vec<u32>,
    /// Who writes anything.
    is_writer: Vec<bool>,
}

impl Writes {
    /// Reads of which a level does not ask what they overlook are left out.
    pub(super) fn new(
        history: &Transactions,
        sources: &Sources,
        chains: &Chains,
        (shape, mutant): (Shape, Mutant),
    ) -> Self {
        let count = history.len() as u32;
        let mut ends = vec![0_u32; history.keys() + 1];
        for key in (0..count).flat_map(|writer| sources.writes(writer)) {
            ends[*key as usize + 1] += 1;
        }
        for key in 0..history.keys() {
            ends[key + 1] += ends[key];
        }
        let mut writers = vec![0; ends[history.keys()] as usize];
        for writer in 0..count {
            for key in sources.writes(writer) {
                let at = &mut ends[*key as usize];
                writers[*at as usize] = writer;
                *at += 1;
            }
        }
        ends.truncate(history.keys());
        let mut start = 0;
        for end in &ends {
            writers[start..*end as usize].sort_unstable_by_key(|writer| chains.at(*writer));
            start = *end as usize;
        }
        let mut found =
            Self { ends, readers_end: vec![0; writers.len() + 1], writers, ..Self::default() };
        found.is_writer = (0..count).map(|one| !sources.writes(one).is_empty()).collect();
        let mut reads = Vec::new();
        for reader in 0..count {
            for read in sources.reads(reader) {
                let writes_key = mutant != Mutant::ForgetUpdates;
                if !shape.asks(writes_key && sources.has_written(reader, read.key)) {
                    continue;
                }
                if read.from == INITIAL {
                    found.initial.push((read.key, reader));
                } else if let Some(at) = found.place(chains, read.key, read.from) {
                    reads.push((at as u32, reader));
                }
            }
        }
        reads.sort_unstable();
        reads.dedup();
        found.initial.sort_unstable();
        found.initial.dedup();
        for (at, _) in &reads {
            found.readers_end[*at as usize + 1] += 1;
        }
        for at in 0..found.writers.len() {
            found.readers_end[at + 1] += found.readers_end[at];
        }
        found.readers = reads.into_iter().map(|(_, reader)| reader).collect();
        if shape.overwritten == Overwritten::Shared && mutant != Mutant::ForgetUpdates {
            for writer in 0..count {
                found.keys.extend_from_slice(sources.writes(writer));
                found.keys_end.push(found.keys.len() as u32);
            }
        }
        found
    }

    /// Whether a transaction writes.
    pub(super) fn has(&self, transaction: u32) -> bool {
        self.is_writer[transaction as usize]
    }

    fn keys_of(&self, transaction: u32) -> &[u32] {
        let place = transaction as usize;
        let end = |place: usize| self.keys_end.get(place).map_or(0, |end| *end as usize);
        let start = place.checked_sub(1).map_or(0, end);
        self.keys.get(start..end(place)).unwrap_or_default()
    }

    /// Whether the rw edge of a reader to one who overwrites what it read is one of the order.
    pub(super) fn counts(&self, shape: Shape, reader: u32, writer: u32) -> bool {
        if shape.overwritten != Overwritten::Shared {
            return !shape.weighs(self.has(reader));
        }
        let (one, other) = (self.keys_of(reader), self.keys_of(writer));
        let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
        few.iter().any(|key| many.binary_search(key).is_ok())
    }

    /// How many transactions there are.
    pub(super) fn count(&self) -> usize {
        self.is_writer.len()
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> u32 {
        self.ends.len() as u32
    }

    /// The key of the write at a place.
    pub(super) fn key(&self, place: usize) -> u32 {
        self.ends.partition_point(|end| *end as usize <= place) as u32
    }

    /// The places of a key's writes.
    pub(super) fn of(&self, key: u32) -> Range<usize> {
        let key = key as usize;
        let start = key.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[key] as usize
    }

    /// Who writes, by place.
    pub(super) fn writers(&self, places: Range<usize>) -> &[u32] {
        &self.writers[places]
    }

    /// Who reads the write at a place.
    pub(super) fn readers(&self, place: usize) -> &[u32] {
        &self.readers[self.readers_end[place] as usize..self.readers_end[place + 1] as usize]
    }

    /// The place of a transaction's write of a key.
    pub(super) fn place(&self, chains: &Chains, key: u32, writer: u32) -> Option<usize> {
        let range = self.of(key);
        let at = |one: &u32| chains.at(*one);
        let found = self.writers[range.clone()].binary_search_by_key(&at(&writer), at).ok()?;
        Some(range.start + found)
    }

    /// Key and reader, for each read of an initial state.
    pub(super) fn initial(&self) -> &[(u32, u32)] {
        &self.initial
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let numbers = self.ends.len() + self.writers.len() + self.readers_end.len();
        (numbers
            + self.keys.len()
            + self.keys_end.len()
            + self.readers.len()
            + self.initial.len() * 2)
            * size_of::<u32>()
    }
}
