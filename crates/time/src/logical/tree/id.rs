//! Identities: parts of a line, as trees.

use super::bits::{DEPTH_MAX, Reader, Writer};

/// A part of the line from 0 to 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Nothing of it.
    Nothing,
    /// All of it.
    All,
    /// A part of the left half, and one of the right half.
    Both(Box<(Identity, Identity)>),
}

impl Identity {
    /// Of two halves, in normal form.
    pub(super) fn both(left: Self, right: Self) -> Self {
        match (&left, &right) {
            (Self::Nothing, Self::Nothing) => Self::Nothing,
            (Self::All, Self::All) => Self::All,
            _ => Self::Both(Box::new((left, right))),
        }
    }

    /// Two parts of it that share nothing and are all of it together.
    pub(super) fn split(&self) -> (Self, Self) {
        match self {
            Self::Nothing => (Self::Nothing, Self::Nothing),
            Self::All => {
                (Self::both(Self::All, Self::Nothing), Self::both(Self::Nothing, Self::All))
            }
            Self::Both(halves) => match halves.as_ref() {
                (Self::Nothing, right) => {
                    let (one, other) = right.split();
                    (Self::both(Self::Nothing, one), Self::both(Self::Nothing, other))
                }
                (left, Self::Nothing) => {
                    let (one, other) = left.split();
                    (Self::both(one, Self::Nothing), Self::both(other, Self::Nothing))
                }
                (left, right) => (
                    Self::both(left.clone(), Self::Nothing),
                    Self::both(Self::Nothing, right.clone()),
                ),
            },
        }
    }

    /// Both parts together; nothing if they share any.
    pub(super) fn sum(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, any) | (any, Self::Nothing) => Some(any.clone()),
            (Self::Both(one), Self::Both(other)) => {
                Some(Self::both(one.0.sum(&other.0)?, one.1.sum(&other.1)?))
            }
            _ => None,
        }
    }

    pub(super) fn write(&self, bits: &mut Writer) {
        match self {
            Self::Nothing => bits.put(0b000, 3),
            Self::All => bits.put(0b001, 3),
            Self::Both(halves) => match halves.as_ref() {
                (Self::Nothing, right) => {
                    bits.put(1, 2);
                    right.write(bits);
                }
                (left, Self::Nothing) => {
                    bits.put(2, 2);
                    left.write(bits);
                }
                (left, right) => {
                    bits.put(3, 2);
                    left.write(bits);
                    right.write(bits);
                }
            },
        }
    }

    pub(super) fn read(bits: &mut Reader<'_>) -> Option<Self> {
        Self::read_to(bits, DEPTH_MAX)
    }

    fn read_to(bits: &mut Reader<'_>, depth: u32) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        // A half that is nothing is not named.
        let half = |bits: &mut Reader<'_>| {
            Self::read_to(bits, depth).filter(|half| *half != Self::Nothing)
        };
        let (left, right) = match bits.take(2)? {
            0 if bits.take(1)? == 0 => return Some(Self::Nothing),
            0 => return Some(Self::All),
            1 => (Self::Nothing, half(bits)?),
            2 => (half(bits)?, Self::Nothing),
            _ => (half(bits)?, half(bits)?),
        };
        let is_normal = left != Self::All || right != Self::All;
        is_normal.then(|| Self::Both(Box::new((left, right))))
    }
}
