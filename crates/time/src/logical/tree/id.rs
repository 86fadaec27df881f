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

    /// Gives a part of it away, and keeps the rest.
    pub(super) fn split(&mut self) -> Self {
        let halves = match self {
            Self::Nothing => return Self::Nothing,
            Self::All => {
                *self = Self::both(Self::All, Self::Nothing);
                return Self::both(Self::Nothing, Self::All);
            }
            Self::Both(halves) => halves.as_mut(),
        };
        match halves {
            (Self::Nothing, right) => Self::both(Self::Nothing, right.split()),
            (left, Self::Nothing) => Self::both(left.split(), Self::Nothing),
            (_, right) => Self::both(Self::Nothing, std::mem::replace(right, Self::Nothing)),
        }
    }

    /// Whether the two share nothing.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => true,
            (Self::Both(one), Self::Both(other)) => {
                one.0.is_apart(&other.0) && one.1.is_apart(&other.1)
            }
            _ => false,
        }
    }

    /// Takes another one's part, with which it shares nothing.
    pub(super) fn unite(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Nothing) => {}
            (Self::Both(halves), Self::Both(others)) => {
                halves.0.unite(&others.0);
                halves.1.unite(&others.1);
                if let (Self::All, Self::All) = halves.as_ref() {
                    *self = Self::All;
                }
            }
            _ => *self = other.clone(),
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
