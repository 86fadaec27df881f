//! A real node whose time comes from servers: what its evidence says of its clock, offline too; and
//! configurations of clocks that are refused with their line.

use crate::claimed::followed;
use crate::nodes::{free_pairs, serve};
use crate::place::{Place, Ran};
use crate::time_server::{Manner, serving};

/// One node, whose configuration ends with this text.
fn init(place: &Place, clock: &str) {
    let port = free_pairs(1)[0];
    place.avouch(&["init", "--data", "nodes", "--node", &format!("127.0.0.1:{port}")]).well();
    let path = place.path("nodes/n1/node.toml");
    let sound = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{sound}{clock}\n")).unwrap();
}

/// Asks until a node answers by its clock; each asking takes some milliseconds.
fn by_clock(place: &Place) -> Ran {
    for _ in 0..5_000 {
        let _ = std::fs::remove_file(place.path("e"));
        let get = ["get", "k", "--guarantee", "bounded-staleness=60s", "--evidence", "e"];
        let told = place.avouch(&get);
        assert!(told.err.starts_with("holds: "), "{told:?}");
        if told.err.contains("staleness-by-time") {
            return told;
        }
    }
    panic!("no answer by a clock");
}

#[test]
fn what_a_node_knows_of_the_time_stands_in_its_evidence() {
    serving(&[Manner::Honest, Manner::Honest, Manner::Ahead(37_000_000_000)], |port| {
        let place = Place::new("timed");
        let names = [1, 2, 3].map(|last| format!("\"127.0.0.{last}:{port}\"")).join(", ");
        init(&place, &format!("[clock]\nsources = [{names}]\ndrift = \"15ppm\"\npoll = \"100ms\""));
        let node = serve(&place, 1);
        place.avouch(&["put", "k", "v"]).well();
        // Until two servers were heard, a quorum answers.
        let told = by_clock(&place);
        println!("{}", told.err);
        let reason = "hard: 2 of 3 time servers heard agree, of 3 at most 1 lie, a drift of at \
                      most 15 ppm";
        assert!(told.err.contains("price 0 wide-area hops"), "{told:?}");
        assert_eq!(told.well(), "v\n");
        let status = place.avouch(&["get", "k", "--guarantee", "eventual"]);
        assert_eq!(status.code, 0, "{status:?}");
        assert_eq!(node.stop(), 0);
        // The file and the trust file are enough.
        let told = place.avouch(&["verify", "e"]);
        println!("{}", told.out);
        assert!(told.out.contains("clock of n1: +- ") && told.out.contains(reason), "{told:?}");
        assert!(told.out.contains("the state was current at most "), "{told:?}");
        assert!(told.out.contains("n1's clock keeps its bound"), "{told:?}");
        let told = place.avouch(&["verify", "e", "--format", "json"]).json();
        assert_eq!(told["items"][0]["clock"]["class"], "hard", "{told}");
    });
}

/// Each way to the same daemon: its NTP port is measured, its command port and socket claim.
#[test]
fn a_node_takes_its_time_from_a_real_chronyd() {
    let place = Place::new("timed-chronyd");
    let Some(followed) = followed(&place) else { return };
    let ways = [
        (format!("sources = [\"{}\"]", followed.source), "hard: one time server alone"),
        (format!("chrony = \"{}\"", followed.port), "statistical: chronyd claims the bound"),
        (format!("chrony = \"{}\"", followed.socket), "statistical: chronyd claims the bound"),
    ];
    for (number, (way, reason)) in ways.iter().enumerate() {
        let place = Place::new(&format!("timed-chronyd-{number}"));
        init(&place, &format!("[clock]\n{way}\npoll = \"200ms\""));
        let node = serve(&place, 1);
        place.avouch(&["put", "k", "v"]).well();
        let told = by_clock(&place);
        println!("{way}\n{}", told.err);
        assert!(told.err.contains(reason), "{told:?}");
        assert_eq!(told.err.contains("likely and not certain"), number > 0, "{told:?}");
        assert_eq!(node.stop(), 0);
    }
}

#[test]
fn a_clock_that_cannot_be_is_refused_with_its_line() {
    for (clock, told) in [
        ("[clock]", "a table [clock] without any"),
        ("[clock]\nsources = []", "at least one NTP server as sources in nodes/n1/node.toml line"),
        ("[clock]\nsources = [\"a b\"]", "`a b`"),
        ("[clock]\nsources = [\"127.0.0.1\", \"127.0.0.1:123\"]", "no two votes"),
        ("[clock]\nsegment = \"x\"\nchrony = \"127.0.0.1\"", "more than one in [clock]"),
        ("[clock]\nsegment = \"x\"\ndrift = \"5ppm\"", "which tells its own"),
        ("[clock]\nsources = [\"127.0.0.1\"]\ndrift = \"2%\"", "0.001ppm to 1000ppm"),
        ("[clock]\nsources = [\"127.0.0.1\"]\npoll = \"0s\"", "as poll in nodes/n1/node.toml line"),
        ("[clock]\nsource = [\"127.0.0.1\"]", "did you mean `sources`?"),
    ] {
        let place = Place::new("no-clock");
        init(&place, clock);
        let refused = place.avouch(&["serve", "--config", "nodes/n1/node.toml"]);
        assert_eq!(refused.code, 3, "{clock}: {refused:?}");
        assert!(refused.err.contains(told), "{clock}: {refused:?}");
        assert!(refused.err.contains("node.toml line "), "{clock}: {refused:?}");
    }
}
