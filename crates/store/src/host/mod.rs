//! The host: runs the deterministic node on real disks, sockets, threads and clocks.
//!
//! ```text
//!  clients --> listener --> Handle --+                       +--> Mesh --> peers
//!                                    v                       |
//!  peers ----> Mesh --> intake --> [ step thread ] -- effects-+--> Wal: append, one sync a batch
//!                                    ^   Node::step          |
//!                                    +------ Loaded, --------+--> workers: checkpoints, chunks
//!                                            Checkpointed
//! ```
//!
//! One thread steps the node, and owns its state and its log. It takes everything that has come in,
//! steps once for each, syncs the log once for all of them, and then lets go what waited for that
//! sync. What takes long (a checkpoint, a part of one) is done by worker threads.
//!
//! What the host owes the node ([`avouch_machine::protocol`], H1-H6):
//!
//! - I1 A message or answer that names a record leaves after that record was synced (H1, H2).
//!   A checkpoint is written after the records that it stands for were synced.
//! - I2 The clocks are read after the event was taken from its queue, once for each event (H3).
//! - I3 After a failed write or sync the thread ends: nothing is tried again, and whoever waits is
//!   told that the node is stopping (H1).
//! - I4 Bytes whose checksum is wrong never reach the node: it starts from what is sound, says that
//!   it is in doubt, and catches up from its peers; alone, it refuses to start ([`recover`]).
//! - I5 Every queue is bounded: clients are told that the node is busy, peers wait.

mod claim;
mod config;
mod device;
mod environment;
mod founding;
mod gauges;
mod handle;
mod intake;
mod lookout;
mod mutant;
mod network;
mod perform;
mod pins;
mod recorder;
pub mod recover;
mod running;
mod stamps;
mod stepper;
mod timers;
mod workers;

pub use config::{HostConfig, Listen};
pub use founding::{
    KEY_FILE, NewMember, TRUST_FILE, found_cluster, node_folder, read_trust, restore_trust,
};
pub use handle::{Handle, Stepped};
#[doc(hidden)]
pub use mutant::HostMutant;
pub use recorder::{Recording, SAMPLED};
pub use running::Host;
