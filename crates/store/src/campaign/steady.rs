//! Steady work: the shipped node, five of them, as shipped, under so many operations a second, with
//! every check of the campaign on and no fault. By it `cargo xtask bench world` measures what a
//! second of the store's virtual time costs.
//!
//! ```text
//!   simulate   World<Node> + clients at a fixed pace; after every step: decided logs agree, equal
//!              points have equal states; every piece of evidence is verified; trace hash
//!   judge      every obligation, by points and by search; forks across the evidence
//! ```

use super::driver::Workload;
use super::scenario::judge_run;
use crate::node::{Config, Node};
use avouch_agreement::{Membership, log};
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, Nanos, NodeId, Scope};
use avouch_world::{Delay, Link, Options, Outcome, Tracing, World};

/// How much work, for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// How many nodes, all of them voters.
    pub nodes: u32,
    /// Operations a second, of all clients together.
    pub per_second: u64,
    /// How many clients; each has one operation under way at most.
    pub clients: u64,
    /// On how many keys.
    pub keys: u64,
    /// Which share of the operations asks for evidence.
    pub evidence: f64,
    /// Virtual time.
    pub lasting: Nanos,
}

impl Default for Steady {
    /// Five nodes, 1,000 operations a second on 1,000 keys for ten seconds.
    fn default() -> Self {
        Self {
            nodes: 5,
            per_second: 1_000,
            clients: 50,
            keys: 1_000,
            evidence: 0.0,
            lasting: Nanos::from_secs(10),
        }
    }
}

/// One run.
pub struct SteadyRun {
    world: World<Node>,
    workload: Workload,
    until: Nanos,
    /// Whether the history is also to be ordered by evidence alone: every answer carries it.
    alone: bool,
}

/// Longer than any round trip of the links below.
const ELECTION: Nanos = Nanos::from_millis(100);
/// For the last answers to come.
const CALM: Nanos = Nanos::from_secs(1);

impl Steady {
    /// A run of this work, not yet begun.
    pub fn begin(&self, seed: u64) -> SteadyRun {
        let trust = Trust::symbolic(self.nodes, self.nodes);
        let voters = Membership::founding((1..=self.nodes).map(NodeId).collect());
        let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
        let config =
            |node| Config::new(log::Config::new(NodeId(node), scope, voters.clone(), ELECTION));
        let delay = Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8));
        let tracing = Tracing::Headers;
        let options = Options { link: Link::with(delay), tracing, ..Options::default() };
        let world = World::new(seed, options, (1..=self.nodes).map(config).collect());
        let period = Nanos(self.clients.max(1) * 1_000_000_000 / self.per_second.max(1));
        let workload =
            Workload::new(trust, seed, self.clients, self.keys, self.evidence, self.lasting)
                .with_period(period)
                .with_room(self.lasting.0 / period.0.max(1) * self.clients)
                .with_honest_clocks(true);
        SteadyRun { world, workload, until: self.lasting.plus(CALM), alone: self.evidence >= 1.0 }
    }
}

impl SteadyRun {
    /// Runs the world to its end.
    pub fn simulate(&mut self) {
        self.world.run_until(&mut self.workload, self.until);
    }

    /// Judges what it found.
    pub fn judge(&mut self) {
        judge_run(&mut self.world, &self.workload, Nanos::ZERO, self.alone);
    }

    /// What came out.
    pub fn outcome(&self) -> Outcome {
        Outcome::of(&self.world)
    }
}
