//! Consensus by a rotating coordinator, on any detector that is eventually strong.
//!
//! ```text
//!   round r, coordinator c = the (r mod n)-th node
//!   1  everyone   -> c    Estimate{r, value, stamp}
//!   2  c: estimates of a majority; of these the value with the highest stamp
//!      c          -> all  Proposal{r, value}
//!   3  everyone: the proposal came:   value := its value, stamp := r;  Reply{r, yes} -> c
//!                c is suspected:      Reply{r, no} -> c
//!                then round r + 1 (c itself waits for 4)
//!   4  c: replies of a majority; all of them yes: decide
//!      c          -> all  Decision{value};  whoever decides tells all others once
//! ```
//!
//! One value is decided of those proposed, once a majority runs and, from some time on, some node
//! that runs is suspected by nobody. Whoever suspects wrongly delays it and never breaks it:
//!
//! - I1 A stamp is never above the round, and goes up only.
//! - I2 A coordinator proposes one value in its round: the youngest of a majority's estimates.
//! - I3 A node decides one value.
//!
//! Why agreement holds: a majority stamped the decided value with r. Every later coordinator asks
//! a majority, which shares a node with it, and by induction no other value has a stamp of r or
//! above.
//!
//! Deviations: the paper's channels lose nothing. Here a timer says again what is not answered, a
//! node that is told of a later round goes there at once (as if it had suspected all coordinators
//! between), unless it waits for replies: else the next round could overtake each one for ever. A
//! coordinator that waits for estimates tells the others where it is, and a decided node answers
//! everything with the decision. The paper's processes do not come back: a node that crashed keeps
//! silent for ever, because what it said is not on its disk.
//!
//! Reference: Chandra, Toueg 1996, §6.2, figure 6, with majorities for n > 2f.

//= §1.2.2 eventually strong failure detector; Chandra-Toueg consensus on it

pub mod explore;
mod step;

pub use step::State;

use crate::detector::watch;
use crate::mutant::mutants;
use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Incarnation, Nanos, NodeId};
use std::collections::BTreeSet;

/// Consensus by a rotating coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rotating;

mutants! {
    /// A coordinator proposes its own estimate instead of the youngest one.
    ProposeOwn: Explorer,
    /// A coordinator proposes after the estimates of one node less than a majority.
    GatherBelowMajority: Explorer,
    /// A coordinator decides after the replies of one node less than a majority.
    DecideBelowMajority: Explorer,
    /// A coordinator counts replies whatever they say.
    CountRefusals: Explorer,
    /// A node takes a proposal over and keeps its old stamp.
    ForgetStamp: Explorer,
    /// A node says yes to a proposal and does not take it over.
    AgreeWithoutAdopting: Explorer,
    /// A node that has refused a round's proposal, because it suspected, takes it over after all.
    AdoptAfterRefusing: Explorer,
    /// A node that crashed comes back with nothing remembered.
    ComeBack: Explorer,
}

/// What is agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u64);

/// Who suspects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Oracle {
    /// Detectors, on the node's clock.
    Detectors(watch::Settings),
    /// An adversary: a timer that may fire at any time whenever there is somebody to suspect.
    Adversary,
}

/// What never changes while a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub me: NodeId,
    /// All nodes.
    pub members: BTreeSet<NodeId>,
    /// What it proposes.
    pub proposal: Value,
    /// Who suspects.
    pub oracle: Oracle,
    /// How long it waits before it says again what is not answered; zero: it never does.
    pub resend: Nanos,
    /// A planted bug.
    pub mutant: Option<Mutant>,
}

impl Config {
    /// A node for each of `proposals`.
    pub fn cluster(proposals: &[u64], oracle: Oracle, resend: Nanos) -> Vec<Self> {
        let members: BTreeSet<_> = (1..).map(NodeId).take(proposals.len()).collect();
        let config = |(me, value): (&NodeId, &u64)| {
            let (me, members, proposal) = (*me, members.clone(), Value(*value));
            Self { me, members, proposal, oracle, resend, mutant: None }
        };
        members.iter().zip(proposals).map(config).collect()
    }

    /// The coordinator of a round.
    pub fn coordinator(&self, round: u64) -> NodeId {
        let place = round % self.members.len().max(1) as u64;
        self.members.iter().nth(place as usize).copied().unwrap_or(self.me)
    }

    /// How many are a majority.
    pub fn majority(&self) -> usize {
        self.members.len() / 2 + 1
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

/// What nodes tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Phase 1: what the sender would have decided.
    Estimate {
        /// The round.
        round: u64,
        /// The value.
        value: Value,
        /// In which round the sender took it over; 0: it is its own proposal.
        stamp: u64,
    },
    /// Phase 2: what the coordinator would have decided.
    Proposal {
        /// The round.
        round: u64,
        /// The value.
        value: Value,
    },
    /// Phase 3: whether the sender took the proposal over.
    Reply {
        /// The round.
        round: u64,
        /// Whether it did.
        yes: bool,
    },
    /// To a node that may be in an earlier round: this is where the sender is.
    Later {
        /// The sender's round.
        round: u64,
    },
    /// Phase 4: what is decided.
    Decision {
        /// The value.
        value: Value,
    },
    /// The sender runs.
    Heartbeat {
        /// In this life.
        incarnation: Incarnation,
        /// The heartbeat's number in it.
        sequence: u64,
    },
}

/// What comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next heartbeat.
    Beat,
    /// The adversary suspects the coordinator, or a detector may.
    Suspect,
    /// What is not answered is said again.
    Resend,
}

impl Protocol for Rotating {
    type Config = Config;
    type State = State;
    type Message = Message;
    type Command = ();
    type Record = ();
    type Image = ();
    /// What the node decides.
    type Output = Value;
    type Observation = ();
    type Timer = Timer;

    fn recover(config: &Config, _: Recovered<Self>) -> State {
        State::new(config)
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        state.take(config, &event, env.monotonic(), effects);
    }
}
