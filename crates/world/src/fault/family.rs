//! The families of faults: kinds, with their names, and what each may cost.

#[cfg(doc)]
use super::Fault;
use std::fmt;

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
    /// [`Fault::CrashStop`].
    CrashStop,
    /// [`Fault::FailStop`].
    FailStop,
    /// [`Fault::Amnesia`], and a restart that the node's host refuses.
    Amnesia,
    /// [`Fault::SubsetWrite`], and a restart.
    SubsetWrite,
    /// [`Fault::Corrupt`] on every link.
    Corrupt,
    /// [`Fault::Clog`] on the links from one node to another, or of one node.
    Clog,
    /// [`Fault::SwizzleClog`] of some nodes.
    SwizzleClog,
    /// [`Fault::Partition`] of two nodes that both still reach the others.
    Triangle,
    /// [`Fault::LyingSync`].
    LyingSync,
    /// [`Fault::MisdirectedWrite`].
    MisdirectedWrite,
    /// [`Fault::MisdirectedRead`].
    MisdirectedRead,
    /// [`Fault::ReadError`], and a restart.
    ReadError,
    /// [`Fault::ClockWander`].
    ClockWander,
    /// [`Fault::ClockFreeze`].
    ClockFreeze,
    /// [`Fault::LeapSecond`] on some nodes.
    LeapSecond,
    /// [`Fault::Outage`] of one rack, and restarts.
    RackOutage,
    /// [`Fault::Byzantine`].
    Byzantine,
    /// [`Fault::LyingCheckpoint`].
    LyingCheckpoint,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 41] = [
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
        Self::CrashStop,
        Self::FailStop,
        Self::Amnesia,
        Self::SubsetWrite,
        Self::Corrupt,
        Self::Clog,
        Self::SwizzleClog,
        Self::Triangle,
        Self::LyingSync,
        Self::MisdirectedWrite,
        Self::MisdirectedRead,
        Self::ReadError,
        Self::ClockWander,
        Self::ClockFreeze,
        Self::LeapSecond,
        Self::RackOutage,
        Self::Byzantine,
        Self::LyingCheckpoint,
    ];

    /// What a replicated log promises nothing against: a disk that lies about a sync, a node that
    /// lies. No schedule has these unless it asks for them by name.
    pub const fn exceeds_promise(self) -> bool {
        matches!(self, Self::LyingSync | Self::Byzantine)
    }

    /// Whether the node it strikes never comes back.
    pub const fn is_for_good(self) -> bool {
        matches!(self, Self::CrashStop | Self::FailStop | Self::Amnesia)
    }

    /// Whether it may take from a disk what had been durable, or make that look so: a minority of
    /// nodes at most may suffer such a fault or one for good.
    pub const fn damages_disk(self) -> bool {
        matches!(
            self,
            Self::BitRot
                | Self::SubsetWrite
                | Self::MisdirectedWrite
                | Self::MisdirectedRead
                | Self::LyingCheckpoint
        )
    }

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
            Self::CrashStop => "crash-stop",
            Self::FailStop => "fail-stop",
            Self::Amnesia => "amnesia",
            Self::SubsetWrite => "subset-write",
            Self::Corrupt => "corrupt",
            Self::Clog => "clog",
            Self::SwizzleClog => "swizzle-clog",
            Self::Triangle => "triangle",
            Self::LyingSync => "lying-sync",
            Self::MisdirectedWrite => "misdirected-write",
            Self::MisdirectedRead => "misdirected-read",
            Self::ReadError => "read-error",
            Self::ClockWander => "clock-wander",
            Self::ClockFreeze => "clock-freeze",
            Self::LeapSecond => "leap-second",
            Self::RackOutage => "rack-outage",
            Self::Byzantine => "byzantine",
            Self::LyingCheckpoint => "lying-checkpoint",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
