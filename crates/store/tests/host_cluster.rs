//! Three nodes on real sockets and disks: answers, their evidence, restarts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::NodeId;
use avouch_store::wire::client::Asking;
use host_common::{Cluster, get, put, value_of};

const GUARANTEES: [&str; 3] = ["linearizable", "consistent-prefix", "eventual"];

#[test]
fn what_one_node_writes_every_node_reads_with_evidence_that_holds() {
    let mut cluster = Cluster::start("evidence", 3);
    cluster.put(1, "a", "1");
    let leader = cluster.leader();
    let mut items = Vec::new();
    for node in 1..=3 {
        items.push(cluster.ask_verified(node, &put("a", &node.to_string()), "linearizable"));
        for other in 1..=3 {
            assert_eq!(cluster.get(other, "a"), Some(node.to_string()), "at n{other}");
        }
        for guarantee in GUARANTEES {
            items.push(cluster.ask_verified(node, &get("a"), guarantee));
        }
    }
    // Certificates and chains survive a restart of everything, in any order.
    for node in [leader, leader % 3 + 1, (leader + 1) % 3 + 1] {
        cluster.stop_node(node);
    }
    for node in [2, 3, 1] {
        cluster.start_node(node);
    }
    assert_eq!(cluster.get(2, "a"), Some("3".into()));
    for node in 1..=3 {
        for guarantee in GUARANTEES {
            items.push(cluster.ask_verified(node, &get("a"), guarantee));
        }
        items.push(cluster.ask_verified(node, &put("b", "x"), "linearizable"));
    }
    cluster.hosts.clear();
    for item in &items {
        cluster.verify(item);
    }
}

#[test]
fn a_lost_leader_is_replaced_and_comes_back_to_what_was_written_without_it() {
    let cluster = &mut Cluster::start("leader", 3);
    cluster.put(1, "k", "before");
    let old = cluster.leader();
    let other = cluster.follower();
    cluster.crash_node(old);
    cluster.put(other, "k", "without");
    assert_ne!(cluster.leader(), old);
    cluster.start_node(old);
    assert_eq!(cluster.get(old, "k"), Some("without".into()));
    cluster.settle();
    let eventual = Asking { guarantee: Some("eventual".into()), ..Asking::default() };
    assert_eq!(value_of(&cluster.ask(old, &get("k"), &eventual)), Some("without".into()));
    assert_eq!(cluster.hosts[&old].identity().node, NodeId(old));
    assert_eq!(cluster.hosts[&old].identity().incarnation.0, 2);
}

/// What a node says at `/metrics`.
fn metrics(at: std::net::SocketAddr) -> String {
    use std::io::{Read, Write};
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

/// A node that stands still is suspected by both peers, in their metrics, with a name for what is
/// wrong; and no more once it runs, when it accuses nobody for what it slept through.
#[test]
//= §4.1.2 grey-detection test
fn a_node_that_stands_still_is_suspected_in_its_peers_metrics_until_it_runs_again() {
    let cluster = Cluster::start("suspected", 3);
    cluster.put(1, "a", "1");
    let at = |node: usize| metrics(cluster.clients[node - 1]);
    let of = |node: usize, name: &str, peer: u32| {
        sample(&at(node), &format!("avouch_peer_{name}{{peer=\"n{peer}\"}}"))
    };
    let trusted = |node, peer| of(node, "suspected", peer) == Some(0.0);
    let named = |node| sample(&at(node), "avouch_fault_named{kind=\"paused\",place=\"n3\"}");
    host_common::until("no suspicion", || {
        (trusted(1, 3) && trusted(2, 3) && trusted(3, 1)).then_some(())
    });
    assert!(of(1, "phi", 3).is_some_and(|phi| phi < 8.0), "{}", at(1));
    assert_eq!(named(1), None);
    cluster.hosts[&3].handle().pause(std::time::Duration::from_secs(8));
    for node in [1, 2] {
        host_common::until("a suspicion of n3, and its name", || {
            let suspected = of(node, "suspected", 3) == Some(1.0);
            (suspected && named(node) == Some(1.0)).then_some(())
        });
        assert!(of(node, "phi", 3).is_some_and(|phi| phi >= 8.0), "{}", at(node));
        assert!(trusted(node, 3 - node as u32), "{}", at(node));
    }
    host_common::until("no suspicion of n3 any more", || {
        assert!(trusted(3, 1) && trusted(3, 2), "{}", at(3));
        (trusted(1, 3) && trusted(2, 3)).then_some(())
    });
}

/// Segments, those sent again, round trip and time-out are the kernel's own, of real connections.
#[test]
#[cfg(target_os = "linux")]
//= §4.1.2 tcp-retransmits test
//= §4.1.2 rto-spikes test
fn a_nodes_metrics_tell_what_tcp_knows_of_its_connections() {
    let cluster = Cluster::start("connections", 3);
    cluster.put(1, "a", "1");
    host_common::until("what TCP knows of both peers", || {
        let text = metrics(cluster.clients[0]);
        let value = |name: &str, peer: u32| {
            let head = format!("{name}{{peer=\"n{peer}\"}} ");
            let line = text.lines().find_map(|line| line.strip_prefix(head.as_str()))?;
            line.parse::<f64>().ok()
        };
        let known = |peer| {
            let sent = value("avouch_peer_segments", peer)?;
            let again = value("avouch_peer_retransmits", peer)?;
            let rto = value("avouch_peer_rto_seconds", peer)?;
            let trip = value("avouch_peer_round_trip_seconds", peer)?;
            // Loopback is fast, and a time-out is never below a millisecond.
            Some(sent > 2.0 && again < sent && (0.001..200.0).contains(&rto) && trip > 0.0)
        };
        ([2, 3].map(known) == [Some(true); 2]).then_some(())
    });
}
