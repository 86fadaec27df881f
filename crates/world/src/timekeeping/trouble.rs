//! What befalls hosts, paths and grandmasters.

use super::keeper::Stop;
use super::receiver::Signal;
use avouch_promise::Nanos;

/// One thing that happens, at a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// When it begins.
    pub second: u64,
    /// What it is.
    pub what: What,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A host's wall clock is set forward (positive) or back.
    Step {
        /// Whose.
        keeper: usize,
        /// By how much.
        by_ns: i64,
    },
    /// A host's wall clock is made to run faster or slower.
    Slew {
        /// Whose.
        keeper: usize,
        /// By so many parts per billion.
        ppb: i64,
        /// For how long.
        seconds: u64,
    },
    /// A host reaches none of its sources.
    Outage {
        /// Which host.
        keeper: usize,
        /// For how long.
        seconds: u64,
    },
    /// One way between a host and its sources takes longer: out (positive) or back.
    Slant {
        /// Which host.
        keeper: usize,
        /// By how much.
        by_ns: i64,
        /// For how long.
        seconds: u64,
    },
    /// A host stands still, as a paused virtual machine.
    Pause {
        /// Which host.
        keeper: usize,
        /// What stands with it.
        stop: Stop,
        /// For how long.
        seconds: u64,
    },
    /// A host's room is so many degrees off 25.
    Warmth {
        /// Which host.
        keeper: usize,
        /// How many.
        degrees: f64,
    },
    /// What reaches a grandmaster's receiver.
    Sky {
        /// Whose.
        grandmaster: usize,
        /// From now on.
        signal: Signal,
    },
    /// A grandmaster's oscillator exceeds its budget by so many times.
    Excess {
        /// Whose.
        grandmaster: usize,
        /// 1 keeps it.
        times: f64,
    },
}

impl Trouble {
    /// A strobe: the wall clock forth and back by so much, each second, for so long.
    pub fn strobe(second: u64, keeper: usize, by: Nanos, seconds: u64) -> Vec<Self> {
        let sized = by.0.cast_signed();
        let turn = |at: u64| {
            let by_ns = if at.is_multiple_of(2) { sized } else { -sized };
            Self { second: second + at, what: What::Step { keeper, by_ns } }
        };
        (0..seconds.next_multiple_of(2)).map(turn).collect()
    }
}
