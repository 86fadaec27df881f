//! `clock audit --watch`: a report after each poll, in which a clock that was set is named.

use crate::daemon::{Daemon, await_time, chronyd, free_ports, harmless, is_here};
use crate::place::{PROGRAM, Place};
use crate::time_server::{MOVED, Manner, serving};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering;

/// A watch of these sources, line by line.
struct Watch {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watch {
    fn start(place: &Place, sources: &[String]) -> Self {
        let mut command = place.command(PROGRAM);
        command.args(["clock", "audit", "--watch", "--format", "json", "--interval", "100ms"]);
        command.args(sources.iter().flat_map(|source| ["--source", source]));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Sends Ctrl-C's signal: the last line, and the exit code.
    fn stop(self) -> (Value, i32) {
        let Self { mut child, lines } = self;
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let last = lines.lines().last().unwrap().unwrap();
        (serde_json::from_str(&last).unwrap(), child.wait().unwrap().code().unwrap())
    }
}

impl Watch {
    /// Reads on until the third source's last answer is off by more than three times what it may be
    /// by its own word: that report.
    fn await_step(&mut self) -> Value {
        for _ in 0..300 {
            let told = self.next();
            let source = &told["sources"][2];
            let number = |of: &Value| of.as_i64().unwrap_or_default();
            let epsilon = number(&source["server_error_ns"]) + number(&source["delay_ns"]);
            if number(&source["last_offset_ns"]).abs() > 2 * epsilon {
                return told;
            }
        }
        panic!("no step is seen")
    }
}

const HONEST: [Manner; 2] = [Manner::Honest, Manner::Honest];

#[test]
//= §3.1.1 step-slew test
//= §3.1.2 jumps test
fn a_step_of_three_epsilon_is_named_in_the_report_of_its_poll() {
    let place = Place::new("watching");
    serving(&[&HONEST[..], &[Manner::Moved(0)]].concat(), |port| {
        let sources: Vec<String> = (1..=3).map(|at| format!("127.0.0.{at}:{port}")).collect();
        let mut watch = Watch::start(&place, &sources);
        let before = (0..5).map(|_| watch.next()).last().unwrap();
        assert_eq!(before["clock"]["class"], "hard", "{before:#}");
        assert_eq!(before["sources"][2]["verdict"], "truechimer", "{before:#}");
        let epsilon = before["sources"][2]["error_ns"].as_i64().unwrap();
        MOVED[0].store(3 * epsilon, Ordering::Relaxed);
        let told = watch.await_step();
        let source = &told["sources"][2];
        assert_eq!(source["verdict"], "falseticker", "{told:#}");
        let step = source["step_least_ns"].as_i64().unwrap();
        assert!((1..=3 * epsilon).contains(&step), "{step} of {epsilon}: {told:#}");
        let polls = told["poll"].as_i64().unwrap() - before["poll"].as_i64().unwrap();
        assert!(polls <= 2, "one poll may have been under way: {polls}");
        assert_eq!(told["clock"]["class"], "hard", "two still agree: {told:#}");
        let (last, code) = watch.stop();
        assert_eq!((&last["last"], code), (&true.into(), 0), "{last:#}");
        assert_eq!(last["sources"][2]["contradictions"], 1, "{last:#}");
    });
}

/// The same of a real daemon, which follows a server that steps, and steps with it. For a moment it
/// says that it may be far off, which is true; it is named from when on it says so no more.
#[test]
//= §3.1.2 jumps test
fn a_step_of_a_chronyd_is_named_in_the_report_of_its_poll() {
    let place = Place::new("watching-chronyd");
    if !is_here(harmless(&place, "chronyd").arg("--version")) {
        println!("skipped: no chronyd on this machine, or no right to take its capabilities away");
        return;
    }
    let own = free_ports(1)[0];
    serving(&[&HONEST[..], &[Manner::Moved(1)]].concat(), |port| {
        let lines = format!(
            "server 127.0.0.3 port {port} minpoll -4 maxpoll -4 iburst\n\
             port {own}\ncmdport 0\nbindcmdaddress /"
        );
        let mut command = chronyd(&place, "follower", &lines, harmless(&place, "chronyd"));
        let _follower = Daemon::start(&mut command);
        let mut sources: Vec<String> = (1..=2).map(|at| format!("127.0.0.{at}:{port}")).collect();
        sources.push(format!("127.0.0.1:{own}"));
        await_time(|| {
            let words = ["clock", "audit", "--format", "json", "--samples", "1", "--source"];
            let ran = place.avouch(&[&words[..], &[&sources[2]]].concat());
            (ran.code, serde_json::from_str(&ran.out).unwrap())
        });
        let mut watch = Watch::start(&place, &sources);
        let before = (0..3).map(|_| watch.next()).last().unwrap();
        assert_eq!(before["sources"][2]["verdict"], "truechimer", "{before:#}");
        // 100 ms, which is more than three of what it says that it may be off.
        MOVED[1].store(100_000_000, Ordering::Relaxed);
        let told = watch.await_step();
        assert_eq!(told["sources"][2]["verdict"], "falseticker", "{told:#}");
        assert_eq!(told["clock"]["class"], "hard", "{told:#}");
        assert_eq!(watch.stop().1, 0);
    });
}
