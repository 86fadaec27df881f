//! A cluster of five regions under measured delays with a heavy tail, what the kernel tells its
//! nodes, and who named what when.

use super::service::{Kernel, Observation, Service, cluster};
use avouch_agreement::gray::{Connection, GrayMutant, Verdict, What};
use avouch_machine::CommandId;
use avouch_promise::{Nanos, NodeId};
use avouch_world::geography::FIVE;
use avouch_world::{Delay, Driver, Fault, Options, Tracing, Transport, World};
use std::collections::{BTreeMap, BTreeSet};

/// How long the nodes learn what is usual before anything happens.
pub const WARM: Nanos = Nanos::from_secs(60);
/// Within this time a fault has to be named.
pub const SOON: Nanos = Nanos::from_secs(7);
/// How long a fault is watched.
pub const WATCHED: Nanos = Nanos::from_secs(10);
/// How often the kernel is asked.
const KERNEL_PERIOD: Nanos = Nanos::from_millis(250);
/// One message of a thousand takes longer by a Pareto tail that starts at 20 ms: p99.9 jitter.
const TAIL: (f64, Delay) = (0.001, Delay::Pareto { minimum: Nanos::from_millis(20), alpha: 2.5 });
/// Good paths lose a few segments, too.
const LOSS: f64 = 0.000_5;
const NODES: u32 = 5;

/// What was named, by whom and when first.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// When each fault was named by a majority of the nodes, with one node's evidence.
    pub named: BTreeMap<What, (Nanos, Verdict)>,
    /// Who named each fault.
    pub by: BTreeMap<What, BTreeSet<NodeId>>,
    /// When each fault was named by anybody first, with that node's evidence.
    pub first: BTreeMap<What, (Nanos, Verdict)>,
    /// When the plain timeouts of a majority suspected a node.
    pub suspected: BTreeMap<NodeId, Nanos>,
    suspecting: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

impl Outcome {
    /// How long after it began a fault was named.
    pub fn named_after(&self, what: &What) -> Option<Nanos> {
        self.named.get(what).map(|(at, _)| at.minus(WARM))
    }
}

impl Driver<Service> for Outcome {
    fn on_begin(&mut self, world: &mut World<Service>) {
        world.wake(KERNEL_PERIOD, 1);
    }

    /// The kernels tell their nodes of connections and disks.
    fn on_wakeup(&mut self, world: &mut World<Service>, key: u64) {
        let nodes: Vec<_> = world.nodes().collect();
        let now = world.now();
        for &me in &nodes {
            let told = |peer: NodeId| {
                let there = world.links().link(me, peer)?;
                let back = world.links().link(peer, me)?;
                let transport = there.transport.as_ref()?;
                let reached = !there.is_cut() && !back.is_cut();
                let connection = Connection {
                    segments: transport.segments(),
                    retransmits: transport.retransmits(),
                    rto: transport.rto(now),
                    refused: reached && !world.is_up(peer),
                };
                Some((peer, connection))
            };
            let others = nodes.iter().copied().filter(|peer| *peer != me);
            let connections = others.filter_map(told).collect();
            let queue = u32::try_from(world.disk_queue(me)).unwrap_or(u32::MAX);
            if world.is_up(me) {
                world.command(me, CommandId(key), Kernel { connections, queue });
            }
        }
        world.wake(now.plus(KERNEL_PERIOD), key + 1);
    }

    fn on_observation(&mut self, world: &mut World<Service>, node: NodeId, seen: Observation) {
        match seen {
            Observation::Named(verdict) => {
                let first = (world.now(), verdict.clone());
                self.first.entry(verdict.what.clone()).or_insert(first);
                let by = self.by.entry(verdict.what.clone()).or_default();
                by.insert(node);
                if by.len() * 2 > NODES as usize {
                    let named = (world.now(), verdict.clone());
                    self.named.entry(verdict.what).or_insert(named);
                }
            }
            Observation::Suspected(peer) => {
                let by = self.suspecting.entry(peer).or_default();
                by.insert(node);
                if by.len() * 2 > NODES as usize {
                    self.suspected.entry(peer).or_insert(world.now());
                }
            }
        }
    }
}

/// The cluster, with nothing wrong.
pub fn cluster_of_five(seed: u64, mutant: Option<GrayMutant>) -> World<Service> {
    let options = Options { tracing: Tracing::Headers, ..Options::default() };
    let mut world = World::new(seed, options, cluster(NODES, mutant));
    world.links_mut().set_regions(&FIVE);
    for (_, _, link) in world.links_mut().each() {
        link.transport = Some(Box::new(Transport::of_a_path(LOSS, Some(TAIL))));
    }
    world
}

/// The cluster for as long as it is watched, with these faults once it is warm.
pub fn play(seed: u64, faults: &[Fault], mutant: Option<GrayMutant>) -> Outcome {
    let mut world = cluster_of_five(seed, mutant);
    for fault in faults {
        world.schedule(WARM, fault.clone());
    }
    let mut outcome = Outcome::default();
    world.run_until(&mut outcome, WARM.plus(WATCHED));
    assert_eq!(world.violation(), None);
    outcome
}

/// The cluster with nothing wrong for this long; `each_hour` hears of every hour.
pub fn healthy(
    seed: u64,
    lasting: Nanos,
    mutant: Option<GrayMutant>,
    each_hour: impl Fn(u64),
) -> Outcome {
    let mut world = cluster_of_five(seed, mutant);
    let mut outcome = Outcome::default();
    let hour = Nanos::from_secs(3_600);
    for hours in 1..=lasting.0.div_ceil(hour.0) {
        world.run_until(&mut outcome, lasting.min(hour.times(hours)));
        each_hour(hours);
    }
    assert_eq!(world.violation(), None);
    outcome
}
