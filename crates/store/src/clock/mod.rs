//! What a machine is told of the time: its own clocks, NTP servers, chronyd, a segment of shared
//! memory. Only here are they read and asked; what it means is `avouch_time`'s.

pub mod address;
pub mod asker;
pub mod chronyd;
mod claimed;
pub mod keeper;
pub mod machine;
pub mod ntp;
pub mod nts;
pub mod segment;
mod servers;
pub mod source;
#[cfg(test)]
mod tests;

pub use keeper::Keeper;
pub use source::Source;

use avouch_promise::Nanos;
use std::time::Duration;

/// A duration of the standard library as a span; what is too long is the longest.
fn nanos(span: Duration) -> Nanos {
    Nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}
