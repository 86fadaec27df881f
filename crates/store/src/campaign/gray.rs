//! Gray failures on the shipped node: five regions under measured delays with a heavy tail, clients
//! everywhere, what the kernels tell, and who named what when.
//!
//! ```text
//!   clients  --puts and gets, at every node--> World<Watched> --Named--> Outcome
//!   kernels  --segments, time-outs, queues, every 250 ms---^
//! ```
//!
//! The clients keep the log at work, as it is on a real cluster that is used a little; whatever
//! else passes between the nodes is their own.

use super::client::Client;
use super::watched::{Command, Config, Kernel, Observation, Watched};
use crate::node;
use avouch_agreement::gray::{Connection, GrayMutant, Verdict, What};
use avouch_agreement::{Membership, log};
use avouch_machine::CommandId;
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, Nanos, NodeId, Random, Scope};
use avouch_world::geography::FIVE;
use avouch_world::{Delay, Driver, Fault, Options, Tracing, Transport, World};
use std::collections::{BTreeMap, BTreeSet};

/// How long the nodes learn what is usual before anything happens.
pub const WARM: Nanos = Nanos::from_secs(60);
/// Within this time a fault has to be named.
pub const SOON: Nanos = Nanos::from_secs(7);
/// How long a fault is watched.
const WATCHED: Nanos = Nanos::from_secs(10);
/// How often the kernel is asked.
const KERNEL_PERIOD: Nanos = Nanos::from_millis(250);
/// One message of a thousand takes longer by a Pareto tail that starts at 20 ms: p99.9 jitter.
const TAIL: (f64, Delay) = (0.001, Delay::Pareto { minimum: Nanos::from_millis(20), alpha: 2.5 });
/// Good paths lose a few segments, too.
const LOSS: f64 = 0.000_5;
const NODES: u32 = 5;
/// Above nearly every round trip between the five regions.
const ELECTION: Nanos = Nanos::from_millis(700);
/// The mean time between two requests of the client beside each node.
const PACE: Nanos = Nanos::from_millis(100);
const KEYS: u64 = 1_000;
/// Wakeups with this key are the kernels'; others are a client's, by its node.
const KERNELS: u64 = 0;

/// What was named, by whom and when first.
pub struct Outcome {
    /// When each fault was named by a majority of the nodes, with one node's evidence.
    pub named: BTreeMap<What, (Nanos, Verdict)>,
    /// Who named each fault.
    pub by: BTreeMap<What, BTreeSet<NodeId>>,
    /// When each fault was named by anybody first, with that node's evidence.
    pub first: BTreeMap<What, (Nanos, Verdict)>,
    /// When the detectors of a majority took a node to have stopped.
    pub suspected: BTreeMap<NodeId, Nanos>,
    /// Clients' requests that were answered.
    pub answered: u64,
    suspecting: BTreeMap<NodeId, BTreeSet<NodeId>>,
    trust: Trust,
    clients: Vec<Client>,
    /// The mean time between two requests of one client.
    pace: Nanos,
    commands: u64,
}

impl Outcome {
    fn new(trust: Trust, seed: u64) -> Self {
        let root = Random::new(seed).fork(0x6772_6179);
        let client = |id| Client::new(id, root.fork(id));
        Self {
            named: BTreeMap::new(),
            by: BTreeMap::new(),
            first: BTreeMap::new(),
            suspected: BTreeMap::new(),
            answered: 0,
            suspecting: BTreeMap::new(),
            trust,
            clients: (1..=u64::from(NODES)).map(client).collect(),
            pace: PACE,
            commands: 0,
        }
    }

    /// How long after it began a fault was named; none also where it was named before, which was
    /// a false alarm.
    pub fn named_after(&self, what: &What) -> Option<Nanos> {
        self.named.get(what).filter(|(at, _)| *at >= WARM).map(|(at, _)| at.minus(WARM))
    }

    /// The kernels tell their nodes of connections and disks.
    fn kernels(&mut self, world: &mut World<Watched>) {
        let nodes: Vec<_> = world.nodes().collect();
        for &me in &nodes {
            let others = nodes.iter().copied().filter(|peer| *peer != me);
            let connections =
                others.filter_map(|peer| Some((peer, connection(world, me, peer)?))).collect();
            let queue = u32::try_from(world.disk_queue(me)).unwrap_or(u32::MAX);
            let told = Command::Kernel(Kernel { connections, queue });
            self.commands += 1;
            world.command(me, CommandId(self.commands), told); // who is down is told nothing
        }
        world.wake(world.now().plus(KERNEL_PERIOD), KERNELS);
    }

    /// The client beside a node asks it something.
    fn ask(&mut self, world: &mut World<Watched>, key: u64) {
        let Some(client) = self.clients.get_mut(key as usize - 1) else { return };
        let wish = client.wish(self.trust.cluster(), KEYS, 0.0);
        let pause = Nanos(client.random().between(self.pace.0 / 5, self.pace.0 * 9 / 5));
        self.commands += 1;
        world.command(NodeId(key as u32), CommandId(self.commands), Command::Client(wish.ask));
        world.wake(world.now().plus(pause), key);
    }
}

/// What `me`'s kernel tells of the connection to a peer.
fn connection(world: &World<Watched>, me: NodeId, peer: NodeId) -> Option<Connection> {
    let (there, back) = (world.links().link(me, peer)?, world.links().link(peer, me)?);
    let transport = there.transport.as_ref()?;
    let reached = !there.is_cut() && !back.is_cut();
    Some(Connection {
        segments: transport.segments(),
        retransmits: transport.retransmits(),
        rto: transport.rto(world.now()),
        refused: reached && !world.is_up(peer),
    })
}

/// Notes one more voice; whether that makes a majority for the first time.
fn majority(by: &mut BTreeSet<NodeId>, node: NodeId) -> bool {
    by.insert(node) && by.len() == NODES as usize / 2 + 1
}

impl Driver<Watched> for Outcome {
    fn on_begin(&mut self, world: &mut World<Watched>) {
        world.wake(KERNEL_PERIOD, KERNELS);
        (1..=u64::from(NODES)).for_each(|key| world.wake(Nanos::from_secs(2), key));
    }

    fn on_wakeup(&mut self, world: &mut World<Watched>, key: u64) {
        match key {
            KERNELS => self.kernels(world),
            key => self.ask(world, key),
        }
    }

    fn on_output(&mut self, _: &mut World<Watched>, _: NodeId, output: node::Output) {
        self.answered += u64::from(output.reply.is_ok());
    }

    fn on_observation(&mut self, world: &mut World<Watched>, node: NodeId, seen: Observation) {
        let now = world.now();
        match seen {
            Observation::Named(verdict) => {
                let what = verdict.what.clone();
                self.first.entry(what.clone()).or_insert_with(|| (now, verdict.clone()));
                if majority(self.by.entry(what.clone()).or_default(), node) {
                    self.named.insert(what, (now, verdict));
                }
            }
            Observation::Suspected(peer) => {
                if majority(self.suspecting.entry(peer).or_default(), node) {
                    self.suspected.insert(peer, now);
                }
            }
            Observation::Node(_) => {}
        }
    }
}

/// The cluster, with nothing wrong.
fn cluster(seed: u64, mutant: Option<GrayMutant>, watching: bool) -> (World<Watched>, Outcome) {
    let trust = Trust::symbolic(NODES, NODES);
    let voters = Membership::founding((1..=NODES).map(NodeId).collect());
    let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
    let config = |node| {
        let log = log::Config::new(NodeId(node), scope, voters.clone(), ELECTION);
        Config { node: node::Config::new(log), mutant, watching }
    };
    let options = Options { tracing: Tracing::Headers, ..Options::default() };
    let mut world = World::new(seed, options, (1..=NODES).map(config).collect());
    world.links_mut().set_regions(&FIVE);
    for (_, _, link) in world.links_mut().each() {
        link.transport = Some(Box::new(Transport::of_a_path(LOSS, Some(TAIL))));
    }
    (world, Outcome::new(trust, seed))
}

/// The cluster for as long as it is watched, with these faults once it is warm.
///
/// # Panics
/// When the run breaks: our own bug.
pub fn play(seed: u64, faults: &[Fault], mutant: Option<GrayMutant>) -> Outcome {
    let (mut world, mut outcome) = cluster(seed, mutant, true);
    for fault in faults {
        world.schedule(WARM, fault.clone());
    }
    world.run_until(&mut outcome, WARM.plus(WATCHED));
    assert_eq!(world.violation(), None, "no run may break");
    outcome
}

/// The cluster with nothing wrong for this long; `each_hour` hears of every hour.
///
/// # Panics
/// When the run breaks: our own bug.
pub fn healthy(
    seed: u64,
    lasting: Nanos,
    mutant: Option<GrayMutant>,
    each_hour: impl Fn(u64),
) -> Outcome {
    let (mut world, mut outcome) = cluster(seed, mutant, true);
    let hour = Nanos::from_secs(3_600);
    for hours in 1..=lasting.0.div_ceil(hour.0) {
        world.run_until(&mut outcome, lasting.min(hour.times(hours)));
        each_hour(hours);
    }
    assert_eq!(world.violation(), None, "no run may break");
    outcome
}

/// The cluster under so many operations a second for this long, with its lookouts or without; how
/// many requests were answered. What the lookouts cost is measured by it.
///
/// # Panics
/// When the run breaks: our own bug.
pub fn busy(seed: u64, lasting: Nanos, per_second: u64, watching: bool) -> u64 {
    let (mut world, mut outcome) = cluster(seed, None, watching);
    outcome.pace = Nanos(u64::from(NODES) * 1_000_000_000 / per_second.max(1));
    world.run_until(&mut outcome, lasting);
    assert_eq!(world.violation(), None, "no run may break");
    outcome.answered
}
