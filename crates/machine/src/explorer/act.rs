//! What can happen to a node, what of it the history may note, and which of it can happen now.

use crate::effect::What;
use crate::event::{CommandId, LoadId, Seq};
use crate::explorer::bounds::{Clock, Sync};
use crate::explorer::node::{Envelope, Explorable, Node};
use crate::protocol::Protocol;
use avouch_promise::{Interval, Nanos, NodeId};
use bytes::Bytes;

/// Something that the history may take note of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<P: Protocol> {
    /// A client's command reached a node.
    Command {
        /// Which node.
        node: NodeId,
        /// Its name.
        id: CommandId,
        /// What it asks.
        command: P::Command,
    },
    /// A node told its client something.
    Output {
        /// Which node.
        node: NodeId,
        /// What.
        value: P::Output,
    },
    /// A node let something be seen.
    Observation {
        /// Which node.
        node: NodeId,
        /// What.
        observation: P::Observation,
    },
    /// A node crashed.
    Crashed(NodeId),
    /// A node started, again or for the first time.
    Started(NodeId),
    /// A message was lost.
    Lost(Envelope<P>),
}

/// What a load comes back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Served {
    /// Everything asked for, or word that it is missing.
    Whole,
    /// Only the first record.
    Short,
    /// Word that it is corrupt.
    Corrupt,
    /// Word that it is missing, of a checkpoint whose place a newer one has taken.
    Gone,
}

/// What happens to one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act<P: Protocol> {
    /// It recovers from its disk and starts.
    Start,
    /// It receives a message.
    Receive(NodeId, P::Message),
    /// It receives a command.
    Command(CommandId, P::Command),
    /// A timer fires.
    Fire(P::Timer),
    /// Its records up to this one become durable.
    Sync(Seq),
    /// Its oldest checkpoint in writing becomes durable.
    Checkpoint,
    /// A load comes back.
    Load(LoadId, Served),
    /// It crashes: records after this one are lost, and the checkpoints being written but this
    /// many.
    Crash(Seq, usize),
    /// Its clock shows this.
    Tick(Nanos),
}

/// What an act counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cost {
    Free,
    Timer,
    Crash,
    DoubtfulTail,
    CorruptLoad,
    ShortLoad,
}

/// The bytes of a checkpoint.
pub(super) type ImageBytes<P> = dyn Fn(&<P as Protocol>::Image) -> Bytes;
/// Rewrites a node.
pub(super) type Rewrite<P> = dyn Fn(&mut Node<P>);

/// The rules of the world that all nodes share.
pub(super) struct World<'a, P: Explorable> {
    pub(super) configs: &'a [P::Config],
    pub(super) sync: Sync,
    pub(super) syncs: &'a [(NodeId, Sync)],
    pub(super) clock: Clock,
    pub(super) wall: &'a dyn Fn(NodeId, Nanos) -> Interval,
    pub(super) image_bytes: Option<&'a ImageBytes<P>>,
    pub(super) canonical: Option<&'a Rewrite<P>>,
    /// Whether every step is taken under the laws.
    pub(super) laws: bool,
    /// Whether anybody wants the facts.
    pub(super) facts: bool,
    /// Whether the effects are told as text.
    pub(super) narrate: bool,
}

impl<P: Explorable> World<'_, P> {
    /// How this node's disk works.
    pub(super) fn sync_of(&self, node: NodeId) -> Sync {
        let own = self.syncs.iter().rev().find(|(id, _)| *id == node);
        own.map_or(self.sync, |(_, sync)| *sync)
    }
}

/// What a node that is up or down may do by itself.
pub(super) fn acts<P: Explorable>(world: &World<'_, P>, node: &Node<P>) -> Vec<(Act<P>, Cost)> {
    if !node.is_up() {
        return vec![(Act::Start, Cost::Free)];
    }
    let mut acts = Vec::new();
    let waits = matches!(world.clock, Clock::Ticks { .. });
    for (key, at) in &node.timers {
        if !waits || *at <= node.now {
            acts.push((Act::Fire(*key), Cost::Timer));
        }
    }
    let disk = &node.disk;
    match world.sync_of(node.id) {
        _ if disk.durable == disk.last() => {}
        Sync::AnyPrefix => {
            let prefixes = disk.durable.0 + 1..=disk.last().0;
            acts.extend(prefixes.map(|to| (Act::Sync(Seq(to)), Cost::Free)));
        }
        Sync::Whole | Sync::Immediate => acts.push((Act::Sync(disk.last()), Cost::Free)),
    }
    if !disk.writing.is_empty() {
        acts.push((Act::Checkpoint, Cost::Free));
    }
    for (id, what) in &node.loads {
        acts.push((Act::Load(*id, Served::Whole), Cost::Free));
        match what {
            What::Records { from, to } => {
                let found = disk.records.iter().filter(|(seq, _)| from <= seq && seq <= to).count();
                if found >= 1 {
                    acts.push((Act::Load(*id, Served::Corrupt), Cost::CorruptLoad));
                }
                if found >= 2 {
                    acts.push((Act::Load(*id, Served::Short), Cost::ShortLoad));
                }
            }
            What::Chunk { checkpoint, .. } => {
                let newest = disk.checkpoint.as_ref().map(|(seq, _)| *seq);
                match disk.readable(*checkpoint) {
                    Some((seq, _)) if Some(*seq) == newest => {
                        acts.push((Act::Load(*id, Served::Corrupt), Cost::CorruptLoad));
                    }
                    Some(_) => {
                        acts.push((Act::Load(*id, Served::Corrupt), Cost::CorruptLoad));
                        acts.push((Act::Load(*id, Served::Gone), Cost::Free));
                    }
                    None => {}
                }
            }
        }
    }
    for checkpoints in 0..=disk.writing.len() {
        for survives in disk.durable.0..=disk.last().0 {
            acts.push((Act::Crash(Seq(survives), checkpoints), Cost::Crash));
        }
    }
    if let Some((first, _)) = disk.records.first() {
        for survives in first.0 - 1..disk.durable.0 {
            acts.push((Act::Crash(Seq(survives), 0), Cost::DoubtfulTail));
        }
    }
    acts
}
