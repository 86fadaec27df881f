//! What the command says, and where: errors in one shape, nothing silent, nothing that contradicts
//! the exit code.

use crate::place::{PROGRAM, Place};
use std::process::Stdio;
use tokio::time::Instant;

#[test]
fn errors_have_one_shape_and_one_line_each() {
    let place = Place::new("shape");
    for (arguments, part) in [
        (&["put", "k", "v", "--guarantee", "eventual"][..], "every write here is linearizable"),
        (
            &["get", "k", "--guarantee", "nothing"],
            "served now: linearizable, bounded-staleness=TIME, consistent-prefix",
        ),
        (&["get", "k", "--deadline", "5"], "needs a unit"),
        (&["get", "k", "--deadline", "1ns"], "at least 1ms"),
        (&["get", ""], "a key of at least one byte"),
        (&["put", "", "v"], "a key of at least one byte"),
        (&["txn", "--then", "put \"\" v"], "a key of at least one byte"),
        (&["get"], "<KEY>"),
        (&["up", "--delay", "of"], "one of on, off"),
        (&["init", "--data", "x", "--node", "https://a:1"], "without TLS"),
        (&["get", "k", "--cluster", "."], "cluster.json"),
        (&["verify", "absent.evidence", "--trust", "."], "trust.json"),
    ] {
        let told = place.avouch(arguments);
        assert_eq!((told.code, told.out.as_str()), (3, ""), "{arguments:?}: {told:?}");
        assert!(told.err.contains(part), "{arguments:?} should say {part}: {told:?}");
        assert!(told.err.starts_with("error: bad request: expected "), "{told:?}");
        let lines: Vec<_> = told.err.lines().collect();
        assert!(lines.len() <= 2 && lines.iter().all(|line| line.len() < 200), "{told:?}");
        assert_eq!(told.err.matches("expected ").count(), 1, "one error, not nested: {told:?}");
        let mut json = arguments.to_vec();
        json.extend(["--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&place.avouch(&json).out).unwrap();
        assert_eq!(told["blame"], "bad request", "{told}");
    }
}

#[test]
fn a_cluster_that_is_down_is_told_at_once_with_the_way_to_start_it() {
    let place = Place::new("down");
    assert_eq!(place.up().stop(), 0);
    let start = Instant::now();
    let told = place.avouch(&["get", "a"]);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert_eq!(told.code, 4, "{told:?}");
    assert!(told.err.contains("cluster.json"), "{told:?}");
    assert!(told.err.contains("avouch up --data"), "{told:?}");
    assert!(!told.err.contains("write"), "a read says nothing of writes: {told:?}");
}

#[test]
fn a_refusal_comes_before_the_worth_of_its_evidence() {
    let place = Place::new("refusal");
    let _cluster = place.up();
    let twice = ["txn", "--then", "put a 1", "--then", "put a 2"];
    for arguments in [&["get", "a", "--rev", "99"][..], &twice] {
        let told = place.avouch(arguments);
        assert_eq!(told.code, 3, "{told:?}");
        let (error, holds) = (told.err.find("error: "), told.err.find("holds: linearizable"));
        assert!(error < holds && error.is_some(), "{told:?}");
        assert!(told.err.contains("holds: linearizable (that it was refused)"), "{told:?}");
        let json = place.avouch(&[arguments, &["--format", "json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!((json.code, told["blame"].as_str()), (3, Some("bad request")), "{told}");
    }
}

#[test]
fn values_options_and_shortened_answers_are_as_one_expects() {
    let place = Place::new("values");
    let _cluster = place.up();
    place.avouch(&["put", "n", "-5"]).well();
    assert_eq!(place.avouch(&["get", "n"]).well(), "-5\n");
    place.avouch(&["txn", "--then", "put m 'two words'"]).well();
    assert_eq!(place.avouch(&["get", "m", "--raw"]).well(), "two words\n");
    let told = place.avouch(&["get", "", "--prefix", "--limit", "1"]);
    assert!(told.err.contains("1 of 2 keys"), "{told:?}");
    let told = place.avouch(&["get", "m", "--near", "EU-WEST-1"]);
    assert!(told.err.contains("did you mean `eu-west-1`?"), "{told:?}");
    let told = place.avouch(&["txn", "--if", "value(n) = 1", "--then", "put n 2"]);
    assert!(told.out.starts_with("else: a comparison did not hold"), "{told:?}");
}

#[test]
fn a_full_output_is_told() {
    let place = Place::new("full");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = place.command(PROGRAM);
    command.arg("guarantees").stdout(full).stderr(Stdio::piped());
    let ended = command.spawn().unwrap().wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(4));
    assert!(err.starts_with("error: environment: expected room on stdout"), "{err}");
}

#[test]
fn where_nothing_can_be_remembered_the_session_names_the_cluster() {
    let place = Place::new("homeless");
    let mut command = place.command("sh");
    command.env("XDG_STATE_HOME", "/proc/nowhere");
    // Under `nohup` a hangup is ignored, and has to be.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let signal = if ignored & 1 == 0 { "HUP" } else { "TERM" };
    let line = format!("avouch up --delay off --port 0 & sleep 4; kill -{signal} $!; wait $!");
    command.args(["-c", &line]);
    let ran = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(ran.status.code(), Some(0), "{err}");
    assert!(err.contains("only with --cluster"), "{err}");
    let session = out.lines().filter(|line| line.contains("stock.evidence"));
    assert!(
        session.clone().count() >= 4 && session.clone().all(|l| l.contains("--cluster")),
        "{out}"
    );
    assert!(err.contains("stopped; every acknowledged write is on disk"), "{signal}: {err}");
}

#[test]
fn the_readme_says_no_more_than_is_served() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
    let readme = readme.unwrap();
    let rows = avouch_promise::guarantee::ROWS;
    let served = rows.iter().filter(|row| row.served_now).count();
    let said = format!("{served} of the {} guarantees", rows.len());
    assert!(readme.contains(&said), "{said}");
    for part in ["160 MB", "last-cluster", "endpoint status"] {
        assert!(readme.contains(part), "{part}");
    }
}
