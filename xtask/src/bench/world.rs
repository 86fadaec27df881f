//! `cargo xtask bench world`: the simulator's speed per CPU-second, beside madsim and turmoil, all
//! in turn in one call, and the shipped store in it.
//!
//! ```text
//!   each round:  ours, madsim, turmoil, store  --> lines: figure NAME VALUE UNIT
//!   at the end:  medians over the rounds       --> lines: goal NAME VALUE UNIT target N met|short
//! ```
//!
//! The peers are crates of their own outside the workspace, built here and nowhere else. The
//! figures of one round stand beside each other in time, which is what a busy machine leaves.

use super::program::Program;
use crate::finding::{Finding, Findings};
use crate::shell::printed;
use avouch_promise::{Blame, Error};
use std::collections::BTreeMap;
use std::path::Path;

/// The programs of a round.
const SUBJECTS: [(&str, Program); 4] = [
    ("world", Program::Example("avouch-world", "world_speed")),
    ("madsim", Program::Peer("madsim", Some("--cfg madsim"))),
    ("turmoil", Program::Peer("turmoil", None)),
    ("store", Program::Example("avouch-store", "steady_speed")),
];

/// A figure by subject and name, one value a round.
type Figures = BTreeMap<(&'static str, String), Vec<f64>>;

/// What is asked of the figures.
struct Goal {
    name: &'static str,
    unit: &'static str,
    target: f64,
    value: fn(&Figures) -> Option<f64>,
}

const GOALS: [Goal; 6] = [
    Goal {
        name: "world_pingpong",
        unit: "M events/CPU-s",
        target: 5.0,
        value: |figures| median(figures, "world", "events").map(|events| events / 1e6),
    },
    Goal {
        name: "world_vs_madsim",
        unit: "x",
        target: 5.0,
        value: |figures| ratio(figures, "messages", "madsim"),
    },
    Goal {
        name: "world_vs_turmoil",
        unit: "x",
        target: 600.0,
        value: |figures| ratio(figures, "messages", "turmoil"),
    },
    Goal {
        name: "world_heartbeats_100",
        unit: "x_real_time",
        target: 50.0,
        value: |figures| median(figures, "world", "heartbeats"),
    },
    Goal {
        name: "world_store",
        unit: "x_real_time",
        target: 100.0,
        value: |figures| median(figures, "store", "store"),
    },
    Goal {
        name: "world_store_with_evidence",
        unit: "x_real_time",
        target: 100.0,
        value: |figures| median(figures, "store", "store_evidence"),
    },
];

/// Runs every subject in turn, `--rounds N` times (3; 1 with `--brief`, which is also shorter).
pub(super) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let (brief, rounds) = read(arguments)?;
    let mut figures = Figures::new();
    for round in 1..=rounds {
        for (subject, program) in &SUBJECTS {
            eprintln!("round {round} of {rounds}: {subject}");
            let mut command = program.command(root);
            command.args(brief.then_some("--brief"));
            let Some(text) = printed(&mut command)? else {
                return Ok(vec![Finding::new(*subject, 0, "the benchmark failed")]);
            };
            for (name, value) in text.lines().filter_map(figure) {
                println!("{subject:<8} {name:<16} {value:>14.2}");
                figures.entry((subject, name.to_owned())).or_default().push(value);
            }
        }
    }
    for goal in &GOALS {
        println!("{}", goal.line(&figures));
    }
    Ok(Findings::new())
}

impl Goal {
    /// `goal NAME VALUE UNIT target TARGET met|short`.
    fn line(&self, figures: &Figures) -> String {
        let Self { name, unit, target, value } = self;
        match value(figures) {
            Some(value) => {
                let word = if value >= *target { "met" } else { "short" };
                format!("goal {name} {value:.2} {unit} target {target} {word}")
            }
            None => format!("goal {name} none {unit} target {target} short"),
        }
    }
}

fn read(arguments: &[String]) -> Result<(bool, usize), Error> {
    let mut brief = false;
    let mut rounds = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match (word.as_str(), || words.next()?.parse().ok()) {
            ("--brief", _) => brief = true,
            ("--rounds", mut count) => {
                let count = count().filter(|count| *count > 0);
                rounds = Some(count.ok_or_else(|| {
                    Error::new(Blame::Caller, "--rounds and a number from 1", "none")
                })?);
            }
            (other, _) => {
                return Err(Error::new(Blame::Caller, "--brief or --rounds N", other));
            }
        }
    }
    Ok((brief, rounds.unwrap_or(if brief { 1 } else { 3 })))
}

/// The name and the value of a line `figure NAME VALUE UNIT`.
fn figure(line: &str) -> Option<(&str, f64)> {
    let mut words = line.strip_prefix("figure ")?.split(' ');
    Some((words.next()?, words.next()?.parse().ok()?))
}

fn median(figures: &Figures, subject: &'static str, name: &str) -> Option<f64> {
    middle(figures.get(&(subject, name.to_owned()))?)
}

/// Our figure over a peer's: the median of the rounds' ratios.
fn ratio(figures: &Figures, name: &str, peer: &'static str) -> Option<f64> {
    let of = |subject| figures.get(&(subject, name.to_owned()));
    let ratios: Vec<f64> = of("world")?.iter().zip(of(peer)?).map(|(our, its)| our / its).collect();
    middle(&ratios)
}

fn middle(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_read_off_figures_and_rounds_are_compared_each_with_itself() {
        let mut figures = Figures::new();
        for (ours, theirs) in [(10.0, 2.0), (30.0, 3.0), (8.0, 1.0)] {
            figures.entry(("world", "messages".into())).or_default().push(ours);
            figures.entry(("madsim", "messages".into())).or_default().push(theirs);
        }
        let line = |at: usize, figures: &Figures| GOALS[at].line(figures);
        assert_eq!(line(1, &figures), "goal world_vs_madsim 8.00 x target 5 met");
        assert_eq!(line(2, &figures), "goal world_vs_turmoil none x target 600 short");
        assert_eq!(figure("figure messages 1.5 /CPU-s"), Some(("messages", 1.5)));
        assert_eq!(figure("goal messages 1.5"), None);
    }

    #[test]
    fn only_its_own_flags_are_taken() {
        let read =
            |words: &[&str]| read(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read(&[]), Ok((false, 3)));
        assert_eq!(read(&["--brief"]), Ok((true, 1)));
        assert_eq!(read(&["--rounds", "5", "--brief"]), Ok((true, 5)));
        for bad in [&["--rounds"][..], &["--rounds", "0"], &["--fast"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
