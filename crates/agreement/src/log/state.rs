//! Everything that one node of the group knows.

use super::crash_vector::CrashVector;
use super::entry::Payload;
use super::image::Image;
use super::message::{Certificate, ReadRound, Vote};
use super::record::Folded;
use super::tail::{Place, Tail};
use super::waiting::Waiting;
use crate::election::Election;
use crate::membership::Membership;
use avouch_machine::{LoadId, Seq};
use avouch_promise::{Ballot, Digest, Incarnation, LogIndex, NodeId, Signed, invariant};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The state of one node's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<I> {
    pub(super) membership: Membership,
    pub(super) promised: Ballot,
    /// The ballot in which the log was accepted.
    pub(super) accepted: Ballot,
    pub(super) tail: Tail,
    pub(super) decided: LogIndex,
    /// The decided point when the present election period began; none once a neighbour was asked
    /// for what is beyond it.
    pub(super) stalled_at: Option<LogIndex>,
    /// How far decided entries were put out.
    pub(super) emitted: LogIndex,
    /// Whose word counts only from which incarnation on.
    pub(super) known: CrashVector,
    pub(super) incarnation: Incarnation,
    pub(super) election: Election,
    pub(super) role: Role,
    /// Peers that said farewell and were not heard since.
    pub(super) departed: BTreeSet<NodeId>,
    pub(super) disk: Disk,
    pub(super) following: Following,
    /// Requests proposed here and neither decided nor forgotten.
    pub(super) mine: Waiting,
    pub(super) reads: Reads,
    pub(super) transfer: Option<Transfer>,
    /// Peers that read a checkpoint of this node, or the log after it.
    pub(super) lending: BTreeMap<NodeId, Lending>,
    pub(super) compaction: Option<Compaction<I>>,
    pub(super) loads: BTreeMap<LoadId, LoadFor>,
    pub(super) next_load: LoadId,
    /// Present while the node doubts its disk: what others told it so far.
    pub(super) doubt: Option<BTreeMap<NodeId, Vote>>,
    /// The furthest point that a certificate seen here covers.
    pub(super) certified: LogIndex,
}

/// What is on disk, and what is on its way there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Disk {
    pub(super) next: Seq,
    pub(super) durable: Seq,
    /// After each of these records, the log on disk was accepted in this ballot up to this place.
    pub(super) marks: VecDeque<(Seq, Ballot, Place)>,
    pub(super) durable_log: (Ballot, Place),
    /// The record that holds the newest promise.
    pub(super) promise: Seq,
}

/// A follower's side of the present ballot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Following {
    /// Up to where the leader was told.
    pub(super) reported: LogIndex,
    /// Up to where the leader wants a signed acknowledgement.
    pub(super) attest: LogIndex,
    /// Up to where a signed one was given.
    pub(super) attested: LogIndex,
}

/// What a node does in its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Follower,
    Preparing(Preparing),
    Leading(Box<Leading>),
}

/// Collecting promises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Preparing {
    pub(super) ballot: Ballot,
    pub(super) votes: BTreeMap<NodeId, Vote>,
}

/// Leading a ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leading {
    pub(super) ballot: Ballot,
    /// The first entry of this ballot.
    pub(super) first_own: LogIndex,
    pub(super) progress: BTreeMap<NodeId, Progress>,
    pub(super) queue: VecDeque<Payload>,
    /// Bytes of the requests in the queue.
    pub(super) queue_bytes: usize,
    /// Digests in the queue or proposed and undecided.
    pub(super) queued: BTreeSet<Digest>,
    /// Whether what was put into the empty queue waits for others of the same moment.
    pub(super) gathering: bool,
    /// Requests in the queue wish to be certified.
    pub(super) queue_attest: bool,
    /// Up to where signed acknowledgements are wanted.
    pub(super) attest: LogIndex,
    /// The furthest signed acknowledgement of each voter.
    pub(super) acks: BTreeMap<NodeId, (Place, Signed)>,
    pub(super) confirms: BTreeMap<ReadRound, Confirm>,
    /// The newest certificate of this ballot.
    pub(super) certificate: Option<Arc<Certificate>>,
    /// Up to where followers were told that the log is decided.
    pub(super) announced: LogIndex,
}

/// What a leader knows of a follower in its ballot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Progress {
    /// Whether it has acknowledged anything in this ballot.
    pub(super) synced: bool,
    /// Up to where its log is durable in this ballot.
    pub(super) accepted: LogIndex,
    /// Whether it was silent since the last look.
    pub(super) silent: bool,
}

/// Reads that wait for a quorum to confirm the leader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Confirm {
    pub(super) root: Digest,
    pub(super) attest: bool,
    /// The decided point when the reads arrived.
    pub(super) decided: LogIndex,
    /// Whether voters were asked: not before an own entry is decided.
    pub(super) asked: bool,
    pub(super) replies: BTreeMap<NodeId, (LogIndex, Option<Box<Signed>>)>,
}

/// Reads asked at this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reads {
    pub(super) waiting: Vec<ReadWish>,
    pub(super) rounds: BTreeMap<u64, Vec<ReadWish>>,
    pub(super) next: u64,
}

/// One read asked at this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ReadWish {
    pub(super) ticket: u64,
    pub(super) digest: Digest,
    pub(super) attest: bool,
    /// Nobody waits for it any more; its digest still stands under the round's root.
    pub(super) forgotten: bool,
}

/// A checkpoint that a peer lends, by the peer's number, and its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lender {
    pub(super) node: NodeId,
    pub(super) checkpoint: u64,
    pub(super) total: u64,
}

/// A checkpoint on its way here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub(super) lender: Lender,
    /// The length of every chunk but the last.
    pub(super) stride: u64,
    /// What is here in order.
    pub(super) bytes: Vec<u8>,
    /// Chunks that came before one ahead of them, by their offsets.
    pub(super) ahead: BTreeMap<u64, Bytes>,
    /// Up to where chunks were asked for.
    pub(super) asked: u64,
    /// Up to where they had been asked for at the last look.
    pub(super) overdue: u64,
    /// How many may be in flight.
    pub(super) window: usize,
    /// Looks since a chunk came.
    pub(super) quiet: u8,
}

/// A checkpoint that a peer reads from here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lending {
    /// Which; none until the peer has named it.
    pub(super) checkpoint: Option<u64>,
    /// The peer will have everything up to here, and want what follows.
    pub(super) after: LogIndex,
    /// Looks since it asked for anything.
    pub(super) quiet: u8,
    /// Checkpoints taken here since.
    pub(super) checkpoints: u32,
}

/// A checkpoint on its way to disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Compaction<I> {
    /// The first record it does not cover.
    pub(super) seq: Seq,
    /// The record that repeats what the released ones said.
    pub(super) restated: Seq,
    /// Whether the checkpoint is durable.
    pub(super) durable: bool,
    /// Where it stands.
    pub(super) place: Place,
    /// The whole, when it came from a peer and is to replace the log.
    pub(super) install: Option<Image<I>>,
    /// Whose it was.
    pub(super) lender: Option<Lender>,
}

/// Why something is read back from disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LoadFor {
    /// Entries for a peer, after this index.
    Entries { to: NodeId, after: LogIndex },
    /// A part of the checkpoint for a peer.
    Chunk { to: NodeId, checkpoint: Option<u64>, offset: u64 },
}

impl<I> State<I> {
    pub(super) fn new(me: NodeId, folded: Folded, next: Seq) -> Self {
        let Folded { membership, promised, accepted, tail, decided, known, doubtful } = folded;
        let (base, end) = (tail.base(), tail.end());
        invariant!(
            I2,
            decided <= end.index,
            "{decided} is decided, beyond the log's end {}",
            end.index
        );
        let durable = Seq(next.0 - 1);
        Self {
            membership,
            promised,
            accepted,
            tail,
            decided,
            stalled_at: None,
            emitted: base.index,
            known,
            incarnation: Incarnation(0),
            election: Election::new(me, promised, 0),
            role: Role::Follower,
            departed: BTreeSet::new(),
            disk: Disk {
                next,
                durable,
                marks: VecDeque::new(),
                durable_log: (accepted, end),
                promise: Seq(0),
            },
            following: Following::default(),
            mine: Waiting::default(),
            reads: Reads::default(),
            transfer: None,
            lending: BTreeMap::new(),
            compaction: None,
            loads: BTreeMap::new(),
            next_load: LoadId(0),
            doubt: doubtful.then(BTreeMap::new),
            certified: LogIndex(0),
        }
    }

    /// What is promised.
    pub fn promised(&self) -> Ballot {
        self.promised
    }
    /// How far the log is decided, as this node knows.
    pub fn decided(&self) -> LogIndex {
        self.decided
    }
    /// Where the log ends.
    pub fn end(&self) -> Place {
        self.tail.end()
    }
    /// The entries this node holds.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }
    /// The present configuration.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }
    /// The ballot this node leads, if it does.
    pub fn leads(&self) -> Option<Ballot> {
        match &self.role {
            Role::Leading(leading) => Some(leading.ballot),
            _ => None,
        }
    }
    /// Whether this node doubts its disk and does not vote.
    pub fn in_doubt(&self) -> bool {
        self.doubt.is_some()
    }
    /// Whether the node heard from a quorum lately.
    pub fn connected(&self) -> bool {
        self.election.connected()
    }
    /// The node's incarnation.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }
    /// Whether a checkpoint is on its way to disk.
    pub fn compacting(&self) -> bool {
        self.compaction.is_some()
    }
}
