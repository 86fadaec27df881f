//! The interval clock: what this host knows of the true time, from servers that it asks, and what
//! that knowledge rests on.
//!
//! ```text
//!   exchange --> Envelope of its source --\
//!   exchange --> Envelope of its source ----> agree --> Reading: interval, class, reason
//!   exchange --> Envelope of its source --/     \-----> verdicts: truechimer, falseticker, ...
//! ```
//!
//! A bound is hard if it follows from what is stated: this host's oscillator is off by no more than
//! rho, of n sources at most (n-1)/2 lie, and the others' own error is what they say it is. What
//! measurements contradict is no longer claimed. A bound of probabilities is [`statistical`].
//!
//! - [`envelope`]: what one source says, grown with its age.
//! - [`agreement`]: what sources say together (Marzullo).
//! - [`statistical`]: the estimate of RFC 5905, which is likely and not certain.
//! - [`leap`]: what a leap second at the end of a month does to a bound.
//! - [`published`]: the reading of many threads, in a few nanoseconds.
//! - [`steps`]: what was done to this host's clocks.

//= §3.3.2 epsilon

pub mod agreement;
pub mod clock;
pub mod envelope;
pub mod leap;
pub mod mutant;
pub mod published;
pub mod statistical;
pub mod steps;

#[cfg(test)]
mod tests;

pub use avouch_promise::Class;
pub use clock::{IntervalClock, Reading, Reason, Verdict};
pub use envelope::{Contradiction, Drift, Measurement, Moment};
pub use leap::Warning;
pub use published::Published;
