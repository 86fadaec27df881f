//! The log and the checkpoints of one node on a real disk.
//!
//! ```text
//!   records (Seq, bytes) --> Wal --------> log-0000000001.segment  log-0000000002.segment ...
//!                             |            (preallocated zeros, group commit, fdatasync)
//!   image of the state ----> Checkpoints -> checkpoint-<seq>.image  (immutable, block checksums)
//!                             |
//!                             +-- Covered: the log is released only below a durable checkpoint
//! ```
//!
//! - [`wal`] appends, syncs, reads back and releases; [`recovery`] says what a log holds
//!   after a crash, and keeps a torn tail and a rotted acknowledged record apart.
//! - [`checkpoint`] is one file; [`checkpoints`] is the folder of them.
//! - [`scrub`] reads everything again and names what has flipped.
//! - [`folder`] is the only place that calls the operating system; [`memory`] is the same
//!   interface in memory, with crashes, torn writes, rot and a full disk.
//!
//! The files are drawn byte by byte in `docs/disk-format.md`.

pub mod checkpoint;
pub mod checkpoints;
pub mod data;
pub mod folder;
mod frame;
pub mod identity;
pub mod memory;
pub mod mutant;
pub mod recovery;
pub mod scrub;
mod segment;
mod spare;
pub mod wal;

pub use checkpoint::{Checkpoint, Part};
pub use checkpoints::{Checkpoints, Covered, OpenedCheckpoints};
pub use data::Data;
pub use folder::{File, Folder, SystemFolder};
pub use identity::Identity;
pub(crate) use identity::found;
pub use memory::MemoryFolder;
pub use mutant::Mutant;
pub use recovery::RecoveredLog;
pub use scrub::{Flip, ScrubReport, Scrubber};
pub use spare::SpareJob;
pub use wal::{Options, ReadError, Wal};
