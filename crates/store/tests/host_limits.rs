//! What a host refuses, and what it does when there is no room: by blame, with a hint, and with
//! nothing lost.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests wait for real nodes"
)]

mod host_common;

use avouch_promise::{Blame, Error, NodeId};
use avouch_state::{AlarmAction, AlarmRequest, AlarmType, Operation};
use avouch_store::host::{Host, HostConfig};
use avouch_store::wire::ask::{Ask, Question, Refusal};
use avouch_store::wire::client::Asking;
use host_common::{Cluster, ELECTION, Folder, found, get, name, put, until};
use std::process::{Command, Stdio};

fn refusal(config: HostConfig) -> Error {
    match Host::start(config) {
        Ok(_) => panic!("it starts"),
        Err(error) => {
            assert!(!error.hint.is_empty(), "no hint: {error}");
            error
        }
    }
}

#[test]
fn folders_ports_and_keys_of_others_are_refused() {
    let mut cluster = Cluster::start("claims", 3);
    let other = Folder::new("claims-other");
    found(&other.0, 3);

    let mut taken = cluster.config(1);
    taken.peer_listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into();
    let error = refusal(taken);
    assert_eq!(error.blame, Blame::Environment);
    assert!(error.hint.contains("port"), "the client port is in use: {error}");

    let mut twice = cluster.config(1);
    twice.peer_listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into();
    twice.client_listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into();
    let error = refusal(twice);
    assert_eq!(error.blame, Blame::Environment);
    assert!(error.hint.contains("another node runs on this folder"), "{error}");

    cluster.stop_node(1);
    let mut foreign = cluster.config(1);
    foreign.data = other.0.join(name(1));
    assert_eq!(refusal(foreign).blame, Blame::Caller, "another cluster's folder");
    let mut swapped = cluster.config(1);
    cluster.stop_node(2);
    swapped.data = cluster.data(2);
    assert_eq!(refusal(swapped).blame, Blame::Caller, "another node's folder");
    let mut key = cluster.config(1);
    key.signer = cluster.config(2).signer;
    assert_eq!(refusal(key).blame, Blame::Caller, "another node's key");
    let mut lonely = cluster.config(1);
    lonely.peers.remove(&NodeId(3));
    assert!(refusal(lonely).got.contains("n3"));
    let mut stranger = cluster.config(1);
    stranger.peers.insert(NodeId(9), "127.0.0.1:1".into());
    assert!(refusal(stranger).got.contains("n9"));
    // A copied trust file does not make a node of another cluster's folder.
    let trust = other.0.join(name(1)).join("trust.json");
    std::fs::copy(cluster.dir.0.join("trust.json"), &trust).unwrap();
    let error = HostConfig::read(&other.0.join(name(1)), ELECTION).unwrap_err();
    assert_eq!(error.blame, Blame::Caller);

    // None of it has hurt anything.
    cluster.start_node(1);
    cluster.start_node(2);
    cluster.put(1, "k", "v");
    assert_eq!(cluster.get(2, "k"), Some("v".into()));
}

#[test]
fn a_peer_of_another_cluster_is_turned_away() {
    let cluster = Cluster::start("foreign", 3);
    let other = Folder::new("foreign-other");
    found(&other.0, 3);
    let mut config =
        host_common::config(&other.0, 3, &cluster.peers, &host_common::free_addresses(3));
    config.peer_listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into();
    let stranger = Host::start(config).unwrap();
    until("a refusal", || {
        let notes = cluster.hosts[&1].handle().take_notes();
        notes.iter().any(|note| note.contains("cluster")).then_some(())
    });
    cluster.put(1, "k", "v");
    assert_eq!(cluster.get(3, "k"), Some("v".into()));
    assert_eq!(stranger.status().applied.0, 0);
}

#[test]
fn a_request_whose_intent_is_not_its_operations_is_refused_before_it_begins() {
    use avouch_promise::{Encode, Intent, KeyspaceId, Nonce, Request, RequestId};
    let cluster = Cluster::start("intent", 1);
    for (intent, operation) in [(Intent::Read, put("k", "v")), (Intent::Write, get("k"))] {
        let request = Request {
            intent,
            cluster: cluster.trust.cluster(),
            keyspace: KeyspaceId(0),
            id: RequestId { client: 1, sequence: 1 },
            settled: 0,
            nonce: Nonce::default(),
            guarantee: "linearizable".into(),
            token: bytes::Bytes::new(),
            body: operation.to_bytes(),
        };
        let (request, read_only) = (request.to_bytes(), operation.is_read_only());
        let question = Question { request, read_only, evidence: true, deadline: None };
        let handle = cluster.hosts[&1].handle();
        let refusal = cluster.runtime.block_on(handle.ask(question)).unwrap_err();
        let Refusal::Error(error) = refusal else { panic!("{refusal:?}") };
        assert_eq!(error.blame, Blame::Caller, "{error}");
        assert!(error.to_string().contains(&format!("one to {intent}")), "{error}");
    }
}

#[test]
fn beyond_its_quota_the_cluster_answers_with_etcds_alarm() {
    let quota: host_common::Tune = |config| config.node.limits.quota_bytes = 64 << 10;
    let cluster = Cluster::start_tuned("quota", 3, quota);
    let value = "x".repeat(8 << 10);
    let ask = |operation: &Operation| cluster.ask(1, operation, &Asking::default()).outcome;
    let full = (0..20).find_map(|count| ask(&put(&format!("k{count}"), &value)).err());
    assert_eq!(full, Some(avouch_state::Error::NoSpace));
    assert_eq!(ask(&put("small", "x")), Err(avouch_state::Error::NoSpace), "the alarm stands");
    assert!(ask(&get("k0")).is_ok(), "reads go on");
    until("the alarm in the status of every node", || {
        let shown = |node| cluster.status(node).errors.iter().any(|e| e.contains("NOSPACE"));
        (1..=3).all(shown).then_some(())
    });
    let disarm =
        AlarmRequest { action: AlarmAction::Deactivate, member: 0, alarm: AlarmType::NoSpace };
    ask(&Operation::Alarm(disarm)).unwrap();
    ask(&put("small", "x")).unwrap();
}

#[test]
fn a_stopping_node_says_so_and_a_full_queue_is_busy() {
    let small: host_common::Tune = |config| config.node.log.bounds.queue = 4;
    let mut cluster = Cluster::start_tuned("busy", 3, small);
    cluster.put(1, "k", "v");
    let leader = cluster.leader();
    let others: Vec<_> = (1..=3).filter(|node| *node != leader).collect();
    for node in others {
        cluster.stop_node(node);
    }
    let handle = cluster.hosts[&leader].handle();
    let question = || {
        use avouch_promise::{Encode, Intent, KeyspaceId, Nonce, Request, RequestId};
        let request = Request {
            intent: Intent::Read,
            cluster: cluster.trust.cluster(),
            keyspace: KeyspaceId(0),
            id: RequestId::default(),
            settled: 0,
            nonce: Nonce::default(),
            guarantee: "linearizable".into(),
            token: bytes::Bytes::new(),
            body: get("k").to_bytes(),
        };
        let request = request.to_bytes();
        Question { request, read_only: true, evidence: false, deadline: None }
    };
    let asks: Vec<_> = (0..40)
        .map(|_| {
            let (handle, question) = (handle.clone(), question());
            cluster.runtime.spawn(async move { handle.ask(question).await })
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let (handle, question) = (handle.clone(), question());
    cluster.stop_node(leader);
    let mut refusals: Vec<Refusal> = Vec::new();
    for ask in asks {
        refusals.push(cluster.runtime.block_on(ask).unwrap().unwrap_err());
    }
    let busy = refusals.iter().filter(|refusal| **refusal == Refusal::Busy).count();
    let stopping = refusals.iter().filter(|refusal| **refusal == Refusal::Stopping).count();
    assert!(busy >= 30 && stopping >= 1 && busy + stopping == 40, "{busy} {stopping}");
    let late = cluster.runtime.block_on(handle.ask(question)).unwrap_err();
    assert_eq!(late, Refusal::Stopping);
}

#[test]
fn a_full_disk_stops_its_node_and_loses_nothing() {
    let tune: host_common::Tune = |config| config.segment_bytes = 256 << 10;
    let mut cluster = Cluster::start_tuned("full", 3, tune);
    cluster.put(1, "k", "v");
    let node = cluster.follower();
    let other = node % 3 + 1;
    cluster.stop_node(node);
    // The folder moves to a disk of its own.
    let folder = cluster.data(node);
    let small = Mounted::new(&folder, "size=2m");
    let Some(small) = small else {
        println!("skipped: a small tmpfs cannot be mounted here");
        return;
    };
    cluster.start_node(node);
    let value = "x".repeat(16 << 10);
    let mut written = 0;
    until("the disk to be full", || {
        cluster.put(other, &format!("k{}", written % 7), &format!("{written:0>8}{value}"));
        written += 1;
        (!cluster.hosts[&node].is_running()).then_some(())
    });
    let error = cluster.hosts.remove(&node).unwrap().wait().unwrap_err();
    assert_eq!(error.blame, Blame::Environment, "{error}");
    assert!(error.hint.contains("full"), "{error}");
    cluster.put(other, "after", "it goes on");
    small.enlarge("size=64m");
    cluster.start_node(node);
    cluster.settle();
    let eventual = Asking { guarantee: Some("eventual".into()), ..Asking::default() };
    until("the node to catch up", || {
        let seen = host_common::value_of(&cluster.ask(node, &get("after"), &eventual));
        (seen.as_deref() == Some("it goes on")).then_some(())
    });
    cluster.hosts.clear();
    drop(small);
}

/// A small file system with the content that the folder had.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn new(folder: &std::path::Path, size: &str) -> Option<Self> {
        let copy = folder.with_extension("copy");
        std::fs::rename(folder, &copy).unwrap();
        std::fs::create_dir(folder).unwrap();
        let mounted = Self::mount(&["-t", "tmpfs", "-o", size, "avouch-test"], folder);
        let there = mounted.then(|| Self(folder.to_path_buf()));
        for entry in std::fs::read_dir(&copy).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        there
    }
    fn mount(arguments: &[&str], folder: &std::path::Path) -> bool {
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(folder).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    }
    fn enlarge(&self, size: &str) {
        assert!(Self::mount(&["-o", &format!("remount,{size}")], &self.0));
    }
}
impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
