//! Partial connectivity: links fail and no node does. The three scripts of the Omni-Paxos paper
//! (Ng, Haridi, Carbone; `EuroSys` 2023, §2), for any log that lives in a world.
//!
//! ```text
//!   quorum loss               constrained election        chained
//!
//!   leader   d                leader   (cut off)
//!         \ /                    d                        leader -- b -- c (-- d -- e)
//!         hub                    |
//!         / \                   hub, behind the others
//!        b   e                  / \
//!                              b   e
//! ```
//!
//! - Quorum loss: only the hub reaches a quorum, and it does not lead.
//! - Constrained election: only the hub reaches a quorum, and its log lacks what the others have.
//! - Chained: everyone in the middle reaches a quorum, and no two ends hear each other.
//!
//! In each a correct and available log can go on; a log that elects only up-to-date nodes, or
//! keeps a leader because somebody still hears it, may not. The measure is virtual time from the
//! cut until proposals made after it are decided, and go on being decided until the end.
//!
//! [`Subject`] is what a log has to say of itself; the same scripts, links, clocks, disks and
//! proposals then go for every log. [`Bare`] is ours. The package `peers` brings two others.

//= §1.2.2 partial-connectivity

mod bare;
mod pump;
mod stage;

pub use bare::Bare;
pub use pump::{Pump, Pumped};
pub use stage::{Resumption, Stage};

use avouch_promise::{Nanos, NodeId};
use avouch_world::{Delay, Link, Options, Simulated, Tracing, World};
use std::ops::Range;

/// What a group of nodes is set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// How many nodes, all of them voters.
    pub nodes: u32,
    /// The election timeout: what the protocol's own word for it is, see [`Subject::configs`].
    pub timeout: Nanos,
    /// For what the protocol draws by itself.
    pub seed: u64,
}

/// One proposal that a node told its client is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decided {
    /// Its place: the same on every node, and growing along the log.
    pub place: u64,
    /// Which proposal.
    pub number: u64,
}

/// A replicated log, as the scripts see it.
pub trait Subject: Simulated {
    /// The nodes' configurations. `setup.timeout` is the shortest time after which a node without
    /// a leader's sign of life does something about it: the heartbeat period of a ballot leader
    /// election, the lower bound of Raft's randomised timeout.
    fn configs(setup: &Setup) -> Vec<Self::Config>;
    /// A command to decide these proposals, given to any node.
    fn propose(numbers: Range<u64>) -> Self::Command;
    /// What an output says is decided.
    fn decided(output: &Self::Output) -> Vec<Decided>;
    /// The rank (ballot, term) in which a node believes to lead.
    fn leads(state: &Self::State) -> Option<u64>;
    /// How long a node's log is.
    fn length(state: &Self::State) -> u64;
}

/// A way in which links fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Every node keeps only its link to a hub that does not lead.
    QuorumLoss,
    /// The same, with the leader cut off and the hub's log behind.
    ConstrainedElection,
    /// Three nodes in a line, the leader at one end.
    Chained,
    /// Five nodes in a line, the leader anywhere.
    ChainedFive,
}

impl Scenario {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::QuorumLoss, Self::ConstrainedElection, Self::Chained, Self::ChainedFive];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuorumLoss => "quorum loss",
            Self::ConstrainedElection => "constrained election",
            Self::Chained => "chained",
            Self::ChainedFive => "chained, five nodes",
        }
    }

    /// How many nodes it takes.
    pub const fn nodes(self) -> u32 {
        match self {
            Self::Chained => 3,
            _ => 5,
        }
    }

    /// The pairs of nodes that hear each other after the cut. `order` names every node once: the
    /// hub first and the leader last; for a line, its nodes from one end to the other.
    fn keeps(self, order: &[NodeId]) -> Vec<(NodeId, NodeId)> {
        let hub = order.first().copied().unwrap_or_default();
        let spokes = || order.iter().skip(1).map(|spoke| (hub, *spoke));
        match self {
            Self::QuorumLoss => spokes().collect(),
            Self::ConstrainedElection => spokes().take(order.len().saturating_sub(2)).collect(),
            Self::Chained | Self::ChainedFive => {
                order.windows(2).map(|pair| (pair[0], pair[1])).collect()
            }
        }
    }
}

/// The election timeout of every run.
pub const TIMEOUT: Nanos = Nanos::from_millis(100);

/// A run has resumed when it decides again, and goes on, within this many election timeouts.
pub const TIMEOUTS_MAX: u64 = 4;

/// How a run of a scenario is set up besides its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The scenario.
    pub scenario: Scenario,
    /// The election timeout that the log is told; what it does is measured in [`TIMEOUT`]s, so a
    /// larger one must be seen.
    pub timeout: Nanos,
    /// How long it is watched after the cut.
    pub watch: Nanos,
    /// How many of the last lines of its story are kept.
    pub story_lines: usize,
}

impl Plan {
    /// A scenario that is watched for so many election timeouts after the cut.
    pub const fn new(scenario: Scenario, timeouts: u64) -> Self {
        Self { scenario, timeout: TIMEOUT, watch: Nanos(TIMEOUT.0 * timeouts), story_lines: 0 }
    }

    /// The world of one seed, before anything happens.
    pub fn world<S: Subject>(&self, seed: u64) -> World<S> {
        let setup = Setup { nodes: self.scenario.nodes(), timeout: self.timeout, seed };
        World::new(seed, options(self.story_lines), S::configs(&setup))
    }

    /// Runs one seed.
    pub fn run<S: Subject>(&self, seed: u64) -> Result<Resumption, String> {
        let mut world = self.world::<S>(seed);
        let resumption = self.run_in(&mut world);
        resumption.map_err(|what| {
            let story: Vec<_> = world.story().lines().map(|line| format!("{line}\n")).collect();
            format!("{}{}: {what}, seed {seed}", story.concat(), self.scenario.name())
        })
    }

    /// Runs in a world that [`Plan::world`] made.
    pub fn run_in<S: Subject>(&self, world: &mut World<S>) -> Result<Resumption, String> {
        let mut stage = Stage::new(*self);
        let until = stage.ends_at();
        world.run_until(&mut stage, until);
        match world.violation() {
            Some(wrong) => Err(wrong.to_owned()),
            None => stage.resumption(world.now()),
        }
    }
}

/// Links as between nearby regions, in order as on one connection; the default disks.
fn options(story_lines: usize) -> Options {
    let delay = Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8));
    Options {
        link: Link::with(delay).in_order(),
        tracing: Tracing::Headers,
        story_lines,
        ..Options::default()
    }
}
