//! Ways to servers.

use crate::arithmetic::ln;
use avouch_promise::Random;

/// How long packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// 0.1 ms and exponentially 20 us more, each way.
    Local,
    /// 5 ms out and 25 ms back, and exponentially 1 ms more.
    Asymmetric,
    /// As local, with one way in thirty late by 50 ms or so.
    Spikes,
}

fn exponential(mean_ns: f64, random: &mut Random) -> u64 {
    (-ln(1.0 - random.unit()) * mean_ns) as u64
}

impl Path {
    /// The ways out and back, of one exchange.
    pub fn delays(self, random: &mut Random) -> (u64, u64) {
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
