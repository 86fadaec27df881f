//! The deterministic node: the replicated log, the machine on top of it, and the evidence of every
//! answer, as one protocol. Sockets, disks and threads are the host's.
//!
//! ```text
//!   Ask(write) --> log: propose ---> Decided --> machine: apply --> answer --> certificate --> reply
//!   Ask(read)  --> log: read ------> Readable -> machine at index -> answer --> certificate -> reply
//!   Ask(consistent prefix) --------------------> certified machine --------------------------> reply
//!   Ask(eventual) -----------------------------> machine as it is ---------------------------> reply
//! ```
//!
//! - I1 The machine has applied exactly the decided entries that the log put out.
//! - I2 A reply to a write is given at the log point where the request stands.
//! - I3 A linearizable read is answered by a state at or behind the granted index.
//! - I4 Evidence is attached only when it is whole.
//!
//! Evidence is built when asked for; the answers of one step share one signature.

mod answer;
mod apply;
mod beacon;
pub mod command;
pub mod config;
pub(crate) mod image;
mod read;
mod state;
mod step;

pub use command::{Ask, Command, Output, Refused, Replied};
pub use config::{Config, NodeMutant};
pub use image::MachineImage;
pub(crate) use image::head;
pub use state::State;
pub use step::{Node, Observation, Timer};
