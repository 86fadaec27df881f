//! Quantities with their units: a span of time, a point of wall time, and an interval that
//! contains it.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use std::fmt;

/// A span of time, or a reading of a monotonic clock since its owner started, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The far end of every clock.
    pub const MAX: Self = Self(u64::MAX);

    /// `count` microseconds.
    pub const fn from_micros(count: u64) -> Self {
        Self(count * 1_000)
    }
    /// `count` milliseconds.
    pub const fn from_millis(count: u64) -> Self {
        Self(count * 1_000_000)
    }
    /// `count` seconds.
    pub const fn from_secs(count: u64) -> Self {
        Self(count * 1_000_000_000)
    }
    /// The sum, held at [`Nanos::MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// The difference, held at zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// The product, held at [`Nanos::MAX`].
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

/// A count and what is counted, as words: `1 node`, `2 nodes`.
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
        let nanos = self.0 as f64;
        match self.0 {
            0..1_000 => write!(f, "{} ns", self.0),
            1_000..1_000_000 => write!(f, "{:.1} us", nanos / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.2} ms", nanos / 1e6),
            _ => write!(f, "{:.3} s", nanos / 1e9),
        }
    }
}

/// A point of wall time: nanoseconds since 1970-01-01 00:00 UTC, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub i64);

impl WallTime {
    /// This point moved later by `span`, held at the end of the scale.
    #[must_use]
    pub fn plus(self, span: Nanos) -> Self {
        Self(self.0.saturating_add_unsigned(span.0))
    }
    /// This point moved earlier by `span`, held at the start of the scale.
    #[must_use]
    pub fn minus(self, span: Nanos) -> Self {
        Self(self.0.saturating_sub_unsigned(span.0))
    }
}

/// What a clock knows of the wall time: the true time lies within `earliest..=latest`,
/// if the clock's stated bound holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// No later than the true time.
    pub earliest: WallTime,
    /// No earlier than the true time.
    pub latest: WallTime,
}

impl Interval {
    /// A reading that claims nothing: evidence that needs a clock cannot be built on it.
    pub const UNKNOWN: Self = Self { earliest: WallTime(i64::MIN), latest: WallTime(i64::MAX) };

    /// The interval of half-width `epsilon` around `center`.
    pub fn around(center: WallTime, epsilon: Nanos) -> Self {
        Self { earliest: center.minus(epsilon), latest: center.plus(epsilon) }
    }
    /// Whether `point` may be the true time.
    pub fn contains(&self, point: WallTime) -> bool {
        self.earliest <= point && point <= self.latest
    }
}

impl Encode for Interval {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.earliest.0.cast_unsigned());
        out.u64(self.latest.0.cast_unsigned());
    }
}

impl Decode for Interval {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let earliest = WallTime(input.u64()?.cast_signed());
        let latest = WallTime(input.u64()?.cast_signed());
        if earliest > latest {
            return Err(input.error("an interval whose earliest is not after its latest"));
        }
        Ok(Self { earliest, latest })
    }
}
