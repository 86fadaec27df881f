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

impl Heights {
    fn base(&self) -> u64 {
        match self {
            Self::Leaf(height) | Self::Node(height, _) => *height,
        }
    }

    fn lift(mut self, by: u64) -> Self {
        match &mut self {
            Self::Leaf(height) | Self::Node(height, _) => *height += by,
        }
        self
    }

    fn sink(mut self, by: u64) -> Self {
        match &mut self {
            Self::Leaf(height) | Self::Node(height, _) => *height -= by,
        }
        self
    }

    /// A node in normal form.
    fn node(height: u64, left: Self, right: Self) -> Self {
        if let (Self::Leaf(one), Self::Leaf(other)) = (&left, &right)
            && one == other
        {
            return Self::Leaf(height + one);
        }
        let low = left.base().min(right.base());
        Self::Node(height + low, Box::new((left.sink(low), right.sink(low))))
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

    /// The higher of both, everywhere.
    pub(super) fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Leaf(one), Self::Leaf(other)) => Self::Leaf(*one.max(other)),
            (Self::Leaf(height), Self::Node(..)) => {
                let zero = Box::new((Self::Leaf(0), Self::Leaf(0)));
                Self::Node(*height, zero).join(other)
            }
            (Self::Node(..), Self::Leaf(height)) => {
                let zero = Box::new((Self::Leaf(0), Self::Leaf(0)));
                self.join(&Self::Node(*height, zero))
            }
            (Self::Node(one, _), Self::Node(height, _)) if one > height => other.join(self),
            (Self::Node(one, halves), Self::Node(height, others)) => {
                let by = height - one;
                let left = halves.0.join(&others.0.clone().lift(by));
                let right = halves.1.join(&others.1.clone().lift(by));
                Self::node(*one, left, right)
            }
        }
    }

    /// After an event of an identity: filled up where that makes the tree simpler, else grown by
    /// one in the cheapest place.
    pub(super) fn event(&self, identity: &Identity) -> Self {
        let filled = self.fill(identity);
        if filled == *self { self.grow(identity).0 } else { filled }
    }

    fn fill(&self, identity: &Identity) -> Self {
        match (identity, self) {
            (Identity::All, _) => Self::Leaf(self.highest()),
            (Identity::Nothing, _) | (_, Self::Leaf(_)) => self.clone(),
            (Identity::Both(parts), Self::Node(height, halves)) => match parts.as_ref() {
                (Identity::All, right) => {
                    let right = halves.1.fill(right);
                    let left = halves.0.highest().max(right.base());
                    Self::node(*height, Self::Leaf(left), right)
                }
                (left, Identity::All) => {
                    let left = halves.0.fill(left);
                    let right = halves.1.highest().max(left.base());
                    Self::node(*height, left, Self::Leaf(right))
                }
                (left, right) => Self::node(*height, halves.0.fill(left), halves.1.fill(right)),
            },
        }
    }

    /// Grown by one, and what that costs.
    fn grow(&self, identity: &Identity) -> (Self, u64) {
        match (identity, self) {
            // Of nothing there are no events; a clock without an identity stays as it is.
            (Identity::Nothing, _) => (self.clone(), u64::MAX >> 1),
            (Identity::All, Self::Leaf(height)) => (Self::Leaf(height + 1), 0),
            (Identity::All, Self::Node(..)) => (Self::Leaf(self.highest() + 1), 0),
            (Identity::Both(_), Self::Leaf(height)) => {
                let node = Self::Node(*height, Box::new((Self::Leaf(0), Self::Leaf(0))));
                let (grown, cost) = node.grow(identity);
                (grown, cost + NEW_NODE)
            }
            (Identity::Both(parts), Self::Node(height, halves)) => {
                let left = (parts.0 != Identity::Nothing).then(|| halves.0.grow(&parts.0));
                let right = (parts.1 != Identity::Nothing).then(|| halves.1.grow(&parts.1));
                let (left, right, cost) = match (left, right) {
                    (Some((left, cost)), other)
                        if other.as_ref().is_none_or(|(_, right)| cost < *right) =>
                    {
                        (left, halves.1.clone(), cost)
                    }
                    (_, Some((right, cost))) => (halves.0.clone(), right, cost),
                    (_, None) => (halves.0.clone(), halves.1.clone(), u64::MAX >> 1),
                };
                (Self::Node(*height, Box::new((left, right))), cost + 1)
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
