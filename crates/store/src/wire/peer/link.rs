//! The link between two nodes of one process: what distance does to messages.
//!
//! An embedded cluster has all its regions in one process; its nodes speak over real sockets, and
//! this is where geography comes in. A real node runs with [`Direct`].

use avouch_promise::NodeId;
use std::time::Duration;

/// What happens to messages from one node to another on their way.
pub trait Link: Send + Sync {
    /// How long a message of `length` bytes sent now stays under way, besides what the real
    /// network takes; `None` when it is lost. Asked once per message, so the answer may be drawn
    /// anew each time; messages of one direction never overtake each other.
    fn delay(&self, from: NodeId, to: NodeId, length: usize) -> Option<Duration>;
}

/// No distance: the real network alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Link for Direct {
    fn delay(&self, _: NodeId, _: NodeId, _: usize) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

impl<F> Link for F
where
    F: Fn(NodeId, NodeId) -> Option<Duration> + Send + Sync,
{
    fn delay(&self, from: NodeId, to: NodeId, _: usize) -> Option<Duration> {
        self(from, to)
    }
}
