//! A bound on the error of this host's clock in shared memory: the segment that ClockBound's daemon
//! writes and its clients map, version 2, so that each may stand in the other's place.
//!
//! ```text
//!    0  magic: 0x414d5a4e, 0x43420200   two words of 32 bits
//!    8  size in bytes                   32 bits
//!   12  version 2                       16 bits
//!   14  generation                      16 bits: odd while it is written, 0 before it first was
//!   16  as of: seconds, nanoseconds     64 bits each, of CLOCK_MONOTONIC_COARSE
//!   32  void after                      the same
//!   48  bound, in nanoseconds           64 bits: by how much CLOCK_REALTIME is off at most then
//!   56  disruption marker               64 bits: of the hypervisor, where it tells
//!   64  maximal drift                   32 bits: ppb, by which the bound grows
//!   68  status                          32 bits: unknown, synchronised, free-running, disrupted
//!   72  1 if disruptions are told       8 bits, and 7 bytes of nothing
//! ```
//!
//! All in the byte order of the machine, whose memory it is. A writer makes the generation odd,
//! writes, and makes it even; a reader that finds it odd, or another one after its reading, reads
//! again.
//!
//! References: ClockBound's `docs/PROTOCOL.md` (which tells the magic byte by byte, in the order of
//! a big-endian machine; its code, which this follows, has words).

//= §3.1.2 sync-health

mod layout;

#[cfg(test)]
mod tests;

pub use layout::{Decoded, Malformed, SEGMENT_BYTES};

use crate::interval::Drift;
use avouch_promise::Nanos;
use std::fmt;

/// Where the generation stands: its two bytes, and what is behind it.
pub const GENERATION_AT: usize = 14;

/// How long a status is believed after it was written; a daemon may be started anew meanwhile.
pub const GRACE: Nanos = Nanos::from_secs(5);

/// What the writer says of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is known.
    Unknown,
    /// Something keeps it right.
    Synchronised,
    /// Nothing does now; the bound holds.
    FreeRunning,
    /// It was disrupted: nothing holds.
    Disrupted,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Synchronised => "synchronised",
            Self::FreeRunning => "free-running",
            Self::Disrupted => "disrupted",
        })
    }
}

/// What is in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// When the bound held, by the monotonic clock.
    pub as_of: Nanos,
    /// When it is not to be trusted any more.
    pub void_after: Nanos,
    /// By how much the wall clock was off at most.
    pub bound: Nanos,
    /// What the hypervisor's marker was.
    pub disruption_marker: u64,
    /// By how much the wall clock may drift.
    pub drift: Drift,
    /// The writer's word.
    pub status: Status,
    /// Whether the hypervisor tells disruptions.
    pub tells_disruptions: bool,
}

impl Segment {
    /// A bound that somebody claims, as a segment would tell it.
    pub fn claim(as_of: Nanos, lasts: Nanos, bound: Nanos, drift: Drift) -> Self {
        Self {
            as_of,
            void_after: as_of.plus(lasts),
            bound,
            disruption_marker: 0,
            drift,
            status: Status::Synchronised,
            tells_disruptions: false,
        }
    }

    /// By how much the wall clock may be off at a moment of the monotonic clock, and the status
    /// then; no bound where nothing is claimed. A moment before [`Self::as_of`] counts as that.
    ///
    /// | status | up to 5 s old | older | void |
    /// |---|---|---|---|
    /// | unknown, disrupted | as it is | as it is | as it is |
    /// | synchronised | as it is | free-running | unknown |
    /// | free-running | as it is | as it is | unknown |
    pub fn at(&self, monotonic: Nanos) -> (Option<Nanos>, Status) {
        let status = match self.status {
            Status::Synchronised | Status::FreeRunning => {
                if monotonic < self.as_of.plus(GRACE) {
                    self.status
                } else if monotonic < self.void_after {
                    Status::FreeRunning
                } else {
                    Status::Unknown
                }
            }
            none => none,
        };
        let bound = self.bound.plus(self.drift.after(monotonic.minus(self.as_of)));
        let claims = matches!(status, Status::Synchronised | Status::FreeRunning);
        (claims.then_some(bound), status)
    }
}

/// The generation while it is written, and after that.
pub fn generations(before: u16) -> (u16, u16) {
    let writing = before | 1;
    // None is 0 again, which would mean that nothing was ever written.
    let written = writing.checked_add(1).unwrap_or(2);
    (writing, written)
}
