//! The CPU time of this thread, by which simulators and logs are compared: one file for every
//! program of `cargo xtask bench`, in the workspace and beside it.
//!
//! ```text
//!   the kernel tells CPU time (Linux), and some has passed  --> that
//!   it does not, or none has passed                         --> wall time, said once on stderr
//! ```
//!
//! What is measured by it is divided by it: it is never 0, so that no rate is infinite.

#![expect(clippy::disallowed_types, reason = "a benchmark measures real time")]

use std::sync::Once;
use std::time::{Duration, Instant};

/// A measurement under way, on the thread that began it.
pub(crate) struct Stopwatch {
    cpu_ns: Option<u64>,
    wall: Instant,
}

impl Stopwatch {
    /// Begins now.
    pub(crate) fn start() -> Self {
        Self { cpu_ns: scheduled_ns(), wall: Instant::now() }
    }

    /// Seconds since the start, more than 0.
    pub(crate) fn seconds(&self) -> f64 {
        let wall = self.wall.elapsed();
        let passed = passed(self.cpu_ns, scheduled_ns());
        if passed.is_none() {
            static SAID: Once = Once::new();
            SAID.call_once(|| eprintln!("the kernel tells no CPU time: wall time in its place"));
        }
        passed.unwrap_or(wall).max(Duration::from_nanos(1)).as_secs_f64()
    }
}

/// What passed between two readings, if both are there and anything did.
pub(crate) fn passed(before: Option<u64>, now: Option<u64>) -> Option<Duration> {
    let ns = now?.checked_sub(before?)?;
    (ns > 0).then(|| Duration::from_nanos(ns))
}

/// User and system time of this thread so far, as Linux tells it.
fn scheduled_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}
