//! The load: so many clients, each asking one thing after the other until the time is over.

use crate::figures::{Cell, Measured, Verb};
use crate::process::{Servers, environment, own_cpu};
use avouch_promise::{Blame, Error, Nonce, Random, RequestId};
use avouch_state::{Operation, PutRequest, RangeRequest};
use avouch_store::wire::client::{Asking, Connection};
use avouch_store::wire::metadata::Name;
use avouch_store::wire::proto::etcdserverpb::StatusRequest;
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many connections there are at most.
const CLIENTS: usize = 64;
/// How many keys there are.
const KEYS: u64 = 1_000;
/// How long a value is.
const VALUE_BYTES: usize = 256;
/// How long servers may take to be there.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many clients there have been: each has a name of its own, for names are used once.
static NAMED: AtomicU64 = AtomicU64::new(1);
/// What runs before anything counts.
const WARM_UP: Duration = Duration::from_millis(300);

/// Connections to the leader of one system.
pub(crate) struct Client {
    leader: String,
    connections: Vec<Connection>,
}

impl Client {
    /// Finds the leader, and fills its keys.
    pub(crate) async fn open(servers: &Servers) -> Result<Self, Error> {
        let client = Self::of(leader(servers).await?).await?;
        for number in 0..KEYS {
            let told = client.connections[0].ask(put(number), &Asking::default()).await?;
            told.outcome.map_err(Error::from)?;
        }
        Ok(client)
    }

    async fn of(leader: String) -> Result<Self, Error> {
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(Connection::open(&leader, PATIENCE).await?);
        }
        Ok(Self { leader, connections })
    }

    /// Goes where the leader is now, if it is another: every cell asks a leader.
    pub(crate) async fn follow(&mut self, servers: &Servers) -> Result<(), Error> {
        let leader = leader(servers).await?;
        if leader != self.leader {
            eprintln!("{}: another leads, at {leader}", servers.name);
            *self = Self::of(leader).await?;
        }
        Ok(())
    }
}

/// The address of the server that leads.
async fn leader(servers: &Servers) -> Result<String, Error> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        for address in &servers.addresses {
            let Ok(connection) = Connection::open(address, PATIENCE).await else { continue };
            let told = connection.maintenance().status(StatusRequest {}).await;
            let Ok(told) = told.map(tonic::Response::into_inner) else { continue };
            let own = told.header.map(|header| header.member_id);
            if own == Some(told.leader) && told.leader != 0 {
                return Ok(address.clone());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let expected = format!("a leader of {}", servers.name);
    Err(Error::new(Blame::Environment, expected, format!("none for {PATIENCE:?}")))
}

fn key(number: u64) -> Bytes {
    Bytes::from(format!("bench/{number:06}"))
}

fn put(number: u64) -> Operation {
    let value = Bytes::from(vec![b'v'; VALUE_BYTES]);
    Operation::Put(PutRequest { key: key(number), value, ..PutRequest::default() })
}

fn get(number: u64) -> Operation {
    Operation::Range(RangeRequest { key: key(number), ..RangeRequest::default() })
}

/// One measurement to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) cell: Cell,
    pub(crate) span: Duration,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    evidence: Vec<usize>,
    wire: Vec<usize>,
}

impl Load {
    /// Makes the measurement.
    pub(crate) async fn run(
        self,
        client: &mut Client,
        servers: &Servers,
    ) -> Result<Measured, Error> {
        client.follow(servers).await?;
        let warm = Load { span: WARM_UP, ..self };
        warm.drive(client).await?;
        let (servers_before, own_before) = (servers.cpu(), own_cpu());
        let start = Instant::now();
        let seen = self.drive(client).await?;
        let elapsed = start.elapsed();
        let (by_servers, by_client) = (servers.cpu() - servers_before, own_cpu() - own_before);
        let mut latencies: Vec<_> = seen.latencies;
        latencies.sort_unstable();
        if latencies.is_empty() {
            return Err(environment("answers", &"none in time"));
        }
        let count = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX));
        let (mut evidence, mut wire) = (seen.evidence, seen.wire);
        evidence.sort_unstable();
        wire.sort_unstable();
        Ok(Measured {
            per_second: count / elapsed.as_secs_f64(),
            p50_us: micros(&latencies, 50),
            p99_us: micros(&latencies, 99),
            server_cpu_us: by_servers * 1e6 / count,
            client_cpu_us: by_client * 1e6 / count,
            evidence_p99: evidence.get(evidence.len() * 99 / 100).copied(),
            wire_p99: wire.get(wire.len() * 99 / 100).copied(),
        })
    }

    async fn drive(self, client: &Client) -> Result<Seen, Error> {
        let end = Instant::now() + self.span;
        let mut running = JoinSet::new();
        for (number, connection) in client.connections.iter().take(self.cell.clients).enumerate() {
            running.spawn(one(self.cell, connection.clone(), number as u64 + 1, end));
        }
        let mut all = Seen::default();
        while let Some(seen) = running.join_next().await {
            let seen = seen.map_err(|error| environment("a client that ends", &error))??;
            all.latencies.extend(seen.latencies);
            all.evidence.extend(seen.evidence);
            all.wire.extend(seen.wire);
        }
        Ok(all)
    }
}

async fn one(cell: Cell, connection: Connection, number: u64, end: Instant) -> Result<Seen, Error> {
    let mut random = Random::new(Random::seed_from_environment()).fork(number);
    let mut seen = Seen::default();
    let client = NAMED.fetch_add(1, Ordering::Relaxed);
    let mut sequence = 0;
    while Instant::now() < end {
        sequence += 1;
        let number = random.below(KEYS);
        let operation = if cell.verb == Verb::Put { put(number) } else { get(number) };
        let asking =
            if cell.evidence { asking(&mut random, client, sequence) } else { Asking::default() };
        let start = Instant::now();
        let told = connection.ask(operation, &asking).await?;
        seen.latencies.push(start.elapsed());
        told.outcome.map_err(Error::from)?;
        if let Some(carried) = told.carried {
            seen.evidence.push(carried.evidence.len());
            seen.wire.push(told.beside_bytes);
        } else if cell.evidence {
            return Err(Error::new(Blame::Peer, "the evidence that was asked for", "none"));
        }
    }
    Ok(seen)
}

fn asking(random: &mut Random, client: u64, sequence: u64) -> Asking {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&random.bits().to_le_bytes());
    nonce[8..].copy_from_slice(&random.bits().to_le_bytes());
    Asking {
        nonce: Some(Nonce(nonce)),
        name: Some(Name { id: RequestId { client, sequence }, settled: sequence }),
        evidence: true,
        ..Asking::default()
    }
}

fn micros(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len() - 1);
    sorted[at].as_secs_f64() * 1e6
}
