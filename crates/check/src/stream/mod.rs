//! Our own history as a stream of bytes: what the text form says (`avouch_promise::history`), and
//! workloads and transactions, in blocks that are compressed and checksummed.
//!
//! ```text
//! | magic | block 0: header | block 1: events | block 2: events | ... | a block cut short
//! ```
//!
//! docs/history-format.md is the whole definition.
//!
//! - S1: what is written reads back, event for event.
//! - S2: a change of any bit is an error, and never other events; a stream cut short anywhere reads
//!   up to its last whole block, and says so (a cut just between blocks cannot be seen).
//! - S3: reading takes the space of one block and of the open operations, whatever the file says.

mod block;
mod convert;
mod decode;
mod encode;
mod event;
mod load;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use convert::{Converted, convert};
pub use event::{Content, Event, Happened, Header, Ran, Stamped, Step};
pub(crate) use load::{add_stamped, parse, told, workload};
pub use reader::{Ending, Reader, is_stream};
#[cfg(test)]
pub(crate) use text::text_of_stamped;
pub use writer::{Shared, Writer};

/// How a stream begins: no text, and changed by whatever changes line ends.
const MAGIC: &[u8] = b"\x89avouch\r\n\x1a\n";
