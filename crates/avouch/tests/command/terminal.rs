//! The lab and a watch of clocks on a terminal: after Ctrl-C a clean line and a true summary.
//! Without util-linux's `script`, which makes the terminal, this skips with a line.

use crate::place::Place;
use crate::time_server::{Manner, serving};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// A command that gets a terminal, by way of the shell that every machine has.
fn terminal(place: &Place) -> Command {
    let mut command = place.command("script");
    command.env("SHELL", "/bin/sh");
    command
}

/// Runs a command on a terminal, types Ctrl-C as soon as it has shown `until`, and returns all that
/// was shown and the exit code; none without a terminal to be had. The shell that `script` starts
/// gives its place to the command: Ctrl-C is typed to both, and a shell that it interrupts while it
/// waits (dash) would tell its own end instead of the command's.
fn interrupted(place: &Place, line: &str, until: &str) -> Option<(String, i32)> {
    let mut command = terminal(place);
    command
        .args(["-qefc", &format!("exec {line}"), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("skipped: no `script` of util-linux");
        return None;
    };
    let (mut shown, mut chunk) = (Vec::new(), [0; 4_096]);
    let (mut out, mut typed) = (child.stdout.take().unwrap(), false);
    loop {
        let read = out.read(&mut chunk).unwrap_or(0);
        if read == 0 {
            break;
        }
        shown.extend(&chunk[..read]);
        if !typed && String::from_utf8_lossy(&shown).contains(until) {
            child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
            typed = true;
        }
    }
    let code = child.wait().unwrap().code().unwrap();
    assert!(typed, "{until} was never shown: {}", String::from_utf8_lossy(&shown));
    Some((String::from_utf8_lossy(&shown).into_owned(), code))
}

/// What a terminal shows in the end: of each line what was written after it was last cleared.
fn left(shown: &str) -> Vec<String> {
    let lines = shown.split("\r\n").map(|line| line.rsplit("\r\x1b[K").next().unwrap_or_default());
    lines.map(str::to_owned).collect()
}

#[test]
fn ctrl_c_ends_a_campaign_with_a_true_summary_and_a_clean_line() {
    let place = Place::new("lab-terminal");
    let line = "avouch lab run power-cut --seeds 1..5001 --jobs 2";
    let Some((shown, code)) = interrupted(&place, line, "of 5000 seeds") else { return };
    assert_eq!(code, 2, "what was not run is unknown: {shown}");
    let lines = left(&shown);
    assert!(
        lines.iter().all(|line| !line.contains("of 5000 seeds,")),
        "the bar is left: {lines:?}"
    );
    assert_eq!(lines.last().map(String::as_str), Some(""), "the last line ends: {lines:?}");
    let told = |start: &str| lines.iter().find(|line| line.contains(start)).cloned();
    let summary = told("power-cut: seeds 1..").expect("a summary");
    let cut = told("interrupted: ").expect("it says so");
    let count: u64 = cut.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((1..5_000).contains(&count), "{cut}");
    assert!(summary.contains(&format!("seeds 1..{}: {count} held", count + 1)), "{summary} {cut}");
    assert!(lines.iter().any(|line| line.contains("unknown") && line.ends_with(": power-cut")));
}

/// A run that is being shrunk has nothing to tell of a part: it ends at once, and cleanly.
#[test]
fn ctrl_c_ends_a_shrinking_run_at_once_with_a_clean_line() {
    let place = Place::new("lab-shrinking");
    let shipped = place.avouch(&["lab", "show", "stale-leader-reads"]).well();
    // The cut that shows the bug comes late, so that each attempt takes a while.
    let mut long = shipped.clone();
    for (from, to) in [
        ("duration = \"8s\"", "duration = \"60s\""),
        ("at = \"2s\"", "at = \"52s\""),
        ("at = \"2500ms\"", "at = \"52500ms\""),
        ("at = \"6s\"", "at = \"56s\""),
    ] {
        assert!(long.contains(from), "{from}: {long}");
        long = long.replace(from, to);
    }
    std::fs::write(place.path("long.toml"), long).unwrap();
    let line = "avouch lab run long.toml";
    let Some((shown, code)) = interrupted(&place, line, "faults left") else { return };
    assert_eq!(code, 130, "{shown}");
    let lines = left(&shown);
    assert!(lines.iter().all(|line| !line.contains("faults left")), "the bar is left: {lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("interrupted: ")), "{lines:?}");
}

/// Colour is for whoever looks: not for the file that stdout goes to, though stderr is a terminal.
#[test]
fn data_that_goes_to_a_file_is_not_coloured() {
    let place = Place::new("lab-colour");
    let mut command = terminal(&place);
    let both = "avouch lab divergence --seconds 1s; avouch lab divergence --seconds 1s > told";
    let Ok(ran) = command.args(["-qefc", both, "/dev/null"]).output() else {
        println!("skipped: no `script` of util-linux");
        return;
    };
    let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(shown.contains("\u{1b}[1;32magree\u{1b}[0m"), "{shown}");
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    assert!(told.starts_with("agree: ") && !told.contains('\u{1b}'), "{told}");
}

/// A judgement that takes longer than a second is told how far it is, and leaves nothing of that.
#[test]
fn a_long_judgement_is_told_on_a_terminal_and_leaves_a_clean_line() {
    let place = Place::new("check-terminal");
    let history = concat!(
        r#"{"avouch_history":1,"about":"a session"}"#,
        "\n",
        r#"{"type":"invoke","process":0,"op":1,"time":1,"do":{"kind":"put","key":"a","value":"1"},"guarantee":"linearizable"}"#,
        "\n",
        r#"{"type":"ok","process":0,"op":1,"time":2,"got":{"kind":"done"}}"#,
        "\n",
    );
    std::fs::write(place.path("one.history"), history).unwrap();
    let slow = "(sleep 1.6; cat one.history) | avouch check --stream -";
    let mut command = terminal(&place);
    let Ok(ran) = command.args(["-qefc", slow, "/dev/null"]).output() else {
        println!("skipped: no `script` of util-linux");
        return;
    };
    let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(shown.contains("\r\u{1b}[Kjudging as it comes; 1."), "how far it is: {shown:?}");
    let lines = left(&shown);
    assert!(lines.iter().all(|line| !line.contains("as it comes;")), "it is left: {lines:?}");
    assert!(lines.iter().any(|line| line.contains("linearizable (1 operation)")), "{lines:?}");
    // Ten times a second at most.
    let drawn = shown.matches("judging as it comes;").count();
    assert!((1..=12).contains(&drawn), "drawn {drawn} times: {shown:?}");
    // Nobody watches a file: the line is not drawn, and neither is it with stderr elsewhere.
    let quiet = format!("({slow}) 2> said");
    let Ok(ran) = terminal(&place).args(["-qefc", &quiet, "/dev/null"]).output() else { return };
    assert!(!String::from_utf8_lossy(&ran.stdout).contains("as it comes;"));
    assert_eq!(std::fs::read_to_string(place.path("said")).unwrap(), "");
}

/// A view is drawn over the one before, its wide lines cut; after Ctrl-C it stands there whole.
#[test]
fn a_watch_of_clocks_is_drawn_anew_each_poll_and_ends_with_a_last_verdict() {
    let place = Place::new("clock-terminal");
    serving(&[Manner::Honest; 3], |port| {
        let sources: Vec<String> =
            (1..=3).map(|at| format!("--source 127.0.0.{at}:{port}")).collect();
        let line = format!("avouch clock audit --watch --interval 100ms {}", sources.join(" "));
        let Some((shown, code)) = interrupted(&place, &line, "poll 3; Ctrl-C ends it") else {
            return;
        };
        assert_eq!(code, 0, "{shown}");
        // Each view has a verdict, its reasons, three sources and a line that says how to end it.
        let views: Vec<&str> = shown.split("\x1b[J").collect();
        assert!(views.len() >= 4, "{shown}");
        let (last, before) = views.split_last().unwrap();
        for view in before {
            assert!(view.contains("\x1b[?7l") && view.contains("\x1b[?7h"), "{view:?}");
            let drawn = view.lines().count();
            assert!(view.contains("Ctrl-C ends it") && drawn >= 8, "{view:?}");
        }
        assert!(!last.contains("\x1b[?7l") && !last.contains("Ctrl-C ends it"), "{last:?}");
        assert_eq!(last.matches("truechimer").count(), 3, "{last:?}");
        assert!(last.contains("holds") && last.contains(", hard"), "{last:?}");
    });
}
