//! Who installed which version: the writer of each value of each longest list, the appends that
//! nobody read, and which transactions of unknown outcome committed after all.

use super::history::{Act, Appends};
use super::mutant::Mutant;
use crate::dependency::Fate;
use crate::hash::mix;
use std::ops::Range;

/// Nobody: a value from nowhere.
pub(super) const NOBODY: u32 = u32::MAX;

/// The versions of a history.
pub(super) struct Versions {
    /// Where each key's writers begin in `writers`.
    starts: Vec<u32>,
    writers: Vec<u32>,
    /// Transactions with appends that nobody read, by key, each once.
    pub(super) unread: Vec<(u32, u32)>,
    /// Whether each transaction committed.
    pub(super) committed: Vec<bool>,
    /// A value appended twice to a key, if it was read.
    pub(super) twice: Option<(u32, i64)>,
    table: Table,
}

impl Versions {
    pub(super) fn find(history: &Appends, mutant: Mutant) -> Self {
        let frames = history.frames.all();
        let mut table = Table::new(history);
        let mut twice = None;
        let mut starts = Vec::with_capacity(history.longest.len() + 1);
        let mut writers = Vec::new();
        let mut committed: Vec<bool> =
            frames.iter().map(|frame| frame.fate == Fate::Committed).collect();
        let mut read = |key: u32, value: i64, place: u32| {
            let Some(slot) = table.find_mut(key, value) else { return NOBODY };
            slot.read = true;
            slot.place = slot.place.min(place);
            if slot.twice {
                twice.get_or_insert((key, value));
            }
            let writer = slot.writer;
            let is_unknown = frames[writer as usize].fate == Fate::Unknown;
            committed[writer as usize] |= is_unknown && mutant != Mutant::ForgetUnknown;
            writer
        };
        for (key, list) in (0..).zip(&history.longest) {
            starts.push(writers.len() as u32);
            writers.extend((0..).zip(list).map(|(place, value)| read(key, *value, place)));
        }
        starts.push(writers.len() as u32);
        for operation in &history.operations {
            if let (Act::Apart(_), Some(list)) = (operation.act, history.list(operation)) {
                for value in list {
                    read(operation.key, *value, NOBODY);
                }
            }
        }
        let mut unread = Vec::new();
        for ((number, frame), _) in (0..).zip(frames).zip(&committed).filter(|(_, is)| **is) {
            for operation in history.operations(frame) {
                if let Act::Append(value) = operation.act
                    && !table.find(operation.key, value).is_some_and(|slot| slot.read)
                {
                    unread.push((operation.key, number));
                }
            }
        }
        unread.sort_unstable();
        unread.dedup();
        Self { starts, writers, unread, committed, twice, table }
    }

    /// The writer of each value of a key's longest list.
    #[inline]
    pub(super) fn writers(&self, key: u32) -> &[u32] {
        let key = key as usize;
        &self.writers[self.starts[key] as usize..self.starts[key + 1] as usize]
    }

    /// Who appended a value to a key.
    pub(super) fn writer(&self, key: u32, value: i64) -> Option<u32> {
        self.table.find(key, value).map(|slot| slot.writer)
    }

    /// Whether a transaction's append is among so many values of the longest list.
    pub(super) fn is_among(&self, writer: u32, key: u32, value: i64, length: usize) -> bool {
        let slot = self.table.find(key, value);
        slot.is_some_and(|slot| slot.writer == writer && (slot.place as usize) < length)
    }

    /// The place of a transaction's append in the longest list: the largest number if it is in
    /// none; nothing if the value is another one's.
    pub(super) fn place(&self, writer: u32, key: u32, value: i64) -> Option<u32> {
        self.table.find(key, value).filter(|slot| slot.writer == writer).map(|slot| slot.place)
    }

    /// The appends to each key that nobody read: ranges of `unread`.
    pub(super) fn unread_by_key(&self) -> impl Iterator<Item = (u32, Range<usize>)> + '_ {
        let mut at = 0;
        self.unread.chunk_by(|one, next| one.0 == next.0).map(move |chunk| {
            at += chunk.len();
            (chunk[0].0, at - chunk.len()..at)
        })
    }
}

/// One append.
#[derive(Clone, Copy)]
struct Slot {
    value: i64,
    key: u32,
    writer: u32,
    twice: bool,
    read: bool,
    /// Its place in the longest list.
    place: u32,
}

/// Appends by key and value: open addressing, at most half full.
struct Table {
    slots: Vec<Slot>,
}

impl Table {
    fn new(history: &Appends) -> Self {
        let appends =
            history.operations.iter().filter(|one| matches!(one.act, Act::Append(_))).count();
        let empty =
            Slot { value: 0, key: 0, writer: NOBODY, twice: false, read: false, place: NOBODY };
        let mut table = Self { slots: vec![empty; (appends * 2).next_power_of_two().max(2)] };
        let aborted = |writer: u32| {
            history.frames.all().get(writer as usize).is_some_and(|one| one.fate == Fate::Aborted)
        };
        for (writer, frame) in (0..).zip(history.frames.all()) {
            for operation in history.operations(frame) {
                let Act::Append(value) = operation.act else { continue };
                let at = table.place(operation.key, value);
                let slot = &mut table.slots[at];
                // What aborted and was tried again is the later one's, if that did not abort.
                if slot.writer == NOBODY || aborted(slot.writer) {
                    *slot = Slot { value, key: operation.key, writer, ..empty };
                } else if !aborted(writer) {
                    slot.twice = true;
                }
            }
        }
        table
    }

    fn place(&self, key: u32, value: i64) -> usize {
        let mask = self.slots.len() - 1;
        let spread = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut at = mix(value.cast_unsigned() ^ spread) as usize & mask;
        loop {
            let slot = &self.slots[at];
            if slot.writer == NOBODY || (slot.key == key && slot.value == value) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn find(&self, key: u32, value: i64) -> Option<&Slot> {
        let slot = &self.slots[self.place(key, value)];
        (slot.writer != NOBODY).then_some(slot)
    }

    fn find_mut(&mut self, key: u32, value: i64) -> Option<&mut Slot> {
        let at = self.place(key, value);
        let slot = &mut self.slots[at];
        (slot.writer != NOBODY).then_some(slot)
    }
}
