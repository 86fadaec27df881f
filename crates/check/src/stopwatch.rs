//! The judge's own clock. It works after the fact, outside every protocol, so it may read one: time
//! bounds its run, and never changes a verdict other than to unknown.
#![expect(clippy::disallowed_types, reason = "bounds the judge's own run, never its verdict")]

use std::time::{Duration, Instant};

/// The time since a start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
