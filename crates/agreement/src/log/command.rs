//! What the machine on top asks of the log, and what the log tells it.

use super::entry::{Payload, SharedEntry};
use super::image::Image;
use super::message::Certificate;
use avouch_promise::{Ballot, Digest, LogIndex, NodeId, Signed};
use std::sync::Arc;

/// A request to be decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proposal {
    /// The request.
    pub payload: Payload,
    /// Whether its commit shall be certified by signed acknowledgements.
    pub attest: bool,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command<I> {
    /// Decide these. The log keeps trying, on any leader, until each is decided or forgotten;
    /// one request may be decided twice, and the machine on top must apply it once.
    Propose(Vec<Proposal>),
    /// Stop trying for the request of this digest. It may still be decided.
    Forget(Digest),
    /// Ask from which point on a read may be answered.
    Read {
        /// The caller's name for it.
        ticket: u64,
        /// The request's digest, which the acknowledgements will bind.
        digest: Digest,
        /// Whether acknowledgements shall be signed.
        attest: bool,
    },
    /// Stop trying for this read.
    ForgetRead(u64),
    /// The machine's state at a decided point, to become a checkpoint.
    Compact {
        /// The point.
        index: LogIndex,
        /// The state.
        state: I,
    },
    /// This node is about to be stopped in good order: say farewell.
    Depart,
}

/// Reads that may be answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Readable {
    /// The callers' names, in the order of `digests`.
    pub tickets: Vec<u64>,
    /// The digests under the root that the acknowledgements bind.
    pub digests: Vec<Digest>,
    /// Any state from here on will do; with signed acknowledgements it is at least the furthest
    /// entry that any of them has accepted.
    pub index: LogIndex,
    /// The signed acknowledgements of a quorum, when asked for.
    pub acks: Vec<Signed>,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output<I> {
    /// These entries are decided; they follow what was decided before without a gap.
    Decided(Vec<SharedEntry>),
    /// The log was replaced up to a checkpoint that a peer sent.
    Installed(Image<I>),
    /// These acknowledgements certify that everything up to a point is decided.
    Certified(Arc<Certificate>),
    /// These reads may be answered once the machine has applied up to their index.
    Readable(Readable),
    /// A record that a peer wanted came back corrupt: a new checkpoint would replace it.
    Damaged,
    /// The queue is full: this request was not taken.
    Busy(Digest),
    /// The queue is full: this read was not taken.
    ReadBusy(u64),
}

/// What whoever watches may see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observation {
    /// This node was elected and asks for promises.
    Preparing(Ballot),
    /// This node leads: a quorum promised.
    Leading(Ballot),
    /// This node follows another ballot now.
    Following(Ballot),
    /// Entries were read back from disk for a peer.
    ServedFromDisk(NodeId),
    /// A checkpoint from a peer was installed.
    Installed(LogIndex),
    /// The node doubts its disk and does not vote yet.
    Doubtful,
    /// A quorum of others told this node what it may have forgotten: it votes again.
    Rejoined,
    /// A peer's message contradicts what is decided here, or a disk read came back corrupt.
    Contradiction(NodeId),
}
