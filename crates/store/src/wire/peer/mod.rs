//! The mesh: messages between nodes over TCP.
//!
//! ```text
//!   n1 --- dials ---> n2      each arrow is one connection, made and used by its sender alone,
//!   n1 <--- dials --- n2      so either direction may fail without the other
//! ```
//!
//! The contract is the one that protocols are written for: messages may be lost, never changed,
//! and those that arrive over one connection arrive in order. Queues are bounded on both sides.
//!
//! [`handshake`] and [`frame`] are pure; `dial`, `listen` and `exchange` put them on sockets.

mod dial;
mod exchange;
pub mod frame;
pub mod handshake;
pub mod kernel;
pub mod link;
mod listen;
pub mod outbox;

use self::handshake::{Challenge, Identity};
use self::kernel::Ends;
use self::link::Link;
use self::listen::Reading;
use self::outbox::Outbox;
use avouch_promise::{Blame, Error, NodeId, Signer, Verifier};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The most messages, and the most bytes of them, that wait to be taken from the [`Inbox`].
const INBOX_MESSAGES: usize = 4_096;
const INBOX_BYTES: usize = 64 << 20;
/// How many refusals are remembered.
const REFUSALS_MAX: usize = 32;

/// What a mesh needs to know.
pub struct Config {
    /// Who this node is.
    pub me: Identity,
    /// Where its peers listen, as `host:port`.
    pub peers: BTreeMap<NodeId, String>,
    /// This node's ability to sign.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The keys of the trust file.
    pub verifier: Arc<dyn Verifier + Send + Sync>,
    /// What distance does; [`link::Direct`] on a real network.
    pub link: Arc<dyn Link>,
}

/// What is known of the way to one peer.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// The peer.
    pub node: NodeId,
    /// Whether messages to it have a connection now.
    pub connected: bool,
    /// How many messages wait for it.
    pub waiting: usize,
    /// How many messages to it were dropped since the start.
    pub dropped: u64,
    /// Why the last connection, or attempt at one, ended.
    pub last_error: Option<Error>,
    /// The ends of the connection on which messages to it travel.
    pub ends: Option<Ends>,
    /// What the peer's kernel said to the last attempt at a connection.
    pub attempt: Attempt,
}

/// What a peer's kernel says to an attempt at a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attempt {
    /// It takes it, or nothing is known yet.
    #[default]
    Taken,
    /// Nobody listens: the process is gone.
    Refused,
    /// Nothing at all, in good time or for good.
    Unanswered,
}

struct Peer {
    address: String,
    outbox: Outbox,
    way: Mutex<(bool, Option<Error>)>,
    ends: Mutex<Option<Ends>>,
    attempt: Mutex<Attempt>,
}
impl Peer {
    fn now(&self, outcome: Result<(), Error>) {
        let mut way = locked(&self.way);
        way.0 = outcome.is_ok();
        if let Err(error) = outcome {
            way.1 = Some(error);
        }
    }
}

struct Shared {
    me: Identity,
    signer: Arc<dyn Signer + Send + Sync>,
    verifier: Arc<dyn Verifier + Send + Sync>,
    link: Arc<dyn Link>,
    peers: BTreeMap<NodeId, Arc<Peer>>,
    readings: Mutex<BTreeMap<NodeId, Reading>>,
    refusals: Mutex<VecDeque<Error>>,
}
impl Shared {
    fn refused(&self, error: Error) {
        let mut refusals = locked(&self.refusals);
        refusals.push_back(error);
        if refusals.len() > REFUSALS_MAX {
            refusals.pop_front();
        }
    }
    fn readings(&self) -> MutexGuard<'_, BTreeMap<NodeId, Reading>> {
        locked(&self.readings)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn challenge() -> Result<Challenge, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Blame::Environment, "randomness of the operating system", error.to_string())
    })?;
    Ok(bytes)
}

/// The messages that have arrived, with their senders.
#[derive(Debug)]
pub struct Inbox {
    messages: mpsc::Receiver<(NodeId, Bytes)>,
    room: Arc<Semaphore>,
}
impl Inbox {
    /// The next message; `None` when the mesh is gone.
    pub async fn recv(&mut self) -> Option<(NodeId, Bytes)> {
        let message = self.messages.recv().await?;
        self.room.add_permits(message.1.len());
        Some(message)
    }
    /// The next message if one has arrived.
    pub fn try_recv(&mut self) -> Option<(NodeId, Bytes)> {
        let message = self.messages.try_recv().ok()?;
        self.room.add_permits(message.1.len());
        Some(message)
    }
    /// As [`Inbox::recv`], for a thread that is not one of the runtime's.
    pub fn blocking_recv(&mut self) -> Option<(NodeId, Bytes)> {
        let message = self.messages.blocking_recv()?;
        self.room.add_permits(message.1.len());
        Some(message)
    }
}

#[derive(Clone)]
struct Inbound {
    messages: mpsc::Sender<(NodeId, Bytes)>,
    room: Arc<Semaphore>,
}
impl Inbound {
    /// Waits for room, which holds the sender back; false when nobody listens any more.
    async fn put(&self, from: NodeId, payload: Bytes) -> bool {
        match self.room.acquire_many(payload.len() as u32).await {
            Ok(permit) => permit.forget(),
            Err(_) => return false,
        }
        self.messages.send((from, payload)).await.is_ok()
    }
}

/// All connections of one node to its peers. Dropping it ends them.
pub struct Mesh {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Mesh {
    /// Starts dialling and accepting, inside a tokio runtime.
    pub fn start(config: Config, listener: TcpListener) -> (Self, Inbox) {
        let Config { me, peers, signer, verifier, link } = config;
        let peer = |address| {
            let (outbox, way) = (Outbox::default(), Mutex::new((false, None)));
            let (ends, attempt) = Default::default();
            Arc::new(Peer { address, outbox, way, ends, attempt })
        };
        let peers = peers.into_iter().filter(|(node, _)| *node != me.node);
        let shared = Arc::new(Shared {
            me,
            signer,
            verifier,
            link,
            peers: peers.map(|(node, address)| (node, peer(address))).collect(),
            readings: Mutex::default(),
            refusals: Mutex::default(),
        });
        let (sender, messages) = mpsc::channel(INBOX_MESSAGES);
        let room = Arc::new(Semaphore::new(INBOX_BYTES));
        let inbound = Inbound { messages: sender, room: room.clone() };
        let mut tasks = JoinSet::new();
        tasks.spawn(listen::keep_accepting(shared.clone(), listener, inbound));
        for (&to, peer) in &shared.peers {
            tasks.spawn(dial::keep_sending(shared.clone(), to, peer.clone()));
        }
        (Self { shared, _tasks: tasks }, Inbox { messages, room })
    }

    /// Sends a message of at most [`frame::PAYLOAD_MAX`] bytes, from any thread and without
    /// waiting. It may be lost; one to a node that is no peer is.
    pub fn send(&self, to: NodeId, payload: Bytes) {
        let Some(peer) = self.shared.peers.get(&to) else { return };
        match self.shared.link.delay(self.shared.me.node, to, payload.len()) {
            Some(delay) => peer.outbox.put(Instant::now(), delay, payload),
            None => peer.outbox.lose(),
        }
    }

    /// Waits until all that was to be sent over a connection is with the kernel, which delivers it
    /// although the connection is closed, but no longer than `patience`. Not from within the
    /// runtime, whose tasks do the sending.
    pub fn flush(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let waits = |peer: &Arc<Peer>| locked(&peer.way).0 && !peer.outbox.is_done();
        while Instant::now() < until && self.shared.peers.values().any(waits) {
            pause();
        }
    }

    /// What is known of the ways to the peers.
    pub fn status(&self) -> Vec<PeerStatus> {
        let status = |(&node, peer): (&NodeId, &Arc<Peer>)| {
            let (waiting, dropped) = peer.outbox.counts();
            let (connected, last_error) = locked(&peer.way).clone();
            let ends = locked(&peer.ends).filter(|_| connected);
            let attempt = *locked(&peer.attempt);
            PeerStatus { node, connected, waiting, dropped, last_error, ends, attempt }
        };
        self.shared.peers.iter().map(status).collect()
    }

    /// Why the last connections from others were refused or broke, oldest first; each once.
    pub fn take_refusals(&self) -> Vec<Error> {
        locked(&self.shared.refusals).drain(..).collect()
    }
}

/// A moment in which others run.
#[expect(clippy::disallowed_methods, reason = "a thread of its own that has nothing else to do")]
fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.shared.readings().clear();
    }
}
