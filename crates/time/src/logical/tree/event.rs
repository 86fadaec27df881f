//! Heights over the line: what is known, as trees.

use super::bits::{DEPTH_MAX, Reader, Writer};
use super::id::Identity;

/// Heights over the line from 0 to 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Heights {
    /// One height over all of it.
    Leaf(u64),
    /// A height over all of it, and more over each half.
    Node(u64, Box<(Heights, Heights)>),
}

/// What it costs to make a leaf into a node when an event grows the tree: more than any way down.
const NEW_NODE: u64 = 1_000;

/// More than it costs to grow anywhere.
const IMPOSSIBLE: u64 = u64::MAX >> 1;

/// What it costs an identity to grow over a leaf that was made into a node.
fn leaf_growth(identity: &Identity) -> u64 {
    let Identity::Both(parts) = identity else { return 0 };
    let half = |part: &Identity| match part {
        Identity::Nothing => IMPOSSIBLE,
        Identity::All => 0,
        Identity::Both(_) => NEW_NODE + leaf_growth(part),
    };
    1 + half(&parts.0).min(half(&parts.1))
}

impl Heights {
    fn base(&self) -> u64 {
        match self {
            Self::Leaf(height) | Self::Node(height, _) => *height,
        }
    }

    fn base_mut(&mut self) -> &mut u64 {
        match self {
            Self::Leaf(height) | Self::Node(height, _) => height,
        }
    }

    /// Two leaves of no height side by side, at a height.
    fn opened(height: u64) -> Self {
        Self::Node(height, Box::new((Self::Leaf(0), Self::Leaf(0))))
    }

    /// Brings a node whose halves are normal into normal form.
    fn settle(&mut self) {
        let Self::Node(height, halves) = self else { return };
        let (left, right) = halves.as_mut();
        if let (Self::Leaf(one), Self::Leaf(other)) = (&left, &right)
            && one == other
        {
            *self = Self::Leaf(*height + one);
            return;
        }
        let low = left.base().min(right.base());
        if low > 0 {
            *height += low;
            *left.base_mut() -= low;
            *right.base_mut() -= low;
        }
    }

    /// The highest of all.
    fn highest(&self) -> u64 {
        match self {
            Self::Leaf(height) => *height,
            Self::Node(height, halves) => height + halves.0.highest().max(halves.1.highest()),
        }
    }

    /// Whether it is nowhere above the other one.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.is_below(0, other, 0)
    }

    fn is_below(&self, mine: u64, other: &Self, theirs: u64) -> bool {
        match (self, other) {
            (Self::Leaf(one), _) => mine + one <= theirs + other.base(),
            (Self::Node(one, halves), Self::Leaf(other_height)) => {
                mine + one <= theirs + other_height
                    && halves.0.is_below(mine + one, other, theirs)
                    && halves.1.is_below(mine + one, other, theirs)
            }
            (Self::Node(one, halves), Self::Node(height, others)) => {
                mine + one <= theirs + height
                    && halves.0.is_below(mine + one, &others.0, theirs + height)
                    && halves.1.is_below(mine + one, &others.1, theirs + height)
            }
        }
    }

    /// Takes the higher of both, everywhere.
    pub(super) fn join(&mut self, other: &Self) {
        self.join_lifted(other, 0);
    }

    /// The same with the other one lifted by so much, or sunk. What is sunk below nothing is lower
    /// than whatever is here.
    fn join_lifted(&mut self, other: &Self, by: i64) {
        let there = other.base().cast_signed() + by;
        match (&mut *self, other) {
            (Self::Leaf(height), Self::Leaf(_)) => {
                *height = (*height).max(there.max(0).cast_unsigned());
            }
            (Self::Leaf(height), Self::Node(..)) if height.cast_signed() <= there => {
                *self = other.clone();
                *self.base_mut() = there.cast_unsigned();
            }
            (Self::Leaf(height), Self::Node(..)) => {
                if height.cast_signed() < other.highest().cast_signed() + by {
                    *self = Self::opened(*height);
                    self.join_lifted(other, by);
                }
            }
            // Nothing here is lower than the height of all of it.
            (Self::Node(height, _), Self::Leaf(_)) if height.cast_signed() >= there => {}
            (Self::Node(height, halves), Self::Leaf(_)) => {
                let by = by - height.cast_signed();
                halves.0.join_lifted(other, by);
                halves.1.join_lifted(other, by);
                self.settle();
            }
            (Self::Node(height, halves), Self::Node(_, others)) => {
                let by = there - height.cast_signed();
                halves.0.join_lifted(&others.0, by);
                halves.1.join_lifted(&others.1, by);
                self.settle();
            }
        }
    }

    /// An event of an identity: filled up where that makes the tree simpler, else grown by one in
    /// the cheapest place.
    pub(super) fn event(&mut self, identity: &Identity) {
        if !self.fill(identity) {
            self.grow(identity);
        }
    }

    /// Fills up what an identity has to what is beside it; whether that changed anything.
    fn fill(&mut self, identity: &Identity) -> bool {
        let Self::Node(_, halves) = self else { return false };
        let changed = match identity {
            Identity::Nothing => false,
            Identity::All => {
                *self = Self::Leaf(self.highest());
                return true;
            }
            Identity::Both(parts) => match parts.as_ref() {
                (Identity::All, right) => {
                    let changed = halves.1.fill(right);
                    let least = halves.1.base();
                    halves.0.level(least) || changed
                }
                (left, Identity::All) => {
                    let changed = halves.0.fill(left);
                    let least = halves.0.base();
                    halves.1.level(least) || changed
                }
                (left, right) => {
                    let changed = halves.0.fill(left);
                    halves.1.fill(right) || changed
                }
            },
        };
        if changed {
            self.settle();
        }
        changed
    }

    /// Becomes one leaf as high as its highest, and no lower than this; whether that is a change.
    fn level(&mut self, least: u64) -> bool {
        let height = self.highest().max(least);
        let changed = !matches!(self, Self::Leaf(here) if *here == height);
        if changed {
            *self = Self::Leaf(height);
        }
        changed
    }

    /// Grows by one in the cheapest place; of nothing there are no events.
    fn grow(&mut self, identity: &Identity) {
        match (identity, &mut *self) {
            (Identity::Nothing, _) => {}
            (Identity::All, Self::Leaf(height)) => *height += 1,
            (Identity::All, Self::Node(..)) => *self = Self::Leaf(self.highest() + 1),
            (Identity::Both(_), Self::Leaf(height)) => {
                *self = Self::opened(*height);
                self.grow(identity);
            }
            (Identity::Both(parts), Self::Node(_, halves)) => {
                let (left, right) = halves.as_mut();
                if left.growth(&parts.0) < right.growth(&parts.1) {
                    left.grow(&parts.0);
                } else {
                    right.grow(&parts.1);
                }
            }
        }
    }

    /// What it costs to grow.
    fn growth(&self, identity: &Identity) -> u64 {
        match (identity, self) {
            (Identity::Nothing, _) => IMPOSSIBLE,
            (Identity::All, _) => 0,
            (Identity::Both(_), Self::Leaf(_)) => NEW_NODE + leaf_growth(identity),
            (Identity::Both(parts), Self::Node(_, halves)) => {
                1 + halves.0.growth(&parts.0).min(halves.1.growth(&parts.1))
            }
        }
    }

    pub(super) fn write(&self, bits: &mut Writer) {
        let (height, halves) = match self {
            Self::Leaf(height) => {
                bits.put(1, 1);
                return bits.number(*height);
            }
            Self::Node(height, halves) => (*height, halves.as_ref()),
        };
        bits.put(0, 1);
        let zero = Self::Leaf(0);
        match (height, halves) {
            (0, (left, right)) if *left == zero => {
                bits.put(0, 2);
                right.write(bits);
            }
            (0, (left, right)) if *right == zero => {
                bits.put(1, 2);
                left.write(bits);
            }
            (0, (left, right)) => {
                bits.put(2, 2);
                left.write(bits);
                right.write(bits);
            }
            (height, (left, right)) => {
                bits.put(3, 2);
                if *left == zero {
                    bits.put(0b00, 2);
                } else if *right == zero {
                    bits.put(0b01, 2);
                } else {
                    bits.put(1, 1);
                }
                Self::Leaf(height).write(bits);
                if *left != zero {
                    left.write(bits);
                }
                if *right != zero {
                    right.write(bits);
                }
            }
        }
    }

    pub(super) fn read(bits: &mut Reader<'_>) -> Option<Self> {
        Self::read_to(bits, DEPTH_MAX)
    }

    fn read_to(bits: &mut Reader<'_>, depth: u32) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        if bits.take(1)? == 1 {
            return bits.number().map(Self::Leaf);
        }
        let zero = || Some(Self::Leaf(0));
        let height = |bits: &mut Reader<'_>| {
            // Above zero: else the shorter form stands for it.
            (bits.take(1)? == 1).then(|| bits.number())?.filter(|height| *height > 0)
        };
        let other = |one: Option<Self>| one.filter(|one| *one != Self::Leaf(0));
        let (height, left, right) = match bits.take(2)? {
            0 => (0, zero()?, other(Self::read_to(bits, depth))?),
            1 => (0, other(Self::read_to(bits, depth))?, zero()?),
            2 => (0, other(Self::read_to(bits, depth))?, other(Self::read_to(bits, depth))?),
            _ if bits.take(1)? == 1 => {
                let height = height(bits)?;
                (height, other(Self::read_to(bits, depth))?, other(Self::read_to(bits, depth))?)
            }
            _ => {
                let is_right_zero = bits.take(1)? == 1;
                let height = height(bits)?;
                let more = other(Self::read_to(bits, depth))?;
                if is_right_zero { (height, more, zero()?) } else { (height, zero()?, more) }
            }
        };
        let is_level =
            matches!((&left, &right), (Self::Leaf(one), Self::Leaf(other)) if one == other);
        let is_normal = left.base().min(right.base()) == 0 && !is_level;
        is_normal.then(|| Self::Node(height, Box::new((left, right))))
    }
}
