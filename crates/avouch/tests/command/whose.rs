//! Whose evidence it is and which cluster is meant: what is typed beats the environment, and
//! evidence is never called refuted because another cluster's trust file was at hand.

use crate::place::{PROGRAM, Place};

#[test]
fn evidence_of_an_earlier_cluster_is_judged_with_its_own_trust_file() {
    let place = Place::new("two-clusters");
    let cluster = place.up();
    let first = cluster.first["cluster"].as_str().unwrap().to_owned();
    place.avouch(&["put", "a", "1", "--evidence", "one.evidence"]).well();
    assert_eq!(cluster.stop(), 0);
    let other = place.start(&["up", "--data", "other", "--delay", "off", "--port", "0"]);
    let second = other.first["cluster"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    place.avouch(&["put", "a", "2", "--evidence", "two.evidence"]).well();
    let told = place.avouch(&["verify", "one.evidence", "two.evidence"]).well();
    for part in [&first, &second, "2 items: 2 hold, 0 refuted, 0 unknown; no forks; trust file"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let told = place.avouch(&["verify", "one.evidence", "--trust", "other/trust.json"]);
    assert_eq!(told.code, 2, "it is not this cluster's, and may be another's: {told:?}");
    for part in ["unknown: ", &first, &second, "other/trust.json"] {
        assert!(told.out.contains(part), "{part} in {told:?}");
    }
    // A folder will do for the file in it.
    place.avouch(&["verify", "one.evidence", "--trust", "avouch-data"]).well();
    place.avouch(&["verify", "two.evidence", "--cluster", "other"]).well();
    // Forgotten by this user, its trust file is not here.
    std::fs::remove_dir_all(place.path("avouch-data")).unwrap();
    let told = place.avouch(&["verify", "one.evidence", "--format", "json"]);
    assert_eq!(told.code, 2, "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["verdict"], "unknown", "{told}");
    assert!(told["items"][0]["reason"].as_str().unwrap().contains(&first), "{told}");
}

#[test]
fn what_is_typed_beats_the_environment() {
    let place = Place::new("environment");
    let cluster = place.up();
    let with = |arguments: &[&str]| {
        let mut command = place.command(PROGRAM);
        let ran = command.env("AVOUCH_CLUSTER", "/absent/cluster.json").args(arguments).output();
        let ran = ran.unwrap();
        (ran.status.code().unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let address = cluster.address(2);
    let (data, trust) = ("avouch-data", "avouch-data/trust.json");
    for arguments in [
        &["put", "a", "1", "--endpoint", &address, "--trust", trust, "--evidence", "e"][..],
        &["get", "a", "--cluster", data],
        &["verify", "e", "--trust", trust],
        &["verify", "e", "--cluster", data],
    ] {
        let (code, err) = with(arguments);
        assert_eq!(code, 0, "{arguments:?}: {err}");
    }
    let (code, err) = with(&["get", "a"]);
    assert!(code == 3 && err.contains("/absent/cluster.json"), "it still counts: {err}");
}

#[test]
fn a_bare_endpoint_of_a_known_cluster_is_judged_and_may_be_pasted() {
    let place = Place::new("bare");
    let cluster = place.up();
    let address = cluster.address(3);
    let url = format!("http://{address}/");
    for endpoint in [&address, &url] {
        let told = place.avouch(&["put", "a", "1", "--endpoint", endpoint]);
        assert!(told.err.contains("answered by ap-northeast-1/n4"), "{told:?}");
        told.well();
    }
    let told = place.avouch(&["get", "a", "--endpoint", &address, "--near", "eu-west-1"]);
    assert!(
        told.code == 3 && told.err.contains("--near"),
        "nobody can tell what is near: {told:?}"
    );
    let elsewhere = Place::new("bare-elsewhere");
    let told = elsewhere.avouch(&["get", "a", "--endpoint", &address]);
    assert_eq!(told.code, 2, "nothing is known of it here: {told:?}");
    assert!(
        told.err.contains("unknown: no trust file") && told.err.contains("--trust"),
        "{told:?}"
    );
}
