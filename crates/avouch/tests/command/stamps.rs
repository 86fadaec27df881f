//! Hybrid stamps from command to command by a session's file, and with `curl`.

use crate::place::Place;
use std::process::Command;

#[test]
fn a_session_carries_its_highest_stamp_from_node_to_node() {
    let place = Place::new("stamps");
    let cluster = place.up();
    let kept = || std::fs::read_to_string(place.path("s")).unwrap();
    let mut last = String::new();
    for (command, region) in [
        (&["put", "k", "1"][..], "us-east-1"),
        (&["get", "k"], "eu-west-1"),
        (&["put", "k", "2"], "sa-east-1"),
        (&["get", "k", "--guarantee", "eventual"], "us-west-2"),
        (&["del", "k"], "us-east-1"),
    ] {
        let told = place.avouch(&[command, &["--near", region, "--session", "s"]].concat());
        assert_eq!(told.code, 0, "{told:?}");
        let stamp = kept();
        assert!(told.err.contains(&format!("stamp {} (20", stamp.trim())), "{told:?}");
        assert!(stamp > last, "{stamp} after {last}");
        last = stamp;
    }
    let told = place.avouch(&["get", "k", "--session", "s", "--format", "json"]).json();
    assert_eq!(told["stamp"], kept().trim(), "{told}");
    assert!(kept() > last);

    // From a clock that is a day ahead: refused, and neither file nor node follow it.
    let far = "7fffffffffff0000\n";
    std::fs::write(place.path("far"), far).unwrap();
    let told = place.avouch(&["put", "k", "3", "--session", "far"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("further ahead") && told.err.contains("hint: "), "{told:?}");
    assert_eq!(std::fs::read_to_string(place.path("far")).unwrap(), far);
    assert_eq!(place.avouch(&["get", "k", "--session", "s"]).well(), "", "nothing was written");
    assert!(kept().as_str() < far, "{}", kept());

    // A file that is none is left alone, and nothing is sent.
    std::fs::write(place.path("none"), "something else\n").unwrap();
    let told = place.avouch(&["put", "k", "4", "--session", "none"]);
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("nothing was sent"), "{told:?}");
    assert_eq!(place.avouch(&["get", "k"]).well(), "");
    assert_eq!(cluster.stop(), 0);
}

/// The head that curl shows.
fn curl(address: &str, arguments: &[&str]) -> Option<String> {
    let url = format!("http://{address}/health");
    let mut command = Command::new("curl");
    command.args(["-s", "-D", "-", "--max-time", "60"]).args(arguments).arg(url);
    match command.output() {
        Ok(ran) => Some(String::from_utf8(ran.stdout).unwrap()),
        Err(error) => {
            eprintln!("skipped: no curl here: {error}");
            None
        }
    }
}

fn stamp_in(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("avouch-stamp: "));
    line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
}

#[test]
fn curl_carries_a_stamp_in_a_header_from_node_to_node() {
    let place = Place::new("stamps-curl");
    let cluster = place.up();
    let Some(first) = curl(&cluster.address(0), &[]) else { return };
    let stamp = stamp_in(&first);
    let header = format!("avouch-stamp: {stamp}");
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let text = curl(&cluster.address(1), &[version, "-H", &header]).unwrap();
        assert!(stamp_in(&text) > stamp, "{text} after {stamp}");
    }
    let text = curl(&cluster.address(1), &["-H", "avouch-stamp: 7fffffffffff0000"]).unwrap();
    assert!(text.contains(" 400 ") && text.contains("further ahead"), "{text}");
    assert_eq!(cluster.stop(), 0);
}
