//! Histories: what clients asked and were answered, one JSON object a line, appended as it happens.
//!
//! ```text
//! {"avouch_history":1,"about":"tour","cluster":"..."}
//! {"type":"invoke","process":0,"op":1,"time":12,"do":{"kind":"put","key":"a","value":"1"},
//!  "guarantee":"linearizable","region":"eu-west-1"}
//! {"type":"ok","process":0,"op":1,"time":20,"got":{"kind":"done"},"achieved":"linearizable",
//!  "point":"3.1","node":2,"evidence":"tour.evidence#0"}
//! ```
//!
//! (each object on one line). docs/history-format.md is the whole definition. Every operation
//! names its own guarantee, and evidence may name the log point at which it took effect, so a
//! judge can hold each operation to its own promise, and the order that evidence claims to the
//! order that clients saw.
//!
//! I1 A history that a [`HistoryReader`] gives: a process has at most one operation open, an
//! operation's number is used once, and a completion belongs to an open operation of its process
//! and is not earlier than its invocation. A [`HistoryWriter`] refuses to write any other.

mod line;
mod malformed;
mod order;
mod reader;
mod record;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use line::is_record;
pub use malformed::{HistoryError, Malformed};
pub use order::{Order, OutOfOrder};
pub use reader::{Ending, HistoryReader};
pub use record::{Action, Answered, Compare, Header, Invocation, Outcome, Record, What};
pub use writer::HistoryWriter;

/// The version of the format.
pub const VERSION: u32 = 1;

/// A line longer than this, in bytes, is refused: etcd's largest request, in hexadecimal, fits
/// several times.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
