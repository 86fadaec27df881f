//! Servers whose clocks need no explanation: off by no more than they say, or lying.

use super::leap::{Manner, Truth};
use crate::arithmetic::sine;
use avouch_promise::{Nanos, Random, WallTime};

/// How a server lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    /// It counts the seconds of TAI: 37 s more.
    Tai,
    /// Off by so much, now and then for some hours.
    Offset(i64),
    /// It steps by up to 288 s either way, and back.
    Bumps,
    /// It runs off by so many parts per billion.
    Ramp(i64),
    /// Just so far off that its interval and the honest ones still meet beside the true time.
    Edge,
    /// Anything within a second.
    Noise,
    /// Forth and back by so much every other second, for half a minute of every hour.
    Strobe(i64),
    /// What it makes of a leap is wrong.
    Leap(Manner),
}

impl Lie {
    /// Any of them.
    pub fn draw(random: &mut Random) -> Self {
        match random.below(10) {
            0 => Self::Tai,
            1 => Self::Offset(50_000_000),
            2 => Self::Bumps,
            3 => Self::Ramp(random.between(1_000, 100_000).cast_signed() - 50_000),
            4 => Self::Noise,
            5 => Self::Strobe(4_000_000 << random.below(17)),
            6 => Self::Leap(Manner::Misses),
            7 => Self::Leap([Manner::Smears, Manner::Invents][random.below(2) as usize]),
            _ => Self::Edge,
        }
    }

    /// By how much it is off at a second.
    fn error_ns(self, second: u64, random: &mut Random) -> i64 {
        let phase = second / 7_200;
        match self {
            Self::Tai => super::receiver::TAI_S * 1_000_000_000,
            Self::Offset(by) if phase % 3 == 1 => by,
            Self::Bumps if phase % 2 == 1 => bump_ns(phase * 7 % 26, phase % 4 == 1),
            Self::Strobe(by) if second % 3_600 < 32 && second % 2 == 1 => by,
            Self::Offset(_) | Self::Bumps | Self::Strobe(_) | Self::Leap(_) => 0,
            Self::Ramp(ppb) => ppb * (second % 200_000).cast_signed(),
            Self::Edge => {
                let sign = if phase.is_multiple_of(2) { 1 } else { -1 };
                sign * (125_000 + random.below(100_000).cast_signed())
            }
            Self::Noise => random.below(2_000_000_000).cast_signed() - 1_000_000_000,
        }
    }
}

/// 1.5^(6..=31) ms either way, up to 288 s: the bumps of Jepsen's `nemesis/time.clj`.
pub fn bump_ns(step: u64, forward: bool) -> i64 {
    let size = (0..6 + step.min(25)).fold(1e6, |size: f64, _| size * 1.5) as i64;
    if forward { size } else { -size }
}

/// A server: its own clock is off by no more than it says, or it lies.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// By how much it says that it may be off.
    pub error: Nanos,
    /// What it does instead.
    pub lie: Option<Lie>,
}

impl Server {
    /// What it makes of a leap.
    pub fn manner(&self) -> Manner {
        if let Some(Lie::Leap(manner)) = self.lie { manner } else { Manner::Steps }
    }

    /// Its clock, so many nanoseconds after the start.
    pub fn clock(&self, truth: &Truth, true_ns: u64, random: &mut Random) -> WallTime {
        let second = true_ns / 1_000_000_000;
        let turns = (second % 50_000) as f64 / 50_000.0;
        let swing = (sine(turns) * self.error.0 as f64 * 0.999) as i64;
        let lied = self.lie.map_or(0, |lie| lie.error_ns(second, random));
        let base = truth.by(self.manner(), true_ns);
        WallTime(base.0.saturating_add(swing).saturating_add(lied))
    }
}
