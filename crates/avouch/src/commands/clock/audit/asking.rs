//! Every source is asked, each by a thread with a socket of its own that takes datagrams from that
//! source alone, and tells each exchange as it ends.

use super::{Wish, host};
use crate::quantity::nanos;
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::interval::Measurement;
use avouch_time::ntp::{Answer, Refusal, accept, request};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

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

/// An exchange with a source.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) source: usize,
    pub(super) exchange: Exchange,
    /// Whether it was the last one.
    pub(super) last: bool,
}

/// Asks every source as often as wished while `then` runs; the channel ends when all are done.
pub(super) fn asking<R>(
    wish: &Wish,
    then: impl FnOnce(&mut UnboundedReceiver<Result<Heard, Error>>) -> R,
) -> R {
    // A name without an address is not asked.
    let asked = wish.sources.iter().enumerate();
    let addresses: Vec<(usize, SocketAddr)> =
        asked.filter_map(|(number, (_, at))| Some((number, *at.as_ref().ok()?))).collect();
    let stop = AtomicBool::new(false);
    let (heard, mut exchanges) = unbounded_channel();
    std::thread::scope(|scope| {
        let begin = |(number, address): (usize, SocketAddr)| {
            let (stop, heard) = (&stop, heard.clone());
            // Sources are asked one after the other, so that they do not share one delay.
            let late = wish.interval.min(PATIENCE) / 16 * u32::try_from(number % 16).unwrap_or(0);
            scope.spawn(move || {
                pause(late, stop);
                source(wish, (number, address), stop, &heard);
            })
        };
        let threads: Vec<_> = addresses.into_iter().map(begin).collect();
        drop(heard);
        let result = then(&mut exchanges);
        stop.store(true, Ordering::Relaxed);
        for thread in &threads {
            thread.thread().unpark();
        }
        result
    })
}

fn source(
    wish: &Wish,
    (number, address): (usize, SocketAddr),
    stop: &AtomicBool,
    heard: &UnboundedSender<Result<Heard, Error>>,
) {
    let socket = match bound(address) {
        Ok(socket) => socket,
        Err(error) => {
            let exchange = Exchange::Silent(Some(error.to_string()));
            let _ = heard.send(Ok(Heard { source: number, exchange, last: true }));
            return;
        }
    };
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        let begun = host::steady();
        asked += 1;
        let told = exchange(&socket).map(|exchange| {
            let sent_off = matches!(&exchange, Exchange::Refused(why) if why.is_final());
            let last = sent_off || wish.samples.is_some_and(|samples| asked >= samples);
            Heard { source: number, exchange, last }
        });
        let last = told.as_ref().map_or(true, |heard| heard.last);
        if heard.send(told).is_err() || last {
            return;
        }
        let took = Duration::from_nanos(host::steady().minus(begun).0);
        pause(wish.interval.saturating_sub(took), stop);
    }
}

/// Waits, or until it is stopped.
fn pause(span: Duration, stop: &AtomicBool) {
    let begun = host::steady();
    while !stop.load(Ordering::Relaxed) {
        let left = nanos(span).minus(host::steady().minus(begun));
        if left == Nanos::ZERO {
            return;
        }
        std::thread::park_timeout(Duration::from_nanos(left.0));
    }
}

fn bound(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).and_then(|socket| socket.connect(address).map(|()| socket))
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
