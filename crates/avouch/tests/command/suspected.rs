//! Real processes that stand still, and that die: what their peers' metrics say, and for how long.
//!
//! The bounds are wide against a busy machine: what is named within 7 s in the simulated world has
//! 20 s here, beside whatever else runs.

#![expect(clippy::disallowed_types, reason = "a real process is waited for in real time")]
#![expect(clippy::disallowed_methods, reason = "and asked again after a while")]

use crate::nodes::{init, serve};
use crate::place::Place;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

/// Within this time something has to show.
const BOUND: Duration = Duration::from_secs(20);
/// How long all is watched while it is well, so that what is usual is known.
const WARM: Duration = Duration::from_secs(12);

/// The client address of each node, from its configuration.
fn addresses(place: &Place) -> Vec<String> {
    let address = |number: usize| {
        let path = place.path(&format!("nodes/n{number}/node.toml"));
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("client = \"")).unwrap();
        line.split_once('"').unwrap().0.to_owned()
    };
    (1..=3).map(address).collect()
}

fn metrics(at: &str) -> String {
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: n\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The value of a sample, by its name and labels.
fn sample(text: &str, head: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(head)?.trim().parse().ok())
}

/// Waits until what every one of these nodes says at `/metrics` is so; how long it took.
#[track_caller]
fn until(what: &str, at: &[&String], is: impl Fn(&str) -> bool) -> Duration {
    let start = Instant::now();
    for address in at {
        let mut text = metrics(address);
        while !is(&text) {
            assert!(start.elapsed() < BOUND, "{what} within {BOUND:?}: {text}");
            std::thread::sleep(Duration::from_millis(100));
            text = metrics(address);
        }
    }
    let took = start.elapsed();
    println!("{what} after {took:?}");
    took
}

fn named(text: &str, kind: &str, place: &str) -> bool {
    let head = format!("avouch_fault_named{{kind=\"{kind}\",place=\"{place}\"}}");
    sample(text, &head) == Some(1.0)
}

fn suspected(text: &str, peer: &str) -> bool {
    sample(text, &format!("avouch_peer_suspected{{peer=\"{peer}\"}}")) == Some(1.0)
}

fn refused(text: &str, peer: &str) -> bool {
    sample(text, &format!("avouch_peer_refused{{peer=\"{peer}\"}}")) == Some(1.0)
}

#[test]
//= §4.1.2 grey-detection test
fn a_stopped_process_and_a_dead_one_are_named_by_their_peers_and_cleared_when_they_return() {
    let place = Place::new("suspected");
    init(&place);
    let addresses = addresses(&place);
    let peers = [&addresses[0], &addresses[1]];
    let mut nodes: Vec<_> = (1..=3).map(|number| serve(&place, number)).collect();
    place.avouch(&["put", "a", "1"]).well();
    std::thread::sleep(WARM);
    until("nobody is suspected", &peers, |text| {
        !suspected(text, "n3") && !refused(text, "n3") && !text.contains("avouch_fault_named{")
    });

    nodes[2].signal("-STOP");
    until("a stopped process is suspected", &peers, |text| suspected(text, "n3"));
    until("it is named paused, and not dead", &peers, |text| {
        named(text, "paused", "n3") && !named(text, "crashed", "n3") && !refused(text, "n3")
    });
    place.avouch(&["put", "a", "2"]).well();
    nodes[2].signal("-CONT");
    until("it runs again and is not suspected", &peers, |text| !suspected(text, "n3"));
    until("and its name is taken back", &peers, |text| !named(text, "paused", "n3"));
    let woken = metrics(&addresses[2]);
    for other in ["n1", "n2"] {
        let blames = suspected(&woken, other) || named(&woken, "paused", other);
        assert!(!blames, "who slept accuses nobody: {woken}");
    }

    nodes.remove(2).kill();
    until("a dead process refuses connections", &peers, |text| refused(text, "n3"));
    until("it is named crashed, and not paused", &peers, |text| {
        named(text, "crashed", "n3") && !named(text, "paused", "n3")
    });
    nodes.push(serve(&place, 3));
    until("it is back", &peers, |text| {
        !refused(text, "n3") && !suspected(text, "n3") && !named(text, "crashed", "n3")
    });
    let text = metrics(&addresses[0]);
    let slowest = sample(&text, "avouch_log_sync_slowest_seconds");
    assert!(slowest.is_some_and(|slowest| slowest < 60.0), "{text}");
    for node in nodes {
        assert_eq!(node.stop(), 0);
    }
}
