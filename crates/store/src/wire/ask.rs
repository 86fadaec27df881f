//! What the wire asks of a node, and what the node answers: the seam between the codecs here and
//! the deterministic machine behind them.
//!
//! The wire knows no rule of etcd's and none of avouch's: it turns one encoding into another. Any
//! engine that answers [`Ask`] can stand behind it.

pub use super::peer::handshake::Identity;
use avouch_promise::{Ballot, Blame, Error, LogIndex, LogPoint, NodeId};
use avouch_time::hybrid::Stamp;
use bytes::Bytes;
use std::time::Duration;

/// A node, as the wire sees it. Clones speak to the same node.
pub trait Ask: Clone + Send + Sync + 'static {
    /// Asks for one request to be carried out with its guarantee. A future that is dropped takes
    /// nothing back: the request may still be carried out.
    fn ask(&self, question: Question) -> impl Future<Output = Result<Answered, Refusal>> + Send;
    /// Who the node is.
    fn identity(&self) -> Identity;
    /// What the node knows of itself.
    fn status(&self) -> Status;
    /// The members of the cluster, in the order of their numbers.
    fn members(&self) -> Vec<Member>;
    /// A stamp of the node's hybrid clock, above `seen` and all that it gave before; without
    /// `seen`, `None` where it cannot give one.
    ///
    /// # Errors
    /// `Caller` for a stamp that no honest clock can have given, `Environment` where the clock
    /// cannot follow it now.
    fn stamp(
        &self,
        seen: Option<Stamp>,
    ) -> impl Future<Output = Result<Option<Stamp>, Error>> + Send {
        std::future::ready(seen.map_or(Ok(None), |_| Err(no_stamps())))
    }
    /// Further measurements for `/metrics`.
    fn gauges(&self) -> Vec<Gauge> {
        Vec::new()
    }
}

/// Why a node without a hybrid clock follows no stamp.
pub(crate) fn no_stamps() -> Error {
    Error::new(Blame::Environment, "a node that keeps hybrid stamps", "one that keeps none")
        .hint("state clock-bound in the node's configuration")
}

/// One request.
#[derive(Clone, Debug)]
pub struct Question {
    /// The canonical encoding of a [`avouch_promise::Request`], whose body is the canonical
    /// encoding of an [`avouch_state::Operation`].
    pub request: Bytes,
    /// Whether its operation reads only.
    pub read_only: bool,
    /// Whether evidence is asked for.
    pub evidence: bool,
    /// How long the client will wait from now, if it said so.
    pub deadline: Option<Duration>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The canonical encoding of an [`avouch_state::Outcome`].
    pub outcome: Bytes,
    /// The evidence, if asked for.
    pub evidence: Option<Bytes>,
    /// The request as it stands in the log, when that is an earlier one of the same name: this
    /// was a retry.
    pub original: Option<Bytes>,
    /// The guarantee that the answer has, in its canonical text.
    pub achieved: String,
    /// The state that the answer reflects.
    pub point: LogPoint,
    /// The ballot in which the node was.
    pub ballot: Ballot,
    /// How many wide-area hops lay on the way of this answer.
    pub hops: u32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too much waits already; nothing was begun.
    Busy,
    /// No leader is known; nothing was begun.
    NoLeader {
        /// What is known of the reason.
        detail: String,
    },
    /// The deadline passed, or the node lost what it needed. A write may yet come true.
    Deadline {
        /// What was waited for.
        detail: String,
    },
    /// The node is going down. A write may yet come true.
    Stopping,
    /// Anything else; nothing was begun.
    Error(Error),
}

impl Refusal {
    /// Whether a write that was refused so may still come true.
    pub fn may_come_true(&self) -> bool {
        matches!(self, Self::Deadline { .. } | Self::Stopping)
    }
}

/// What a node knows of itself.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The leader that it knows of.
    pub leader: Option<NodeId>,
    /// The ballot that it is in.
    pub ballot: Ballot,
    /// How far it knows the log to be committed.
    pub commit: LogIndex,
    /// How far it has applied the log.
    pub applied: LogIndex,
    /// The revision of its state.
    pub revision: i64,
    /// The space that its data takes, in bytes.
    pub size_bytes: u64,
    /// The space that live data takes, in bytes.
    pub size_in_use_bytes: u64,
    /// What is wrong, alarms included.
    pub errors: Vec<String>,
    /// Whether it has no vote.
    pub learner: bool,
}

/// One member.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Its number.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
    /// Whether it has no vote.
    pub learner: bool,
}

/// One measurement for `/metrics`.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// Its name, which begins with `avouch_`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub help: &'static str,
    /// Its labels.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: f64,
    /// Whether it only ever grows until the next start.
    pub counter: bool,
}
