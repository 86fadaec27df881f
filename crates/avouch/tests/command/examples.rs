//! The examples in the help of every command, run as they stand; only ports are replaced by free
//! ones, since a test must not depend on what else runs on the machine.

use crate::judging::kept;
use crate::nodes::free_pairs;
use crate::place::{Place, Running};
use std::process::Stdio;

/// The examples of one command, or of a command of a command.
pub(crate) fn examples(place: &Place, command: &[&str]) -> Vec<String> {
    let help = place.avouch(&[command, &["--help"]].concat()).well();
    let after = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{command:?}: {help}")).1;
    let lines = after.lines().take_while(|line| line.starts_with("  "));
    let found: Vec<_> = lines.map(|line| line.trim().to_owned()).collect();
    let named = |line: &String| command.iter().all(|word| line.contains(word));
    assert!(!found.is_empty() && found.iter().all(named), "{found:?}");
    found
}

/// The commands that a help lists.
pub(crate) fn commands(place: &Place, of: &[&str]) -> Vec<String> {
    let help = place.avouch(&[of, &["--help"]].concat()).well();
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

pub(crate) fn shell(place: &Place, line: &str) {
    let ran = place.runs("sh", &["-c", line]);
    assert_eq!(ran.code, 0, "{line}: {ran:?}");
}

/// A command that runs until it is stopped.
fn start(place: &Place, line: &str) -> Running {
    let mut command = place.command("sh");
    command.args(["-c", &format!("exec {line} --format json")]).stdout(Stdio::piped());
    Running::begin(command)
}

#[test]
fn the_examples_in_the_help_do_what_they_say() {
    let place = Place::new("examples");
    let commands = commands(&place, &[]);
    assert!(commands.len() >= 10, "{commands:?}");
    let ups = examples(&place, &["up"]).into_iter().map(|line| match line.split_once(" --port ") {
        Some((line, _)) => format!("{line} --port 0"),
        None => format!("{line} --port 0"),
    });
    kept(&place);
    // `tour` takes a minute: its own test runs it; `plan` and `clock` have commands, and theirs.
    let mut done = vec!["up", "init", "serve", "tour", "plan", "clock"];
    for (number, up) in ups.enumerate() {
        let cluster = start(&place, &up);
        for command in ["put", "txn", "get", "del", "verify", "check", "guarantees", "lab"] {
            if number == 0 {
                for line in examples(&place, &[command]) {
                    shell(&place, &line);
                }
                done.push(command);
            }
        }
        assert_eq!(cluster.stop(), 0, "{up}");
    }
    let steps = std::fs::read_to_string(place.path("shop/us-east-1/steps.tsv")).unwrap();
    assert!(steps.starts_with("start_ns\t") && steps.lines().count() > 2, "{steps}");

    let ports: Vec<_> = [5379, 5381, 5383].into_iter().zip(free_pairs(3)).collect();
    for line in examples(&place, &["init"]) {
        let free = |line: String, (fixed, free): &(u16, u16)| {
            line.replace(&format!(":{fixed}"), &format!(":{free}"))
        };
        shell(&place, &ports.iter().fold(line, free));
    }
    for line in examples(&place, &["serve"]) {
        assert_eq!(start(&place, &line).stop(), 0, "{line}");
    }
    assert!(
        commands.iter().all(|command| done.contains(&command.as_str())),
        "{commands:?} against {done:?}"
    );
}
