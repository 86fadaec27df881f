//! NTP's times: 32 bits of seconds since 1900 and 32 of a fraction, which begin anew in 2036; and
//! short spans of 16 and 16 bits.
//!
//! ```text
//!   era 0: 1900 ........ 2036-02-07 06:28:16 UTC    era 1: ........ 2172
//!               |<---- 68 years before the pivot, and after it ---->|
//! ```
//!
//! A stamp does not say its era. It is read as the time that is nearest to a pivot.

use avouch_promise::{Nanos, WallTime};

/// Seconds from 1900 to 1970.
const TO_1970: i64 = 2_208_988_800;
const NANOS: i64 = 1_000_000_000;
const ERA_S: i64 = 1 << 32;

/// The middle of what a stamp may say, if nobody knows better: 2058-01-19, so from 1990 to 2126.
/// A host that wakes in 1970 reads it as well as any.
pub(super) const PIVOT: WallTime = WallTime(2_778_854_400 * NANOS);

/// A time in units of 2^-32 s since 1900, of some era.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtpStamp(pub u64);

impl NtpStamp {
    /// Nothing: what was never set.
    pub const ZERO: Self = Self(0);

    /// A time, rounded up to its unit, so that it is read back to the nanosecond.
    pub fn at(time: WallTime) -> Self {
        let (seconds, nanos) = (time.0.div_euclid(NANOS), time.0.rem_euclid(NANOS));
        let seconds = (seconds + TO_1970).rem_euclid(ERA_S).cast_unsigned();
        let fraction = (nanos.cast_unsigned() << 32).div_ceil(NANOS.cast_unsigned());
        Self((seconds << 32) + fraction)
    }

    /// The time nearest to a pivot that it may mean, cut to a nanosecond.
    pub fn near(self, pivot: WallTime) -> WallTime {
        let seconds = (self.0 >> 32).cast_signed() - TO_1970;
        let nanos = (((self.0 & 0xffff_ffff) * NANOS.cast_unsigned()) >> 32).cast_signed();
        let off = pivot.0.div_euclid(NANOS) - seconds;
        let eras = (off + ERA_S / 2).div_euclid(ERA_S);
        let seconds = seconds + eras * ERA_S;
        WallTime(seconds.saturating_mul(NANOS).saturating_add(nanos))
    }
}

/// A span in units of 2^-16 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtpShort(pub u32);

impl NtpShort {
    /// The span, rounded up to a nanosecond.
    pub fn span(self) -> Nanos {
        Nanos((u64::from(self.0) * 1_000_000_000).div_ceil(1 << 16))
    }

    /// A span, rounded up to its unit; the longest for what is too long.
    pub fn of(span: Nanos) -> Self {
        let units = (u128::from(span.0) << 16).div_ceil(1_000_000_000);
        Self(u32::try_from(units).unwrap_or(u32::MAX))
    }
}
