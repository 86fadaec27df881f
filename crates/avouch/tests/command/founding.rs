//! What a data folder holds is never lost to a command that founds: keys least of all. And what a
//! hint tells an operator to do can be done.

use crate::place::{Place, REGIONS, Running};

fn keys(place: &Place) -> Vec<Vec<u8>> {
    let key = |region: &&str| place.path(&format!("avouch-data/{region}/node.key"));
    REGIONS.iter().map(|region| std::fs::read(key(region)).unwrap()).collect()
}

#[test]
fn a_cluster_without_its_trust_file_gets_it_back_and_keeps_its_keys_and_data() {
    let place = Place::new("refounding");
    let cluster = place.up();
    let identity = cluster.first["cluster"].clone();
    place.avouch(&["put", "a", "kept"]).well();
    assert_eq!(cluster.stop(), 0);
    let (before, trust) = (keys(&place), place.path("avouch-data/trust.json"));
    let whole = std::fs::read(&trust).unwrap();
    std::fs::remove_file(&trust).unwrap();

    // Other regions beside those that are there are refused, whatever is missing.
    let regions = ["up", "--port", "0", "--regions", "eu-central-1"];
    let refused = place.avouch(&regions);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(!place.path("avouch-data/eu-central-1").exists(), "nothing was founded beside");
    std::fs::remove_file(&trust).unwrap_or_default(); // it may have been restored before

    let again = place.up();
    assert_eq!(keys(&place), before, "no key was made anew");
    assert_eq!(again.first["cluster"], identity);
    assert_eq!(std::fs::read(&trust).unwrap(), whole);
    assert_eq!(place.avouch(&["get", "a"]).well(), "kept\n");
    assert_eq!(again.stop(), 0);

    // Where a node's own copy is missing too nobody can say what was founded: nothing is touched.
    std::fs::remove_file(&trust).unwrap();
    std::fs::remove_file(place.path("avouch-data/us-west-2/trust.json")).unwrap();
    for command in [
        &["up", "--port", "0"][..],
        &["init", "--data", "avouch-data", "--node", "us-east-1=127.0.0.1:1"],
    ] {
        let refused = place.avouch(command);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("another folder"), "{refused:?}");
        assert_eq!(keys(&place), before);
    }
}

#[test]
fn a_port_in_use_founds_nothing_and_a_folder_in_use_is_told_plainly() {
    let place = Place::new("half-founded");
    let cluster = place.up();
    let port = cluster.address(0).rsplit(':').next().unwrap().to_owned();
    let told = place.avouch(&["up", "--data", "other", "--port", &port]);
    assert_eq!(told.code, 4, "{told:?}");
    assert!(!place.path("other").exists(), "half a cluster was founded");
    let told = place.avouch(&["up", "--port", "0"]);
    assert_eq!(told.code, 4, "{told:?}");
    assert!(told.err.contains("another process holds"), "{told:?}");
}

#[test]
fn a_hint_promises_only_what_can_be_done() {
    let place = Place::new("forgetful");
    assert_eq!(place.up().stop(), 0);
    let folder = place.path("avouch-data/us-east-1");
    let (key, aside) = (folder.join("node.key"), place.path("aside.key"));
    std::fs::rename(&key, &aside).unwrap();
    let told = place.avouch(&["up", "--port", "0"]);
    assert!(told.code == 3 && told.err.contains("node.key"), "{told:?}");
    assert!(!told.err.contains("is the path right?"), "nobody typed a path: {told:?}");
    std::fs::rename(&aside, &key).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "segment") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let told = place.avouch(&["up", "--port", "0"]);
    assert_eq!(told.code, 6, "a node forgot what it promised: {told:?}");
    assert!(!told.err.contains("add it as a new one"), "no command does that: {told:?}");
    assert!(told.err.contains("restore the whole data folder"), "{told:?}");
}

#[test]
fn without_a_leader_it_says_so_and_serves_what_needs_none() {
    let place = Place::new("leaderless");
    let cluster = place.up();
    place.avouch(&["put", "a", "a-torn-needle"]).well();
    cluster.kill();
    // Of three of the five the end of the log is torn: they may have lost records, and do not vote.
    for region in &REGIONS[..3] {
        let path = place.path(&format!("avouch-data/{region}/log-0000000001.segment"));
        let mut content = std::fs::read(&path).unwrap();
        let needle = b"a-torn-needle";
        let at = content.windows(needle.len()).rposition(|window| window == needle);
        content[at.unwrap() + 3..].fill(0);
        std::fs::write(&path, content).unwrap();
    }
    let late: Running = place.up();
    assert_eq!(late.first["ready"], false, "{}", late.first);
    assert!(late.first["hint"].as_str().unwrap().contains("voters"), "{}", late.first);
    let weak = ["get", "a", "--guarantee", "eventual", "--near", "sa-east-1"];
    let told = place.avouch(&weak);
    assert!(told.code == 0 && told.err.starts_with("holds: eventual"), "{told:?}");
    assert_eq!(late.stop(), 0, "it ran on until it was told to stop");
}
