//! The shipped node in the simulated world: clients with mixed guarantees, every fault there is,
//! and three judges at once.
//!
//! ```text
//!   seed -> nemesis script + clients ----> World<Node> ----> history, evidence, states
//!                                                             |         |        |
//!      check: every obligation, by search and by points <-----+---------+        |
//!      verify: every piece of evidence, and forks across them <---------+        |
//!      invariants: decided logs agree, and equal points have equal states <-----+
//! ```
//!
//! The theorem behind the guarantee table is tested here: the order that evidence alone gives
//! must satisfy what the judge finds of the history. Points are taken from evidence that was
//! verified wherever there is some; on a share of the seeds every answer carries it, and whatever
//! has none counts as never answered ([`Findings::alone`]).

//= §1.4.1 verification strategies

mod client;
pub mod divergence;
mod driver;
mod findings;
pub mod gray;
pub mod habit;
pub mod partial;
pub mod perturbation;
mod scenario;
mod steady;
pub mod synchrony;
pub mod watched;
mod wire;

pub use driver::{WATCH, Workload};
pub use findings::{Findings, Told};
pub use habit::{Deed, Habit, Reach};
pub use scenario::{Plan, run, tell};
pub use steady::{Steady, SteadyRun};

use crate::node::{Node, image};
use avouch_agreement::log::{Image, Message, Record};
use avouch_promise::{Ballot, Decode, Encode, NodeId, Random};
use avouch_world::Simulated;
use bytes::Bytes;

impl Simulated for Node {
    fn image_bytes(image: &Image<crate::node::MachineImage>) -> Bytes {
        image::content(image)
    }

    fn message_bytes(message: &Message) -> u64 {
        message.to_bytes().len() as u64
    }

    fn message_word(message: &Message) -> &'static str {
        match message {
            Message::Heartbeat { .. } | Message::HeartbeatReply { .. } => "heartbeat",
            Message::Prepare { .. } => "prepare",
            Message::Promise { .. } => "promise",
            Message::Append { .. } => "append",
            Message::Accepted { .. } => "accepted",
            Message::Decide { .. } => "decide",
            Message::Refused { .. } => "refused",
            Message::Farewell { .. } => "farewell",
            _ => "other",
        }
    }

    fn through_wire(message: Message) -> Result<Message, String> {
        through(&message)
    }

    fn flipped(message: &Message, bit: u64, checked: bool) -> Option<Message> {
        wire::flipped(message, bit, checked)
    }

    fn rewritten(from: NodeId, message: &Message, random: &mut Random) -> Option<Message> {
        wire::rewritten(from, message, random)
    }

    fn farewell(stopped: NodeId) -> Option<Message> {
        Some(farewell_of(stopped))
    }

    fn through_disk(record: Record) -> Result<Record, String> {
        through(&record)
    }
}

/// What whoever knows that a node has stopped for good tells the others: of all its ballots.
fn farewell_of(stopped: NodeId) -> Message {
    Message::Farewell { given_up: Ballot { round: u64::MAX, leader: stopped } }
}

/// A value after it was encoded and decoded.
fn through<T: Encode + Decode + PartialEq>(value: &T) -> Result<T, String> {
    let back = T::from_bytes(&value.to_bytes()).map_err(|error| error.to_string())?;
    if back == *value { Ok(back) } else { Err("decodes to something else".to_owned()) }
}
