//! What a client of a scenario does: what it asks, how often, of which node first, and how far it
//! is from each.
//!
//! ```text
//!   pause ~ exponential --> ask the nearest node that takes connections --delay--> node
//!                              | refused, or no answer in time: the next nearest
//! ```

use super::client::Client;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::Action;
use avouch_promise::{Nanos, NodeId, Random};
use avouch_world::Delay;
use avouch_world::arithmetic::ln;
use bytes::Bytes;

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Reads a key.
    Get,
    /// Writes a key.
    Put,
    /// Deletes a key.
    Delete,
    /// Writes a key if it holds what the client wrote before.
    Swap,
}

impl Deed {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Get, Self::Put, Self::Delete, Self::Swap];

    /// Its name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Swap => "cas",
        }
    }
}

/// A node that a client can ask, and how long a message to it or from it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The node.
    pub node: NodeId,
    /// How far it is; none: the client stands beside it.
    pub delay: Option<Delay>,
}

/// What one client does.
#[derive(Clone, Debug, PartialEq)]
pub struct Habit {
    /// Kinds of operations, as weights.
    pub deeds: Vec<(Deed, f64)>,
    /// Guarantees of reads, as weights. Every write is linearizable.
    pub guarantees: Vec<(Guarantee, f64)>,
    /// On how many keys.
    pub keys: u64,
    /// How long a value is at least, in bytes.
    pub value_bytes: u64,
    /// Which share of its questions asks for evidence.
    pub evidence: f64,
    /// How long it pauses on average between an answer and the next question.
    pub pause: Nanos,
    /// How long it waits for a node.
    pub patience: Nanos,
    /// The nodes that it can ask, nearest first.
    pub nodes: Vec<Reach>,
}

fn weighted<T: Copy>(weights: &[(T, f64)], random: &mut Random) -> Option<T> {
    let whole: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut at = random.unit() * whole;
    for (what, weight) in weights {
        at -= weight;
        if at < 0.0 {
            return Some(*what);
        }
    }
    weights.last().map(|(what, _)| *what)
}

impl Habit {
    /// What the client does next, with which guarantee.
    pub(super) fn next(&self, client: &mut Client) -> (Action, Guarantee) {
        let random = client.random();
        let deed = weighted(&self.deeds, random).unwrap_or(Deed::Get);
        let guarantee = match deed {
            Deed::Get => weighted(&self.guarantees, random),
            _ => None,
        };
        let key = Bytes::from(format!("k{}", random.below(self.keys)));
        let action = match deed {
            Deed::Get => Action::Get { key },
            Deed::Put => Action::Put { key, value: client.value_of(self.value_bytes) },
            Deed::Delete => Action::Delete { key },
            Deed::Swap => {
                let expected = Some(client.guess(&key));
                Action::CompareAndSwap { key, expected, value: client.value_of(self.value_bytes) }
            }
        };
        if let Action::Put { key, value } | Action::CompareAndSwap { key, value, .. } = &action {
            client.writes(key, value);
        }
        (action, guarantee.unwrap_or(Guarantee::Linearizable))
    }

    /// How long until the next question: times between questions are exponential.
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "a pause of seconds")]
    pub(super) fn pause(&self, random: &mut Random) -> Nanos {
        Nanos((-ln(1.0 - random.unit()) * self.pause.0 as f64) as u64)
    }

    /// How far a node is now.
    pub(super) fn distance(&self, node: NodeId, random: &mut Random) -> Nanos {
        let reach = self.nodes.iter().find(|reach| reach.node == node);
        let delay = reach.and_then(|reach| reach.delay);
        delay.map_or(Nanos::ZERO, |delay| delay.sample(random))
    }

    /// The node to ask after `node` gave no answer.
    pub(super) fn after(&self, node: NodeId) -> NodeId {
        let at = self.nodes.iter().position(|reach| reach.node == node).unwrap_or(0);
        let next = self.nodes.get((at + 1) % self.nodes.len().max(1));
        next.map_or(node, |reach| reach.node)
    }
}
