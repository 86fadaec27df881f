//! One operation of a history as the judge sees it: what was asked, what came back, and the span
//! of time within which it took effect.
//!
//! ```text
//!   earliest |-------- took effect at one point in here --------| latest
//!   earliest |-------- took effect in here, or never ------------------- ...   (unknown)
//! ```
//!
//! Moments are ranks of a history's events, not clock readings: only their order counts. Which
//! span an operation gets is decided by its guarantee (see `obligation`): for a linearizable one it
//! is the time from invocation to answer.

/// A rank among the events of one history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

/// One operation with its span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<Input, Output> {
    /// What was asked.
    pub input: Input,
    /// What came back; nothing if the answer never came or does not matter.
    pub output: Option<Output>,
    /// It took effect at or after this moment.
    pub earliest: Moment,
    /// It took effect at or before this moment; nothing if it may take effect later, or never.
    pub latest: Option<Moment>,
}

impl<Input, Output> Operation<Input, Output> {
    /// Whether it must take effect: its answer came.
    pub fn is_known(&self) -> bool {
        self.latest.is_some()
    }
}
