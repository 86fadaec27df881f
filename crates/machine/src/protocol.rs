//! The `Protocol` trait: what a host (simulator, explorer or node) runs.
//!
//! ```text
//!              +-------------------------- host --------------------------+
//!   disk ----> | recover(checkpoint, records) -> State                    |
//!              | step(State, Event, Env) -> Effects                       |
//!   events --> |   Started Message Command Timer Persisted Loaded         | --> effects
//!              |   Checkpointed                                           |
//!              +----------------------------------------------------------+
//! ```
//!
//! What a host owes a protocol:
//!
//! - H1 Records become durable in the order of their sequence numbers; `Persisted(s)` means
//!   everything up to s. A failed write or sync crashes the node; it is never retried.
//! - H2 A message or output with `after: Some(s)` leaves only once `s` is durable.
//! - H3 `Env` is sampled after the event was received, never from a cached tick.
//! - H4 `Started` is the first event after `recover`, with an incarnation that is durably larger
//!   than every earlier one on this disk.
//! - H5 A checkpoint is written only after the records it stands for are durable, and is durable as
//!   a whole before `Checkpointed`; `Release` is obeyed lazily and
//!   only for records that a durable checkpoint covers.
//! - H6 `Observe` goes nowhere that can come back: dropping every one changes nothing else.
//! - H7 A checkpoint of which a part was read stays readable by its number after a newer one took
//!   its place, for as long as it is read now and then. A host keeps few such, may let go of one at
//!   any time, and has none after a crash; then it says that it is missing, and never gives bytes
//!   of another.
//!
//! What a protocol owes a host: no clock, thread, socket, operating-system randomness or
//! unordered iteration inside `step`; sequence numbers without gaps, from
//! [`Recovered::next_seq`] upward.

use crate::effect::Effects;
use crate::env::Env;
use crate::event::{Event, Seq};
use std::fmt::Debug;
use std::hash::Hash;

/// What the disk held when a node started.
#[derive(Clone, Debug)]
pub struct Recovered<P: Protocol> {
    /// The newest durable checkpoint, and the sequence number given with it.
    pub checkpoint: Option<(Seq, P::Image)>,
    /// Every durable record that was not released, in order.
    pub records: Vec<(Seq, P::Record)>,
    /// The first sequence number that was never used on this disk.
    pub next_seq: Seq,
    /// Whether the end of the log is doubtful: records that had been durable may be missing. A
    /// protocol that votes must not vote until it has caught up. Said at every start until a
    /// record written since is durable, so that a protocol can keep its doubt in its first one.
    pub doubtful: bool,
}

impl<P: Protocol> Recovered<P> {
    /// An empty disk.
    pub fn fresh() -> Self {
        Self { checkpoint: None, records: Vec::new(), next_seq: Seq(1), doubtful: false }
    }
}

/// A protocol: its types, its recovery and its one step. Implemented by a marker type.
pub trait Protocol: Sized + Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash {
    /// What never changes while the node runs. Membership is not in here.
    type Config: Clone + Debug;
    /// Everything the node knows. The explorer also asks for `Clone + Eq + Hash`.
    type State: Debug;
    /// What nodes send each other.
    type Message: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// What a client asks.
    type Command: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// What is written to the log on disk.
    type Record: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// What is written as a checkpoint.
    type Image: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// What the node tells its client.
    type Output: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// What the node tells whoever watches.
    type Observation: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;
    /// The names of its timers; setting a timer again moves it.
    type Timer: Copy + Debug + PartialEq + Eq + PartialOrd + Ord + Hash;

    /// Rebuilds the state from what the disk held. No effects: those wait for `Started`.
    fn recover(config: &Self::Config, recovered: Recovered<Self>) -> Self::State;

    /// Takes one event in.
    fn step(
        config: &Self::Config,
        state: &mut Self::State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    );
}
