//! Vector clocks: for each process how many of its events are known (Fidge 1988, Mattern 1989).
//! Exact, and no clock that is exact can have fewer entries (Charron-Bost 1991).

//= §3.2.2 vector clocks

use super::{Errs, LogicalClock, Relation};

/// How many events of each process are known, by process; those of which none is are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VectorStamp {
    entries: Vec<(u32, u64)>,
}

impl VectorStamp {
    /// How many events of a process are known.
    pub fn known(&self, process: u32) -> u64 {
        let found = self.entries.binary_search_by_key(&process, |(process, _)| *process);
        found.map_or(0, |place| self.entries[place].1)
    }

    /// The entries, by process.
    pub fn entries(&self) -> &[(u32, u64)] {
        &self.entries
    }

    /// The stamp with these entries; of two of one process the higher one counts.
    pub fn of(entries: impl IntoIterator<Item = (u32, u64)>) -> Self {
        let mut stamp = Self::default();
        for (process, count) in entries.into_iter().filter(|(_, count)| *count > 0) {
            let entry = stamp.entry(process);
            *entry = (*entry).max(count);
        }
        stamp
    }

    /// Whether the other one knows all that this one does.
    pub fn is_within(&self, other: &Self) -> bool {
        self.entries.iter().all(|(process, count)| *count <= other.known(*process))
    }

    /// Knows what the other one does, too.
    pub fn merge(&mut self, other: &Self) {
        for (process, count) in &other.entries {
            let entry = self.entry(*process);
            *entry = (*entry).max(*count);
        }
    }

    /// One more event of a process.
    pub(super) fn raise(&mut self, process: u32) {
        *self.entry(process) += 1;
    }

    fn entry(&mut self, process: u32) -> &mut u64 {
        let found = self.entries.binary_search_by_key(&process, |(process, _)| *process);
        let place = found.unwrap_or_else(|place| {
            self.entries.insert(place, (process, 0));
            place
        });
        &mut self.entries[place].1
    }
}

/// A process's vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    process: u32,
    last: VectorStamp,
}

impl Vector {
    /// The clock of a process.
    pub fn new(process: u32) -> Self {
        Self { process, last: VectorStamp::default() }
    }
}

impl LogicalClock for Vector {
    type Stamp = VectorStamp;
    const ERRS: Errs = Errs::Never;

    fn event(&mut self) -> VectorStamp {
        self.last.raise(self.process);
        self.last.clone()
    }

    fn receive(&mut self, stamp: &VectorStamp) -> VectorStamp {
        self.last.merge(stamp);
        self.event()
    }

    fn relation(first: &VectorStamp, second: &VectorStamp) -> Relation {
        Relation::of(first.is_within(second), second.is_within(first))
    }

    fn bytes(stamp: &VectorStamp) -> usize {
        stamp.entries.len() * 12
    }
}
