//! The store against a real etcd 3.4: the same random operations, the same answers, errors with
//! their codes and messages included.
//!
//! Needs `etcd` in the path (Debian's etcd-server) and skips with a line where it is absent.
//! `AVOUCH_OPERATIONS` says how many operations (default 100,000), `AVOUCH_SEED` which.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod gateway;
mod generator;
mod http;
mod server;

use avouch_promise::Random;
use avouch_state::{Machine, Operation, Outcome, PutRequest};
use bytes::Bytes;
use generator::Generator;
use http::Connection;
use server::Server;
use std::collections::BTreeMap;

/// How many requests are under way on the connection; etcd takes them in order.
const BATCH: usize = 64;

fn count_from_environment() -> usize {
    std::env::var("AVOUCH_OPERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// Where the answers part.
struct Disagreement {
    number: usize,
    operation: Operation,
    ours: Outcome,
    theirs: Outcome,
}

/// Asks both for `count` operations until they disagree; `disturb` may change our side before an
/// operation. Returns how often each kind of answer was met.
fn compare(
    server: &Server,
    seed: u64,
    count: usize,
    disturb: impl Fn(usize, &mut Machine),
) -> Result<BTreeMap<String, usize>, Box<Disagreement>> {
    let mut connection = Connection::open(server.port());
    let mut machine = Machine::default();
    let mut generator = Generator::new(seed);
    let mut tally = BTreeMap::new();
    let mut done = 0;
    while done < count {
        if done > count / 5 * 4 {
            generator.widen();
        }
        let ask = |number| {
            let operation = generator.operation(&machine);
            disturb(number, &mut machine);
            let ours = machine.execute(&operation);
            (operation, ours)
        };
        let batch: Vec<_> = (done..count.min(done + BATCH)).map(ask).collect();
        for (operation, _) in &batch {
            let (path, body) = gateway::request(operation);
            connection.send(path, &body.to_string());
        }
        for (operation, ours) in batch {
            let theirs = gateway::outcome(&operation, &connection.receive());
            if ours != theirs {
                return Err(Box::new(Disagreement { number: done, operation, ours, theirs }));
            }
            *tally.entry(kind(&ours)).or_default() += 1;
            done += 1;
        }
    }
    Ok(tally)
}

fn server_or_skip() -> Option<Server> {
    let server = Server::start();
    if server.is_none() {
        println!("skipped: no etcd in the path (Debian: apt-get install etcd-server)");
    }
    server
}

#[test]
fn answers_are_those_of_a_real_etcd() {
    let Some(server) = server_or_skip() else { return };
    let seed = Random::seed_from_environment();
    let count = count_from_environment();
    let tally = compare(&server, seed, count, |_, _| {}).unwrap_or_else(|found| {
        let Disagreement { number, operation, ours, theirs } = *found;
        println!("repro: AVOUCH_SEED={seed} cargo test -p avouch-state --test etcd");
        panic!("operation {number}: {operation:#?}\nours:   {ours:#?}\netcd's: {theirs:#?}");
    });
    println!("{count} answers agree: {tally:?}");
    // A run that did not meet the interesting answers proves nothing.
    if count >= 20_000 {
        for wanted in generator::WANTED {
            assert!(tally.get(*wanted).is_some_and(|times| *times >= 10), "too few: {wanted}");
        }
    }
}

#[test]
fn a_store_that_differs_in_one_write_is_noticed() {
    let Some(server) = server_or_skip() else { return };
    let seed = Random::seed_from_environment();
    let found = compare(&server, seed, 2_000, |number, machine| {
        if number == 500 {
            let key = Bytes::from_static(b"a");
            let stray = PutRequest { key, ..PutRequest::default() };
            machine.execute(&Operation::Put(stray)).map(drop).unwrap_or_default();
        }
    });
    assert!(found.is_err_and(|found| found.number >= 500));
}

#[test]
fn a_request_that_is_too_large_is_refused_as_by_etcd() {
    let Some(server) = server_or_skip() else { return };
    let mut connection = Connection::open(server.port());
    let value = Bytes::from(vec![b'x'; avouch_state::MAX_REQUEST_BYTES]);
    let put = PutRequest { key: Bytes::from_static(b"k"), value, ..PutRequest::default() };
    let operation = Operation::Put(put);
    let (path, body) = gateway::request(&operation);
    connection.send(path, &body.to_string());
    let theirs = gateway::outcome(&operation, &connection.receive());
    let ours = operation.check_size(avouch_promise::Encode::to_bytes(&operation).len());
    assert_eq!(theirs.map(drop), ours);
}

/// What an answer counts as, for the tally.
fn kind(outcome: &Outcome) -> String {
    use avouch_state::Response;
    match outcome {
        Err(error) => format!("{error:?}"),
        Ok(Response::Range(range)) if range.more => "RangeMore".into(),
        Ok(Response::Range(_)) => "Range".into(),
        Ok(Response::Put(_)) => "Put".into(),
        Ok(Response::DeleteRange(delete)) if delete.deleted == 0 => "DeleteNothing".into(),
        Ok(Response::DeleteRange(_)) => "Delete".into(),
        Ok(Response::Txn(txn)) if txn.succeeded => "TxnSucceeded".into(),
        Ok(Response::Txn(_)) => "TxnFailed".into(),
        Ok(Response::Compact(_)) => "Compact".into(),
        Ok(Response::Alarm(_)) => "Alarm".into(),
    }
}
