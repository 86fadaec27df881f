//! Plausible clocks: vectors of a fixed number of entries, which processes share (R-entries
//! vectors, Torres-Rojas and Ahamad, "Plausible clocks: constant size logical clocks for
//! distributed systems", 1999).
//!
//! What happened before has the smaller vector, since an event raises its own entry above all that
//! it knows. The reverse need not be so: two processes that share an entry look ordered. Equal
//! vectors of two processes are of concurrent events.

use super::{Errs, LogicalClock, Relation};

/// A stamp: whoever stamped, and the entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlausibleStamp {
    process: u32,
    entries: Vec<u64>,
}

/// A process's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plausible {
    last: PlausibleStamp,
}

impl Plausible {
    /// The clock of a process with so many entries, one at least; all of a group have as many.
    pub fn new(process: u32, entries: usize) -> Self {
        Self { last: PlausibleStamp { process, entries: vec![0; entries.max(1)] } }
    }
}

impl LogicalClock for Plausible {
    type Stamp = PlausibleStamp;
    const ERRS: Errs = Errs::ByOrderingMore;

    fn event(&mut self) -> PlausibleStamp {
        let own = self.last.process as usize % self.last.entries.len();
        self.last.entries[own] += 1;
        self.last.clone()
    }

    fn receive(&mut self, stamp: &PlausibleStamp) -> PlausibleStamp {
        for (mine, theirs) in self.last.entries.iter_mut().zip(&stamp.entries) {
            *mine = (*mine).max(*theirs);
        }
        self.event()
    }

    fn relation(first: &PlausibleStamp, second: &PlausibleStamp) -> Relation {
        let is_within = |one: &PlausibleStamp, other: &PlausibleStamp| {
            one.entries.iter().zip(&other.entries).all(|(one, other)| one <= other)
        };
        match Relation::of(is_within(first, second), is_within(second, first)) {
            Relation::Equal if first.process != second.process => Relation::Concurrent,
            said => said,
        }
    }

    fn bytes(stamp: &PlausibleStamp) -> usize {
        4 + stamp.entries.len() * 8
    }
}
