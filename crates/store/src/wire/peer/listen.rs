//! The receiving half of the mesh: accepts connections, makes sure of who dialled, and hands the
//! messages on.
//!
//! Invariants
//! - I1: at most one connection per peer is read; a newer one of the same or a later incarnation
//!   ends the older one, and one of an earlier incarnation is refused.
//! - I2: strangers cost little: a bounded number of handshakes at once, each with a bounded time
//!   and a bounded frame.

use super::exchange::{Exchange, environment};
use super::frame::PAYLOAD_MAX;
use super::handshake::{Identity, Listening, Reply, Verdict};
use super::{Inbound, Shared};
use avouch_promise::{Blame, Encode, Error, NodeId};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

const HANDSHAKES_MAX: usize = 32;
const PATIENCE: Duration = Duration::from_secs(5);

/// The reading task of one peer, ended when it is replaced.
#[derive(Debug)]
pub(super) struct Reading {
    identity: Identity,
    task: JoinHandle<()>,
}
impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts for as long as the mesh lives.
pub(super) async fn keep_accepting(shared: Arc<Shared>, listener: TcpListener, inbound: Inbound) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let mut handshakes = JoinSet::new(); // dropped with this task, and they with it
    loop {
        while handshakes.try_join_next().is_some() {}
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: wait for some to be returned.
                shared.refused(environment("to accept a peer's connection", &error));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (shared, inbound) = (shared.clone(), inbound.clone());
        handshakes.spawn(async move {
            let admitted = timeout(PATIENCE, admit(&shared, stream, inbound)).await;
            let silent = || Error::new(Blame::Peer, "a handshake in time", "silence");
            if let Err(error) = admitted.unwrap_or_else(|_| Err(silent())) {
                shared.refused(error);
            }
            drop(place);
        });
    }
}

async fn admit(shared: &Arc<Shared>, stream: TcpStream, inbound: Inbound) -> Result<(), Error> {
    stream.set_nodelay(true).map_err(|error| environment("a peer's connection", &error))?;
    // Until the greeting names somebody, the link is one to nobody and has no delay of its own.
    let mut exchange = Exchange::new(stream, shared.link.clone(), shared.me.node, shared.me.node);
    let hello = exchange.hear().await?;
    let greeted = Listening::greeted(shared.me, &hello, super::challenge()?, &*shared.signer);
    let (listening, welcome) = match greeted {
        Ok(greeted) => greeted,
        Err(error) => {
            exchange.say(&Reply::Refused(error.to_string()).to_bytes()).await?;
            return Err(error);
        }
    };
    exchange.to = listening.claimed();
    exchange.say(&welcome).await?;
    let proof = exchange.hear().await?;
    let proved = listening.proved(&proof, &*shared.verifier).and_then(|who| known(shared, who));
    let who = match proved {
        Ok(who) => who,
        Err(error) => {
            exchange.say(&Verdict::Refused(error.to_string()).to_bytes()).await?;
            return Err(error);
        }
    };
    exchange.say(&Verdict::Accepted.to_bytes()).await?;
    let mut readings = shared.readings();
    // Looked at again: another connection may have been admitted meanwhile.
    let who = not_stale(readings.get(&who.node), who)?;
    let reader = read(shared.clone(), who.node, exchange, inbound);
    let reading = Reading { identity: who, task: tokio::spawn(reader) };
    readings.insert(who.node, reading); // I1: drops, and so ends, the one before
    Ok(())
}

fn known(shared: &Shared, who: Identity) -> Result<Identity, Error> {
    if !shared.peers.contains_key(&who.node) {
        let got = format!("{}, which is none", who.node);
        return Err(Error::new(Blame::Peer, "one of this node's peers", got)
            .hint("add it to the peers in this node's configuration"));
    }
    not_stale(shared.readings().get(&who.node), who)
}

fn not_stale(reading: Option<&Reading>, who: Identity) -> Result<Identity, Error> {
    match reading {
        Some(before) if before.identity.incarnation > who.incarnation => {
            let expected = format!("{} or later of {}", before.identity.incarnation, who.node);
            Err(Error::new(Blame::Peer, expected, who.incarnation.to_string())
                .hint("two processes run as the same node, or one runs on an old copy of its disk"))
        }
        _ => Ok(who),
    }
}

/// Hands messages on until the connection breaks.
async fn read(shared: Arc<Shared>, from: NodeId, exchange: Exchange, inbound: Inbound) {
    let (mut stream, mut decoder) = exchange.finish();
    decoder.set_limit(PAYLOAD_MAX);
    let error = loop {
        match decoder.take() {
            Ok(Some(payload)) => {
                if !inbound.put(from, payload).await {
                    return; // nobody listens any more: the mesh is going down
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => break error,
        }
        match stream.read_buf(decoder.room()).await {
            Ok(0) => match decoder.end() {
                Ok(()) => return,
                Err(error) => break error,
            },
            Ok(_) => {}
            Err(error) => break environment("a peer's messages", &error),
        }
    };
    shared.refused(error);
}
