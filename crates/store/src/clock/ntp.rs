//! One exchange with an NTP server: a socket that takes datagrams from that server alone.

use super::{machine, nanos};
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::interval::Measurement;
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
    /// Had no answer, and perhaps the system says why.
    Silent(Option<String>),
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

/// One request and its answer, waited for no longer than [`PATIENCE`].
///
/// # Errors
/// `Environment` where the system gives no randomness.
pub fn exchange(socket: &UdpSocket) -> Result<Exchange, Error> {
    let nonce = getrandom::u64().map_err(|error| {
        Error::new(Blame::Environment, "randomness of the system", error.to_string())
    })?;
    let sent = machine::moment();
    if let Err(error) = socket.send(&request(nonce)) {
        return Ok(Exchange::Silent(Some(error.to_string())));
    }
    let mut bytes = [0; DATAGRAM_MAX];
    let mut other = None;
    loop {
        let waited = machine::steady().minus(sent.steady);
        let left = nanos(PATIENCE).minus(waited);
        if left == Nanos::ZERO {
            return Ok(other.map_or(Exchange::Silent(None), Exchange::Refused));
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
            Err(error) => return Ok(Exchange::Silent(Some(error.to_string()))),
        };
        match accept(&bytes[..length], nonce) {
            Ok(answer) => {
                let measurement = Measurement {
                    sent,
                    server_received: answer.received,
                    server_sent: answer.sent,
                    received,
                    server_error: answer.error,
                    warning: answer.packet.leap.warning(),
                };
                return Ok(Exchange::Answered(measurement, answer));
            }
            // Late answers to earlier requests, and what others forge: the right one may follow.
            Err(refusal @ (Refusal::NotToThis | Refusal::Malformed(_))) => other = Some(refusal),
            Err(refusal) => return Ok(Exchange::Refused(refusal)),
        }
    }
}
