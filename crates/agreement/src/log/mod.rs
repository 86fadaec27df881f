//! The replicated log: Sequence Paxos as published with Omni-Paxos (`EuroSys` 2023, §4), with a
//! running hash, read-index with its acknowledgement set, catch-up and checkpoint transfer.
//!
//! ```text
//!            elected                quorum of promises,
//!            by ballot              newest log adopted
//! follower -----------> preparing --------------------> leading
//!     ^                     |                              |
//!     +---------------------+------- higher ballot --------+
//! ```
//!
//! - On `Prepare(n)` with n at least the promise: promise n durably, then tell the own log.
//! - A leader adopts the log with the highest (accepted ballot, length) of a quorum of promises,
//!   and synchronises every follower to it before it appends.
//! - On `Append(n)`: accept durably what continues the own log, then acknowledge up to there.
//! - An entry accepted durably by a quorum in one ballot is decided, and so is all before it.
//!
//! Invariants:
//!
//! - I1 A promise never goes down, and is durable before it is told.
//! - I2 Decided entries never change: two nodes' decided logs are prefixes of one log.
//! - I3 An acknowledgement for ballot n is told only by a node whose durable log was accepted in
//!   n and that has promised nothing higher.
//! - I4 A leader appends only after it adopted the newest log of a quorum.
//! - I5 A read is granted only after a quorum confirmed the leader's ballot after the read
//!   arrived, and only from a leader with a decided entry of its own ballot.
//! - I6 No node holds more undecided bytes than one message and one record take.
//!
//! Deviations from the paper: links may lose, repeat and reorder, so every message names the
//! place in the log that it continues, and a follower that cannot place entries asks to be
//! synchronised from its decided point; entries are batches chained by digest; a node whose disk
//! may have lost acknowledged records (`doubtful`) first learns from a quorum of others what it
//! may have promised and accepted, and what it said before does not count beside the word of those
//! that told it (`rejoin`); what is undecided is bounded in bytes, so that all of it fits into one
//! message and one record (I6).

mod catch_up;
mod checkpoint;
pub mod command;
pub mod config;
mod crash_vector;
pub mod entry;
mod farewell;
mod follower;
pub mod image;
mod leader;
mod lending;
pub mod message;
mod read;
pub mod record;
mod rejoin;
mod state;
mod step;
pub mod tail;
mod transfer;
mod waiting;

pub use command::{Command, Observation, Output, Proposal, Readable};
pub use config::{Bounds, Config, Timing};
pub use crash_vector::CrashVector;
pub use entry::{Entries, Entry, Payload, SharedEntry};
pub use image::{Image, Snapshot};
pub use message::{Certificate, Message, ReadRound, Speaker};
pub use record::Record;
pub use state::State;
pub use step::{Log, Timer};
pub use tail::Place;
