//! Clocks that say what they do not know. Pure: whoever has a clock hands its reading in.
//!
//! - [`logical`]: what happened before what, without time.
//! - [`hybrid`]: 8-byte stamps close to time that are never against causality.
//! - [`interval`]: the true time, within bounds that follow from what was measured.
//! - [`detect`]: faults of clocks, told apart by what a host can see of them.
//! - [`ntp`]: packets and exchanges of the Network Time Protocol.
//! - [`nts`]: how keys are agreed on that protect such packets.
//! - [`ptp`]: which grandmaster a domain of the Precision Time Protocol follows.
//! - [`chrony`]: what chronyd says of itself.
//! - [`commit`]: when a commit may be seen and a snapshot read, by clocks.
//! - [`segment`]: a bound on the clock's error in shared memory, as ClockBound has it.

pub mod calendar;
pub mod chrony;
pub mod commit;
pub mod detect;
pub mod hybrid;
pub mod interval;
pub mod logical;
pub mod ntp;
pub mod nts;
pub mod ptp;
pub mod segment;
