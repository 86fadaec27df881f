//! A stamp, and how it is written.

use avouch_promise::{Nanos, WallTime};
use std::fmt;
use std::str::FromStr;

/// The name of the header (HTTP) or metadata entry (gRPC) that carries a stamp, in its text form.
pub const HEADER: &str = "avouch-stamp";

/// The bits of the counter.
const COUNTER_BITS: u32 = 16;
/// Units of time in a second.
const UNITS: u64 = 1 << 16;

/// A hybrid stamp. Its text form is 16 hexadecimal digits, of which the first 12 are time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Before all others.
    pub const ZERO: Self = Self(0);

    /// The first stamp of the unit that a time is in; what is before 1970 is, too, and what is
    /// after 2106 is at its end.
    #[inline]
    pub fn at(time: WallTime) -> Self {
        // Seconds and their rest apart, so that all fits in 64 bits.
        let nanos = time.0.max(0).unsigned_abs();
        let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let units = (seconds * UNITS + rest * UNITS / 1_000_000_000).min(u64::MAX >> COUNTER_BITS);
        Self(units << COUNTER_BITS)
    }

    /// The time of its unit, rounded up to a nanosecond, so that it is in that unit.
    pub fn time(self) -> WallTime {
        let nanos = (u128::from(self.units()) * 1_000_000_000).div_ceil(u128::from(UNITS));
        WallTime(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Units of 2^-16 s since 1970.
    pub fn units(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// Its counter.
    pub fn counter(self) -> u16 {
        (self.0 & u64::from(u16::MAX)) as u16
    }

    /// How long a unit is, rounded up.
    pub fn unit() -> Nanos {
        Nanos(1_000_000_000_u64.div_ceil(UNITS))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Stamp {
    type Err = &'static str;

    /// 16 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let stamp = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        stamp.map(Self).ok_or("a stamp: 16 hexadecimal digits")
    }
}
