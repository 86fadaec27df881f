//! What detectors say, in one vocabulary.

use super::Difference;
use super::leap::Course;
use super::scale::Scale;
use crate::interval::Drift;
use avouch_promise::Nanos;
use std::fmt;

/// What is wrong with a clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Alarm {
    /// This host's wall clock was set, by so much give or take `apart`.
    Stepped {
        /// Forward (positive) or back.
        by_ns: i64,
        /// How far off that may be.
        apart: Nanos,
    },
    /// It was set forth and back.
    Strobed {
        /// So many steps of alternating direction were seen.
        steps: usize,
        /// From the first to the last.
        within: Nanos,
        /// The widest of them.
        largest: Nanos,
    },
    /// It is made to run at another rate than its oscillator needs.
    Slewed {
        /// In parts per billion.
        ppb: i64,
        /// What the oscillator may need.
        bound: Drift,
    },
    /// The host slept for so long.
    Suspended(Nanos),
    /// A source counts another time scale.
    CountsScale(Scale),
    /// A source is behind by as much as that scale is ahead.
    BehindByScale(Scale),
    /// A source is so many whole seconds ahead.
    WholeSeconds(i64),
    /// The kernel's offset of TAI is another one than it is.
    KernelTai {
        /// In seconds, by the kernel.
        told: i64,
        /// As it is.
        right: i64,
    },
    /// How a source went through a midnight.
    Leap {
        /// Its way.
        course: Course,
        /// By how many nanoseconds it was ahead when that was seen.
        off: i64,
    },
    /// Sources announce different lengths of the last minute; how many say what.
    LeapDisputed {
        /// A second is inserted.
        inserted: usize,
        /// A second is deleted.
        deleted: usize,
        /// Neither.
        none: usize,
    },
    /// A receiver hears noise instead of satellites.
    Jammed {
        /// The strength of a carrier, 0 to 255.
        indicator: u8,
        /// In dB Hz.
        carrier_to_noise: u8,
    },
    /// A receiver knows no time, and nothing says why.
    FixLost {
        /// So many are left.
        satellites: u8,
    },
    /// A receiver said that satellites are imitated.
    Spoofed {
        /// By several indications.
        several: bool,
    },
    /// A receiver's pulse left the oscillator's by more than that can be off.
    PulledOff {
        /// By so much.
        by: Difference,
        /// What the oscillator may be off.
        allowed: Nanos,
        /// In so long.
        since: Nanos,
    },
    /// A clock that was on its own is off by more than its oscillator's budget.
    HoldoverExceeded {
        /// By so much.
        by: Difference,
        /// The budget.
        allowed: Nanos,
        /// For so long.
        after: Nanos,
    },
    /// An oscillator is steered by more than its ageing explains.
    DriftsBeyond {
        /// By so many parts per billion more than at first.
        by: f64,
        /// What explains it.
        allowed: f64,
        /// In so long.
        since: Nanos,
    },
    /// This host's clock stood still.
    StoodStill {
        /// For so long at least.
        least: Nanos,
    },
    /// This host's clock ran ahead.
    RanAhead {
        /// By so much at least.
        least: Nanos,
    },
    /// A source's clock jumped.
    SourceStepped(Difference),
    /// One way to a source became longer.
    Asymmetric {
        /// By how much the round trip rose.
        rise: Nanos,
        /// By how much the offset shifted.
        shift_ns: i64,
        /// What a path can be wrong by, at most.
        bound: Nanos,
    },
    /// A clock jumped and jumped back.
    Bumped {
        /// The way there.
        by: Difference,
        /// How long it was there.
        lasted: Nanos,
    },
}

impl Alarm {
    /// A name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stepped { .. } => "stepped",
            Self::Strobed { .. } => "strobed",
            Self::Slewed { .. } => "slewed",
            Self::Suspended(_) => "suspended",
            Self::CountsScale(_) | Self::BehindByScale(_) => "scale",
            Self::WholeSeconds(_) => "whole-seconds",
            Self::KernelTai { .. } => "kernel-tai",
            Self::Leap { .. } => "leap",
            Self::LeapDisputed { .. } => "leap-disputed",
            Self::Jammed { .. } => "jammed",
            Self::FixLost { .. } => "fix-lost",
            Self::Spoofed { .. } => "spoofed",
            Self::PulledOff { .. } => "pulled-off",
            Self::HoldoverExceeded { .. } => "holdover-exceeded",
            Self::DriftsBeyond { .. } => "drifts-beyond",
            Self::StoodStill { .. } => "stood-still",
            Self::RanAhead { .. } => "ran-ahead",
            Self::SourceStepped(_) => "source-stepped",
            Self::Asymmetric { .. } => "asymmetric",
            Self::Bumped { .. } => "bumped",
        }
    }
}

/// With its sign.
fn signed(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "+" };
    format!("{sign}{}", Nanos(nanos.unsigned_abs()))
}

/// The amount that is certain, and which way.
fn by(difference: &Difference) -> String {
    let side = if difference.middle() < 0 { "back" } else { "forward" };
    format!("{side} by {} at least", difference.least_amount())
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stepped { by_ns, apart } => {
                write!(f, "the wall clock was set by {} +- {apart}", signed(*by_ns))
            }
            Self::Strobed { steps, within, largest } => write!(
                f,
                "the wall clock is strobed: {steps} steps forth and back within {within}, by up to {largest}"
            ),
            Self::Slewed { ppb, bound } => {
                #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
                let ppm = *ppb as f64 / 1e3;
                write!(
                    f,
                    "clocks are slewed by {ppm:.1} ppm; their oscillator needs at most {bound}"
                )
            }
            Self::Suspended(span) => write!(f, "the host slept for {span}"),
            Self::CountsScale(scale) => {
                write!(f, "counts {scale}: it is {} s ahead of the others' UTC", scale.ahead())
            }
            Self::BehindByScale(scale) => write!(
                f,
                "is {} s behind, as one that corrects {scale} twice, or as UTC beside {scale}",
                scale.ahead()
            ),
            Self::WholeSeconds(seconds) => {
                let side = if *seconds < 0 { "behind" } else { "ahead" };
                write!(f, "is {} whole seconds {side}", seconds.unsigned_abs())
            }
            Self::KernelTai { told, right } => {
                write!(f, "the kernel says that TAI is {told} s ahead of UTC; it is {right}")
            }
            Self::LeapDisputed { inserted, deleted, none } => write!(
                f,
                "sources disagree on a leap second: {inserted} insert one, {deleted} delete one, {none} neither"
            ),
            Self::StoodStill { least } => {
                write!(f, "this host's clocks stood still for {least} at least")
            }
            Self::RanAhead { least } => {
                write!(f, "this host's clocks ran ahead by {least} at least")
            }
            Self::SourceStepped(difference) => write!(f, "jumped {}", by(difference)),
            Self::Asymmetric { rise, shift_ns, bound } => write!(
                f,
                "one way became longer: the round trip rose by {rise}, the offset moved by {}; it is wrong by at most {bound}",
                signed(*shift_ns)
            ),
            Self::Bumped { by: difference, lasted } => {
                write!(f, "jumped {}, and back after {lasted}", by(difference))
            }
            Self::Leap { course, off } => leap(f, *course, *off),
            other => reference(f, other),
        }
    }
}

fn leap(f: &mut fmt::Formatter<'_>, course: Course, off: i64) -> fmt::Result {
    let off = signed(off);
    match course {
        Course::InTime => f.write_str("stepped in time at the end of the month"),
        Course::Missed => write!(f, "missed the leap second: it is {off} off since"),
        Course::Early => {
            write!(f, "stepped for the leap second before it was due: it is {off} off")
        }
        Course::Needless => write!(f, "is {off} off at the end of a month without a leap second"),
        Course::Smears(shape) => write!(
            f,
            "smears the leap second {shape}: it is {off} off now, at most about half a second at midnight"
        ),
    }
}

/// Alarms of receivers and their oscillators.
fn reference(f: &mut fmt::Formatter<'_>, alarm: &Alarm) -> fmt::Result {
    match alarm {
        Alarm::Jammed { indicator, carrier_to_noise } => write!(
            f,
            "the receiver is jammed: no fix, a carrier of {indicator} of 255, satellites at {carrier_to_noise} dB Hz"
        ),
        Alarm::FixLost { satellites } => {
            write!(
                f,
                "the receiver has no fix, by {satellites} satellites; nothing says that it is jammed"
            )
        }
        Alarm::Spoofed { several } => {
            let by = if *several { "several indications" } else { "an indication" };
            write!(f, "the receiver was spoofed, by {by}; the alarm lasts until it is acknowledged")
        }
        Alarm::PulledOff { by, allowed, since } => write!(
            f,
            "the pulse left the oscillator's by {} at least in {since}, which can be off by {allowed}: spoofed, or the oscillator is broken",
            by.least_amount()
        ),
        Alarm::HoldoverExceeded { by, allowed, after } => write!(
            f,
            "on its own for {after} the clock was off by {} at least; its budget is {allowed}",
            by.least_amount()
        ),
        Alarm::DriftsBeyond { by, allowed, since } => write!(
            f,
            "the oscillator's rate moved by {by:.3} ppb in {since}; ageing and temperature explain {allowed:.3}"
        ),
        _ => Ok(()),
    }
}
