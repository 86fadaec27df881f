//! Every source is asked, each by a thread with a socket of its own that takes datagrams from that
//! source alone, and tells each exchange as it ends.

use super::Wish;
use crate::quantity::nanos;
use avouch_promise::{Error, Nanos};
use avouch_store::clock::address::Place;
use avouch_store::clock::asker::Asker;
use avouch_store::clock::machine;
use avouch_store::clock::ntp::{Exchange, PATIENCE};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// An exchange with a source.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) source: usize,
    pub(super) exchange: Exchange,
    /// Whether it was the last one.
    pub(super) last: bool,
}

/// A source by its number, and where it is.
type Placed<'a> = (usize, &'a Place);

/// Asks every source as often as wished while `then` runs; the channel ends when all are done.
pub(super) fn asking<R>(
    wish: &Wish,
    then: impl FnOnce(&mut UnboundedReceiver<Result<Heard, Error>>) -> R,
) -> R {
    // A name without an address is not asked.
    let asked = wish.sources.iter().enumerate();
    let places: Vec<Placed<'_>> =
        asked.filter_map(|(number, (_, at))| Some((number, at.as_ref().ok()?))).collect();
    let stop = AtomicBool::new(false);
    let (heard, mut exchanges) = unbounded_channel();
    std::thread::scope(|scope| {
        let begin = |(number, place)| {
            let (stop, heard) = (&stop, heard.clone());
            // Sources are asked one after the other, so that they do not share one delay.
            let late = wish.interval.min(PATIENCE) / 16 * u32::try_from(number % 16).unwrap_or(0);
            scope.spawn(move || {
                pause(late, stop);
                source(wish, (number, place), stop, &heard);
            })
        };
        let threads: Vec<_> = places.into_iter().map(begin).collect();
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
    (number, place): Placed<'_>,
    stop: &AtomicBool,
    heard: &UnboundedSender<Result<Heard, Error>>,
) {
    let mut server = match Asker::new(place, wish.trust.as_ref()) {
        Ok(server) => server,
        Err(error) => {
            let exchange = Exchange::Silent(Some(error.to_string()));
            let _ = heard.send(Ok(Heard { source: number, exchange, last: true }));
            return;
        }
    };
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        let begun = machine::steady();
        asked += 1;
        let told = server.ask().map(|exchange| {
            let sent_off = matches!(&exchange, Exchange::Refused(why) if why.is_final());
            let last = sent_off || wish.samples.is_some_and(|samples| asked >= samples);
            Heard { source: number, exchange, last }
        });
        let last = told.as_ref().map_or(true, |heard| heard.last);
        if heard.send(told).is_err() || last {
            return;
        }
        let took = Duration::from_nanos(machine::steady().minus(begun).0);
        pause(wish.interval.saturating_sub(took), stop);
    }
}

/// Waits, or until it is stopped.
fn pause(span: Duration, stop: &AtomicBool) {
    let begun = machine::steady();
    while !stop.load(Ordering::Relaxed) {
        let left = nanos(span).minus(machine::steady().minus(begun));
        if left == Nanos::ZERO {
            return;
        }
        std::thread::park_timeout(Duration::from_nanos(left.0));
    }
}
