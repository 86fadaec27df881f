//! Interval tree clocks: identities are parts of a line from 0 to 1, a clock's state is a height
//! over each part, and an event raises the heights over its own part (Almeida, Baquero, Fonte,
//! "Interval tree clocks: a logical clock for dynamic systems", OPODIS 2008).
//!
//! ```text
//!   identity  (1, 0)            event tree  (1, (0, 1, 0), 1)
//!   #####.....                      __   ______
//!   0   1/2  1                  ___|  |_|         heights 1, 2, 1, 2 over quarters and a half
//! ```
//!
//! Whoever lives may fork its identity into two and join another one's to its own, without asking
//! anybody. A stamp of a message has no identity: heights alone say what it knows.
//!
//! Invariants:
//! - I1 Trees are normal: no node stands where a leaf says the same, and the lower of two heights
//!   side by side is counted at their node.

//= §3.2.3 fork-event
//= §3.2.3 join

mod bits;
mod event;
mod id;

#[cfg(test)]
mod tests;

use super::{Errs, LogicalClock, Relation};
pub use event::Heights;
pub use id::Identity;

/// What an event knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeStamp {
    heights: Heights,
}

/// A process that lives: its identity and what it knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tree {
    identity: Identity,
    heights: Heights,
}

impl Tree {
    /// The first of all, from which the others are forked.
    pub fn seed() -> Self {
        Self { identity: Identity::All, heights: Heights::Leaf(0) }
    }

    /// Gives a part of its identity to a new one, which knows the same.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self { identity: self.identity.split(), heights: self.heights.clone() }
    }

    /// Takes another one's identity and knowledge; that one is no more. Nothing if the two share a
    /// part of their identities, which no two that were forked do.
    pub fn join(&mut self, other: &Self) -> Option<()> {
        if !self.identity.is_apart(&other.identity) {
            return None;
        }
        self.identity.unite(&other.identity);
        self.heights.join(&other.heights);
        Some(())
    }

    /// An event of its own, without a stamp for anybody else.
    pub fn tick(&mut self) {
        self.heights.event(&self.identity);
    }

    /// Whether it knows all that another one knows.
    pub fn knows(&self, other: &Self) -> bool {
        other.heights.is_within(&self.heights)
    }

    /// Its identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What it knows.
    pub fn stamp(&self) -> TreeStamp {
        TreeStamp { heights: self.heights.clone() }
    }

    /// Identity and heights, bit by bit as in section 5.3 of the paper, with zeros up to a byte;
    /// and how many bits there are.
    pub fn encode(&self) -> (Vec<u8>, usize) {
        let mut bits = bits::Writer::default();
        self.identity.write(&mut bits);
        self.heights.write(&mut bits);
        bits.end()
    }

    /// Reads what [`Tree::encode`] wrote; nothing if it is no clock, or none in normal form.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bits = bits::Reader::new(bytes);
        let identity = Identity::read(&mut bits)?;
        let heights = Heights::read(&mut bits)?;
        bits.is_done().then_some(Self { identity, heights })
    }
}

impl LogicalClock for Tree {
    type Stamp = TreeStamp;
    const ERRS: Errs = Errs::Never;

    fn event(&mut self) -> TreeStamp {
        self.tick();
        self.stamp()
    }

    fn receive(&mut self, stamp: &TreeStamp) -> TreeStamp {
        self.heights.join(&stamp.heights);
        self.event()
    }

    fn relation(first: &TreeStamp, second: &TreeStamp) -> Relation {
        let (first, second) = (&first.heights, &second.heights);
        Relation::of(first.is_within(second), second.is_within(first))
    }

    fn bytes(stamp: &TreeStamp) -> usize {
        let mut bits = bits::Writer::default();
        stamp.heights.write(&mut bits);
        bits.end().0.len()
    }
}
