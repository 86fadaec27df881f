//! Hosts whose oscillators wander, servers of which some lie, and networks between them: the
//! interval clock against the true time, once a second.
//!
//! ```text
//!   Oscillator --local time--> exchanges over a Path --> IntervalClock --> is the true time in it?
//!   Server (honest, or with a Lie) --/                \-> Baseline (what a daemon would claim)
//! ```
//!
//! True time is a count of nanoseconds; the host's steady clock runs at a rate that is even within
//! each second. What a scenario breaks beyond what the clock assumes, it says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "spans are positive, and far below what a float holds"
)]

mod baseline;
mod host;
mod network;
mod oscillator;
mod run;
mod scenario;
mod tests;
