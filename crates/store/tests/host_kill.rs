//! kill -9 of real processes at random moments, one of three or all: nothing that was acknowledged
//! is lost. `AVOUCH_KILLS` (default 20) says how often.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::Random;
use avouch_store::host::Host;
use avouch_store::wire::client::{Asking, Connection};
use host_common::{Folder, PATIENCE, config, found, free_addresses, get, put, repro, value_of};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CHILD: &str = "AVOUCH_TEST_HOST_CHILD";
const NODES: usize = 3;
const CLIENTS: usize = 4;

fn parse(list: &str) -> Vec<SocketAddr> {
    list.split(',').map(|address| address.parse().unwrap()).collect()
}

/// The child: one node, until it is killed.
#[test]
fn child() {
    let Ok(said) = std::env::var(CHILD) else { return };
    let parts: Vec<&str> = said.split(';').collect();
    let [dir, node, peers, clients] = parts.as_slice() else { panic!("{said}") };
    let node = node.parse().unwrap();
    let mut config = config(Path::new(dir), node, &parse(peers), &parse(clients));
    config.segment_bytes = 256 << 10;
    config.node.checkpoint_entries = 300;
    let host = Host::start(config).unwrap();
    println!("\nready");
    host.wait().unwrap();
}

struct Processes {
    dir: Folder,
    peers: Vec<SocketAddr>,
    clients: Vec<SocketAddr>,
    running: Vec<Option<Child>>,
}

impl Processes {
    fn start(&mut self, node: usize) {
        let list = |addresses: &[SocketAddr]| {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        };
        let dir = self.dir.0.display();
        let said = format!("{dir};{node};{};{}", list(&self.peers), list(&self.clients));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, said)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"), "n{node} does not start");
        self.running[node - 1] = Some(child);
    }
    fn kill(&mut self, node: usize) {
        let mut child = self.running[node - 1].take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.running.iter_mut().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What one client had acknowledged, by key, and the last value that it tried.
#[derive(Default)]
struct Written {
    acknowledged: BTreeMap<String, u64>,
    tried: u64,
}

/// A client: writes growing values to keys of its own, at whatever node answers.
async fn write(client: usize, nodes: Vec<SocketAddr>, stop: &AtomicBool, log: &Mutex<Written>) {
    let asking = Asking { deadline: Some(Duration::from_secs(2)), ..Asking::default() };
    let mut at = client;
    while !stop.load(Ordering::Relaxed) {
        at += 1;
        let address = nodes[at % nodes.len()].to_string();
        let Ok(connection) = Connection::open(&address, Duration::from_secs(1)).await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let value = {
                let mut log = log.lock().unwrap();
                log.tried += 1;
                log.tried
            };
            let key = format!("c{client}/{}", value % 16);
            let told = connection.ask(put(&key, &value.to_string()), &asking).await;
            if told.and_then(|told| told.outcome.map_err(Into::into)).is_err() {
                break;
            }
            log.lock().unwrap().acknowledged.insert(key, value);
        }
    }
}

/// Reads everything acknowledged back, linearizably, from one node.
async fn check(node: SocketAddr, written: &[Arc<Mutex<Written>>], context: &str) -> usize {
    let start = Instant::now();
    let mut seen = 0;
    for log in written {
        // What is acknowledged now must be read below; more may be written meanwhile.
        let acknowledged = log.lock().unwrap().acknowledged.clone();
        for (key, value) in acknowledged {
            let found = loop {
                let asked = match Connection::open(&node.to_string(), PATIENCE).await {
                    Ok(connection) => connection.ask(get(&key), &Asking::default()).await,
                    Err(error) => Err(error),
                };
                match asked {
                    Ok(told) => break value_of(&told),
                    Err(error) => {
                        assert!(start.elapsed() < Duration::from_secs(30), "{error}; {context}");
                    }
                }
            };
            let found = found.unwrap_or_else(|| panic!("{key} is lost; {context}"));
            let found: u64 = found.parse().unwrap();
            let tried = log.lock().unwrap().tried;
            assert!(value <= found && found <= tried, "{key}: {found} for {value}; {context}");
            seen += 1;
        }
    }
    seen
}

#[test]
fn killed_nodes_lose_nothing_acknowledged() {
    let kills = std::env::var("AVOUCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let dir = Folder::new("host-kill");
    drop(found(&dir.0, NODES as u32));
    let addresses = free_addresses(2 * NODES as u32);
    let (peers, clients) = (addresses[..NODES].to_vec(), addresses[NODES..].to_vec());
    let running = (0..NODES).map(|_| None).collect();
    let mut processes = Processes { dir, peers, clients: clients.clone(), running };
    (1..=NODES).for_each(|node| processes.start(node));

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let written: Vec<_> = (0..CLIENTS).map(|_| Arc::new(Mutex::new(Written::default()))).collect();
    let writers: Vec<_> = written
        .iter()
        .cloned()
        .enumerate()
        .map(|(client, log)| {
            let (nodes, stop) = (clients.clone(), stop.clone());
            runtime.spawn(async move { write(client, nodes, &stop, &log).await })
        })
        .collect();
    let total = || written.iter().map(|log| log.lock().unwrap().tried).sum::<u64>();
    let mut moved = 0;
    for kill in 1..=kills {
        let before = total();
        std::thread::sleep(Duration::from_millis(random.between(50, 400)));
        let all = random.chance(0.2);
        let one = random.between(1, NODES as u64) as usize;
        let victims: Vec<_> = (1..=NODES).filter(|node| all || *node == one).collect();
        for node in &victims {
            processes.kill(*node);
        }
        if !all {
            std::thread::sleep(Duration::from_millis(random.between(0, 300)));
        }
        for node in &victims {
            processes.start(*node);
        }
        moved += u64::from(total() > before);
        if kill % 5 == 0 || all {
            let repro = repro("host_kill", "killed_nodes_lose_nothing_acknowledged", seed);
            let context = format!("after kill {kill} of {victims:?}; {repro}");
            let node = clients[random.below(NODES as u64) as usize];
            runtime.block_on(check(node, &written, &context));
        }
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        runtime.block_on(writer).unwrap();
    }
    let repro = repro("host_kill", "killed_nodes_lose_nothing_acknowledged", seed);
    let mut keys = 0;
    for node in clients {
        keys = runtime.block_on(check(node, &written, &repro));
    }
    let acknowledged = total();
    assert!(moved * 2 >= kills, "clients moved in only {moved} of {kills} rounds; {repro}");
    println!("{kills} kills, {acknowledged} writes tried, {keys} keys read back, none lost");
}
