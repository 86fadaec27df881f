//! One window: a level of monitoring, the block's operations, and what both took.

use super::level::Level;
use super::load::{Seen, Times, ask};
use super::options::Options;
use super::{cpu, scrape};
use crate::client::Client;
use crate::embedded::Embedded;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_store::host::Handle;
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep_until};

/// Which part of a window passes before anything counts.
const SETTLING: f64 = 0.2;
/// How long the clients ask before the first window, so that connections stand and code is warm.
const WARM_UP: Duration = Duration::from_millis(600);

/// What a window took.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Which block it belongs to.
    pub(super) block: u32,
    /// The level.
    pub(super) level: Level,
    /// From when an operation should have been asked to its answer, sorted.
    pub(super) latencies_ns: Vec<u64>,
    /// Operations that were not answered in time.
    pub(super) failed: u64,
    /// CPU time of the whole process while operations counted.
    pub(super) cpu: Duration,
    /// Steps of all nodes meanwhile.
    pub(super) steps: u64,
    /// Of these, recorded ones.
    pub(super) recorded: u64,
    /// How long the recorded ones took.
    pub(super) recorded_for: Nanos,
    /// Pages of metrics read.
    pub(super) scrapes: u64,
}

/// The cluster and its clients.
pub(super) struct Bench {
    clients: Vec<Client>,
    handles: Vec<Handle>,
    addresses: Vec<String>,
    random: Random,
    window: Duration,
    rate: u32,
}

/// A reading of what only grows.
struct Reading {
    cpu: Duration,
    steps: u64,
    recorded: u64,
    recorded_for: Nanos,
}

impl Bench {
    /// One client for each node.
    pub(super) fn new(options: &Options, cluster: &Embedded) -> Result<Self, Error> {
        let endpoints = &cluster.file.endpoints;
        let client = |one| Client::new(Some(cluster.trust.clone()), vec![one]);
        Ok(Self {
            clients: endpoints.iter().cloned().map(client).collect::<Result<_, _>>()?,
            handles: cluster.hosts.iter().map(avouch_store::host::Host::handle).collect(),
            addresses: endpoints.iter().map(|endpoint| endpoint.address.clone()).collect(),
            random: Random::new(options.seed()).fork(2),
            window: options.window(),
            rate: options.rate,
        })
    }

    /// Asks for a while at every level.
    pub(super) async fn warm_up(&mut self) -> Result<(), Error> {
        let window = std::mem::replace(&mut self.window, WARM_UP);
        for level in Level::ALL {
            self.window(u32::MAX, level).await?;
        }
        self.window = window;
        Ok(())
    }

    /// Runs one window.
    pub(super) async fn window(&mut self, block: u32, level: Level) -> Result<Window, Error> {
        self.handles.iter().for_each(|handle| handle.record(level.recording()));
        let start = Instant::now();
        let (end, counted_from) = (start + self.window, start + self.window.mul_f64(SETTLING));
        let count = self.clients.len() as u32;
        let period = Duration::from_secs(1) * count / self.rate.max(1);
        let random = self.random.fork(u64::from(block));
        let mut clients = Vec::new();
        for (place, mut client) in self.clients.drain(..).enumerate() {
            // Each a part of a period after the one before.
            let first = start + period * place as u32 / count;
            let times = Times { first, period, end, counted_from };
            let random = random.fork(place as u64);
            clients.push(spawn_local(async move {
                let seen = ask(&mut client, times, level, random).await;
                (client, seen)
            }));
        }
        let mut scrapers = Vec::new();
        if let Some(period) = level.scrape_period() {
            for address in self.addresses.clone() {
                scrapers.push(spawn_local(scrape::scrape(address, period, end)));
            }
        }
        sleep_until(counted_from).await;
        let before = self.read();
        sleep_until(end).await;
        let after = self.read();
        let mut seen = Seen::default();
        for client in clients {
            let (client, one) = joined(client).await?;
            let one = one?;
            self.clients.push(client);
            seen.latencies_ns.extend(one.latencies_ns);
            seen.failed += one.failed;
        }
        let mut pages = 0;
        for scraper in scrapers {
            pages += joined(scraper).await?;
        }
        seen.latencies_ns.sort_unstable();
        Ok(Window {
            block,
            level,
            latencies_ns: seen.latencies_ns,
            failed: seen.failed,
            cpu: after.cpu.saturating_sub(before.cpu),
            steps: after.steps - before.steps,
            recorded: after.recorded - before.recorded,
            recorded_for: after.recorded_for.minus(before.recorded_for),
            scrapes: pages,
        })
    }

    fn read(&self) -> Reading {
        let stepped: Vec<_> = self.handles.iter().map(Handle::stepped).collect();
        let recorded_for = stepped.iter().map(|one| one.recorded_for.0).sum();
        Reading {
            cpu: cpu::used(),
            steps: stepped.iter().map(|one| one.steps).sum(),
            recorded: stepped.iter().map(|one| one.recorded).sum(),
            recorded_for: Nanos(recorded_for),
        }
    }
}

async fn joined<T>(task: JoinHandle<T>) -> Result<T, Error> {
    task.await.map_err(|error| {
        Error::new(Blame::Corrupt, "a client that ends by itself", error.to_string())
            .hint("this is a bug of avouch")
    })
}
