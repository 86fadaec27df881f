//! Bloom clocks: counters that events raise by the hashes of their names (Ramabaja, "The Bloom
//! clock", arXiv 1905.13064). A fixed size whoever takes part, and never an order missed; two
//! concurrent events look ordered where the counters of one happen to be below.

use super::{Errs, LogicalClock, Relation};
use avouch_promise::Random;

/// The counters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BloomStamp {
    counters: Vec<u32>,
}

impl BloomStamp {
    fn sum(&self) -> f64 {
        self.counters.iter().map(|one| f64::from(*one)).sum()
    }

    /// How likely it is that a stamp that looks as if it were before this one is not, if each of
    /// its increments fell on counters at random: each then finds a counter that this one has
    /// raised, too (the paper's estimate).
    pub fn false_positive_rate(&self, before: &Self) -> f64 {
        let counters = f64::from(u32::try_from(self.counters.len()).unwrap_or(u32::MAX));
        let raised = 1.0 - (1.0 - 1.0 / counters).powf(self.sum());
        raised.powf(before.sum())
    }
}

/// A process's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bloom {
    process: u32,
    events: u64,
    hashes: u32,
    last: BloomStamp,
}

impl Bloom {
    /// The clock of a process with so many counters, of which an event raises so many; one of each
    /// at least. All of a group have as many.
    pub fn new(process: u32, counters: usize, hashes: u32) -> Self {
        let last = BloomStamp { counters: vec![0; counters.max(1)] };
        Self { process, events: 0, hashes: hashes.max(1), last }
    }
}

impl LogicalClock for Bloom {
    type Stamp = BloomStamp;
    const ERRS: Errs = Errs::ByOrderingMore;

    fn event(&mut self) -> BloomStamp {
        self.events += 1;
        let mut hash = Random::new(u64::from(self.process) << 40 ^ self.events);
        for _ in 0..self.hashes {
            let place = hash.below(self.last.counters.len() as u64) as usize;
            self.last.counters[place] += 1;
        }
        self.last.clone()
    }

    fn receive(&mut self, stamp: &BloomStamp) -> BloomStamp {
        for (mine, theirs) in self.last.counters.iter_mut().zip(&stamp.counters) {
            *mine = (*mine).max(*theirs);
        }
        self.event()
    }

    fn relation(first: &BloomStamp, second: &BloomStamp) -> Relation {
        let is_within = |one: &BloomStamp, other: &BloomStamp| {
            one.counters.iter().zip(&other.counters).all(|(one, other)| one <= other)
        };
        Relation::of(is_within(first, second), is_within(second, first))
    }

    fn bytes(stamp: &BloomStamp) -> usize {
        stamp.counters.len() * 4
    }
}
