//! Everything that a node knows: its log, its machine, and who waits for what.

use super::image::MachineImage;
use avouch_agreement::log::{self, Log};
use avouch_machine::{CommandId, Effects};
use avouch_promise::Wall;
use avouch_promise::evidence::{Beacon, CommitCertificate, Floor};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Digest, EntryHeader, LogIndex, LogPoint, Nanos, Signed};
use avouch_state::{Machine, Moment, Operation};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The state of one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) log: log::State<MachineImage>,
    pub(super) machine: Machine,
    /// Up to where the machine has applied the log.
    pub(super) applied: LogIndex,
    /// The newest applied entries, each with what can be read behind it.
    pub(super) recent: VecDeque<Recent>,
    /// The newest certificate whose point is applied.
    pub(super) certified: Option<Certified>,
    /// Certificates whose point is not applied yet.
    pub(super) early: Vec<Arc<log::Certificate>>,
    /// Requests that wait.
    pub(super) asked: BTreeMap<CommandId, Asked>,
    /// Their bytes.
    pub(super) asked_bytes: usize,
    /// Which of them wait for a write of this digest to be applied.
    pub(super) writes: BTreeMap<Digest, Vec<CommandId>>,
    /// Reads that were granted and wait for the machine to reach their index.
    pub(super) granted: Vec<Granted>,
    /// Consistent prefixes with evidence that wait for a first certificate.
    pub(super) prefixes: Vec<CommandId>,
    /// Answers that wait for a certificate.
    pub(super) uncertified: Vec<Draft>,
    /// The newest beacon that a quorum saw, and the one that is under way.
    pub(super) lit: Option<Lit>,
    pub(super) lighting: Option<Beacon>,
    /// Reads that a beacon would have answered, had the clock had a bound.
    pub(super) clockless: BTreeSet<CommandId>,
    pub(super) deadlines: BTreeSet<(Nanos, CommandId)>,
    /// When the deadline timer is set to.
    pub(super) timer: Option<Nanos>,
    /// Bytes applied since the last checkpoint.
    pub(super) since_checkpoint_bytes: u64,
    pub(super) checkpointed: LogIndex,
    /// A record or checkpoint was found corrupt: take a new checkpoint soon.
    pub(super) damaged: bool,
    pub(super) scratch: Scratch,
}

/// Room for the effects of the log's own step. Empty between two steps of the node, so it is no
/// part of the state.
#[derive(Debug, Default)]
pub(super) struct Scratch(pub(super) Effects<Log<MachineImage>>);

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}
impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Scratch {}
impl Hash for Scratch {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) digest: Digest,
    /// The request's length.
    pub(super) length: usize,
    /// What to read; none for a write.
    pub(super) read: Option<Operation>,
    pub(super) evidence: bool,
    pub(super) guarantee: Guarantee,
    pub(super) deadline: Nanos,
}

/// An applied entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Recent {
    pub(super) header: EntryHeader,
    /// Of its requests; none where only a checkpoint tells of it.
    pub(super) digests: Vec<Digest>,
    /// The machine as it was right behind it.
    pub(super) moment: Moment,
}

impl Recent {
    /// The last entry that is in a checkpoint, of which this is the machine.
    pub(super) fn of_checkpoint(header: EntryHeader, machine: &Machine) -> Self {
        Self { header, digests: Vec::new(), moment: machine.moment() }
    }
}

/// The newest point that this node can prove to be committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Certified {
    pub(super) header: EntryHeader,
    /// The machine as it was right behind it.
    pub(super) moment: Moment,
    pub(super) proof: CommitCertificate,
}

/// A granted read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Granted {
    pub(super) id: CommandId,
    pub(super) index: LogIndex,
    /// The proof's floor, when evidence was asked for.
    pub(super) floor: Option<Floor>,
}

/// A beacon that a quorum saw.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lit {
    pub(super) beacon: Beacon,
    /// What was complete before the beacon is at or below this entry.
    pub(super) index: LogIndex,
    pub(super) floor: Floor,
}

/// An answer on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Draft {
    pub(super) id: CommandId,
    pub(super) request: Digest,
    pub(super) outcome: Bytes,
    pub(super) point: LogPoint,
    pub(super) guarantee: Guarantee,
    pub(super) hops: u32,
    pub(super) commit: LogIndex,
    pub(super) wall: Wall,
    pub(super) wants: Wants,
}

/// What evidence a draft wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wants {
    /// None was asked for.
    Nothing,
    /// It cannot be had any more.
    Lost,
    /// The answerer's signature only; the chain at the point is given.
    Signature(Digest),
    /// The write's entry, certified.
    Write { header: EntryHeader, position: u32, path: Vec<Digest> },
    /// The read's floor, certified unless the floor is a certificate itself.
    Read { header: EntryHeader, floor: Floor, certificate: bool },
    /// A beacon's floor, and an entry that is certified unless the floor is a certificate itself.
    Stale {
        header: EntryHeader,
        beacon: Beacon,
        floor: Floor,
        certificate: Option<CommitCertificate>,
    },
    /// A certified entry, with its certificate.
    Prefix { header: EntryHeader, proof: CommitCertificate },
}

impl State {
    /// A node whose machine has applied the log up to its base, whose header is `last`, if known.
    pub(super) fn new(
        log: log::State<MachineImage>,
        machine: Machine,
        last: Option<EntryHeader>,
    ) -> Self {
        let applied = log.tail().base().index;
        let recent = last.map(|last| Recent::of_checkpoint(last, &machine));
        Self {
            log,
            machine,
            applied,
            recent: recent.into_iter().collect(),
            certified: None,
            early: Vec::new(),
            asked: BTreeMap::new(),
            asked_bytes: 0,
            writes: BTreeMap::new(),
            granted: Vec::new(),
            prefixes: Vec::new(),
            uncertified: Vec::new(),
            lit: None,
            lighting: None,
            clockless: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            timer: None,
            since_checkpoint_bytes: 0,
            checkpointed: applied,
            damaged: false,
            scratch: Scratch::default(),
        }
    }

    /// The log.
    pub fn log(&self) -> &log::State<MachineImage> {
        &self.log
    }
    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
    /// Up to where the machine has applied the log.
    pub fn applied(&self) -> LogIndex {
        self.applied
    }
    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.asked.len()
    }
    /// Asks for a checkpoint soon: the host found damage on the disk that a new one mends.
    pub fn want_checkpoint(&mut self) {
        self.damaged = true;
    }
    /// Up to where this node can prove its state to be committed.
    pub fn certified(&self) -> LogIndex {
        self.certified.as_ref().map_or(LogIndex(0), |certified| certified.header.index)
    }

    /// Keeps `machine` for the moments that read from it, before it forgets what they read.
    pub(super) fn keep_past(
        recent: &mut VecDeque<Recent>,
        certified: Option<&mut Certified>,
        machine: &Machine,
    ) {
        let machine = Arc::new(machine.clone());
        let certified = certified.map(|certified| &mut certified.moment);
        let moments = recent.iter_mut().map(|recent| &mut recent.moment).chain(certified);
        moments.for_each(|moment| moment.keep(&machine));
    }

    /// The applied entry at `index`, when it is recent.
    pub(super) fn recent_at(&self, index: LogIndex) -> Option<&Recent> {
        let first = self.recent.front()?.header.index;
        self.recent.get(index.0.checked_sub(first.0)? as usize)
    }
}

/// The signed acknowledgements by ascending voter, as evidence wants them.
pub(super) fn by_voter(mut acks: Vec<Signed>) -> Vec<Signed> {
    acks.sort_by_key(|ack| ack.seal.signer);
    acks
}
