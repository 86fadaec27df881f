//! Lamport's clock: a counter that is above all that was seen. Ties go to the lower process, so
//! that the stamps are one total order (Lamport 1978).

//= §3.2.1 Lamport clock algorithm
//= §3.2.1 total order of events

use super::{Errs, LogicalClock, Relation};

/// A stamp, in the order of all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LamportStamp {
    /// Above the counters of all that happened before.
    pub counter: u64,
    /// Who stamped.
    pub process: u32,
}

/// A process's counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lamport {
    last: LamportStamp,
}

impl Lamport {
    /// The clock of a process.
    pub fn new(process: u32) -> Self {
        Self { last: LamportStamp { counter: 0, process } }
    }
}

impl LogicalClock for Lamport {
    type Stamp = LamportStamp;
    const ERRS: Errs = Errs::ByOrderingMore;

    fn event(&mut self) -> LamportStamp {
        self.last.counter += 1;
        self.last
    }

    fn receive(&mut self, stamp: &LamportStamp) -> LamportStamp {
        self.last.counter = self.last.counter.max(stamp.counter);
        self.event()
    }

    fn relation(first: &LamportStamp, second: &LamportStamp) -> Relation {
        Relation::of(first <= second, second <= first)
    }

    fn bytes(_: &LamportStamp) -> usize {
        12
    }
}
