//! The vocabulary of faults: the same words in scripts, in the nemesis, in scenarios and (as far
//! as they can be done there) against real processes.

use crate::delay::Delay;
use avouch_machine::Seq;
use avouch_promise::{Nanos, NodeId};
use std::fmt;

/// Which directed links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// From this node; none: from every node.
    pub from: Option<NodeId>,
    /// To this node; none: to every node.
    pub to: Option<NodeId>,
}

impl Path {
    /// Every link.
    pub const ALL: Self = Self { from: None, to: None };

    /// The link from one node to another.
    pub const fn between(from: NodeId, to: NodeId) -> Self {
        Self { from: Some(from), to: Some(to) }
    }

    /// Whether the link from one node to another is meant.
    pub fn covers(&self, from: NodeId, to: NodeId) -> bool {
        self.from.is_none_or(|node| node == from) && self.to.is_none_or(|node| node == to)
    }
}

/// Something that the world does to a run.
#[derive(Clone, Debug, PartialEq)]
//= §4.1.1 crash-stop
//= §4.1.2 asymmetric partitions (A to B works, B to A fails), triangles; GC pauses
//= §4.1.2 slow-node, tcp-retransmits, rto-spikes, gc-pauses, cpu-throttling, disk-saturation
pub enum Fault {
    /// A node goes down; any prefix of its unsynced records survives.
    Crash {
        /// Which.
        node: NodeId,
    },
    /// A node goes down and every unsynced record is lost.
    LostWrites {
        /// Which.
        node: NodeId,
    },
    /// A node goes down in the middle of writing a record.
    TornWrite {
        /// Which.
        node: NodeId,
    },
    /// Several nodes lose power at the same moment: a rack, a region, everything.
    Outage {
        /// Which.
        nodes: Vec<NodeId>,
    },
    /// A node that is down starts.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// A node stops for a while: its process does nothing, its disk goes on, messages wait.
    Pause {
        /// Which.
        node: NodeId,
        /// For how long.
        duration: Nanos,
    },
    /// Nothing passes between nodes of different sides; a node on no side is not concerned.
    Partition {
        /// The sides.
        sides: Vec<Vec<NodeId>>,
    },
    /// Takes back exactly such a `Partition`.
    Rejoin {
        /// The sides.
        sides: Vec<Vec<NodeId>>,
    },
    /// Nothing passes from some nodes to others; the other direction works.
    OneWay {
        /// From these.
        from: Vec<NodeId>,
        /// To these.
        to: Vec<NodeId>,
    },
    /// Takes back exactly such a `OneWay`.
    BothWays {
        /// From these.
        from: Vec<NodeId>,
        /// To these.
        to: Vec<NodeId>,
    },
    /// Nothing passes to or from a node.
    Isolate {
        /// Which.
        node: NodeId,
    },
    /// Takes back every partition, one-way or not, and all bad weather.
    Heal,
    /// Links lose messages.
    Loss {
        /// Which links.
        path: Path,
        /// How many, beyond what they always lose; 0 ends it.
        probability: f64,
    },
    /// Links repeat messages.
    Duplicate {
        /// Which links.
        path: Path,
        /// How many, beyond what they always repeat; 0 ends it.
        probability: f64,
    },
    /// Links hold some messages back, which others overtake.
    Reorder {
        /// Which links.
        path: Path,
        /// How many; 0 ends it.
        probability: f64,
        /// For how long at most.
        by: Nanos,
    },
    /// Links take another time.
    Slow {
        /// Which links.
        path: Path,
        /// What they take; none ends it.
        delay: Option<Delay>,
    },
    /// A wall clock is wrong by this much.
    ClockOffset {
        /// Whose.
        node: NodeId,
        /// How far it is ahead of the true time.
        error_ns: i64,
    },
    /// A clock runs fast (positive) or slow.
    ClockDrift {
        /// Whose.
        node: NodeId,
        /// By how much, in parts per billion.
        rate_ppb: i64,
    },
    /// A wall clock jumps forward (positive) or back.
    ClockStep {
        /// Whose.
        node: NodeId,
        /// By how much.
        by_ns: i64,
    },
    /// One bit of a durable record rots.
    RotRecord {
        /// Whose.
        node: NodeId,
        /// Which; none: any that is whole.
        seq: Option<Seq>,
    },
    /// One bit of the durable checkpoint rots.
    RotCheckpoint {
        /// Whose.
        node: NodeId,
    },
    /// A disk takes this many times as long as it should.
    DiskSlow {
        /// Whose.
        node: NodeId,
        /// How many times; 1 ends it.
        factor: u32,
    },
    /// Every write fails, and a failed write crashes the node.
    DiskFull {
        /// Whose.
        node: NodeId,
        /// Whether it is full.
        full: bool,
    },
    /// Everything that can be put right is: links, disks and clocks as drawn, every node up.
    Calm,
    /// Every step of a node takes this many times as long as its processor's model says.
    SlowNode {
        /// Which.
        node: NodeId,
        /// How many times; 1 ends it.
        factor: u32,
    },
    /// A process stops at random intervals and goes on: its garbage is collected.
    StopTheWorld {
        /// Whose.
        node: NodeId,
        /// About how often.
        every: Nanos,
        /// For about how long; zero ends it.
        lasting: Nanos,
    },
    /// A process may run for `quota` of every `period` only.
    Throttle {
        /// Which.
        node: NodeId,
        /// For how long.
        quota: Nanos,
        /// Of how much; zero ends it.
        period: Nanos,
    },
    /// Others keep a node's disk busy, and its operations queue behind theirs.
    DiskSaturated {
        /// Whose.
        node: NodeId,
        /// Which share of the disk's time they take, from 1 on all of it; 0 ends it.
        utilisation: f64,
        /// How long one of their operations takes on average.
        service: Nanos,
    },
    /// Connections lose segments, which are sent again: a delay, never a loss.
    SegmentLoss {
        /// Which links.
        path: Path,
        /// How many; 0 ends it.
        probability: f64,
    },
    /// Connections are dark again and again, so that their retransmission timers back off.
    Blackouts {
        /// Which links.
        path: Path,
        /// How often.
        every: Nanos,
        /// For how long; zero ends it.
        lasting: Nanos,
    },
}

/// The families of faults, by which a nemesis is told what to do and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// [`Fault::Crash`], and later [`Fault::Restart`].
    Crash,
    /// [`Fault::LostWrites`], and a restart.
    LostWrites,
    /// [`Fault::TornWrite`], and a restart.
    TornWrite,
    /// [`Fault::Outage`] of all nodes, and restarts.
    Outage,
    /// [`Fault::Pause`].
    Pause,
    /// [`Fault::Partition`] into two sides.
    Partition,
    /// [`Fault::OneWay`] between two sides.
    OneWay,
    /// [`Fault::Loss`] on every link.
    Loss,
    /// [`Fault::Duplicate`] on every link.
    Duplicate,
    /// [`Fault::Reorder`] on every link.
    Reorder,
    /// [`Fault::Slow`] on the links of one node.
    Slow,
    /// [`Fault::ClockOffset`], within the stated bound.
    ClockOffset,
    /// [`Fault::ClockDrift`].
    ClockDrift,
    /// [`Fault::ClockStep`], beyond any bound.
    ClockStep,
    /// [`Fault::RotRecord`] or [`Fault::RotCheckpoint`].
    BitRot,
    /// [`Fault::DiskSlow`].
    DiskSlow,
    /// [`Fault::DiskFull`], and a restart.
    DiskFull,
    /// [`Fault::SlowNode`].
    SlowNode,
    /// [`Fault::StopTheWorld`].
    StopTheWorld,
    /// [`Fault::Throttle`].
    Throttle,
    /// [`Fault::DiskSaturated`].
    DiskSaturated,
    /// [`Fault::SegmentLoss`] on the links of one node.
    SegmentLoss,
    /// [`Fault::Blackouts`] on the links of one node.
    Blackouts,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 23] = [
        Self::Crash,
        Self::LostWrites,
        Self::TornWrite,
        Self::Outage,
        Self::Pause,
        Self::Partition,
        Self::OneWay,
        Self::Loss,
        Self::Duplicate,
        Self::Reorder,
        Self::Slow,
        Self::ClockOffset,
        Self::ClockDrift,
        Self::ClockStep,
        Self::BitRot,
        Self::DiskSlow,
        Self::DiskFull,
        Self::SlowNode,
        Self::StopTheWorld,
        Self::Throttle,
        Self::DiskSaturated,
        Self::SegmentLoss,
        Self::Blackouts,
    ];

    /// Its name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::LostWrites => "lost-writes",
            Self::TornWrite => "torn-write",
            Self::Outage => "outage",
            Self::Pause => "pause",
            Self::Partition => "partition",
            Self::OneWay => "one-way",
            Self::Loss => "loss",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Slow => "slow",
            Self::ClockOffset => "clock-offset",
            Self::ClockDrift => "clock-drift",
            Self::ClockStep => "clock-step",
            Self::BitRot => "bit-rot",
            Self::DiskSlow => "disk-slow",
            Self::DiskFull => "disk-full",
            Self::SlowNode => "slow-node",
            Self::StopTheWorld => "stop-the-world",
            Self::Throttle => "throttle",
            Self::DiskSaturated => "disk-saturated",
            Self::SegmentLoss => "segment-loss",
            Self::Blackouts => "blackouts",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A timed list of faults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(Vec<(Nanos, Fault)>);

impl Script {
    /// Nothing happens.
    pub fn new() -> Self {
        Self::default()
    }

    /// And then, at `at`, `fault`. Faults at one time happen in the order in which they were
    /// added.
    #[must_use]
    pub fn at(mut self, at: Nanos, fault: Fault) -> Self {
        self.push(at, fault);
        self
    }

    /// Adds a fault.
    pub fn push(&mut self, at: Nanos, fault: Fault) {
        let place = self.0.partition_point(|(other, _)| *other <= at);
        self.0.insert(place, (at, fault));
    }

    /// The faults in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Nanos, Fault)> {
        self.0.iter()
    }

    /// How many faults.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Nanos, Fault)> for Script {
    fn from_iter<T: IntoIterator<Item = (Nanos, Fault)>>(faults: T) -> Self {
        let mut faults: Vec<_> = faults.into_iter().collect();
        faults.sort_by_key(|(at, _)| *at);
        Self(faults)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(at, fault)| writeln!(f, "{at:>12}  {fault:?}"))
    }
}
