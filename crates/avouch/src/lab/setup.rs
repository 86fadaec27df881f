//! From a scenario to a world: nodes with their keys, links with their delays, clients with their
//! distances.

use super::plant::Plant;
use super::scenario::Scenario;
use super::scenario::cluster::{Cluster, Standing};
use super::scenario::crowd::{Crowd, Home};
use crate::embedded::election_period;
use avouch_agreement::{Membership, log};
use avouch_promise::trust::{Ed25519Signer, Founding, Keyspace, Member, Trust};
use avouch_promise::{Error, GroupId, KeyspaceId, Nanos, NodeId, Random, Scope};
use avouch_store::campaign::{Habit, Reach};
use avouch_store::node::{Config, Node};
use avouch_world::bandwidth::Limits;
use avouch_world::geography::{Region, round_trip};
use avouch_world::{
    ClockModel, Delay, DiskModel, Keys, Link, Mutants, Options, ProcessorModel, Scheme, Tracing,
    World,
};
use std::sync::Arc;

/// Everything that a run begins with.
pub struct Setup {
    /// The trust in the cluster, with real keys.
    pub trust: Trust,
    /// The world before its first event.
    pub world: World<Node>,
    /// What the clients do.
    pub habits: Vec<Habit>,
    /// Where each client is, for people.
    pub homes: Vec<String>,
    /// The trust that judges the run while it runs.
    pub inner: Trust,
}

/// The longest election period of a cluster without regions.
const ELECTION_MAX: Nanos = Nanos::from_secs(2);
/// What a node may take to answer a heartbeat, a slow sync included.
const SLACK: Nanos = Nanos::from_millis(40);

/// Builds the world of a scenario and a seed; with `real` keys if its evidence is to be kept.
pub fn setup(scenario: &Scenario, seed: u64, real: bool) -> Result<Setup, Error> {
    let cluster = &scenario.cluster;
    let signers: Vec<_> = (1..=cluster.nodes()).map(|number| signer(seed, number)).collect();
    let founding = founding(cluster, seed, &signers);
    let trust = Trust::found(founding.clone())?;
    let (scheme, inner) = if real {
        let keys = Keys { signers, trust: trust.clone() };
        (Scheme::Keys(Arc::new(keys)), trust.clone())
    } else {
        (Scheme::Symbolic, Trust::simulated(founding))
    };
    let mut world = {
        let options = Options { synchrony: scenario.synchrony, ..options(cluster, scheme) };
        World::new(seed, options, configs(cluster, &trust))
    };
    if let Standing::Regions(regions) = &cluster.standing {
        world.links_mut().set_regions(regions);
    }
    let mut habits = Vec::new();
    let mut homes = Vec::new();
    for crowd in &scenario.clients {
        for place in 0..crowd.count {
            let nodes = reaches(cluster, crowd.home, place);
            homes.push(home(cluster, crowd.home, &nodes));
            habits.push(habit(crowd, nodes));
        }
    }
    Ok(Setup { trust, world, habits, homes, inner })
}

/// A node's key: drawn from the seed, so that a run's files are the same whenever it runs. It
/// protects nothing, and is worth nothing outside its run.
fn signer(seed: u64, number: u32) -> Ed25519Signer {
    let mut random = Random::new(seed).fork(0x006b_6579_0000 + u64::from(number));
    let mut secret = [0; 32];
    for part in secret.chunks_mut(8) {
        part.copy_from_slice(&random.bits().to_le_bytes());
    }
    Ed25519Signer::from_seed(secret)
}

fn founding(cluster: &Cluster, seed: u64, signers: &[Ed25519Signer]) -> Founding {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&seed.to_le_bytes());
    let member = |(number, signer): (u32, &Ed25519Signer)| Member {
        node: NodeId(number),
        name: format!("n{number}"),
        region: region(cluster, NodeId(number)).map_or("", Region::name).to_owned(),
        key: signer.public(),
    };
    let nodes: Vec<_> = (1..).zip(signers).map(member).collect();
    let voters = nodes.iter().map(|member| member.node).collect();
    Founding { salt, nodes, voters, keyspaces: vec![Keyspace::default()] }
}

/// The region of a node, where it has one.
pub fn region(cluster: &Cluster, node: NodeId) -> Option<Region> {
    cluster.regions().get((node.0 as usize).checked_sub(1)?).copied()
}

fn options(cluster: &Cluster, scheme: Scheme) -> Options {
    let link = match &cluster.standing {
        Standing::Uniform { link, .. } => Link::with(*link),
        Standing::Regions(_) => Link::default().in_order(),
    };
    let clock = ClockModel {
        epsilon: Some(cluster.clock_bound),
        error_max: Nanos(cluster.clock_bound.0 / 2),
        ..ClockModel::default()
    };
    Options {
        link,
        bandwidth: cluster.bandwidth.map(|bits| {
            let bytes = Some((bits / 8).max(1));
            Limits { uplink: bytes, downlink: bytes }
        }),
        processor: cluster
            .step
            .map_or_else(ProcessorModel::default, |step| ProcessorModel { step, always: true }),
        disk: DiskModel { sync: cluster.sync, ..DiskModel::default() },
        clock,
        tracing: Tracing::Headers,
        scheme,
        story_lines: 0,
        mutants: match cluster.plant {
            Some(Plant::Host(_, mutants)) => mutants,
            _ => Mutants::default(),
        },
        ..Options::default()
    }
}

fn configs(cluster: &Cluster, trust: &Trust) -> Vec<Config> {
    let voters = Membership::founding((1..=cluster.nodes()).map(NodeId).collect());
    let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
    let election = election(cluster);
    let config = |number| {
        let mut log = log::Config::new(NodeId(number), scope, voters.clone(), election);
        if let Some(Plant::Log(mutant)) = cluster.plant {
            log.mutant = Some(mutant);
        }
        // As much smaller than a store's as a run is shorter: transfers happen within seconds.
        log.bounds.memory = cluster.checkpoint_entries.max(24);
        log.bounds.chunk = 16 << 10;
        let mut config = Config::new(log);
        config.checkpoint_entries = cluster.checkpoint_entries;
        if let Some(Plant::Node(mutant)) = cluster.plant {
            config.mutant = Some(mutant);
        }
        config
    };
    (1..=cluster.nodes()).map(config).collect()
}

/// The election period: as said, or longer than nearly every round trip.
pub fn election(cluster: &Cluster) -> Nanos {
    let usual = match &cluster.standing {
        Standing::Regions(regions) => election_period(regions, true),
        Standing::Uniform { link, .. } => {
            let mut random = Random::new(1);
            let longest = (0..2_000).map(|_| link.sample(&mut random)).max().unwrap_or_default();
            longest.times(2).plus(SLACK).min(ELECTION_MAX)
        }
    };
    cluster.election.unwrap_or(usual)
}

/// The nodes by distance from a client: beside it, or as far as regions are.
fn reaches(cluster: &Cluster, home: Home, place: u32) -> Vec<Reach> {
    let all = || (1..=cluster.nodes()).map(NodeId);
    let beside = match home {
        Home::Everywhere => Some(NodeId(place % cluster.nodes() + 1)),
        Home::Node(node) => Some(node),
        Home::Region(_) => None,
    };
    let from = match (home, beside) {
        (Home::Region(region), _) => Some(region),
        (_, Some(node)) => region(cluster, node),
        _ => None,
    };
    let here = |node| beside == Some(node) || beside.is_none() && region(cluster, node) == from;
    let far = |node| from.zip(region(cluster, node)).map(|(from, to)| round_trip(from, to).p50);
    let mut nodes: Vec<_> = all().collect();
    nodes.sort_by_key(|node| (!here(*node), far(*node), *node));
    let reach = |node: NodeId| {
        let delay = match (from.zip(region(cluster, node)), &cluster.standing) {
            _ if here(node) => None,
            (Some((from, to)), _) => Some(Delay::between(from, to)),
            (None, Standing::Uniform { link, .. }) => Some(*link),
            (None, Standing::Regions(_)) => None,
        };
        Reach { node, delay }
    };
    nodes.into_iter().map(reach).collect()
}

fn home(cluster: &Cluster, home: Home, nodes: &[Reach]) -> String {
    if let Home::Region(region) = home {
        return region.name().to_owned();
    }
    let Some(beside) = nodes.first().map(|reach| reach.node) else { return String::new() };
    region(cluster, beside).map_or(beside.to_string(), |region| region.name().to_owned())
}

fn habit(crowd: &Crowd, nodes: Vec<Reach>) -> Habit {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
    let pause = Nanos((1e9 / crowd.rate) as u64);
    Habit {
        deeds: crowd.operations.iter().map(|(deed, weight)| (*deed, *weight)).collect(),
        guarantees: crowd.guarantees.iter().map(|(which, weight)| (*which, *weight)).collect(),
        keys: crowd.keys,
        value_bytes: crowd.value_bytes,
        evidence: crowd.evidence,
        pause,
        patience: crowd.patience,
        nodes,
    }
}
