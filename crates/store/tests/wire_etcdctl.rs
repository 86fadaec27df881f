//! Debian's own etcdctl, unmodified, against our wire.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod wire_node;

use avouch_store::wire::ask::Refusal;
use std::io::Write;
use std::process::{Command, Stdio};
use wire_node::Served;

/// What a run of etcdctl said and how it ended; `None` where there is no etcdctl.
struct Ran {
    out: String,
    err: String,
    ok: bool,
}

fn absent() -> bool {
    let missing = Command::new("etcdctl").arg("version").env("ETCDCTL_API", "3").output().is_err();
    if missing {
        println!("skipped: no etcdctl on this machine");
    }
    missing
}

fn etcdctl(served: &Served, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .arg(format!("--endpoints=http://{}", served.address))
        .args(["--dial-timeout=5s", "--command-timeout=10s"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(input); // a command that reads nothing has closed it
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { out: text(output.stdout), err: text(output.stderr), ok: output.status.success() }
}

/// What etcdctl prints; it must have succeeded.
fn prints(served: &Served, arguments: &[&str]) -> String {
    let ran = etcdctl(served, arguments, b"");
    assert!(ran.ok, "{arguments:?}: {}{}", ran.out, ran.err);
    ran.out
}

#[test]
fn keys_are_put_got_and_deleted() {
    if absent() {
        return;
    }
    let served = Served::start();
    for (key, value) in [("a/1", "one"), ("a/2", "two"), ("a/3", "three"), ("b", "other")] {
        assert_eq!(prints(&served, &["put", key, value]), "OK\n");
    }
    assert_eq!(prints(&served, &["put", "b", "newer", "--prev-kv"]), "OK\nb\nother\n");
    assert_eq!(prints(&served, &["get", "a/1"]), "a/1\none\n");
    assert_eq!(prints(&served, &["get", "a/1", "--consistency=s"]), "a/1\none\n");
    assert_eq!(served.question().1.guarantee, "consistent-prefix");
    assert_eq!(prints(&served, &["get", "none"]), "");
    assert_eq!(served.question().1.guarantee, "linearizable");
    assert_eq!(prints(&served, &["get", "b", "--rev=5"]), "b\nother\n");
    let all = "a/1\none\na/2\ntwo\na/3\nthree\n";
    assert_eq!(prints(&served, &["get", "a/", "--prefix"]), all);
    assert_eq!(prints(&served, &["get", "a/1", "a/3", "--print-value-only"]), "one\ntwo\n");
    assert_eq!(
        prints(&served, &["get", "", "--from-key", "--keys-only", "--limit=2"]),
        "a/1\n\na/2\n\n"
    );
    let sorted = ["get", "a/", "--prefix", "--order=DESCEND", "--sort-by=VALUE", "--keys-only"];
    assert_eq!(prints(&served, &sorted), "a/2\n\na/3\n\na/1\n\n");
    let counted = prints(&served, &["get", "a/", "--prefix", "--limit=1", "-w", "fields"]);
    assert!(counted.contains("\"Count\" : 3") && counted.contains("\"More\" : true"), "{counted}");
    assert!(counted.contains("\"ClusterID\" : 81985529216486895"), "{counted}");
    assert!(counted.contains("\"MemberID\" : 1") && counted.contains("\"Revision\" : 6"));
    assert!(counted.contains("\"RaftTerm\" : 7"), "{counted}");
    assert_eq!(prints(&served, &["del", "a/1", "--prev-kv"]), "1\na/1\none\n");
    assert_eq!(prints(&served, &["del", "a/", "--prefix"]), "2\n");
    assert_eq!(prints(&served, &["get", "a/", "--prefix"]), "");
}

#[test]
fn transactions_compare_and_take_one_branch() {
    if absent() {
        return;
    }
    let served = Served::start();
    prints(&served, &["put", "lock", "free"]);
    let script = b"value(\"lock\") = \"free\"\nversion(\"lock\") > \"0\"\n\nput lock mine\nget lock\n\nget lock\n\n";
    let won = etcdctl(&served, &["txn"], script);
    assert_eq!(won.out, "SUCCESS\n\nOK\n\nlock\nmine\n", "{}", won.err);
    let lost = etcdctl(&served, &["txn"], script);
    assert_eq!(lost.out, "FAILURE\n\nlock\nmine\n", "{}", lost.err);
    let twice = etcdctl(&served, &["txn"], b"\nput k 1\nput k 2\n\n\n");
    assert!(twice.err.contains("etcdserver: duplicate key given in txn request"), "{}", twice.err);
}

#[test]
fn compaction_forgets_and_says_so() {
    if absent() {
        return;
    }
    let served = Served::start();
    for value in ["1", "2", "3"] {
        prints(&served, &["put", "k", value]);
    }
    assert_eq!(prints(&served, &["compaction", "3"]), "compacted revision 3\n");
    let old = etcdctl(&served, &["get", "k", "--rev=2"], b"");
    assert!(
        old.err.contains("etcdserver: mvcc: required revision has been compacted"),
        "{}",
        old.err
    );
    let future = etcdctl(&served, &["get", "k", "--rev=99"], b"");
    assert!(future.err.contains("required revision is a future revision"), "{}", future.err);
    assert_eq!(prints(&served, &["get", "k", "--rev=3"]), "k\n2\n");
}

#[test]
fn endpoints_members_and_alarms_are_shown() {
    if absent() {
        return;
    }
    let served = Served::start();
    prints(&served, &["put", "k", "v"]);
    let table = prints(&served, &["endpoint", "status", "-w", "table"]);
    assert!(table.contains("3.4.0+avouch."), "{table}");
    assert!(table.contains("true") && table.contains(&served.address.to_string()), "{table}");
    let json = prints(&served, &["endpoint", "status", "-w", "json"]);
    for field in [
        "\"leader\":1",
        "\"raftIndex\":1",
        "\"raftTerm\":7",
        "\"raftAppliedIndex\":1",
        "\"revision\":2",
    ] {
        assert!(json.contains(field), "{field} in {json}");
    }
    let health = etcdctl(&served, &["endpoint", "health"], b"");
    assert!(health.ok && (health.out + &health.err).contains("is healthy"));
    let members = prints(&served, &["member", "list"]);
    let expected =
        format!("1, started, eu-west-1, http://127.0.0.1:1, http://{}, false\n", served.address);
    assert_eq!(members, expected);
    assert!(prints(&served, &["endpoint", "status", "--cluster"]).contains("3.4.0"));

    assert_eq!(prints(&served, &["alarm", "list"]), "");
    let raise = avouch_state::Operation::Alarm(avouch_state::AlarmRequest {
        action: avouch_state::AlarmAction::Activate,
        member: 1,
        alarm: avouch_state::AlarmType::NoSpace,
    });
    served.node.0.lock().unwrap().machine.execute(&raise).unwrap();
    assert_eq!(prints(&served, &["alarm", "list"]), "memberID:1 alarm:NOSPACE \n");
    let full = etcdctl(&served, &["put", "k", "more"], b"");
    assert!(full.err.contains("etcdserver: mvcc: database space exceeded"), "{}", full.err);
    assert_eq!(prints(&served, &["alarm", "disarm"]), "memberID:1 alarm:NOSPACE \n");
    prints(&served, &["put", "k", "more"]);
}

#[test]
fn refusals_come_in_etcds_own_words() {
    if absent() {
        return;
    }
    let served = Served::start();
    let empty = etcdctl(&served, &["put", "", "v"], b"");
    assert!(empty.err.contains("etcdserver: key is not provided"), "{}", empty.err);
    let large = etcdctl(&served, &["put", "k"], &vec![b'x'; 1_600_000]);
    assert!(!large.ok && large.err.contains("etcdserver: request is too large"), "{}", large.err);
    let fits = etcdctl(&served, &["put", "k"], &vec![b'x'; 1_500_000]);
    assert!(fits.ok, "{}", fits.err);
    for arguments in [&["lease", "grant", "5"][..], &["watch", "k"], &["user", "list"]] {
        let refused = etcdctl(&served, arguments, b"");
        assert!(refused.err.contains("avouch does not serve etcdserverpb."), "{}", refused.err);
        assert!(refused.err.contains("it serves etcdserverpb.KV (Range, Put,"), "{}", refused.err);
    }
    served.refuse(Some(Refusal::Deadline { detail: "no quorum for 5 s".into() }));
    let late = etcdctl(&served, &["put", "k", "v"], b"");
    assert!(late.err.contains("etcdserver: request timed out"), "{}", late.err);
}
