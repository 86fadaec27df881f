//! What an exploration is bounded by and which world it assumes. Every report prints it.

use std::fmt;

/// No bound.
pub const UNBOUNDED: u32 = u32::MAX;

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The set of messages ever sent: a message can be received any number of times, in any order,
    /// or never. The style of most TLA+ specifications.
    EverSent,
    /// A bag: any order; each copy is received once. A message that is never received stands for a
    /// lost one, so a budget of losses adds only what the history records of them.
    #[default]
    Multiset,
    /// One queue per directed pair of nodes. A node that crashes loses what was queued to it.
    Fifo,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EverSent => "messages ever sent",
            Self::Multiset => "unordered",
            Self::Fifo => "first in, first out",
        })
    }
}

/// How the disk works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Any prefix of the unsynced records may become durable at any time.
    #[default]
    AnyPrefix,
    /// All unsynced records become durable together, at any time (group commit).
    Whole,
    /// The disk is part of the step that writes or reads: records, checkpoints and loads are done
    /// before anything else happens. Nothing is ever unsynced.
    Immediate,
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnyPrefix => "syncs any prefix",
            Self::Whole => "syncs everything unsynced",
            Self::Immediate => "within the step",
        })
    }
}

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// It stands still at one second; any timer that is set may fire, in any order.
    #[default]
    Still,
    /// Each node's own clock jumps to the deadline of a timer as it fires; any timer may fire.
    /// Clocks of different nodes are unrelated.
    ByTimers,
    /// One clock for all nodes advances in steps of `unit_ns`, at most `limit` times. A timer
    /// fires at any moment from its deadline on.
    Ticks {
        /// One step, in nanoseconds.
        unit_ns: u64,
        /// How many steps at most.
        limit: u32,
    },
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Still => f.write_str("stands still"),
            Self::ByTimers => f.write_str("moved by each node's timers"),
            Self::Ticks { unit_ns, limit } => write!(f, "at most {limit} ticks of {unit_ns} ns"),
        }
    }
}

/// How much of everything, in one run from the start. The default allows no fault and bounds
/// nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Steps from the start.
    pub depth: u32,
    /// Unique states; the exploration stops there.
    pub states: u64,
    /// Messages in the network; a step that would exceed it is not taken.
    pub in_flight: u32,
    /// Messages lost.
    pub losses: u32,
    /// Messages received once more than they were sent.
    pub duplicates: u32,
    /// Crashes; each may keep any prefix of the unsynced records.
    pub crashes: u32,
    /// Crashes (within `crashes`) that also lose durable records and leave a doubtful tail.
    pub doubtful_tails: u32,
    /// Loads that come back corrupt.
    pub corrupt_loads: u32,
    /// Loads that come back with only the first record.
    pub short_loads: u32,
    /// Timers fired.
    pub timers: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            depth: UNBOUNDED,
            states: u64::MAX,
            in_flight: UNBOUNDED,
            losses: 0,
            duplicates: 0,
            crashes: 0,
            doubtful_tails: 0,
            corrupt_loads: 0,
            short_loads: 0,
            timers: UNBOUNDED,
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |count: u64, none: u64| match count {
            _ if count == none => "unbounded".to_owned(),
            _ => count.to_string(),
        };
        let of = |count: u32| amount(u64::from(count), u64::from(UNBOUNDED));
        write!(f, "depth {}, states {}", of(self.depth), amount(self.states, u64::MAX))?;
        write!(f, ", in flight {}, losses {}", of(self.in_flight), of(self.losses))?;
        write!(f, ", duplicates {}, crashes {}", of(self.duplicates), of(self.crashes))?;
        write!(f, ", doubtful tails {}", of(self.doubtful_tails))?;
        write!(f, ", corrupt loads {}", of(self.corrupt_loads))?;
        write!(f, ", short loads {}, timers {}", of(self.short_loads), of(self.timers))
    }
}
