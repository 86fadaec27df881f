//! Agreement on a log: ballot leader election and Sequence Paxos, in the shape of `machine`; and
//! failure detectors, with the consensus that is built on them.

pub mod detector;
pub mod election;
pub mod explore;
pub mod gray;
pub mod log;
pub mod membership;
pub mod mutant;
pub mod rotating;

pub use log::{
    Bounds, Command, Config, Image, Log, Message, Output, Record, Snapshot, State, Timing,
};
pub use membership::Membership;
pub use mutant::{Killer, Mutant};
