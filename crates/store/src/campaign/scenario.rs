//! One run of the campaign: a plan, a seed, an outcome.

use super::driver::Workload;
use crate::node::{Config, Node};
use avouch_agreement::log;
use avouch_agreement::{Membership, Mutant};
use avouch_check::{Limits, Word, judge, judge_by_evidence};
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, Nanos, NodeId, Scope};
use avouch_world::{
    Campaign, Count, Delay, DiskModel, Family, Fault, Link, Mutants, Nemesis, Options, Outcome,
    ProcessorModel, Report, Script, Synchrony, Tracing, World,
};
use std::time::Duration;

/// What a run is.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a run")]
pub struct Plan {
    /// How many nodes, all of them voters.
    pub nodes: u32,
    /// Virtual time under faults.
    pub faults_for: Nanos,
    /// Virtual time of calm afterwards.
    pub calm_for: Nanos,
    /// How many clients.
    pub clients: u64,
    /// On how many keys.
    pub keys: u64,
    /// Which share of the values is nearly half as long as an entry may be.
    pub large: f64,
    /// Whether anything fails at all.
    pub faults: bool,
    /// Faults listed by time, which happen whether the nemesis has any or not; without a nemesis,
    /// answers are held to their clocks, so a clock that is wrong has no place in it.
    pub script: Script,
    /// After so many events of the run all nodes lose power, and come back one by one.
    pub cut_at: Option<u64>,
    /// Many short faults on slow disks instead of a few of every kind: what a mutant needs.
    pub rough: bool,
    /// What is promised of the time that messages take.
    pub synchrony: Synchrony,
    /// How long messages take; none for some milliseconds.
    pub delay: Option<Delay>,
    /// How long every step takes; none for no time at all.
    pub step: Option<Nanos>,
    /// Nodes lead by usurpation, at any end of a period, instead of by election: as no election
    /// would let them, and as the log must stand.
    pub usurp: bool,
    /// Of how many seeds one asks for evidence always, so that its history is ordered by evidence
    /// alone; 1 is all of them, 0 none. The others ask for it at [`EVIDENCE_SHARE`].
    pub evidence_alone_every: u64,
    /// How many of the last lines of a failing run's story are kept.
    pub story_lines: usize,
    /// Whether the header of everything in the trace hash is kept.
    pub record: bool,
    /// A bug planted in the log.
    pub log_mutant: Option<Mutant>,
    /// A bug planted in the node.
    pub node_mutant: Option<crate::node::NodeMutant>,
    /// Bugs planted in the host.
    pub host_mutants: Mutants,
}

impl Default for Plan {
    /// Five nodes and ten virtual seconds, eight of them under faults.
    fn default() -> Self {
        Self {
            nodes: 5,
            faults_for: Nanos::from_secs(8),
            calm_for: Nanos::from_secs(2),
            clients: 8,
            keys: 8,
            large: 0.1,
            faults: true,
            script: Script::new(),
            cut_at: None,
            rough: false,
            synchrony: Synchrony::Asynchronous,
            delay: None,
            step: None,
            usurp: false,
            evidence_alone_every: 4,
            story_lines: 40,
            record: false,
            log_mutant: None,
            node_mutant: None,
            host_mutants: Mutants::default(),
        }
    }
}

/// What may be undecided, and be in one entry: scaled down with the clients' values, so that the
/// bound is met in a few seconds.
const IN_FLIGHT_BYTES: usize = 6_000;
const BATCH_BYTES: usize = 3_000;
/// What a connection carries, scaled down alike; where messages are encoded, a longer one is a
/// violation.
const CARRIES_BYTES: u64 = 10_000;
/// How often a client asks for evidence, where it does not always.
const EVIDENCE_SHARE: f64 = 0.4;
/// The election period of the simulated group.
const ELECTION: Nanos = Nanos::from_millis(60);
/// How often each node usurps, where nodes do.
const USURP: Nanos = Nanos::from_millis(700);

impl Plan {
    /// The configurations of the plan's nodes.
    pub fn configs(&self, trust: &Trust) -> Vec<Config> {
        let voters = Membership::founding((1..=self.nodes).map(NodeId).collect());
        let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
        let config = |number| {
            let mut log = log::Config::new(NodeId(number), scope, voters.clone(), ELECTION);
            log.bounds.memory = 24;
            log.bounds.chunk = 700;
            log.bounds.in_flight = 4;
            log.bounds.in_flight_bytes = IN_FLIGHT_BYTES;
            log.bounds.batch_bytes = BATCH_BYTES;
            if self.usurp {
                log.heartbeats = false;
                log.timing.election = USURP;
            }
            log.mutant = self.log_mutant;
            let mut config = Config::new(log);
            config.checkpoint_entries = 60;
            config.history = 64;
            config.patience = Nanos::from_millis(1_200);
            config.mutant = self.node_mutant;
            config
        };
        (1..=self.nodes).map(config).collect()
    }

    /// Whether this seed's clients believe nothing but evidence.
    fn by_evidence_alone(&self, seed: u64) -> bool {
        self.evidence_alone_every > 0 && seed.is_multiple_of(self.evidence_alone_every)
    }

    /// Three nodes that crash, restart and part all the time.
    pub fn rough() -> Self {
        Self { nodes: 3, rough: true, keys: 3, ..Self::default() }
    }

    /// The election period of the group.
    pub const fn election() -> Nanos {
        ELECTION
    }

    /// A run of this plan that has not begun, with its faults scheduled, and its clients.
    pub fn begin(&self, seed: u64) -> (World<Node>, Workload) {
        let trust = Trust::symbolic(self.nodes, self.nodes);
        let mut world = World::new(seed, self.options(seed), self.configs(&trust));
        if self.faults {
            world.play(&self.nemesis().script(seed));
        }
        world.play(&self.script);
        let share = if self.by_evidence_alone(seed) { 1.0 } else { EVIDENCE_SHARE };
        let (clients, keys, stop_at) = (self.clients, self.keys, self.faults_for);
        let workload = Workload::new(trust, seed, clients, keys, share, stop_at)
            .with_large_values(self.large)
            .with_honest_clocks(self.rough || !self.faults);
        (world, workload)
    }

    fn nemesis(&self) -> Nemesis {
        let nemesis = Nemesis::new(self.nodes as usize, self.faults_for);
        if !self.rough {
            return nemesis.everything();
        }
        nemesis
            .rate(Family::Crash, 3.0)
            .rate(Family::LostWrites, 3.0)
            .rate(Family::Outage, 1.0)
            .rate(Family::Partition, 2.0)
            .rate(Family::OneWay, 2.0)
            .rate(Family::Reorder, 1.0)
            .rate(Family::Duplicate, 1.0)
            .rate(Family::Slow, 1.0)
            .rate(Family::BitRot, 0.5)
            .down_at_most(2)
            .lasting(Nanos::from_millis(5), Nanos::from_millis(300))
    }

    fn options(&self, seed: u64) -> Options {
        let usual = Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8));
        let delay = self.delay.unwrap_or(usual);
        let slowest = if self.rough { 40 } else { 8 };
        // A sample of the seeds encodes and decodes everything.
        let encode = seed % 10 == 3;
        let mut link = Link::with(delay);
        link.carries = encode.then_some(CARRIES_BYTES);
        Options {
            link,
            synchrony: self.synchrony,
            processor: self.step.map_or(ProcessorModel::default(), |step| ProcessorModel {
                step: Delay::Constant(step),
                always: true,
            }),
            disk: DiskModel {
                sync: Delay::Uniform {
                    low: Nanos::from_millis(1),
                    high: Nanos::from_millis(slowest),
                },
                torn: 0.7,
                ..DiskModel::default()
            },
            tracing: Tracing::Headers,
            encode,
            story_lines: self.story_lines,
            record: self.record,
            mutants: self.host_mutants,
            ..Options::default()
        }
    }
}

/// Runs one seed of a plan. Its story is kept only where something was wrong: telling it takes
/// several times as long as the run, so the seed is run again for it, and has to fail alike.
pub fn run(plan: &Plan, seed: u64) -> Outcome {
    let silent = Plan { story_lines: 0, ..plan.clone() };
    let mut outcome = tell(&silent, seed);
    let Some(violation) = &outcome.violation else { return outcome };
    if plan.story_lines > 0 {
        let told = tell(plan, seed);
        if (told.hash, told.violation.as_ref()) != (outcome.hash, Some(violation)) {
            let other = told.violation.as_deref().unwrap_or("nothing wrong");
            outcome.violation = Some(format!("{violation}\nand told, the seed ends with {other}"));
        }
        outcome.story = told.story;
    }
    outcome
}

/// Runs one seed of a plan and keeps its story, whatever came out.
pub fn tell(plan: &Plan, seed: u64) -> Outcome {
    let calm_at = plan.faults_for;
    let alone = plan.by_evidence_alone(seed);
    let (mut world, mut workload) = plan.begin(seed);
    if let Some(event) = plan.cut_at {
        cut(&mut world, &mut workload, event, calm_at);
    }
    world.run_until(&mut workload, calm_at);
    world.inject(Fault::Calm);
    let half = calm_at.plus(Nanos(plan.calm_for.0 / 2));
    world.run_until(&mut workload, half);
    if world.violation().is_none() {
        workload.final_reads(&mut world);
        world.run_until(&mut workload, calm_at.plus(plan.calm_for));
    }
    judge_run(&mut world, &workload, half, alone);
    Outcome::of(&world)
}

/// All nodes lose power behind this event of the run, every other time with all that was not
/// synced, and come back one by one.
fn cut(world: &mut World<Node>, workload: &mut Workload, event: u64, before: Nanos) {
    world.run_until(workload, Nanos(1));
    while world.counters().of(Count::Events) < event && world.advance(workload) {}
    if world.now() >= before {
        return; // so many events there are not
    }
    let (now, nodes) = (world.now(), world.nodes().collect::<Vec<_>>());
    world.note("cuts", 1);
    if event.is_multiple_of(2) {
        world.inject(Fault::Outage { nodes: nodes.clone() });
    } else {
        for node in &nodes {
            world.inject(Fault::LostWrites { node: *node });
        }
    }
    for (node, turn) in nodes.into_iter().zip(1_u64..) {
        world.schedule(now.plus(Nanos::from_millis(20 * turn)), Fault::Restart { node });
    }
}

/// The three judges after the run; `alone` when its history is to be ordered by evidence alone.
pub(super) fn judge_run(world: &mut World<Node>, workload: &Workload, calm: Nanos, alone: bool) {
    if world.violation().is_some() {
        return;
    }
    if let Err(stuck) = workload.all_answered(calm) {
        return world.fail(stuck);
    }
    let steps = 2_000_000;
    let limits = Limits { steps, time: Duration::from_secs(3_600), ..Limits::default() };
    let history = &workload.findings.history;
    let mut judged = vec![(judge_by_evidence(history, &limits), "ordered_by_evidence")];
    if alone {
        let alone = judge_by_evidence(&workload.findings.alone(), &limits);
        judged.insert(0, (alone, "ordered_by_evidence_alone"));
    }
    judged.push((judge(history, &limits), "ordered_by_search"));
    for (report, name) in judged {
        match report.verdict() {
            Word::Holds => world.note(name, 1),
            Word::Violated => return world.fail(format!("not {name}: violated:\n{report}")),
            Word::Unknown => world.note("undecided_histories", 1),
        }
    }
    for fork in workload.forks() {
        world.fail(format!("a fork across the run's evidence: {fork}"));
    }
}

impl Plan {
    /// Many seeds of this plan, with the demands that make them worth something.
    pub fn campaign(&self, test: &'static str, seeds: u64) -> Report {
        let campaign = Campaign::new("avouch-store", test, seeds);
        let each = |per_hundred: u64| campaign.count() * per_hundred / 100;
        campaign
            .clone()
            .twice_every(1)
            .at_least("elections", each(200))
            .at_least("checkpoint_transfers", each(8))
            .at_least("served_from_disk", each(5))
            .at_least("lost_syncs", each(30))
            .at_least("torn_tails", each(15))
            .at_least("bit_rots", each(10))
            .at_least("stopped_for_good", each(5))
            .at_least("amnesiacs_refused", each(8))
            .at_least("subset_writes", each(2))
            .at_least("misdirected_writes", each(20))
            .at_least("misdirected_reads", each(12))
            .at_least("read_errors", each(3))
            .at_least("corruptions_seen", each(90))
            .at_least("clogged", each(90))
            .at_least("swizzle_clogs", each(25))
            .at_least("partial_partitions", each(90))
            .at_least("clock_wanders", each(90))
            .at_least("clock_freezes", each(25))
            .at_least("leap_seconds", each(70))
            .at_least("rack_outages", each(12))
            .at_least("rejoined", each(10))
            .at_least("evidence", each(2_000))
            .at_least("ordered_by_evidence", each(100))
            .at_least("ordered_by_evidence_alone", self.alone(campaign.count()))
            .at_least("ordered_by_search", each(100))
            .at_most("undecided_histories", 0)
            .run(|seed| run(self, seed))
    }

    /// How many of `seeds` consecutive seeds are ordered by evidence alone, at least.
    fn alone(&self, seeds: u64) -> u64 {
        seeds.checked_div(self.evidence_alone_every).unwrap_or(0)
    }

    /// The same for a rough plan, in which little is decided and nodes go down and come up.
    pub fn rough_campaign(&self, test: &'static str, seeds: u64) -> Report {
        let campaign = Campaign::new("avouch-store", test, seeds);
        let each = |per_hundred: u64| campaign.count() * per_hundred / 100;
        campaign
            .clone()
            .at_least("elections", each(500))
            .at_least("lost_syncs", each(300))
            .at_least("rejoined", each(50))
            .at_least("evidence", each(300))
            .at_least("ordered_by_evidence_alone", self.alone(campaign.count()))
            .at_most("undecided_histories", 0)
            .run(|seed| run(self, seed))
    }
}
