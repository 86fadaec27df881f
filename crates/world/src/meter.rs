//! What a link's messages took, the parts kept apart.

use crate::parts::Parts;

/// The parts of the delays on one link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meter {
    count: u64,
    sum: Parts,
    last: Parts,
    longest: Parts,
}

impl Meter {
    pub(crate) fn add(&mut self, parts: Parts) {
        self.count += 1;
        self.sum.add(&parts);
        self.last = parts;
        if parts.total() >= self.longest.total() {
            self.longest = parts;
        }
    }

    /// How many messages were sent on, repetitions counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The sums of the parts over all of them.
    pub const fn sum(&self) -> Parts {
        self.sum
    }

    /// The parts of the last one.
    pub const fn last(&self) -> Parts {
        self.last
    }

    /// The parts of the one that took longest.
    pub const fn longest(&self) -> Parts {
        self.longest
    }
}
