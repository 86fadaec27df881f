//! `clock audit` against Debian's own chronyd: servers that are right, and one that is 50 ms off.
//!
//! They control no clock (`-x`), and may not: they run without the capability to set one.

use crate::place::Place;
use serde_json::Value;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A chronyd of this test, which ends with it.
struct Chronyd(Child);

impl Drop for Chronyd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command that cannot set clocks, whoever runs it.
fn harmless(place: &Place, program: &str) -> Command {
    let mut command = place.command("setpriv");
    command.args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", program]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn start(place: &Place, name: &str, port: u16, lines: &str) -> Chronyd {
    let folder = place.path("");
    let text = format!(
        "{lines}\nport {port}\nallow 127.0.0.0/8\ncmdport 0\nbindcmdaddress /\npidfile {}\n",
        folder.join(format!("{name}.pid")).display()
    );
    let file = place.path(&format!("{name}.conf"));
    std::fs::write(&file, text).unwrap();
    let mut command = harmless(place, "chronyd");
    command.args(["-x", "-d", "-u", "root", "-f"]).arg(file);
    Chronyd(command.spawn().unwrap())
}

fn audit(place: &Place, sources: &[String]) -> (i32, Value) {
    let mut words =
        vec!["clock", "audit", "--format", "json", "--samples", "2", "--interval", "50ms"];
    words.extend(sources.iter().flat_map(|source| ["--source", source]));
    let ran = place.avouch(&words);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

/// Asks a server until it knows the time.
#[expect(clippy::disallowed_methods, reason = "a daemon starts in real time")]
fn await_time(place: &Place, source: &String) -> Value {
    for _ in 0..150 {
        let (code, told) = audit(place, std::slice::from_ref(source));
        if code == 0 {
            return told;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{source} knows no time: {:#}", audit(place, std::slice::from_ref(source)).1)
}

#[test]
//= §3.1.1 ntp-selection test
fn a_lying_chronyd_among_five_is_named() {
    let place = Place::new("chronyd");
    let runs = |mut command: Command| command.status().is_ok_and(|status| status.success());
    let mut version = harmless(&place, "chronyd");
    version.arg("--version");
    if !runs(version) {
        println!("skipped: no chronyd on this machine, or no right to take its capabilities away");
        return;
    }
    let sockets: Vec<UdpSocket> = (0..2).map(|_| UdpSocket::bind("0.0.0.0:0").unwrap()).collect();
    let ports: Vec<u16> =
        sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
    drop(sockets);
    let _right = start(&place, "right", ports[0], "local stratum 3");
    let right = |at: usize| format!("127.0.0.{at}:{}", ports[0]);
    let told = await_time(&place, &right(1));
    assert_eq!(told["sources"][0]["stratum"], 3, "{told:#}");
    let follows =
        format!("server 127.0.0.1 port {} minpoll -2 maxpoll -2 iburst offset 0.05", ports[0]);
    let _wrong = start(&place, "wrong", ports[1], &follows);
    let wrong = format!("127.0.0.9:{}", ports[1]);
    let told = await_time(&place, &wrong);
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
