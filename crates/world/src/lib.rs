//! The simulated physical world: links, clocks, disks and faults; one seed, one run.
//!
//! ```text
//!   Driver (workload, oracle)                    Script / Nemesis (faults)
//!      | commands, wakeups    ^ outputs, states         |
//!      v                      |                         v
//!   +------------------------- World<P> -------------------------+
//!   |  Queue (virtual time, ties by order of scheduling)         |
//!   |  per node: Config, State, Clock, Disk, timers, held sends  |
//!   |  per directed pair: Link      Trace (hash)      Counters   |
//!   +------------------------------------------------------------+
//! ```
//!
//! Start at [`World`]; say what disturbs it with [`Nemesis`] or a [`Script`]; run many seeds with
//! [`Campaign`].

mod afflict;
mod agreed;
pub mod arithmetic;
pub mod bandwidth;
pub mod campaign;
pub mod clock;
pub mod counters;
pub mod delay;
pub mod disk;
pub mod driver;
mod effects;
pub mod equipment;
pub mod fault;
pub mod geography;
mod host;
mod inject;
pub mod link;
pub mod meter;
pub mod mutants;
pub mod nemesis;
pub mod options;
pub mod parts;
pub mod passage;
pub mod processor;
mod queue;
pub mod queueing;
pub mod recorder;
pub mod saturation;
pub mod scenes;
pub mod scheme;
pub mod simulated;
pub mod story;
pub mod synchrony;
pub mod timekeeping;
mod timers;
pub mod trace;
pub mod transport;
pub mod world;

pub use campaign::{Campaign, Outcome, Report};
pub use clock::{Clock, ClockModel, Course};
pub use counters::{Count, Counters};
pub use delay::{Delay, Family as DelayFamily};
pub use disk::{Disk, DiskModel};
pub use driver::{Driver, Idle};
pub use equipment::Equipment;
pub use fault::{Family, Fault, Path, Script};
pub use link::{Link, Links, Weather};
pub use meter::Meter;
pub use mutants::Mutants;
pub use nemesis::Nemesis;
pub use options::{Options, Tracing};
pub use parts::Parts;
pub use passage::{Passage, Passages};
pub use processor::{Processor, ProcessorModel};
pub use saturation::Saturation;
pub use scheme::{Keys, Scheme};
pub use simulated::Simulated;
pub use synchrony::{Adversary, Dial, Synchrony};
pub use trace::{Trace, TraceHash};
pub use transport::Transport;
pub use world::World;
