//! Logical clocks: stamps of events from which one can tell what happened before what (Lamport,
//! "Time, clocks, and the ordering of events in a distributed system", CACM 1978).
//!
//! ```text
//! process 1   a ------ send ------------- d       a before send before receive before c
//!                        \                        d and c: neither before the other
//! process 2   ------------ receive --- c
//! ```
//!
//! | clock | a stamp's size | what it says |
//! |---|---|---|
//! | [`Lamport`] | 12 bytes | an order of all that causality allows |
//! | [`Vector`] | an entry for each process that did anything | exactly what happened before |
//! | [`Matrix`] | an entry for each pair of processes | exactly; and what all know of |
//! | [`Tree`] | as the shape of those that live | exactly, with processes that fork and join |
//! | [`Plausible`], [`Bloom`] | as chosen | never misses an order, may see one too many |
//! | [`Coalesced`] | an entry for each group | never misses an order; how many too many is bounded |
//! | [`Pruned`] | as chosen | never orders what is concurrent, may miss an order |
//!
//! Versions of a key, of which those live that nobody has overwritten ([`Siblings`]):
//!
//! | versions | size | what it keeps |
//! |---|---|---|
//! | [`DottedSet`] | an entry for each replica | exactly those |
//! | [`DottedVersions`] | that, for each version | exactly those |
//! | [`ClientVersions`] | an entry for each client, for each version | exactly those |
//! | [`ReplicaVersions`] | an entry for each replica, for each version | may lose one |

//= §3.2.1 happens-before relation

mod bloom;
mod coalesced;
mod dotted;
mod lamport;
mod matrix;
mod plausible;
mod pruned;
mod siblings;
mod tree;
mod vector;
mod versions;

#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;

pub use bloom::{Bloom, BloomStamp};
pub use coalesced::{Account, Coalesced, CoalescedStamp};
pub use dotted::DottedSet;
pub use lamport::{Lamport, LamportStamp};
pub use matrix::{Matrix, MatrixStamp};
pub use plausible::{Plausible, PlausibleStamp};
pub use pruned::{Pruned, PrunedStamp};
pub use siblings::{Keeps, Siblings, Writer};
pub use tree::{Heights, Identity, Tree, TreeStamp};
pub use vector::{Vector, VectorStamp};
pub use versions::{ClientVersions, DottedVersions, ReplicaVersions};

use std::fmt::Debug;

/// What two stamps say of their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// They are of one event, or of events that know the same.
    Equal,
    /// The first happened before the second.
    Before,
    /// The second happened before the first.
    After,
    /// Neither happened before the other.
    Concurrent,
}

impl Relation {
    /// The same, the other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
            same => same,
        }
    }

    /// The relation of two things, from whether each knows no more than the other.
    pub(crate) fn of(first_in_second: bool, second_in_first: bool) -> Self {
        match (first_in_second, second_in_first) {
            (true, true) => Self::Equal,
            (true, false) => Self::Before,
            (false, true) => Self::After,
            (false, false) => Self::Concurrent,
        }
    }
}

/// On which side a clock may err.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Errs {
    /// On none: it says exactly what happened before what.
    Never,
    /// What happened before is said to be so; of what is concurrent it may say so, too.
    ByOrderingMore,
    /// What is concurrent is said to be so; of what happened before it may say so, too.
    ByOrderingLess,
}

/// One process's end of a logical clock.
pub trait LogicalClock {
    /// What an event gets.
    type Stamp: Clone + Debug;

    /// On which side it may err.
    const ERRS: Errs;

    /// An event of this process: what it does, or a message that it sends and that carries the
    /// stamp.
    fn event(&mut self) -> Self::Stamp;

    /// A message with this stamp arrives, which is an event.
    fn receive(&mut self, stamp: &Self::Stamp) -> Self::Stamp;

    /// What two stamps say.
    fn relation(first: &Self::Stamp, second: &Self::Stamp) -> Relation;

    /// How many bytes a stamp takes as it is sent.
    fn bytes(stamp: &Self::Stamp) -> usize;
}
