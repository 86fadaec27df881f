//! `clock audit` against Debian's own chronyd: servers that are right, and one that is 50 ms off.
//!
//! They control no clock (`-x`), and may not: they run without the capability to set one.

use crate::daemon::{Daemon, await_time, chronyd, free_ports, harmless, is_here};
use crate::place::Place;
use serde_json::Value;

fn start(place: &Place, name: &str, port: u16, lines: &str) -> Daemon {
    let lines = format!("{lines}\nport {port}\ncmdport 0\nbindcmdaddress /");
    Daemon::start(&mut chronyd(place, name, &lines, harmless(place, "chronyd")))
}

fn audit(place: &Place, sources: &[String]) -> (i32, Value) {
    let mut words =
        vec!["clock", "audit", "--format", "json", "--samples", "2", "--interval", "50ms"];
    words.extend(sources.iter().flat_map(|source| ["--source", source]));
    let ran = place.avouch(&words);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

#[test]
//= §3.1.1 ntp-selection test
fn a_lying_chronyd_among_five_is_named() {
    let place = Place::new("chronyd");
    if !is_here(harmless(&place, "chronyd").arg("--version")) {
        println!("skipped: no chronyd on this machine, or no right to take its capabilities away");
        return;
    }
    let ports = free_ports(2);
    let _right = start(&place, "right", ports[0], "local stratum 3");
    let right = |at: usize| format!("127.0.0.{at}:{}", ports[0]);
    let told = await_time(|| audit(&place, &[right(1)]));
    assert_eq!(told["sources"][0]["stratum"], 3, "{told:#}");
    let follows =
        format!("server 127.0.0.1 port {} minpoll -2 maxpoll -2 iburst offset 0.05", ports[0]);
    let _wrong = start(&place, "wrong", ports[1], &follows);
    let wrong = format!("127.0.0.9:{}", ports[1]);
    let told = await_time(|| audit(&place, std::slice::from_ref(&wrong)));
    assert_eq!(told["sources"][0]["stratum"], 4, "{told:#}");

    let sources = [right(1), right(2), right(3), wrong, right(5)];
    let (code, told) = audit(&place, &sources);
    assert_eq!(code, 0, "{told:#}");
    let verdicts: Vec<&str> = told["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    let mut expected = ["truechimer"; 5];
    expected[3] = "falseticker";
    assert_eq!(verdicts, expected, "{told:#}");
    // The right one tells this host's own clock, which is thus in the interval.
    let bound = |name: &str| told["clock"][name].as_i64().unwrap();
    assert!(bound("ahead_least_ns") <= 0 && 0 <= bound("ahead_most_ns"), "{told:#}");
    let offset = told["sources"][3]["offset_ns"].as_f64().unwrap();
    assert!((offset - 50e6).abs() < 5e6, "{offset}");
}
