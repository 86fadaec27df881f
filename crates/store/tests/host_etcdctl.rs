//! Debian's own etcdctl, unmodified, against a cluster of three real nodes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use host_common::{Cluster, until};
use std::io::Write;
use std::process::{Command, Stdio};

fn absent() -> bool {
    let missing = Command::new("etcdctl").arg("version").env("ETCDCTL_API", "3").output().is_err();
    if missing {
        println!("skipped: no etcdctl on this machine");
    }
    missing
}

/// What etcdctl printed, and whether it succeeded.
fn run(cluster: &Cluster, nodes: &[u32], arguments: &[&str], input: &str) -> (bool, String) {
    let url = |node: &u32| format!("http://{}", cluster.clients[*node as usize - 1]);
    let endpoints: Vec<_> = nodes.iter().map(url).collect();
    let mut child = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .arg(format!("--endpoints={}", endpoints.join(",")))
        .args(["--dial-timeout=5s", "--command-timeout=10s"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()); // not every command reads
    let output = child.wait_with_output().unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn prints(cluster: &Cluster, node: u32, arguments: &[&str]) -> String {
    let (ok, text) = run(cluster, &[node], arguments, "");
    assert!(ok, "{arguments:?} at n{node}: {text}");
    text
}

#[test]
fn etcdctl_finds_a_cluster_that_it_knows_how_to_use() {
    if absent() {
        return;
    }
    let cluster = Cluster::start("etcdctl", 3);
    cluster.put(1, "first", "x");
    let ctl = |node, arguments: &[&str]| prints(&cluster, node, arguments);
    for (node, key, value) in [(1, "a/1", "one"), (2, "a/2", "two"), (3, "a/3", "three")] {
        assert_eq!(ctl(node, &["put", key, value]), "OK\n");
    }
    assert_eq!(ctl(2, &["put", "a/1", "uno", "--prev-kv"]), "OK\na/1\none\n");
    let all = "a/1\nuno\na/2\ntwo\na/3\nthree\n";
    for node in 1..=3 {
        assert_eq!(ctl(node, &["get", "a/", "--prefix"]), all, "at n{node}");
        assert_eq!(ctl(node, &["get", "a/1", "--rev=3"]), "a/1\none\n");
    }
    cluster.settle();
    assert_eq!(ctl(3, &["get", "a/2", "--consistency=s"]), "a/2\ntwo\n");
    assert_eq!(ctl(3, &["get", "a/", "--prefix", "--keys-only", "--limit=2"]), "a/1\n\na/2\n\n");
    let sorted = ["get", "a/", "--prefix", "--order=DESCEND", "--sort-by=VALUE", "--keys-only"];
    assert_eq!(ctl(2, &sorted), "a/1\n\na/2\n\na/3\n\n");
    assert_eq!(ctl(1, &["del", "a/2", "--prev-kv"]), "1\na/2\ntwo\n");
    assert_eq!(ctl(1, &["get", "a/2"]), "");

    let script = "value(\"first\") = \"x\"\n\nput first mine\nget first\n\nget first\n\n";
    let (ok, text) = run(&cluster, &[2], &["txn"], script);
    assert!(ok && text == "SUCCESS\n\nOK\n\nfirst\nmine\n", "{text}");
    let (ok, text) = run(&cluster, &[3], &["txn"], script);
    assert!(ok && text == "FAILURE\n\nfirst\nmine\n", "{text}");

    assert_eq!(ctl(1, &["compaction", "5"]), "compacted revision 5\n");
    cluster.settle();
    let (ok, text) = run(&cluster, &[2], &["get", "a/1", "--rev=3"], "");
    assert!(!ok && text.contains("required revision has been compacted"), "{text}");

    let nodes = [1, 2, 3];
    let status = until("every node to know the leader", || {
        let (ok, text) = run(&cluster, &nodes, &["endpoint", "status", "-w", "fields"], "");
        assert!(ok, "{text}");
        let known = |line: &&str| line.starts_with("\"Leader\"") && !line.ends_with(" 0");
        (text.lines().filter(known).count() == 3).then_some(text)
    });
    let leader = format!("\"Leader\" : {}", cluster.leader());
    assert_eq!(status.matches(&leader).count(), 3, "{status}");
    let (ok, health) = run(&cluster, &nodes, &["endpoint", "health"], "");
    assert!(ok && health.matches("is healthy").count() == 3, "{health}");
    let members = ctl(1, &["member", "list"]);
    for node in 1..=3_u32 {
        let (peer, client) = (cluster.peers[node as usize - 1], cluster.clients[node as usize - 1]);
        let line = format!("{node}, started, n{node}, http://{peer}, http://{client}, false");
        assert!(members.lines().any(|found| found == line), "{line} in {members}");
    }
    let (ok, text) = run(&cluster, &[2], &["endpoint", "status", "--cluster"], "");
    assert!(ok && text.lines().count() == 3, "{text}");
}

#[test]
fn etcdctl_goes_on_while_a_node_is_gone() {
    if absent() {
        return;
    }
    let mut cluster = Cluster::start("etcdctl-gone", 3);
    cluster.put(1, "k", "before");
    let gone = cluster.leader();
    cluster.crash_node(gone);
    let here: Vec<u32> = cluster.hosts.keys().copied().collect();
    until("a put", || run(&cluster, &here, &["put", "k", "after"], "").0.then_some(()));
    let (ok, health) = run(&cluster, &[1, 2, 3], &["endpoint", "health"], "");
    assert!(!ok && health.matches("is healthy").count() == 2, "{health}");
    cluster.start_node(gone);
    let seen = prints(&cluster, gone, &["get", "k", "--print-value-only"]);
    assert_eq!(seen, "after\n");
}
