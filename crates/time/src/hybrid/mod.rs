//! Hybrid clocks: stamps of 8 bytes that are close to time, and never against causality (Kulkarni,
//! Demirbas, Madappa, Avva, Leone, "Logical physical clocks", OPODIS 2014).
//!
//! ```text
//!  63                                              16 15            0
//! |        time, in units of 2^-16 s since 1970      |    counter    |
//! ```
//!
//! Stamps are compared as whole numbers. The counter orders what happens within one unit of 15.26
//! us; when it is full, the next stamp is of the next unit. The time lasts until 2106.

//= §3.3.1 update rules

mod clock;
mod mutant;
mod shared;
mod stamp;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use clock::{HybridClock, Refused};
pub use shared::SharedClock;
pub use stamp::{HEADER, Stamp};
