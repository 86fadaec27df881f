//! What never changes while a node of a group runs.

use crate::membership::Membership;
use crate::mutant::Mutant;
use avouch_promise::{Nanos, NodeId, Scope};

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The period of the election: longer than the longest round trip between voters. Where it
    /// proves too short, it grows.
    pub election: Nanos,
    /// After how long something unanswered is sent again; grows alike.
    pub resend: Nanos,
}

/// How much may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries proposed and not yet decided.
    pub in_flight: usize,
    /// Bytes proposed and not yet decided: all of them must fit into one message, and into one
    /// record of the log on disk, beside `batch_bytes` of what is decided.
    pub in_flight_bytes: usize,
    /// Requests of one entry.
    pub batch_requests: usize,
    /// Bytes of one entry, and of one message of entries.
    pub batch_bytes: usize,
    /// Requests and reads that wait here.
    pub queue: usize,
    /// Bytes of requests that wait here; one request may be longer.
    pub queue_bytes: usize,
    /// Decided entries kept in memory for followers that lag.
    pub memory: u64,
    /// Bytes of a checkpoint in one message.
    pub chunk: u32,
    /// Chunks of a checkpoint that a node asks for at a time: with 256 KiB each and 150 ms there
    /// and back, 28 MB/s.
    pub chunks: usize,
}

/// The configuration of one node of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub me: NodeId,
    /// Which log this is.
    pub scope: Scope,
    /// The voters of a group that starts on empty disks.
    pub founding: Membership,
    /// How long things may take.
    pub timing: Timing,
    /// How much may be under way.
    pub bounds: Bounds,
    /// Whether leaders are elected by heartbeats. Explorers set this to false: then any node may
    /// try to lead at any firing of its election timer, which is harder on the log than any
    /// election could be.
    pub heartbeats: bool,
    /// Whether requests of one moment gather into one entry. Explorers set this to false: it only
    /// delays a proposal by a timer that is due at once.
    pub gather: bool,
    /// A bug planted on purpose; tests only.
    pub mutant: Option<Mutant>,
}

impl Bounds {
    /// The most bytes of entries in one message or one record (I6): what is undecided, with what
    /// a follower lacks of the decided; a new leader's empty entries on top are few and small.
    pub fn entries_bytes_max(&self) -> usize {
        self.in_flight_bytes + self.batch_bytes + (1 << 20)
    }
    /// Whether one more request of `length` bytes may wait beside `count` of `bytes` bytes.
    pub fn admits(&self, count: usize, bytes: usize, length: usize) -> bool {
        count < self.queue && (bytes == 0 || bytes.saturating_add(length) <= self.queue_bytes)
    }
}

impl Config {
    /// Sensible bounds for a group whose longest round trip is below `election`.
    pub fn new(me: NodeId, scope: Scope, founding: Membership, election: Nanos) -> Self {
        Self {
            me,
            scope,
            founding,
            timing: Timing { election, resend: election },
            bounds: Bounds {
                in_flight: 32,
                in_flight_bytes: 6 << 20,
                batch_requests: 1_024,
                batch_bytes: 2 << 20,
                queue: 4_096,
                queue_bytes: 64 << 20,
                memory: 1_024,
                chunk: 256 << 10,
                chunks: 16,
            },
            heartbeats: true,
            gather: true,
            mutant: None,
        }
    }

    /// Whether this bug is planted.
    pub fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}
