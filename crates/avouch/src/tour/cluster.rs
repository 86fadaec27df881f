//! The tour's own cluster: five nodes in five regions, on real sockets and real disks, with all
//! that a fault needs: a hard stop, a restart, a pause, and ways that can be cut.

use super::ways::Ways;
use crate::cluster::Endpoint;
use crate::embedded::election_period;
use avouch_agreement::mutant::Mutant;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, Error, Nanos, NodeId, Random};
use avouch_store::host::{Host, HostConfig, Listen, NewMember, found_cluster, node_folder};
use avouch_world::geography::{FIVE, Region};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// One node and where it stands.
struct Place {
    region: Region,
    client: SocketAddr,
    peer: SocketAddr,
    /// None while it is dead.
    host: Option<Host>,
}

/// The five nodes.
pub(super) struct Cluster {
    folder: PathBuf,
    /// What its answers are verified with.
    pub(super) trust: Trust,
    /// The ways between its nodes.
    pub(super) ways: Arc<Ways>,
    places: BTreeMap<NodeId, Place>,
    election: Nanos,
    mutant: Option<Mutant>,
}

impl Cluster {
    /// Founds the cluster in `folder` and starts its nodes.
    pub(super) fn start(
        folder: &Path,
        random: Random,
        mutant: Option<Mutant>,
    ) -> Result<Self, Error> {
        let member = |region: Region| NewMember {
            name: region.name().to_owned(),
            region: region.name().to_owned(),
        };
        let trust = found_cluster(folder, &FIVE.map(member))?;
        let regions: BTreeMap<_, _> = (1..).map(NodeId).zip(FIVE).collect();
        let ways = Arc::new(Ways::between(&regions, random));
        let mut cluster = Self {
            folder: folder.to_owned(),
            trust,
            ways,
            places: BTreeMap::new(),
            election: election_period(&FIVE, true),
            mutant,
        };
        // Every port is known before the first node starts.
        let mut bound = Vec::new();
        for (node, region) in regions {
            let (clients, peers) = (bind()?, bind()?);
            let place =
                Place { region, client: address(&clients)?, peer: address(&peers)?, host: None };
            cluster.places.insert(node, place);
            bound.push((node, clients, peers));
        }
        for (node, clients, peers) in bound {
            cluster.start_on(node, clients.into(), peers.into())?;
        }
        Ok(cluster)
    }

    fn start_on(&mut self, node: NodeId, clients: Listen, peers: Listen) -> Result<(), Error> {
        let addresses = |address: fn(&Place) -> SocketAddr| -> BTreeMap<NodeId, String> {
            self.places.iter().map(|(node, place)| (*node, address(place).to_string())).collect()
        };
        let (to_peers, to_clients) = (addresses(|place| place.peer), addresses(|at| at.client));
        let Some(place) = self.places.get_mut(&node) else { return Ok(()) };
        let data = node_folder(&self.folder, place.region.name());
        let mut config = HostConfig::read(&data, self.election)?;
        config.client_listen = clients;
        config.peer_listen = peers;
        config.peers = to_peers;
        config.clients = to_clients;
        config.link = Arc::clone(&self.ways) as _;
        config.node.log.mutant = self.mutant;
        place.host = Some(Host::start(config)?);
        Ok(())
    }

    /// Where clients reach each node.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let endpoint = |(node, place): (&NodeId, &Place)| Endpoint {
            node: node.0,
            region: place.region.name().to_owned(),
            address: place.client.to_string(),
        };
        self.places.iter().map(endpoint).collect()
    }

    /// `us-east-1/n1`.
    pub(super) fn name(&self, node: NodeId) -> String {
        let region = self.places.get(&node).map_or("", |place| place.region.name());
        format!("{region}/{node}")
    }

    /// Waits for a leader other than `not`; who it is.
    pub(super) fn leader(&self, not: Option<NodeId>, patience: Duration) -> Result<NodeId, Error> {
        let start = Instant::now();
        loop {
            if let Some(leader) = self.leads(not) {
                return Ok(leader);
            }
            if start.elapsed() >= patience {
                let got = format!("none for {patience:?}");
                return Err(Error::new(Blame::Environment, "a leader", got)
                    .hint("is the machine too busy for five nodes?"));
            }
            pause(Duration::from_millis(5));
        }
    }

    /// Who leads now and is not `not`, as it says itself: the highest ballot is right.
    pub(super) fn leads(&self, not: Option<NodeId>) -> Option<NodeId> {
        let claims = |(node, place): (&NodeId, &Place)| {
            let status = place.host.as_ref()?.status();
            (status.leader == Some(*node) && Some(*node) != not).then_some((status.ballot, *node))
        };
        self.places.iter().filter_map(claims).max().map(|(_, node)| node)
    }

    /// Stops a node as a killed process would stop.
    pub(super) fn kill(&mut self, node: NodeId) {
        if let Some(host) = self.places.get_mut(&node).and_then(|place| place.host.take()) {
            host.crash();
        }
    }

    /// Starts a killed node on its data.
    pub(super) fn restart(&mut self, node: NodeId) -> Result<(), Error> {
        match self.places.get(&node) {
            Some(Place { client, peer, host: None, .. }) => {
                let (client, peer) = (*client, *peer);
                self.start_on(node, client.into(), peer.into())
            }
            _ => Ok(()),
        }
    }

    /// Lets a node stand still.
    pub(super) fn pause(&self, node: NodeId, span: Duration) {
        if let Some(host) = self.places.get(&node).and_then(|place| place.host.as_ref()) {
            host.handle().pause(span);
        }
    }

    /// Stops every node in order, and says what went wrong with any of them.
    pub(super) fn stop(self) -> Result<(), Error> {
        let hosts: Vec<_> = self.places.into_values().filter_map(|place| place.host).collect();
        hosts.iter().for_each(Host::stop);
        hosts.into_iter().try_for_each(Host::wait)
    }
}

fn bind() -> Result<TcpListener, Error> {
    TcpListener::bind(("127.0.0.1", 0)).map_err(|error| no_port(&error))
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|error| no_port(&error))
}

fn no_port(error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, "a free port of the loopback interface", error.to_string())
}

/// Lets real time pass.
#[expect(clippy::disallowed_methods, reason = "a tour watches real nodes, in real time")]
pub(super) fn pause(span: Duration) {
    std::thread::sleep(span);
}
