//! The vocabulary of faults: the same words in scripts, in the nemesis, in scenarios and (as far
//! as they can be done there) against real processes.

use crate::clock::Course;
use crate::delay::Delay;
use avouch_machine::Seq;
use avouch_promise::{Nanos, NodeId};

mod family;
mod script;

pub use family::Family;
pub use script::Script;

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
    /// A node goes down and never comes back. Nobody is told.
    CrashStop {
        /// Which.
        node: NodeId,
    },
    /// A node goes down and never comes back, and every other one is told so, reliably
    /// ([`Simulated::farewell`](crate::Simulated::farewell)).
    FailStop {
        /// Which.
        node: NodeId,
    },
    /// A node goes down and its disk is lost: it would come back with an empty one.
    Amnesia {
        /// Which.
        node: NodeId,
    },
    /// A node goes down and any subset of its unsynced records survives, in any order.
    SubsetWrite {
        /// Which.
        node: NodeId,
    },
    /// Links flip a bit in some messages.
    Corrupt {
        /// Which links.
        path: Path,
        /// In how many messages; 0 ends it.
        probability: f64,
    },
    /// Links hold every message back for a while and lose none.
    Clog {
        /// Which links.
        path: Path,
        /// For how long.
        duration: Nanos,
    },
    /// The links of some nodes are clogged one after another and unclogged in another order.
    SwizzleClog {
        /// In this order they are clogged,
        clogged: Vec<NodeId>,
        /// and in this order unclogged.
        unclogged: Vec<NodeId>,
        /// The time between two of these events.
        step: Nanos,
    },
    /// A disk says that a sync is complete and keeps the data in a cache that a crash empties.
    LyingSync {
        /// Whose.
        node: NodeId,
        /// Whether it lies.
        lies: bool,
    },
    /// A disk says that a checkpoint is durable and keeps it, or its name, in a cache that a crash
    /// empties; the log before it is gone all the same.
    LyingCheckpoint {
        /// Whose.
        node: NodeId,
        /// Whether it lies.
        lies: bool,
    },
    /// A record was written into the place of another: both are lost, and the place of the other
    /// holds a whole frame that does not belong there.
    MisdirectedWrite {
        /// Whose disk.
        node: NodeId,
        /// Which record went astray; none: any that is whole.
        seq: Option<Seq>,
    },
    /// A disk sometimes reads from another place than it was asked for.
    MisdirectedRead {
        /// Whose.
        node: NodeId,
        /// How often; 0 ends it.
        probability: f64,
    },
    /// Reads sometimes fail, and a failed read crashes the node.
    ReadError {
        /// Whose.
        node: NodeId,
        /// How often; 0 ends it.
        probability: f64,
    },
    /// A wall clock's error takes a course of its own.
    ClockWander {
        /// Whose.
        node: NodeId,
        /// Which course; none ends it.
        course: Option<Course>,
    },
    /// Both clocks of a node stand still.
    ClockFreeze {
        /// Whose.
        node: NodeId,
        /// Whether they stand; when they go on, a time service sets the wall clock right.
        frozen: bool,
    },
    /// Nothing disciplines a node's wall clock: the bound that it states grows, and its error may
    /// as far.
    ClockHoldover {
        /// Whose.
        node: NodeId,
        /// How fast the bound grows, in parts per billion; 0 ends it, and the clock is set right.
        growth_ppb: i64,
    },
    /// A node knows no bound of its wall clock's error, and says so.
    ClockLost {
        /// Whose.
        node: NodeId,
        /// Whether it is lost, or known again.
        lost: bool,
    },
    /// A leap second, which these nodes count late: their wall clocks are a second ahead, and come
    /// back evenly over this time, or all at once a second later if it is nothing.
    LeapSecond {
        /// Whose clocks.
        nodes: Vec<NodeId>,
        /// How long they take to come back.
        over: Nanos,
    },
    /// A node rewrites messages before it sends them.
    Byzantine {
        /// Which.
        node: NodeId,
        /// How many of them; 0 ends it.
        probability: f64,
    },
}
