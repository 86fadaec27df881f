//! What happens to a protocol.

use crate::protocol::Protocol;
use avouch_promise::{Incarnation, NodeId};
use bytes::Bytes;

/// The number of a record in a node's own log on disk: from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The host's name for a command, by which outputs refer to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// The protocol's name for a load that it asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadId(pub u64);

/// A part of a durable checkpoint, as the bytes that stand on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chunk {
    /// The sequence number given with the checkpoint: chunks of different ones never mix.
    pub checkpoint: Seq,
    /// Where the bytes start.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
    /// The length of the whole checkpoint in bytes.
    pub total: u64,
}

/// What a load brought.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loaded<P: Protocol> {
    /// The records asked for, or a prefix of them of at least one.
    Records(Vec<(Seq, P::Record)>),
    /// A part of a checkpoint.
    Chunk(Chunk),
    /// It is not there any more.
    Missing,
    /// It is there and its checksum is wrong: to be repaired from peers, never used.
    Corrupt,
}

/// One input of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event<P: Protocol> {
    /// The node has started, for the n-th time on this disk.
    Started {
        /// n.
        incarnation: Incarnation,
    },
    /// A peer's message arrived.
    Message {
        /// The peer, as authenticated by the link.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A client asks.
    Command {
        /// The host's name for it.
        id: CommandId,
        /// What it asks.
        command: P::Command,
    },
    /// A timer is due.
    Timer(P::Timer),
    /// Every record up to this one is durable.
    Persisted(Seq),
    /// A load came back.
    Loaded {
        /// Which.
        id: LoadId,
        /// With what.
        loaded: Loaded<P>,
    },
    /// The checkpoint with this number is durable.
    Checkpointed(Seq),
}
