//! Ways to servers, and the servers at their ends.

use avouch_promise::{Nanos, Random, WallTime};
use std::f64::consts::TAU;

/// How long packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// 0.1 ms and exponentially 20 us more, each way.
    Local,
    /// 5 ms out and 25 ms back, and exponentially 1 ms more.
    Asymmetric,
    /// As local, with one way in thirty late by 50 ms or so.
    Spikes,
}

fn exponential(mean_ns: f64, random: &mut Random) -> u64 {
    (-(1.0 - random.unit()).ln() * mean_ns) as u64
}

impl Path {
    /// The ways out and back, of one exchange.
    pub(super) fn delays(self, random: &mut Random) -> (u64, u64) {
        match self {
            Self::Local => (100_000 + exponential(2e4, random), 100_000 + exponential(2e4, random)),
            Self::Asymmetric => {
                (5_000_000 + exponential(1e6, random), 25_000_000 + exponential(1e6, random))
            }
            Self::Spikes => {
                let (mut out, mut back) = Self::Local.delays(random);
                if random.chance(1.0 / 30.0) {
                    let late = exponential(5e7, random);
                    let way = if random.chance(0.5) { &mut out } else { &mut back };
                    *way += late;
                }
                (out, back)
            }
        }
    }
}

/// How a server lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lie {
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
}

impl Lie {
    pub(super) fn draw(random: &mut Random) -> Self {
        match random.below(7) {
            0 => Self::Tai,
            1 => Self::Offset(50_000_000),
            2 => Self::Bumps,
            3 => Self::Ramp(random.between(1_000, 100_000).cast_signed() - 50_000),
            4 => Self::Noise,
            _ => Self::Edge,
        }
    }

    /// By how much it is off at a second.
    fn error_ns(self, second: u64, random: &mut Random) -> i64 {
        let phase = second / 7_200;
        match self {
            Self::Tai => 37_000_000_000,
            Self::Offset(by) if phase % 3 == 1 => by,
            Self::Bumps if phase % 2 == 1 => {
                let exponent = 6 + (phase * 7 % 26) as i32;
                (1.5_f64.powi(exponent) * 1e6) as i64 * if phase % 4 == 1 { 1 } else { -1 }
            }
            Self::Offset(_) | Self::Bumps => 0,
            Self::Ramp(ppb) => ppb * (second % 200_000).cast_signed(),
            Self::Edge => {
                let sign = if phase.is_multiple_of(2) { 1 } else { -1 };
                sign * (125_000 + random.below(100_000).cast_signed())
            }
            Self::Noise => random.below(2_000_000_000).cast_signed() - 1_000_000_000,
        }
    }
}

/// A server: its own clock is off by no more than it says, or it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) error: Nanos,
    pub(super) lie: Option<Lie>,
}

impl Server {
    /// Its clock at a true time, in nanoseconds since the start.
    pub(super) fn clock(&self, true_ns: u64, random: &mut Random) -> WallTime {
        let second = true_ns / 1_000_000_000;
        let swing = {
            let turn = TAU * (second % 50_000) as f64 / 50_000.0;
            (turn.sin() * self.error.0 as f64 * 0.999) as i64
        };
        let lied = self.lie.map_or(0, |lie| lie.error_ns(second, random));
        WallTime(super::host::START.0 + true_ns.cast_signed() + swing + lied)
    }
}
