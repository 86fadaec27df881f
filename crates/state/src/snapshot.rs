//! The whole machine as bytes, and back: the same state gives the same bytes, however it came
//! about, so that checkpoints can be compared and repaired block by block.
//!
//! ```text
//! snapshot = block*                    block = record+, cut before the first record beyond 64 KiB
//!
//! header | (key | entry+)* | alarm* | (client | answer*)* | end
//!
//! 1 header   version of the format, log point, limits, revision, compacted
//! 2 key      key                                        keys ascend
//! 3 put      main, sub, create, version, value, lease   entries of the key before, oldest first
//! 4 delete   main, sub
//! 5 alarm    type, member                               alarms ascend
//! 6 client   name, settled, last log point              clients ascend
//! 7 answer   sequence, log point, request's digest, outcome
//! 8 end      number of keys, size, projection
//! ```
//!
//! Reading back rebuilds what can be computed (garbage, size, projection) and refuses whatever no
//! machine could have written. Where blocks end is not looked at, but a record never spans two.
//!
//! Invariant: I1, a snapshot that is accepted is the snapshot of the machine that it gave.

mod read;
mod write;

pub use read::Restoring;
pub use write::Snapshot;

use crate::machine::Machine;
use avouch_promise::Error;
use bytes::Bytes;

/// A block is closed as soon as it holds this much.
const BLOCK_BYTES: usize = 64 << 10;

/// The version of the format.
const FORMAT: u8 = 1;

const HEADER: u8 = 1;
const KEY: u8 = 2;
const PUT: u8 = 3;
const DELETE: u8 = 4;
const ALARM: u8 = 5;
const CLIENT: u8 = 6;
const ANSWER: u8 = 7;
const END: u8 = 8;

impl Machine {
    /// The machine as blocks. The iterator has a clone of its own, so the machine may go on, and
    /// another thread may write the blocks.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.clone())
    }

    /// The machine that a snapshot is of.
    pub fn restore(blocks: impl IntoIterator<Item = Bytes>) -> Result<Self, Error> {
        let mut restoring = Restoring::new();
        blocks.into_iter().try_for_each(|block| restoring.block(&block))?;
        restoring.finish()
    }
}
