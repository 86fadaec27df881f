//! Every source is asked, each by a thread with a socket of its own that takes datagrams from that
//! source alone.

use super::{Wish, host};
use crate::quantity::nanos;
use crate::screen::Screen;
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::interval::Measurement;
use avouch_time::ntp::{Answer, Refusal, accept, request};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// More than any answer with extensions.
const DATAGRAM_MAX: usize = 2_048;

/// One asking.
#[derive(Clone, Debug)]
pub(super) enum Exchange {
    /// Was answered.
    Answered(Measurement, Answer),
    /// Brought nothing to measure by.
    Refused(Refusal),
    /// Had no answer, and perhaps the system says why.
    Silent(Option<String>),
}

/// What came of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) exchanges: Vec<Exchange>,
    /// Why its name has no address; then nobody was asked.
    pub(super) unresolved: Option<String>,
}

impl Asked {
    /// Those that were answered.
    pub(super) fn answers(&self) -> impl Iterator<Item = (&Measurement, &Answer)> {
        self.exchanges.iter().filter_map(|exchange| match exchange {
            Exchange::Answered(measurement, answer) => Some((measurement, answer)),
            _ => None,
        })
    }
}

/// Asks every source as often as wished.
pub(super) fn ask(wish: &Wish, screen: &mut Screen) -> Result<Vec<Asked>, Error> {
    let sockets: Vec<Result<UdpSocket, Asked>> =
        wish.sources.iter().map(|(_, address)| socket(address)).collect();
    let done = AtomicU32::new(0);
    let asked = sockets.iter().filter(|socket| socket.is_ok()).count();
    let all = wish.samples * u32::try_from(asked).unwrap_or(u32::MAX);
    let asked = std::thread::scope(|scope| {
        let one = |(number, socket): (usize, Result<UdpSocket, Asked>)| {
            let done = &done;
            // Sources are asked one after the other, so that they do not share one delay.
            let late = wish.interval.min(PATIENCE) / 16 * u32::try_from(number % 16).unwrap_or(0);
            scope.spawn(move || match socket {
                Ok(socket) => source(wish, &socket, late, done),
                Err(asked) => Ok(asked),
            })
        };
        let threads: Vec<_> = sockets.into_iter().enumerate().map(one).collect();
        while screen.talks_to_terminal() && threads.iter().any(|thread| !thread.is_finished()) {
            screen.overwrite(&format!("asked {} of {all}", done.load(Ordering::Relaxed)));
            pause(Duration::from_millis(100));
        }
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<_>, _>>()
    });
    if screen.talks_to_terminal() {
        screen.overwrite("");
    }
    asked
}

fn source(
    wish: &Wish,
    socket: &UdpSocket,
    late: Duration,
    done: &AtomicU32,
) -> Result<Asked, Error> {
    let mut asked = Asked::default();
    pause(late);
    for sample in 0..wish.samples {
        let begun = host::steady();
        let exchange = exchange(socket)?;
        let last = matches!(&exchange, Exchange::Refused(refusal) if refusal.is_final());
        asked.exchanges.push(exchange);
        done.fetch_add(1, Ordering::Relaxed);
        if last || sample + 1 == wish.samples {
            break;
        }
        let took = Duration::from_nanos(host::steady().minus(begun).0);
        pause(wish.interval.saturating_sub(took));
    }
    Ok(asked)
}

/// A socket to a source, or what is known of one that cannot be asked.
fn socket(address: &Result<SocketAddr, String>) -> Result<UdpSocket, Asked> {
    let address = match address {
        Ok(address) => *address,
        Err(why) => return Err(Asked { unresolved: Some(why.clone()), ..Asked::default() }),
    };
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).and_then(|socket| socket.connect(address).map(|()| socket));
    socket.map_err(|error| Asked {
        exchanges: vec![Exchange::Silent(Some(error.to_string()))],
        unresolved: None,
    })
}

/// One request and its answer.
fn exchange(socket: &UdpSocket) -> Result<Exchange, Error> {
    let nonce = getrandom::u64().map_err(|error| {
        Error::new(Blame::Environment, "randomness of the system", error.to_string())
    })?;
    let sent = host::moment();
    if let Err(error) = socket.send(&request(nonce)) {
        return Ok(Exchange::Silent(Some(error.to_string())));
    }
    let mut bytes = [0; DATAGRAM_MAX];
    let mut other = None;
    loop {
        let waited = host::steady().minus(sent.steady);
        let left = nanos(PATIENCE).minus(waited);
        if left == Nanos::ZERO {
            return Ok(other.map_or(Exchange::Silent(None), Exchange::Refused));
        }
        // Never zero, which would be forever; and the system counts in microseconds.
        let timeout = Duration::from_nanos(left.0).max(Duration::from_micros(1));
        let come = socket.set_read_timeout(Some(timeout)).and_then(|()| socket.recv(&mut bytes));
        let received = host::moment();
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
                };
                return Ok(Exchange::Answered(measurement, answer));
            }
            // Late answers to earlier requests, and what others forge: the right one may follow.
            Err(refusal @ (Refusal::NotToThis | Refusal::Malformed(_))) => other = Some(refusal),
            Err(refusal) => return Ok(Exchange::Refused(refusal)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "servers are asked in real time")]
fn pause(span: Duration) {
    std::thread::sleep(span);
}
