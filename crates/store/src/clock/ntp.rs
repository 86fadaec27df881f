//! One exchange with a server of time: a socket that takes datagrams from that server alone.

use super::{machine, nanos};
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::interval::{Measurement, Moment};
use avouch_time::ntp::{Answer, Refusal, accept, request};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How long an answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// More than any answer with extensions.
const DATAGRAM_MAX: usize = 2_048;

/// One asking.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// Was answered.
    Answered(Measurement, Answer),
    /// Brought nothing to measure by.
    Refused(Refusal),
    /// Brought what nobody vouches for, and why that is.
    Unvouched(String),
    /// Had no answer, and perhaps the system says why.
    Silent(Option<String>),
}

/// What a datagram is.
pub(super) enum Datagram {
    /// The answer.
    Answer(Answer),
    /// Late answers to earlier requests, and what others forge: the right one may follow.
    Other(Exchange),
    /// The server's last word to this request.
    Last(Exchange),
}

/// A socket that hears this server alone.
///
/// # Errors
/// The system's, where it gives none.
pub fn connected(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).and_then(|socket| socket.connect(address).map(|()| socket))
}

/// The system's randomness.
pub(super) fn random<const BYTES: usize>() -> Result<[u8; BYTES], Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map(|()| bytes).map_err(|error| {
        Error::new(Blame::Environment, "randomness of the system", error.to_string())
    })
}

/// One plain request and its answer, waited for no longer than [`PATIENCE`].
///
/// # Errors
/// `Environment` where the system gives no randomness.
pub(super) fn exchange(socket: &UdpSocket) -> Result<Exchange, Error> {
    let nonce = u64::from_ne_bytes(random()?);
    Ok(asked(socket, &request(nonce), |bytes| match accept(bytes, nonce) {
        Ok(answer) => Datagram::Answer(answer),
        Err(refusal @ (Refusal::NotToThis | Refusal::Malformed(_))) => {
            Datagram::Other(Exchange::Refused(refusal))
        }
        Err(refusal) => Datagram::Last(Exchange::Refused(refusal)),
    }))
}

/// A request that is sent, and what its answer says when it comes.
pub(super) fn asked(
    socket: &UdpSocket,
    request: &[u8],
    mut open: impl FnMut(&[u8]) -> Datagram,
) -> Exchange {
    let sent = machine::moment();
    if let Err(error) = socket.send(request) {
        return Exchange::Silent(Some(error.to_string()));
    }
    let mut bytes = [0; DATAGRAM_MAX];
    let mut other = None;
    loop {
        let waited = machine::steady().minus(sent.steady);
        let left = nanos(PATIENCE).minus(waited);
        if left == Nanos::ZERO {
            return other.unwrap_or(Exchange::Silent(None));
        }
        // Never zero, which would be forever; and the system counts in microseconds.
        let timeout = Duration::from_nanos(left.0).max(Duration::from_micros(1));
        let come = socket.set_read_timeout(Some(timeout)).and_then(|()| socket.recv(&mut bytes));
        let received = machine::moment();
        let length = match come {
            Ok(length) => length,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                continue;
            }
            Err(error) => return Exchange::Silent(Some(error.to_string())),
        };
        match open(&bytes[..length]) {
            Datagram::Answer(answer) => return answered(sent, answer, received),
            Datagram::Other(exchange) => other = Some(exchange),
            Datagram::Last(exchange) => return exchange,
        }
    }
}

fn answered(sent: Moment, answer: Answer, received: Moment) -> Exchange {
    let measurement = Measurement {
        sent,
        server_received: answer.received,
        server_sent: answer.sent,
        received,
        server_error: answer.error,
        warning: answer.packet.leap.warning(),
    };
    Exchange::Answered(measurement, answer)
}
