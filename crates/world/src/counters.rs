//! What a run exercised. A campaign that did not exercise its faults proves nothing, so it asks
//! for minimum counts by these names.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What the world counts by itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Count { $($(#[$doc])* $name,)+ }

        impl Count {
            /// Every count, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in reports and minimums.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

counts! {
    /// Everything taken from the queue.
    Events = "events",
    /// Steps of the protocol.
    Steps = "steps",
    /// Commands that reached a running node.
    Commands = "commands",
    /// Commands for a node that was down.
    Refused = "refused",
    /// Outputs that left a node.
    Outputs = "outputs",
    /// Messages sent.
    Sent = "sent",
    /// Messages that reached a running node.
    Delivered = "delivered",
    /// Messages lost by a link.
    Lost = "lost",
    /// Messages stopped by a cut link.
    Cut = "cut",
    /// Messages that arrived twice.
    Duplicated = "duplicated",
    /// Messages that overtook an earlier one.
    Reordered = "reordered",
    /// Messages for a node that was down or does not exist.
    Undelivered = "undelivered",
    /// Crashes, of every kind.
    Crashes = "crashes",
    /// Starts after a crash.
    Restarts = "restarts",
    /// Several nodes that lost power at once.
    Outages = "outages",
    /// Crashes that lost unsynced records.
    LostSyncs = "lost_syncs",
    /// Unsynced records that crashes lost.
    LostRecords = "lost_records",
    /// Checkpoints lost because the node crashed while writing them.
    LostCheckpoints = "lost_checkpoints",
    /// Crashes that left half a record at the end of the log.
    TornTails = "torn_tails",
    /// Crashes after which a later record is on disk and an earlier one is not.
    Holes = "holes",
    /// Bits of a durable record or checkpoint that rotted.
    BitRots = "bit_rots",
    /// Starts that could not trust the end of the log, a record, or the checkpoint.
    DoubtfulStarts = "doubtful_starts",
    /// Loads that found a wrong checksum.
    CorruptLoads = "corrupt_loads",
    /// Loads answered.
    Loads = "loads",
    /// Group syncs completed.
    Syncs = "syncs",
    /// Checkpoints that became durable.
    Checkpoints = "checkpoints",
    /// Writes refused by a full disk; each crashed its node.
    FailedWrites = "failed_writes",
    /// Disks that became slow.
    DiskSlow = "disk_slow",
    /// Nodes that stopped for a while and went on.
    Pauses = "pauses",
    /// Partitions in both directions.
    Partitions = "partitions",
    /// Partitions in one direction.
    OneWays = "one_ways",
    /// Spells during which links lose messages.
    LossSpells = "loss_spells",
    /// Spells during which links repeat messages.
    DuplicateSpells = "duplicate_spells",
    /// Spells during which links hold messages back.
    ReorderSpells = "reorder_spells",
    /// Spells during which links take another time.
    SlowSpells = "slow_spells",
    /// Wall clocks set to another error.
    ClockOffsets = "clock_offsets",
    /// Clocks made to run at another rate.
    ClockDrifts = "clock_drifts",
    /// Wall clocks that jumped.
    ClockSteps = "clock_steps",
    /// Nodes whose steps became slow.
    SlowNodeSpells = "slow_node_spells",
    /// Processes that began to stop now and then.
    StopSpells = "stop_spells",
    /// Processes that were throttled.
    ThrottleSpells = "throttle_spells",
    /// Disks that others began to keep busy.
    SaturationSpells = "saturation_spells",
    /// Spells during which connections lose segments.
    SegmentLossSpells = "segment_loss_spells",
    /// Spells during which connections are dark now and then.
    BlackoutSpells = "blackout_spells",
    /// Segments sent again.
    Retransmits = "retransmits",
    /// Segments sent again because the retransmission timer went off.
    RetransmitTimeouts = "retransmit_timeouts",
    /// Nodes that went down for good, told or not.
    StoppedForGood = "stopped_for_good",
    /// Times that a node was told that another has stopped for good.
    Farewells = "farewells",
    /// Disks that were lost.
    DisksLost = "disks_lost",
    /// Starts refused because the disk of a node that had started before is empty.
    AmnesiacsRefused = "amnesiacs_refused",
    /// Crashes after which any subset of the unsynced records survived.
    SubsetWrites = "subset_writes",
    /// Messages in which a bit was flipped.
    Corrupted = "corrupted",
    /// Of those, the ones that their receiver did not believe.
    CorruptionsSeen = "corruptions_seen",
    /// Links clogged for a while.
    Clogs = "clogs",
    /// Messages held back by a clogged link.
    Clogged = "clogged",
    /// Sequences of clogs that are taken back in another order.
    SwizzleClogs = "swizzle_clogs",
    /// Partitions that leave some node in touch with more than one side.
    PartialPartitions = "partial_partitions",
    /// Spells during which a disk lies about syncs.
    LyingSpells = "lying_spells",
    /// Records that a crash took although their sync had been said to be complete.
    LiedRecords = "lied_records",
    /// Spells during which a disk lies about checkpoints.
    CheckpointLyingSpells = "checkpoint_lying_spells",
    /// Checkpoints that a crash took, or some of their blocks, although they had been said to be
    /// durable.
    LiedCheckpoints = "lied_checkpoints",
    /// Records written into the place of another.
    MisdirectedWrites = "misdirected_writes",
    /// Reads served from another place.
    MisdirectedReads = "misdirected_reads",
    /// Reads that failed; each crashed its node or kept it from starting.
    ReadErrors = "read_errors",
    /// Wall clocks that took a course of their own.
    ClockWanders = "clock_wanders",
    /// Clocks that stood still for a while.
    ClockFreezes = "clock_freezes",
    /// Leap seconds that a clock counted late.
    LeapSeconds = "leap_seconds",
    /// Outages of some nodes, others staying up.
    RackOutages = "rack_outages",
    /// Messages rewritten by the node that sent them.
    Rewritten = "rewritten",
}

const COUNTS: usize = Count::ALL.len();

/// Counts of one run, or summed over many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    own: [u64; COUNTS],
    noted: BTreeMap<&'static str, u64>,
}

impl Default for Counters {
    fn default() -> Self {
        Self { own: [0; COUNTS], noted: BTreeMap::new() }
    }
}

impl Counters {
    /// One more.
    #[inline]
    pub fn add(&mut self, count: Count) {
        self.own[count as usize] += 1;
    }

    /// Several more.
    pub fn add_many(&mut self, count: Count, by: u64) {
        self.own[count as usize] += by;
    }

    /// How many.
    pub fn of(&self, count: Count) -> u64 {
        self.own[count as usize]
    }

    /// Counts something that the world does not know of (elections, transfers, ...).
    pub fn note(&mut self, name: &'static str, by: u64) {
        *self.noted.entry(name).or_default() += by;
    }

    /// How many under this name, the world's or a noted one; none were counted: 0.
    pub fn named(&self, name: &str) -> u64 {
        let own = Count::ALL.iter().find(|count| count.name() == name);
        own.map_or_else(|| self.noted.get(name).copied().unwrap_or(0), |count| self.of(*count))
    }

    /// Adds another run's counts.
    pub fn sum(&mut self, other: &Self) {
        for (mine, theirs) in self.own.iter_mut().zip(&other.own) {
            *mine += theirs;
        }
        for (name, by) in &other.noted {
            self.note(name, *by);
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = Count::ALL.iter().map(|count| (count.name(), self.of(*count)));
        let all = own.chain(self.noted.iter().map(|(name, by)| (*name, *by)));
        let mut separator = "";
        for (name, by) in all.filter(|(_, by)| *by > 0) {
            write!(f, "{separator}{name} {by}")?;
            separator = ", ";
        }
        Ok(())
    }
}
