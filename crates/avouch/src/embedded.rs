//! A cluster in one process: a node for each region on real sockets and disks, and between them the
//! delays measured between AWS regions.
//!
//! ```text
//!   DIR/trust.json, DIR/cluster.json      public: what clients need
//!   DIR/<region>/                         one node's key, log and checkpoints
//! ```
//!
//! Only messages between nodes are delayed: a client stands beside the node that it asks, so what
//! it waits is what the answer's wide-area hops cost. Each delay is a fresh draw for its direction,
//! and messages of one direction never overtake each other (the mesh's contract).

use crate::client::{Client, Terms, Worth};
use crate::cluster::{ClusterFile, Endpoint, NAME};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, Error, Nanos, NodeId, Random};
use avouch_state::{Operation, RangeRequest};
use avouch_store::host::{
    Host, HostConfig, Listen, NewMember, TRUST_FILE, found_cluster, node_folder, read_trust,
    restore_trust,
};
use avouch_store::wire::peer::link::{Direct, Link};
use avouch_world::geography::{FIVE, PathDelay, Region, one_way_sampler};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What to start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the cluster's data lies, or will.
    pub data: PathBuf,
    /// The regions, a node each; empty for those of the data, or [`FIVE`] where there are none.
    pub regions: Vec<Region>,
    /// Whether messages between regions take their time.
    pub delays: bool,
    /// The first client port, peers on the next one and so on; 0 for free ones.
    pub port: u16,
}

/// A running cluster. Dropping it stops it.
pub struct Embedded {
    /// Its nodes, in the order of their numbers.
    pub hosts: Vec<Host>,
    /// Where its nodes listen.
    pub file: ClusterFile,
    /// The path of the cluster file.
    pub path: PathBuf,
    /// What clients verify with.
    pub trust: Trust,
    /// The period of its elections.
    pub election: Nanos,
    /// The node's folder from which a trust file that was missing was restored.
    pub restored: Option<PathBuf>,
}

/// All nodes are on one machine, whose clock is the time here; who sends stamps may be elsewhere.
const STAMP_BOUND: Nanos = Nanos::from_millis(250);

impl Embedded {
    /// Starts a cluster, founding it where there is none, once it has its ports. `adjust` may
    /// change each node's configuration first.
    pub fn start(plan: &Plan, adjust: impl Fn(&mut HostConfig)) -> Result<Self, Error> {
        let restored = restore_trust(&plan.data)?;
        let (founded, regions) = founded(plan)?;
        let ports = ports(regions.len(), plan.port)?;
        let trust = founded.map_or_else(|| found(&plan.data, &regions), Ok)?;
        let named = |place: usize| NodeId(place as u32 + 1);
        let address = |pick: fn(&(Bound, Bound)) -> &Bound| -> BTreeMap<NodeId, String> {
            let entry = |(place, pair)| (named(place), pick(pair).1.to_string());
            ports.iter().enumerate().map(entry).collect()
        };
        let (clients, peers) = (address(|pair| &pair.0), address(|pair| &pair.1));
        let endpoint = |(place, region): (usize, &Region)| Endpoint {
            node: named(place).0,
            region: region.name().to_owned(),
            address: clients.get(&named(place)).cloned().unwrap_or_default(),
        };
        let endpoints = regions.iter().enumerate().map(endpoint).collect();
        let file = ClusterFile::new(&trust.cluster().to_string(), TRUST_FILE, endpoints);
        let election = election_period(&regions, plan.delays);
        let link = link(&regions, plan.delays);
        let mut hosts = Vec::new();
        for (region, (client, peer)) in regions.iter().zip(ports) {
            let mut config = HostConfig::read(&node_folder(&plan.data, region.name()), election)?;
            config.client_listen = Listen::Bound(client.0);
            config.peer_listen = Listen::Bound(peer.0);
            config.peers.clone_from(&peers);
            config.clients.clone_from(&clients);
            config.link = Arc::clone(&link);
            config.stamp_bound = Some(STAMP_BOUND);
            adjust(&mut config);
            hosts.push(Host::start(config)?);
        }
        let path = plan.data.join(NAME);
        file.write(&path)?;
        let file = ClusterFile::read(&path)?;
        Ok(Self { hosts, file, path, trust, election, restored })
    }

    /// Asks for a linearizable read until one is answered with evidence that holds.
    ///
    /// # Errors
    /// Why there was no answer within `patience`; `Peer` when the evidence of one did not hold.
    pub async fn first_answer(&self, patience: Duration) -> Result<(), Error> {
        let mut client = Client::of(&self.file, None)?;
        let key = bytes::Bytes::from_static(b"\0");
        let read = RangeRequest { key, count_only: true, ..RangeRequest::default() };
        let terms = Terms { deadline: patience, ..Terms::new(Guarantee::Linearizable) };
        let asked = client.ask(&Operation::Range(read), &terms).await;
        let reply = asked.map_err(|failure| failure.error)?;
        match reply.worth {
            Worth::Judged(judgement) if judgement.holds() => Ok(()),
            Worth::Judged(judgement) => Err(judgement.to_string()),
            Worth::Unjudged(reason) => Err(reason),
        }
        .map_err(|got| {
            let got = got.lines().next().unwrap_or_default().to_owned();
            Error::new(Blame::Peer, "a first read whose evidence holds", got)
                .hint("do not rely on this cluster: its nodes answer what they cannot show")
        })
    }

    /// Stops all nodes and waits for their end; the first error that any of them ended with.
    pub fn stop(self) -> Result<(), Error> {
        self.hosts.iter().for_each(Host::stop);
        let ends: Vec<_> = self.hosts.into_iter().map(Host::wait).collect();
        ends.into_iter().collect()
    }
}

/// A new cluster in the folder.
fn found(data: &Path, regions: &[Region]) -> Result<Trust, Error> {
    let member =
        |region: &Region| NewMember { name: region.to_string(), region: region.to_string() };
    found_cluster(data, &regions.iter().map(member).collect::<Vec<_>>())
}

/// The cluster in the folder, if there is one, and its regions, or those that it will have.
fn founded(plan: &Plan) -> Result<(Option<Trust>, Vec<Region>), Error> {
    let path = plan.data.join(TRUST_FILE);
    if !path.exists() {
        let regions = if plan.regions.is_empty() { FIVE.to_vec() } else { plan.regions.clone() };
        return Ok((None, regions));
    }
    let trust = read_trust(&path)?;
    let regions: Result<Vec<_>, _> =
        trust.members().iter().map(|member| Region::parse(&member.name)).collect();
    let regions = regions.map_err(|error| {
        error.hint("this cluster was founded by `avouch init`: start its nodes with `avouch serve`")
    })?;
    if !plan.regions.is_empty() && plan.regions != regions {
        let names = |regions: &[Region]| {
            regions.iter().map(|region| region.name()).collect::<Vec<_>>().join(",")
        };
        let expected = format!("the regions of the data in {}", plan.data.display());
        return Err(Error::new(Blame::Caller, expected, names(&plan.regions)).hint(format!(
            "they are {}: leave out --regions, or name another folder with --data",
            names(&regions)
        )));
    }
    Ok((Some(trust), regions))
}

/// A port that is taken, and where it is.
type Bound = (TcpListener, SocketAddr);

/// Takes a client's and a peers' port for each node, before any node starts.
fn ports(nodes: usize, base: u16) -> Result<Vec<(Bound, Bound)>, Error> {
    let bind = |step: usize| {
        let port = match base {
            0 => Some(0),
            base => u16::try_from(usize::from(base) + step).ok(),
        };
        let port = port.ok_or_else(|| {
            let expected = format!("ports up to 65535 for {nodes} nodes");
            Error::new(Blame::Caller, expected, format!("{base} as the first"))
        })?;
        listen(port)
    };
    (0..nodes).map(|place| Ok((bind(2 * place)?, bind(2 * place + 1)?))).collect()
}

fn listen(port: u16) -> Result<Bound, Error> {
    let refused = |error: std::io::Error| {
        let expected = format!("port {port} of 127.0.0.1");
        Error::new(Blame::Environment, expected, error.to_string())
            .hint("another program listens there: name another with --port, or 0 for free ones")
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// A round trip takes longer than this once in about five thousand.
const RARE: f64 = 0.9999;
/// What a node itself may take to answer a heartbeat, a slow sync included.
const SLACK: Nanos = Nanos::from_millis(100);

/// An election period that is longer than nearly every round trip between the regions, so that a
/// leader is not given up because one reply was slow.
pub(crate) fn election_period(regions: &[Region], delays: bool) -> Nanos {
    if !delays {
        return SLACK.times(3);
    }
    let way = |from, to| one_way_sampler(from, to).quantile(RARE);
    let pairs = regions.iter().flat_map(|from| regions.iter().map(move |to| (*from, *to)));
    let longest = pairs.map(|(from, to)| way(from, to).plus(way(to, from))).max();
    longest.unwrap_or_default().plus(SLACK)
}

fn link(regions: &[Region], delays: bool) -> Arc<dyn Link> {
    if delays { Arc::new(Distances::new(regions)) } else { Arc::new(Direct) }
}

/// The ways between the regions.
struct Distances {
    ways: BTreeMap<(NodeId, NodeId), PathDelay>,
    random: Mutex<Random>,
}

impl Distances {
    fn new(regions: &[Region]) -> Self {
        let numbered: Vec<_> = (1..).map(NodeId).zip(regions.iter().copied()).collect();
        let pairs = numbered.iter().flat_map(|from| numbered.iter().map(move |to| (from, to)));
        let ways =
            pairs.map(|((n, from), (m, to))| ((*n, *m), one_way_sampler(*from, *to))).collect();
        Self { ways, random: Mutex::new(Random::new(Random::seed_from_environment())) }
    }
}

impl Link for Distances {
    fn delay(&self, from: NodeId, to: NodeId, _: usize) -> Option<Duration> {
        let way = self.ways.get(&(from, to))?;
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Duration::from_nanos(way.sample(&mut random).0))
    }
}

/// Parses the regions' names; each may stand once.
pub fn regions(names: &[String]) -> Result<Vec<Region>, Error> {
    let mut regions = Vec::new();
    for name in names {
        let region = Region::parse(name)?;
        if regions.contains(&region) {
            return Err(Error::new(Blame::Caller, "each region once", format!("{region} again")));
        }
        regions.push(region);
    }
    Ok(regions)
}

/// A path as a user may type it, shortened to the present folder where it is below it.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_election_period_is_above_every_measured_round_trip() {
        let period = election_period(&FIVE, true);
        for from in FIVE {
            for to in FIVE {
                let measured = avouch_world::geography::round_trip(from, to).p90;
                assert!(period > measured, "{from} {to}: {period} against {measured}");
            }
        }
        assert!(period < Nanos::from_millis(800), "ready within 2 s needs less: {period}");
    }

    #[test]
    fn delays_are_those_of_their_direction() {
        let distances = Distances::new(&FIVE);
        let floor = one_way_sampler(FIVE[0], FIVE[3]).floor();
        for _ in 0..100 {
            let delay = distances.delay(NodeId(1), NodeId(4), 10).unwrap();
            assert!(delay >= Duration::from_nanos(floor.0), "{delay:?} below {floor}");
        }
        assert_eq!(distances.delay(NodeId(1), NodeId(9), 10), None, "no such node");
    }

    #[test]
    fn regions_that_are_unknown_or_named_twice_are_refused() {
        let parse = |names: &[&str]| {
            regions(&names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap_err()
        };
        assert_eq!(parse(&["us-esat-1"]).hint, "did you mean us-east-1?");
        assert_eq!(parse(&["us-east-1", "us-east-1"]).blame, Blame::Caller);
    }
}
