//! `clock audit` against three daemons that share no code: chronyd, ntpsec's ntpd and ntpd-rs.
//!
//! ntpd listens on port 123 and on no other, so all of them are in a network of their own.

use crate::daemon::{Apart, Daemon, await_time, chronyd, is_here};
use crate::place::{PROGRAM, Place};
use serde_json::Value;
use std::process::Command;

/// ntpsec, a chronyd that is right, and one that is not.
const SOURCES: [&str; 3] = ["127.0.0.1:123", "127.0.0.1:11125", "127.0.0.1:11126"];
const NTPD_RS: &str = "127.0.0.1:11127";

/// ntpsec's ntpd, which serves its host's clock at stratum 5 once nobody else is to be had.
fn ntpsec(place: &Place, mut command: Command) -> Command {
    let text = "tos orphan 5 orphanwait 1\ndisable kernel\nrestrict default nomodify\n";
    std::fs::write(place.path("ntpsec.conf"), text).unwrap();
    command.args(["-n", "-N", "-g", "-c"]).arg(place.path("ntpsec.conf"));
    command
}

/// ntpd-rs as a server alone.
fn ntpd_rs(place: &Place, mut command: Command) -> Command {
    let text =
        format!("[synchronization]\nlocal-stratum = 4\n\n[[server]]\nlisten = \"{NTPD_RS}\"\n");
    std::fs::write(place.path("ntp.toml"), text).unwrap();
    command.arg("--config").arg(place.path("ntp.toml"));
    command
}

/// One request a source: ntpsec answers few from one address.
fn audit(place: &Place, apart: &Apart, sources: &[&str]) -> (i32, Value) {
    let mut command = apart.command(place, PROGRAM);
    command.args(["clock", "audit", "--format", "json", "--samples", "1"]);
    command.args(sources.iter().flat_map(|source| ["--source", source]));
    let output = command.stdout(std::process::Stdio::piped()).output().unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}"));
    (output.status.code().unwrap(), told)
}

fn verdicts(told: &Value) -> Vec<&str> {
    let sources = told["sources"].as_array().unwrap();
    sources.iter().map(|one| one["verdict"].as_str().unwrap()).collect()
}

/// Asks a source until it is called so.
fn await_verdict(place: &Place, apart: &Apart, source: &str, verdict: &str) {
    await_time(|| {
        let told = audit(place, apart, &[source]).1;
        (i32::from(verdicts(&told) != [verdict]), told)
    });
}

#[test]
//= §3.1.1 ntp-selection test
fn a_falseticker_among_three_daemons_is_named() {
    let place = Place::new("daemons");
    let Some(apart) = Apart::new(&place) else {
        println!("skipped: no right to a network namespace, or no unshare, ip and sh");
        return;
    };
    for name in ["chronyd", "ntpd"] {
        if !is_here(apart.command(&place, name).arg("--version")) {
            println!("skipped: no {name} on this machine");
            return;
        }
    }
    let _ntpsec = Daemon::start(&mut ntpsec(&place, apart.command(&place, "ntpd")));
    let lines = "local stratum 3\nport 11125\ncmdport 0\nbindcmdaddress /";
    let _right =
        Daemon::start(&mut chronyd(&place, "right", lines, apart.command(&place, "chronyd")));
    let told = await_time(|| audit(&place, &apart, &SOURCES[..1]));
    assert_eq!(told["sources"][0]["stratum"], 5, "{told:#}");
    let told = await_time(|| audit(&place, &apart, &SOURCES[1..2]));
    assert_eq!(told["sources"][0]["stratum"], 3, "{told:#}");
    // The liar follows the other chronyd, and is 50 ms off.
    let lines = "server 127.0.0.1 port 11125 minpoll -2 maxpoll -2 iburst offset 0.05\n\
                 port 11126\ncmdport 0\nbindcmdaddress /";
    let _liar =
        Daemon::start(&mut chronyd(&place, "liar", lines, apart.command(&place, "chronyd")));
    await_time(|| audit(&place, &apart, &SOURCES[2..]));

    // Without a right to the clock ntpd-rs serves, and says that it does not know the time.
    let mut sources = SOURCES.to_vec();
    let mut expected = vec!["truechimer", "truechimer", "falseticker"];
    let mut third = None;
    if is_here(apart.command(&place, "ntp-daemon").arg("--version")) {
        third = Some(Daemon::start(&mut ntpd_rs(&place, apart.command(&place, "ntp-daemon"))));
        await_verdict(&place, &apart, NTPD_RS, "unsynchronised");
        sources.push(NTPD_RS);
        expected.push("unsynchronised");
    } else {
        println!("skipped in part: no ntp-daemon (ntpd-rs) on this machine");
    }
    let (code, told) = audit(&place, &apart, &sources);
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(verdicts(&told), expected, "{told:#}");
    let bound = |name: &str| told["clock"][name].as_i64().unwrap();
    assert!(bound("ahead_least_ns") <= 0 && 0 <= bound("ahead_most_ns"), "{told:#}");
    drop(third);
}
