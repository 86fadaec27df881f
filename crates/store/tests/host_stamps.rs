//! Hybrid stamps between clients and real nodes, over gRPC and plain HTTP.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::{Blame, Error, Nanos, WallTime};
use avouch_state::{Operation, RangeRequest};
use avouch_store::wire::client::{Asking, Connection, Told};
use avouch_time::hybrid::Stamp;
use host_common::{Cluster, PATIENCE, get, put, until_ok};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

fn started(test: &str, nodes: u32) -> Cluster {
    Cluster::start_tuned(test, nodes, |config| config.stamp_bound = Some(Nanos::from_millis(500)))
}

/// With a stamp to follow, asked once.
fn once(cluster: &Cluster, node: u32, operation: Operation, stamp: Stamp) -> Result<Told, Error> {
    let asking = Asking { stamp: Some(stamp), ..Asking::default() };
    let address = cluster.clients[node as usize - 1].to_string();
    cluster.runtime.block_on(async {
        Connection::open(&address, PATIENCE).await?.ask(operation, &asking).await
    })
}

/// The same, until the node can answer.
fn ask(cluster: &Cluster, node: u32, operation: &Operation, stamp: Stamp) -> Result<Told, Error> {
    until_ok("an answer", || match once(cluster, node, operation.clone(), stamp) {
        Err(error) if error.blame == Blame::Environment => Err(error.to_string()),
        settled => Ok(settled),
    })
}

/// The stamp that is so far from now.
fn from_now(seconds: i64) -> Stamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    Stamp::at(WallTime(i64::try_from(now).unwrap() + seconds * 1_000_000_000))
}

/// An answer's head and body over plain HTTP/1.1, with a header of ours.
fn page(cluster: &Cluster, node: u32, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(cluster.clients[node as usize - 1]).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let asked = format!("GET {path} HTTP/1.1\r\nhost: n\r\nconnection: close\r\n{header}\r\n");
    stream.write_all(asked.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The stamp in an answer's head.
fn stamp_in(text: &str) -> Option<Stamp> {
    let line = text.lines().find_map(|line| line.strip_prefix("avouch-stamp: "));
    line.map(|stamp| stamp.trim().parse().unwrap())
}

#[test]
//= §3.3.1 cross-service-propagation test
fn a_stamp_goes_from_node_to_node_with_the_client_over_grpc_and_http() {
    let cluster = started("stamps-travel", 3);
    let mut last = Stamp::ZERO;
    for round in 0..6_u32 {
        let node = 1 + round % 3;
        let operation = if round % 2 == 0 { put("k", "v") } else { get("k") };
        let told = ask(&cluster, node, &operation, last).unwrap();
        let stamp = told.stamp.expect("it keeps stamps");
        assert!(stamp > last, "{stamp} after {last}");
        // Ahead of the node's clock, as one from a machine whose clock is faster.
        last = stamp.max(Stamp(from_now(0).0 + (6_000 << 16)));
        let text = page(&cluster, node, "/version", &format!("avouch-stamp: {last}\r\n"));
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let stamp = stamp_in(&text).expect("a header");
        assert!(stamp > last, "{stamp} after {last}");
        last = stamp;
    }
    // A refusal by the store is an answer, too.
    let future = RangeRequest { key: "k".into(), revision: 999, ..Default::default() };
    let told = ask(&cluster, 1, &Operation::Range(future), last).unwrap();
    assert!(told.outcome.is_err() && told.stamp.unwrap() > last);
    // Whoever knows nothing of avouch is sent none.
    assert_eq!(cluster.ask(1, &get("k"), &Asking::default()).stamp, None);
}

#[test]
fn a_stamp_too_far_ahead_is_the_callers_fault_and_moves_no_clock() {
    let cluster = started("stamps-ahead", 1);
    let old = ask(&cluster, 1, &put("k", "kept"), from_now(-3_600));
    assert!(old.is_ok(), "an old one is welcome: {old:?}");
    for far in [from_now(3_600), Stamp(u64::MAX)] {
        let error = ask(&cluster, 1, &put("k", "refused"), far).unwrap_err();
        assert_eq!(error.blame, Blame::Caller, "{error}");
        assert!(error.hint.contains("not moved"), "{error:?}");
        let text = page(&cluster, 1, "/health", &format!("avouch-stamp: {far}\r\n"));
        assert!(text.starts_with("HTTP/1.1 400") && text.contains("further ahead"), "{text}");
    }
    for bad in ["", "12", "6a28ec5b1eb8000g", "+a28ec5b1eb80003"] {
        let text = page(&cluster, 1, "/version", &format!("avouch-stamp: {bad}\r\n"));
        assert!(text.starts_with("HTTP/1.1 400") && text.contains("16 hex"), "{bad}: {text}");
    }
    let told = ask(&cluster, 1, &get("k"), Stamp::ZERO).unwrap();
    assert_eq!(host_common::value_of(&told).as_deref(), Some("kept"), "nothing was begun");
    assert!(told.stamp.unwrap() < from_now(300));
}

#[test]
fn stamps_rise_over_a_crash_and_a_node_without_a_bound_keeps_none() {
    let mut cluster = started("stamps-crash", 1);
    let told = ask(&cluster, 1, &put("k", "v"), Stamp::ZERO).unwrap();
    let before = told.stamp.unwrap();
    cluster.crash_node(1);
    cluster.start_node(1);
    let told = ask(&cluster, 1, &get("k"), Stamp::ZERO).unwrap();
    assert!(told.stamp.unwrap() > before);

    let without = Cluster::start("stamps-none", 1);
    let error = once(&without, 1, get("k"), Stamp::ZERO).unwrap_err();
    assert_eq!(error.blame, Blame::Environment);
    assert!(error.hint.contains("clock-bound"), "{error:?}");
    assert_eq!(stamp_in(&page(&without, 1, "/version", "")), None);
}
