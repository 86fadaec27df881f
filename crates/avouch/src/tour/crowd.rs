//! The tour's clients: four in every region, each asks the node of its own region, one request at a
//! time, with the shipped client.
//!
//! They run on a thread of their own, so that the faults can stop and start nodes meanwhile. What
//! they may do comes as [`Orders`].

use super::notebook::Notebook;
use super::wish::{Appetite, KEYS, Wish, Wishes, key, operation};
use crate::client::{Client, Terms};
use crate::cluster::Endpoint;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::Action;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, Error, Random};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// How long a client waits for an answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(2);
/// How long a client waits for one of the last reads, when all is calm.
const LAST_DEADLINE: Duration = Duration::from_secs(10);
/// The clients of one region.
const CLIENTS: [Appetite; 4] = [Appetite::Strong, Appetite::Weak, Appetite::Strong, Appetite::Weak];

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writers {
    /// Everybody.
    All,
    /// Nobody.
    Nobody,
    /// Everybody but the clients of this region.
    AllBut(usize),
}

impl Writers {
    fn include(self, region: usize) -> bool {
        match self {
            Self::All => true,
            Self::Nobody => false,
            Self::AllBut(other) => region != other,
        }
    }
}

/// What the clients may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orders {
    /// Go on asking.
    Ask(Writers),
    /// Stop; every region reads every key a last time.
    ReadAndStop,
    /// Stop.
    Stop,
}

/// The clients, as the tour commands them.
pub(super) struct Crowd {
    orders: watch::Sender<Orders>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Crowd {
    /// Starts the clients.
    pub(super) fn start(
        endpoints: &[Endpoint],
        trust: &Trust,
        notebook: &Arc<Notebook>,
        random: &Random,
    ) -> Result<Self, Error> {
        let (orders, heard) = watch::channel(Orders::Ask(Writers::All));
        let mut ones = Vec::new();
        for (region, endpoint) in endpoints.iter().enumerate() {
            for appetite in CLIENTS {
                let process = ones.len() as u64;
                ones.push(One {
                    process,
                    region,
                    name: endpoint.region.clone(),
                    appetite,
                    wishes: Wishes::new(process, random.fork(process + 1)),
                    client: Client::new(Some(trust.clone()), vec![endpoint.clone()])?,
                    reads_last: (process as usize).is_multiple_of(CLIENTS.len()),
                    notebook: Arc::clone(notebook),
                    orders: heard.clone(),
                });
            }
        }
        let failed = |error: std::io::Error| {
            Error::new(Blame::Environment, "a thread for the clients", error.to_string())
        };
        let builder = Builder::new().name("avouch tour clients".to_owned());
        let thread = builder.spawn(move || run(ones)).map_err(failed)?;
        Ok(Self { orders, thread })
    }

    /// Tells the clients what they may do.
    pub(super) fn order(&self, orders: Orders) {
        self.orders.send_replace(orders);
    }

    /// Waits until every client has ended, as it was ordered to.
    pub(super) fn wait(self) -> Result<(), Error> {
        drop(self.orders);
        self.thread.join().unwrap_or_else(|_| {
            Err(Error::new(Blame::Corrupt, "clients that end", "one that panicked"))
        })
    }
}

fn run(ones: Vec<One>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Error::new(Blame::Environment, "sockets and timers of the system", error.to_string())
    })?;
    let local = LocalSet::new();
    for one in ones {
        local.spawn_local(one.run());
    }
    runtime.block_on(local);
    Ok(())
}

/// One client.
struct One {
    process: u64,
    region: usize,
    name: String,
    appetite: Appetite,
    wishes: Wishes,
    client: Client,
    /// Whether it is the one of its region that reads every key in the end.
    reads_last: bool,
    notebook: Arc<Notebook>,
    orders: watch::Receiver<Orders>,
}

impl One {
    async fn run(mut self) {
        loop {
            let orders = *self.orders.borrow_and_update();
            match orders {
                Orders::Ask(writers) => {
                    let may_write = writers.include(self.region);
                    let wish = self.wishes.next(self.appetite, may_write);
                    self.ask(&wish, DEADLINE).await;
                    self.think().await;
                }
                Orders::ReadAndStop if self.reads_last => return self.read_all().await,
                Orders::ReadAndStop | Orders::Stop => return,
            }
        }
    }

    async fn read_all(&mut self) {
        for number in 0..KEYS {
            let action = Action::Get { key: key(number) };
            let wish = Wish { action, guarantee: Guarantee::Linearizable };
            self.ask(&wish, LAST_DEADLINE).await;
        }
    }

    async fn ask(&mut self, wish: &Wish, deadline: Duration) {
        let number = self.notebook.ask(self.process, (self.region, &self.name), wish);
        let terms = Terms { deadline, ..Terms::new(wish.guarantee) };
        let told = self.client.ask(&operation(&wish.action), &terms).await;
        self.notebook.told(self.process, number, wish, &told);
    }

    /// Waits a while before the next request: answers of the own region take a millisecond only.
    async fn think(&mut self) {
        let span = match self.appetite {
            Appetite::Strong => self.wishes.random().between(5, 60),
            Appetite::Weak => self.wishes.random().between(40, 160),
        };
        tokio::time::sleep(Duration::from_millis(span)).await;
    }
}
