//! How time is kept in the physical world: oscillators, satellites, servers in strata, and hosts
//! that measure them with the shipped interval clock; and what befalls each of them.
//!
//! ```text
//!   satellites --Receiver--> Grandmaster (stratum 1: an oscillator steered, or in holdover)
//!                                |  exchanges over a Path
//!                            Keeper (stratum 2: a host that serves what its clock says)
//!                                |
//!                            Keeper --local time, measurements--> IntervalClock
//!                                                                 is the true time in it?
//! ```
//!
//! True time is a count of nanoseconds, of which POSIX time leaves out or repeats one second at a
//! leap; an oscillator's rate is even within each second. What a scenario breaks beyond what the
//! clock assumes, it says: a server whose claim is wrong is one that lies, whatever the reason.

#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "spans are positive, and far below what a float holds"
)]

pub mod baseline;
pub mod diary;
pub mod estate;
pub mod grandmaster;
pub mod keeper;
pub mod leap;
pub mod named;
pub mod oscillator;
pub mod path;
pub mod receiver;
pub mod scenario;
pub mod server;
#[cfg(test)]
mod tests;
pub mod trouble;
pub mod watch;

pub use diary::Diary;
pub use estate::{Estate, Outcome};
pub use oscillator::{Habits, Oscillator};
pub use scenario::Scenario;
pub use trouble::{Trouble, What};
