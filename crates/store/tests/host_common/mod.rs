//! Clusters of real nodes on loopback, for the host's tests.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

use avouch_promise::evidence::{EvidenceFile, Item, Verdict};
use avouch_promise::trust::Trust;
use avouch_promise::{Nanos, NodeId, Nonce, Random};
use avouch_state::{Operation, PutRequest, RangeRequest, Response};
use avouch_store::host::{Host, HostConfig, NewMember, TRUST_FILE, found_cluster, read_trust};
use avouch_store::wire::ask::Status;
use avouch_store::wire::client::{Asking, Connection, Told};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Long against every round trip here, short against a test.
pub const ELECTION: Nanos = Nanos::from_millis(60);
/// A disk that is busy with other work stalls a node for seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that is removed when this is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let path = std::env::temp_dir().join(format!("avouch-{name}-{process}-{count}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn name(node: u32) -> String {
    format!("n{node}")
}

/// Founds a cluster of `count` nodes.
pub fn found(dir: &Path, count: u32) -> Trust {
    let member = |node| NewMember { name: name(node), region: format!("region-{node}") };
    found_cluster(dir, &(1..=count).map(member).collect::<Vec<_>>()).unwrap()
}

/// Addresses that were free a moment ago.
pub fn free_addresses(count: u32) -> Vec<SocketAddr> {
    let bound: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    bound.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

/// The configuration of one node of a cluster that was founded in `dir`.
pub fn config(dir: &Path, node: u32, peers: &[SocketAddr], clients: &[SocketAddr]) -> HostConfig {
    let mut config = HostConfig::read(&dir.join(name(node)), ELECTION).unwrap();
    assert_eq!(config.me, NodeId(node));
    let all = |addresses: &[SocketAddr]| -> BTreeMap<NodeId, String> {
        (1..).map(NodeId).zip(addresses.iter().map(ToString::to_string)).collect()
    };
    config.peers = all(peers);
    config.clients = all(clients);
    config.peer_listen = peers[node as usize - 1].into();
    config.client_listen = clients[node as usize - 1].into();
    config
}

/// How a test changes the configuration of a node before it starts.
pub type Tune = fn(&mut HostConfig);

/// A cluster in this process.
pub struct Cluster {
    pub dir: Folder,
    pub trust: Trust,
    pub peers: Vec<SocketAddr>,
    pub clients: Vec<SocketAddr>,
    pub hosts: BTreeMap<u32, Host>,
    pub tune: Tune,
    pub runtime: Runtime,
    pub random: Random,
}

impl Cluster {
    pub fn start(test: &str, count: u32) -> Self {
        Self::start_tuned(test, count, |_| {})
    }

    pub fn start_tuned(test: &str, count: u32, tune: Tune) -> Self {
        let dir = Folder::new(test);
        let trust = found(&dir.0, count);
        assert_eq!(read_trust(&dir.0.join(TRUST_FILE)).unwrap(), trust);
        let addresses = free_addresses(2 * count);
        let (peers, clients) = addresses.split_at(count as usize);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let mut cluster = Self {
            dir,
            trust,
            peers: peers.to_vec(),
            clients: clients.to_vec(),
            hosts: BTreeMap::new(),
            tune,
            runtime: runtime.unwrap(),
            random: Random::new(Random::seed_from_environment()),
        };
        (1..=count).for_each(|node| cluster.start_node(node));
        cluster
    }

    pub fn config(&self, node: u32) -> HostConfig {
        let mut config = config(&self.dir.0, node, &self.peers, &self.clients);
        (self.tune)(&mut config);
        config
    }
    pub fn start_node(&mut self, node: u32) {
        let host = Host::start(self.config(node)).unwrap();
        assert_eq!(host.client_addr(), self.clients[node as usize - 1]);
        self.hosts.insert(node, host);
    }
    pub fn stop_node(&mut self, node: u32) {
        let host = self.hosts.remove(&node).unwrap();
        host.stop();
        host.wait().unwrap();
    }
    pub fn crash_node(&mut self, node: u32) {
        self.hosts.remove(&node).unwrap().crash();
    }
    pub fn status(&self, node: u32) -> Status {
        self.hosts[&node].status()
    }
    pub fn data(&self, node: u32) -> PathBuf {
        self.dir.0.join(name(node))
    }

    /// The leader, once there is one.
    pub fn leader(&self) -> u32 {
        until("a leader", || {
            let leads = |(node, host): (&u32, &Host)| {
                (host.status().leader == Some(NodeId(*node))).then_some(*node)
            };
            self.hosts.iter().find_map(leads)
        })
    }
    pub fn follower(&self) -> u32 {
        let leader = self.leader();
        *self.hosts.keys().find(|node| **node != leader).unwrap()
    }

    pub fn nonce(&mut self) -> Nonce {
        let (high, low) = (self.random.bits().to_le_bytes(), self.random.bits().to_le_bytes());
        Nonce([high, low].concat().try_into().unwrap())
    }

    /// Asks one node, again until it answers.
    pub fn ask(&self, node: u32, operation: &Operation, asking: &Asking) -> Told {
        until_ok(&format!("an answer of n{node} to {operation:?}"), || {
            self.try_ask(node, operation, asking)
        })
    }
    /// Asks one node once.
    pub fn try_ask(
        &self,
        node: u32,
        operation: &Operation,
        asking: &Asking,
    ) -> Result<Told, String> {
        let address = self.clients[node as usize - 1].to_string();
        self.runtime.block_on(async {
            let connection =
                Connection::open(&address, PATIENCE).await.map_err(|error| error.to_string())?;
            let asked = connection.ask(operation.clone(), asking).await;
            asked.map_err(|error| error.to_string())
        })
    }
    pub fn put(&self, node: u32, key: &str, value: &str) {
        self.ask(node, &put(key, value), &Asking::default()).outcome.unwrap();
    }
    pub fn get(&self, node: u32, key: &str) -> Option<String> {
        value_of(&self.ask(node, &get(key), &Asking::default()))
    }

    /// Asks with evidence, and has it verified from the trust file alone.
    pub fn ask_verified(&mut self, node: u32, operation: &Operation, guarantee: &str) -> Item {
        let nonce = self.nonce();
        let asking = Asking {
            guarantee: Some(guarantee.into()),
            nonce: Some(nonce),
            evidence: true,
            ..Asking::default()
        };
        let told = self.ask(node, operation, &asking);
        assert_eq!(told.achieved.as_deref(), Some(guarantee), "at n{node}");
        let carried = told.carried.unwrap_or_else(|| panic!("evidence of {guarantee} at n{node}"));
        let item = Item {
            request: carried.request,
            response: carried.response,
            evidence: carried.evidence,
            nonce: Some(nonce),
        };
        self.verify(&item);
        item
    }
    pub fn verify(&self, item: &Item) {
        use avouch_promise::Encode;
        let file = EvidenceFile { items: vec![item.clone()] }.to_bytes();
        let read = EvidenceFile::read(&file).unwrap();
        let trust = read_trust(&self.dir.0.join(TRUST_FILE)).unwrap();
        let judgement = read.items[0].verify(&trust);
        assert_eq!(judgement.verdict, Verdict::Holds, "{judgement:?}");
    }

    /// Waits until every node that runs has applied what the furthest has.
    pub fn settle(&self) {
        until("equal states", || {
            let applied: Vec<_> = self.hosts.values().map(|host| host.status().applied).collect();
            let least = applied.iter().min()?;
            (applied.iter().max()? == least).then_some(())
        });
    }
}

pub fn put(key: &str, value: &str) -> Operation {
    let (key, value) = (bytes(key), bytes(value));
    Operation::Put(PutRequest { key, value, ..PutRequest::default() })
}
pub fn get(key: &str) -> Operation {
    Operation::Range(RangeRequest { key: bytes(key), ..RangeRequest::default() })
}
pub fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
pub fn value_of(told: &Told) -> Option<String> {
    match &told.outcome {
        Ok(Response::Range(range)) => {
            let value = range.kvs.first()?.value.to_vec();
            Some(String::from_utf8(value).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

/// Looks until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until_ok(what, || look().ok_or_else(|| "nothing".to_owned()))
}
pub fn until_ok<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(error) => {
                assert!(start.elapsed() < Duration::from_secs(40), "waited for {what}: {error}");
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Prints the line to run a failing random test again with.
pub fn repro(file: &str, test: &str, seed: u64) -> String {
    format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test {file} {test}")
}
