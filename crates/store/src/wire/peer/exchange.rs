//! One handshake's sentences over a socket, each delayed as the link says.

use super::frame::{Decoder, HANDSHAKE_MAX};
use super::link::Link;
use avouch_promise::{Blame, Error, NodeId};
use bytes::{Bytes, BytesMut};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An error of the world under us.
pub(super) fn environment(expected: &str, error: &io::Error) -> Error {
    Error::new(Blame::Environment, expected, error.to_string())
}

/// A connection during its handshake.
pub(super) struct Exchange {
    stream: TcpStream,
    decoder: Decoder,
    link: Arc<dyn Link>,
    from: NodeId,
    pub(super) to: NodeId,
}

impl Exchange {
    /// A conversation of `from`, which is us, with `to`.
    pub(super) fn new(stream: TcpStream, link: Arc<dyn Link>, from: NodeId, to: NodeId) -> Self {
        Self { stream, decoder: Decoder::new(HANDSHAKE_MAX), link, from, to }
    }

    /// Says one thing.
    pub(super) async fn say(&mut self, payload: &[u8]) -> Result<(), Error> {
        let Some(delay) = self.link.delay(self.from, self.to, payload.len()) else {
            return Err(Error::new(Blame::Environment, "a way to the peer", "a cut link"));
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let mut out = BytesMut::new();
        super::frame::put(&mut out, payload);
        let sent = self.stream.write_all(&out).await;
        sent.map_err(|error| environment("to send a handshake", &error))
    }

    /// Hears one thing.
    pub(super) async fn hear(&mut self) -> Result<Bytes, Error> {
        loop {
            if let Some(payload) = self.decoder.take()? {
                return Ok(payload);
            }
            let read = self.stream.read_buf(self.decoder.room()).await;
            if read.map_err(|error| environment("the peer's handshake", &error))? == 0 {
                self.decoder.end()?;
                return Err(Error::new(Blame::Peer, "the rest of a handshake", "its end"));
            }
        }
    }

    /// The connection, and what has arrived beyond the handshake.
    pub(super) fn finish(self) -> (TcpStream, Decoder) {
        (self.stream, self.decoder)
    }
}
