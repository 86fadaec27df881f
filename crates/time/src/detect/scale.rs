//! A source that counts another time scale, or is whole seconds off.
//!
//! ```text
//!   TAI = UTC + 37 s     GPS = UTC + 18 s     BeiDou = UTC + 4 s        (since 2017-01-01)
//! ```
//!
//! The offsets are those of IERS Bulletin C 52 (leap second of 2016-12-31), GPS's interface control
//! document (GPS = TAI - 19 s) and `BeiDou`'s (TAI - 33 s). Negative ones are a correction that was
//! made twice, or a majority that counts the other scale. A source within both half-widths of such
//! an offset may also stand there by chance: bounds less than a second apart name a scale, bounds
//! less than 20 ms apart a whole second, which is so by chance one time in 50. Where most sources
//! count one wrong scale together, this sees the one that is right.

use super::{Alarm, Difference, Mutant};
use avouch_promise::{Interval, Nanos, WallTime};
use std::fmt;

const SECOND: i64 = 1_000_000_000;

/// TAI is ahead of UTC by so many seconds since [`LAST_LEAP`].
pub const TAI_UTC: i64 = 37;

/// 2017-01-01: TAI is ahead of UTC by [`TAI_UTC`] since then.
pub const LAST_LEAP: WallTime = WallTime(1_483_228_800 * SECOND);

/// What is narrower than this says which whole second.
const NARROW: Nanos = Nanos::from_millis(20);

/// A time scale that is whole seconds from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// International atomic time.
    Tai,
    /// GPS's.
    Gps,
    /// `BeiDou`'s.
    BeiDou,
}

impl Scale {
    const ALL: [Self; 3] = [Self::Tai, Self::Gps, Self::BeiDou];

    /// How many seconds it is ahead of UTC.
    pub fn ahead(self) -> i64 {
        match self {
            Self::Tai => TAI_UTC,
            Self::Gps => TAI_UTC - 19,
            Self::BeiDou => TAI_UTC - 33,
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tai => "TAI",
            Self::Gps => "GPS time",
            Self::BeiDou => "BeiDou time",
        })
    }
}

/// What a source that says `source` counts, if most say `majority`.
pub fn judge(source: &Interval, majority: &Interval) -> Option<Alarm> {
    judged(&Difference::between(source, majority), Mutant::None)
}

fn judged(ahead: &Difference, mutant: Mutant) -> Option<Alarm> {
    let seconds = ahead.middle().saturating_add(SECOND / 2).div_euclid(SECOND);
    let is_near = ahead.contains(seconds.checked_mul(SECOND)?);
    if (!is_near && mutant != Mutant::IgnoresHalfWidths) || ahead.contains(0) || seconds == 0 {
        return None;
    }
    let scale = |scale: &Scale| scale.ahead() == seconds.abs();
    let scale = Scale::ALL.into_iter().find(scale);
    match scale {
        _ if ahead.width().0 >= SECOND.unsigned_abs() => None,
        Some(scale) if seconds > 0 => Some(Alarm::CountsScale(scale)),
        Some(scale) => Some(Alarm::BehindByScale(scale)),
        None if ahead.width() < NARROW || mutant == Mutant::WholeSecondByChance => {
            Some(Alarm::WholeSeconds(seconds))
        }
        None => None,
    }
}

/// What is wrong with the kernel's TAI offset at a time, in seconds; 0 is one that nobody has set,
/// which is no fault. `leaps` are leap seconds since [`LAST_LEAP`].
pub fn kernel_tai(offset: i64, now: WallTime, leaps: i64) -> Option<Alarm> {
    let right = TAI_UTC + leaps;
    (now >= LAST_LEAP && offset != 0 && offset != right)
        .then_some(Alarm::KernelTai { told: offset, right })
}

#[cfg(test)]
mod tests {
    use super::{LAST_LEAP, SECOND, Scale, judge, judged, kernel_tai};
    use crate::detect::{Alarm, Difference, Mutant};
    use avouch_promise::{Interval, Nanos, WallTime};

    fn scales_are_told(mutant: Mutant) -> bool {
        let of = |seconds: f64, half: u64| {
            let middle = (seconds * 1e9) as i64;
            judged(&Difference::around(middle, Nanos::from_micros(half)), mutant)
        };
        let counts = |scale| Some(Alarm::CountsScale(scale));
        of(37.0, 50) == counts(Scale::Tai)
            && of(37.000_04, 50) == counts(Scale::Tai)
            && of(18.2, 300_000) == counts(Scale::Gps)
            && of(4.0, 50) == counts(Scale::BeiDou)
            && of(-37.0, 50) == Some(Alarm::BehindByScale(Scale::Tai))
            && of(1.0, 50) == Some(Alarm::WholeSeconds(1))
            && of(-3_600.0, 9_000) == Some(Alarm::WholeSeconds(-3_600))
            // Near misses: not within the half-widths, not narrow enough, and one that is right.
            && of(37.000_06, 50).is_none()
            && of(36.9, 50_000).is_none()
            && of(7.0, 20_000).is_none()
            && of(37.0, 500_001).is_none()
            && of(0.0, 50).is_none()
            && of(0.3, 400_000).is_none()
    }

    #[test]
    fn a_source_on_another_scale_is_named_by_it() {
        assert!(scales_are_told(Mutant::None));
        for bug in [Mutant::IgnoresHalfWidths, Mutant::WholeSecondByChance] {
            assert!(!scales_are_told(bug), "{bug:?}");
        }
        let now = WallTime(LAST_LEAP.0 + 5 * SECOND);
        let right = Interval::around(now, Nanos(1_000));
        let other = Interval::around(WallTime(now.0 + 37 * SECOND), Nanos(1_000));
        assert_eq!(judge(&other, &right), Some(Alarm::CountsScale(Scale::Tai)));
        assert_eq!(judge(&Interval::UNKNOWN, &right), None);
        assert_eq!(judge(&right, &Interval::UNKNOWN), None);
    }

    #[test]
    fn the_kernels_offset_is_unset_right_or_wrong() {
        for (told, right) in [(0, true), (37, true), (36, false), (35, false), (-37, false)] {
            assert_eq!(kernel_tai(told, LAST_LEAP, 0).is_none(), right, "{told}");
        }
        assert_eq!(kernel_tai(36, WallTime(LAST_LEAP.0 - 1), 0), None);
        assert_eq!(kernel_tai(37, LAST_LEAP, 1), Some(Alarm::KernelTai { told: 37, right: 38 }));
    }
}
