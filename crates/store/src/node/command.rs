//! What a host asks of a node on behalf of a client, and what the node replies.

use avouch_machine::CommandId;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Ballot, Error, LogPoint, Nanos};
use bytes::Bytes;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// A client asks.
    Ask(Ask),
    /// The node is about to be stopped in good order: it says farewell to its peers.
    Depart,
}

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    /// The canonical bytes of an [`avouch_promise::Request`].
    pub request: Bytes,
    /// Whether evidence is asked for.
    pub evidence: bool,
    /// How long the client waits; none for the node's own patience.
    pub deadline: Option<Nanos>,
}

/// A client's answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replied {
    /// The canonical bytes of the machine's outcome.
    pub outcome: Bytes,
    /// The encoded [`avouch_promise::evidence::Evidence`], when asked for and to be had.
    pub evidence: Option<Bytes>,
    /// The guarantee that the answer meets.
    pub achieved: Guarantee,
    /// The state that the answer reflects.
    pub point: LogPoint,
    /// The ballot that the node had promised.
    pub ballot: Ballot,
    /// Hops between nodes on this answer's causal chain.
    pub hops: u32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Too much waits already; nothing was begun.
    Busy,
    /// The deadline passed; a write may yet come true.
    Deadline {
        /// What was waited for.
        detail: String,
    },
    /// Anything else; nothing was begun.
    Error(Error),
}

/// A node's output: the reply to one command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Output {
    /// The command.
    pub id: CommandId,
    /// Its reply.
    pub reply: Result<Replied, Refused>,
}
