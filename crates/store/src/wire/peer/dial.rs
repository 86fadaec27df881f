//! The sending half of the mesh: one task per peer dials it, proves itself, and empties the
//! peer's outbox into the connection, for ever.

use super::exchange::{Exchange, environment};
use super::handshake::{Dialing, concluded};
use super::kernel::Ends;
use super::outbox::Next;
use super::{Attempt, Peer, Shared};
use avouch_promise::{Blame, Error, NodeId, Random};
use bytes::BytesMut;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// The pause after the first failed attempt; each further failure doubles it.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
/// The longest pause: a peer that comes back is found within about this time.
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// The longest that connecting, and then the handshake, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A peer that takes nothing from its connection for so long has gone.
const STALL: Duration = Duration::from_secs(10);

/// Keeps one peer connected for as long as the mesh lives.
pub(super) async fn keep_sending(shared: Arc<Shared>, to: NodeId, peer: Arc<Peer>) {
    let mut spread = Random::new(u64::from(shared.me.node.0)).fork(u64::from(to.0));
    let mut pause = BACKOFF_MIN;
    loop {
        match connect(&shared, to, &peer).await {
            Ok(stream) => {
                pause = BACKOFF_MIN;
                *super::locked(&peer.ends) = ends(&stream);
                peer.now(Ok(()));
                peer.now(Err(pump(stream, &peer).await));
            }
            Err(error) => {
                peer.outbox.clear();
                peer.now(Err(error));
            }
        }
        // Spread over half the pause, so that peers of a returned node do not come in step.
        tokio::time::sleep(pause.mul_f64(0.5 + spread.unit() / 2.0)).await;
        pause = (pause * 2).min(BACKOFF_MAX);
    }
}

/// The ends of a connection, by which the kernel knows it.
fn ends(stream: &TcpStream) -> Option<Ends> {
    Some(Ends { local: stream.local_addr().ok()?, remote: stream.peer_addr().ok()? })
}

async fn connect(shared: &Shared, to: NodeId, peer: &Peer) -> Result<TcpStream, Error> {
    let what = format!("a connection to {to} at {}", peer.address);
    let stream = timeout(PATIENCE, TcpStream::connect(&peer.address)).await;
    *super::locked(&peer.attempt) = match &stream {
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Attempt::Refused,
        Ok(Err(error)) if error.kind() == ErrorKind::TimedOut => Attempt::Unanswered,
        Err(_) => Attempt::Unanswered,
        Ok(_) => Attempt::Taken,
    };
    let stream = stream
        .map_err(|_| Error::new(Blame::Environment, &what, "no answer in time"))?
        .map_err(|error| environment(&what, &error))?;
    stream.set_nodelay(true).map_err(|error| environment(&what, &error))?;
    let mut exchange = Exchange::new(stream, shared.link.clone(), shared.me.node, to);
    let shaken = timeout(PATIENCE, shake(shared, to, &mut exchange)).await;
    shaken.map_err(|_| Error::new(Blame::Environment, &what, "a silent handshake"))??;
    Ok(exchange.finish().0)
}

async fn shake(shared: &Shared, to: NodeId, exchange: &mut Exchange) -> Result<(), Error> {
    let (dialing, hello) = Dialing::start(shared.me, to, super::challenge()?);
    exchange.say(&hello).await?;
    let proof = dialing.reply(&exchange.hear().await?, &*shared.signer, &*shared.verifier)?;
    exchange.say(&proof).await?;
    concluded(&exchange.hear().await?)
}

/// Sends until the connection breaks; why it did.
async fn pump(stream: TcpStream, peer: &Peer) -> Error {
    let (mut read, mut write) = stream.into_split();
    let mut out = BytesMut::new();
    let mut nothing = [0_u8; 1];
    loop {
        out.clear();
        let next = peer.outbox.take(Instant::now(), &mut out);
        if let Next::Frames = next {
            match timeout(STALL, write.write_all(&out)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return environment("to send to the peer", &error),
                Err(_) => {
                    let expected = "the peer to take what is sent";
                    return Error::new(Blame::Environment, expected, "a stalled connection");
                }
            }
        }
        tokio::select! {
            biased;
            () = peer.outbox.ready(&next) => {}
            // The listener never speaks again: whatever comes means that it is over.
            ended = read.read(&mut nothing) => {
                let got = ended.err().map_or_else(|| "its end".into(), |error| error.to_string());
                return Error::new(Blame::Environment, "an open connection", got);
            }
        }
    }
}
