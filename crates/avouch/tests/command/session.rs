//! The main job: start, ask at every region with every served guarantee, keep the evidence, stop,
//! verify offline, start again on the data.

use crate::place::{Place, REGIONS};
use avouch_promise::guarantee::{ROWS, Row};

#[test]
fn every_served_guarantee_at_every_region_is_verified_offline_after_the_cluster_is_gone() {
    let place = Place::new("session");
    let cluster = place.up();
    let served: Vec<_> = ROWS.iter().filter(|row| row.served_now).map(Row::usage).collect();
    let served: Vec<_> = served.iter().map(|usage| usage.replace("=TIME", "=60s")).collect();
    assert!(served.len() >= 3, "{served:?}");
    let mut items = 0;
    for (number, region) in REGIONS.iter().enumerate() {
        let key = format!("stock/{number}");
        let put = ["put", &key, "17", "--near", region, "--evidence", "all.evidence"];
        let told = place.avouch(&put);
        assert!(told.err.starts_with("holds: linearizable\nprice "), "{told:?}");
        assert!(told.err.contains(&format!("answered by {region}/n{}", number + 1)), "{told:?}");
        assert!(told.well().starts_with("revision\t"));
        items += 1;
        for guarantee in &served {
            let get = ["get", &key, "--guarantee", guarantee, "--near", region];
            let told = place.avouch(&[&get[..], &["--evidence", "all.evidence"]].concat());
            assert!(told.err.starts_with("holds: "), "{guarantee} at {region}: {told:?}");
            // A weaker read may be older than the write: nothing, but never anything else.
            let out = told.well();
            assert!(out == "17\n" || out.is_empty() && guarantee != "linearizable", "{out}");
            items += 1;
        }
    }
    assert_eq!(cluster.stop(), 0, "Ctrl-C ends it cleanly");

    // Another process, another folder, no cluster: the file and the trust file are enough.
    let elsewhere = Place::new("session-elsewhere");
    for (from, to) in [("all.evidence", "all.evidence"), ("avouch-data/trust.json", "trust.json")] {
        std::fs::copy(place.path(from), elsewhere.path(to)).unwrap();
    }
    let arguments = ["verify", "all.evidence", "--trust", "trust.json", "--format", "json"];
    let told = elsewhere.avouch(&arguments).json();
    assert_eq!(told["verdict"], "holds", "{told}");
    let judged = told["items"].as_array().unwrap();
    assert_eq!(judged.len(), items);
    assert!(judged.iter().all(|item| item["verdict"] == "holds"), "{told}");
    assert_eq!(told["forks"].as_array().unwrap().len(), 0, "{told}");

    // On the same folder it goes on where it was: same cluster, same data, still one log.
    let again = place.up();
    assert_eq!(again.first["cluster"], told["cluster"]);
    let get = ["get", "stock/", "--prefix", "--keys-only", "--evidence", "all.evidence"];
    let keys = place.avouch(&get).well();
    assert_eq!(keys.lines().count(), REGIONS.len(), "{keys}");
    assert_eq!(again.stop(), 0);
    place.avouch(&["verify", "all.evidence"]).well();
}

#[test]
fn ranges_revisions_deletions_and_transactions_do_what_they_say() {
    let place = Place::new("ranges");
    let _cluster = place.up();
    for (key, value) in [("a/1", "one"), ("a/2", "two"), ("a/3", "three"), ("b", "other")] {
        place.avouch(&["put", key, value]).well();
    }
    let get = |arguments: &[&str]| place.avouch(&[&["get"], arguments].concat()).well();
    assert_eq!(get(&["a/1"]), "one\n");
    assert_eq!(get(&["a/", "--prefix"]), "a/1\tone\na/2\ttwo\na/3\tthree\n");
    assert_eq!(get(&["a/1", "a/3"]), "a/1\tone\na/2\ttwo\n");
    assert_eq!(get(&["a/2", "--from-key", "--keys-only", "--limit", "2"]), "a/2\na/3\n");
    assert_eq!(get(&["", "--prefix", "--count-only"]), "4\n");
    assert_eq!(get(&["none"]), "");
    let told = place.avouch(&["put", "b", "newer", "--previous", "--format", "json"]).json();
    assert_eq!(told["outcome"]["previous"]["value"], "other", "{told}");
    assert_eq!(told["verdict"], "holds");
    let revision = told["outcome"]["revision"].as_i64().unwrap() - 1;
    assert_eq!(get(&["b", "--rev", &revision.to_string()]), "other\n");
    let txn = ["txn", "--if", "value(b) = newer", "--then", "put b newest", "--else", "get b"];
    assert!(place.avouch(&txn).well().starts_with("then: every comparison held\nrevision\t"));
    assert_eq!(place.avouch(&txn).well(), "else: a comparison did not hold\nnewest\n");
    assert_eq!(place.avouch(&["del", "a/", "--prefix"]).well(), "deleted\t3\n");
    assert_eq!(get(&["", "--prefix", "--keys-only"]), "b\n");

    // A refusal is an answer with evidence, and the caller's own error.
    let future = place.avouch(&["get", "b", "--rev", "999"]);
    assert_eq!(future.code, 3, "{future:?}");
    assert!(future.err.contains("future revision") && future.err.contains("hint: "), "{future:?}");
    assert!(future.err.starts_with("error: "), "{future:?}");
    assert!(future.err.contains("holds: linearizable (that it was refused)"), "{future:?}");
}
