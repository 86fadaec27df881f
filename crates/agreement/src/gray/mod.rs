//! Gray failures: nodes and links that work, only not well, named by those who ask them.
//!
//! ```text
//!   own requests: begin, end --+
//!   heard from whom -----------+--> Observer --> Report --to all--> combine --> Watch --> Verdict
//!   the kernel: segments, RTO -+    (one node's view)     (pure, of a majority's reports)
//!   own syncs, device queue ---+
//! ```
//!
//! A heartbeat asks the one thing that a gray failure leaves intact. So the evidence here is what
//! nodes' own requests meet: whoever asks a peer observes it (Panorama: Huang, Guo, Lorch, Zhou,
//! Dang, OSDI 2018, which named 15 of 15 gray failures within 7 s where heartbeats named one).
//! Latencies are compared with the peer's own past at the 99th percentile, peers with the rest of
//! the population, and directions of a link from both ends.
//!
//! Units: times are readings of the observer's own monotonic clock; reports carry spans only, so
//! clocks of different nodes are never compared.
//!
//! Start at [`Observer`]; [`combine`] is the function from reports to what they show.

//= §4.1.2 slow-node
//= §1.2.2 detector-quality

mod combine;
mod encoding;
mod lookout;
mod mutant;
mod observer;
mod past;
mod peer;
pub mod shapes;
mod tail;
mod verdict;
mod watch;

pub use combine::{Reports, SILENCE, combine};
pub use lookout::{Look, Lookout, Suspicion, Told};
pub use mutant::GrayMutant;
pub use observer::{DiskSight, Observer, Report};
pub use peer::{Connection, GIVE_UP, LINK_WINDOW, Segments, Sight, WINDOW, Work};
pub use tail::{Marks, Pattern, Tail};
pub use verdict::{Verdict, What};
pub use watch::{PERIOD, Watch};
