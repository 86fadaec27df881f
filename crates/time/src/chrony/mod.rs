//! What chronyd says of itself over its command protocol, version 6, as `chronyc` asks it.
//!
//! ```text
//!   request(question, sequence) --> 20 bytes, an index, padding --> chronyd
//!   accept(bytes, question, sequence) <-- 28 bytes, a report <-- chronyd
//! ```
//!
//! Requests are padded to the length of the longest answer, or chronyd would not answer: nobody is
//! to be flooded by answers to what was forged. All numbers are big-endian; reals are chrony's own
//! (see [`ChronyFloat`]). The layout is that of chrony 4's `candm.h`; only questions are known that
//! change nothing.

//= §3.1.2 sync-health

mod float;
mod report;
mod wire;

#[cfg(test)]
mod tests;

pub use float::ChronyFloat;
pub use report::{
    Mode, Peer, Reach, ServerStatistics, SourceReport, SourceStatistics, State, Tracking,
};
pub use wire::{Malformed, Question, REQUEST_BYTES, Refusal, Report, accept, request};
