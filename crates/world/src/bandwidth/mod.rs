//! Bandwidth shared fairly: what nodes send at the same time divides their uplinks and downlinks
//! max-min, as connections that compete for a bottleneck nearly do.
//!
//! ```text
//!   n1 --uplink--> ---+--- flow 1 -> 2 ---+---> downlink--> n2       a flow: one directed pair,
//!                     '--- flow 1 -> 3 ---|---> downlink--> n3       its messages one after another
//!   n4 --uplink--> ------- flow 4 -> 2 ---'
//! ```
//!
//! Off unless [`crate::Options::bandwidth`] or [`crate::World::limit_bandwidth`] says otherwise;
//! links then behave as without it. A message's last byte leaves when its flow has carried all its
//! bytes at the flow's rate of each moment; then the link's own delay, loss and faults follow. A
//! link's own rate caps its flow.
//!
//! References: D. Bertsekas and R. Gallager, *Data Networks* (1992), 6.5.2: max-min fairness and
//! its bottlenecks.

mod flows;
mod max_min;
mod shared;

pub(crate) use flows::Flows;
pub use max_min::{Demand, max_min};

/// Bytes per second that a node can send and receive; none for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// What it can send.
    pub uplink: Option<u64>,
    /// What it can receive.
    pub downlink: Option<u64>,
}
