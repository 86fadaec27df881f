//! One node as the explorer sees it: its protocol's state, and what its host holds for it.

use crate::effect::What;
use crate::event::{LoadId, Seq};
use crate::protocol::{Protocol, Recovered};
use avouch_promise::{Incarnation, Nanos, NodeId};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

/// A protocol whose states can be kept and compared. Implemented for every such protocol.
pub trait Explorable: Protocol<State: Clone + Debug + Eq + Hash> {}
impl<P: Protocol<State: Clone + Debug + Eq + Hash>> Explorable for P {}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope<P: Protocol> {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// What it says.
    pub message: P::Message,
}

/// A message or an output that waits for a record to become durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Held<P: Protocol> {
    /// A message.
    Send(NodeId, P::Message),
    /// An output.
    Output(P::Output),
}

/// How many checkpoints that are being read are kept.
const LENT_MAX: usize = 2;

/// A node's disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disk<P: Protocol> {
    /// The records that are written and not released, in order.
    pub records: Vec<(Seq, P::Record)>,
    /// Every record up to this one is durable; the rest is unsynced.
    pub durable: Seq,
    /// The number of the next record.
    pub next: Seq,
    /// The newest durable checkpoint.
    pub checkpoint: Option<(Seq, P::Image)>,
    /// The checkpoints that were read last, oldest first: readable until a crash, or until the
    /// host lets go of them (H7).
    pub lent: Vec<(Seq, P::Image)>,
    /// Checkpoints that are being written, oldest first.
    pub writing: Vec<(Seq, P::Image)>,
    /// The protocol no longer needs the records before this one.
    pub released: Seq,
    /// Durable records were lost in a crash, and nothing written since is durable.
    pub doubtful: bool,
}

impl<P: Protocol> Disk<P> {
    fn new() -> Self {
        Self {
            records: Vec::new(),
            durable: Seq(0),
            next: Seq(1),
            checkpoint: None,
            lent: Vec::new(),
            writing: Vec::new(),
            released: Seq(1),
            doubtful: false,
        }
    }
    /// The last record written.
    pub fn last(&self) -> Seq {
        Seq(self.next.0 - 1)
    }
    /// Removes the released records that a durable checkpoint covers.
    pub(super) fn truncate(&mut self) {
        let covered = self.checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);
        let before = covered.min(self.released);
        self.records.retain(|(seq, _)| *seq >= before);
    }
    /// The checkpoint with this number, or the newest; none when it is not readable.
    pub(super) fn readable(&self, checkpoint: Option<Seq>) -> Option<&(Seq, P::Image)> {
        let named = |one: &&(Seq, P::Image)| checkpoint.is_none_or(|seq| seq == one.0);
        self.checkpoint.iter().chain(&self.lent).find(named)
    }
    /// Keeps a checkpoint that is being read.
    pub(super) fn lend(&mut self, lent: (Seq, P::Image)) {
        if self.lent.iter().all(|(seq, _)| *seq != lent.0) {
            self.lent.push(lent);
            let excess = self.lent.len().saturating_sub(LENT_MAX);
            self.lent.drain(..excess);
        }
    }
    /// Loses everything after `survives`, and the checkpoints being written but the first
    /// `checkpoints` ones.
    pub(super) fn crash(&mut self, survives: Seq, checkpoints: usize) {
        if let Some(newest) = self.writing.drain(..).take(checkpoints).last() {
            self.checkpoint = Some(newest);
        }
        self.lent.clear();
        self.doubtful = self.doubtful || survives < self.durable;
        self.records.retain(|(seq, _)| *seq <= survives);
        let covered = self.checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);
        self.next = survives.next().max(covered);
        self.durable = self.last();
        self.released = Seq(1);
    }
    /// What a node finds when it starts.
    pub(super) fn recovered(&self) -> Recovered<P> {
        Recovered {
            checkpoint: self.checkpoint.clone(),
            records: self.records.clone(),
            next_seq: self.next,
            doubtful: self.doubtful,
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node<P: Explorable> {
    /// Which.
    pub id: NodeId,
    /// What the protocol knows; none while the node is down.
    pub state: Option<P::State>,
    /// How often it has started.
    pub incarnation: Incarnation,
    /// Its disk.
    pub disk: Disk<P>,
    /// What waits for its disk, in order, each with the record that it waits for.
    pub held: Vec<(Seq, Held<P>)>,
    /// Its timers; the deadline is zero where the clock stands still.
    pub timers: BTreeMap<P::Timer, Nanos>,
    /// The loads that have not come back.
    pub loads: Vec<(LoadId, What)>,
    /// Its monotonic clock.
    pub now: Nanos,
}

impl<P: Explorable> Node<P> {
    pub(super) fn new(id: NodeId) -> Self {
        Self {
            id,
            state: None,
            incarnation: Incarnation(0),
            disk: Disk::new(),
            held: Vec::new(),
            timers: BTreeMap::new(),
            loads: Vec::new(),
            now: Nanos::from_secs(1),
        }
    }
    /// Whether it runs.
    pub fn is_up(&self) -> bool {
        self.state.is_some()
    }
}
