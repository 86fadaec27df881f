//! A link's weather: what faults add to its nature for a while.

use crate::delay::Delay;
use avouch_promise::Nanos;

/// What faults add to a link for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// The added probability that a message is lost.
    pub loss: f64,
    /// The added probability that a message arrives twice.
    pub duplicate: f64,
    /// The probability that a message is held back.
    pub reorder: f64,
    /// For how long at most it is then held back.
    pub reorder_by: Nanos,
    /// Replaces the link's delay.
    pub delay: Option<Delay>,
    /// The probability that a bit of a message is flipped.
    pub corrupt: f64,
    /// Until when messages are held back at the sender.
    pub clogged_until: Nanos,
}

impl Weather {
    /// Nothing added.
    pub const FAIR: Self = Self {
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        reorder_by: Nanos::ZERO,
        delay: None,
        corrupt: 0.0,
        clogged_until: Nanos::ZERO,
    };
}
