//! What was done to this host's clocks between two looks at them.
//!
//! | clock | is set | is slewed | counts while suspended |
//! |---|---|---|---|
//! | `CLOCK_REALTIME` | yes | yes | yes |
//! | `CLOCK_BOOTTIME` | no | yes | yes |
//! | `CLOCK_MONOTONIC` | no | yes | no |
//! | `CLOCK_MONOTONIC_RAW` | no | no | no |
//!
//! So a step is what real time gained over boot time, a suspend what boot time gained over
//! monotonic time, and a slew the rate at which monotonic time leaves the raw clock.

//= §3.1.1 step-slew
//= §3.1.2 jumps

use avouch_promise::{Nanos, WallTime};

/// All clocks of a host, read one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// `CLOCK_REALTIME`.
    pub real: WallTime,
    /// `CLOCK_BOOTTIME`.
    pub boot: Nanos,
    /// `CLOCK_MONOTONIC`.
    pub monotonic: Nanos,
    /// `CLOCK_MONOTONIC_RAW`.
    pub raw: Nanos,
    /// How long the reading of all of them took, at most.
    pub apart: Nanos,
}

/// What happened between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The wall clock was set forward (positive) or back by so much, give or take `apart_ns`.
    pub step_ns: Option<i64>,
    /// The host was suspended for so long.
    pub suspended: Option<Nanos>,
    /// Clocks were made to run faster (positive) or slower, in parts per billion. What is left of
    /// the looks' own error over this span is not told.
    pub slew_ppb: Option<i64>,
    /// How far off each of these may be.
    pub apart_ns: u64,
}

impl Changes {
    /// What changed from one look to the next.
    pub fn between(before: &Clocks, after: &Clocks) -> Self {
        let apart = before.apart.plus(after.apart).0;
        let real = i128::from(after.real.0) - i128::from(before.real.0);
        let boot = gained(before.boot, after.boot);
        let monotonic = gained(before.monotonic, after.monotonic);
        let raw = gained(before.raw, after.raw);
        let told = |nanos: i128| {
            (nanos.unsigned_abs() > u128::from(apart)).then(|| {
                i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
            })
        };
        let slewed = told(monotonic - raw).filter(|_| raw > 0);
        Self {
            step_ns: told(real - boot),
            suspended: told(boot - monotonic)
                .filter(|span| *span > 0)
                .map(|s| Nanos(s.unsigned_abs())),
            slew_ppb: slewed.map(|ns| (i128::from(ns) * 1_000_000_000 / raw) as i64),
            apart_ns: apart,
        }
    }
}

fn gained(before: Nanos, after: Nanos) -> i128 {
    i128::from(after.0) - i128::from(before.0)
}
