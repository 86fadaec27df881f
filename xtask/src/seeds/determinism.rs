//! `cargo xtask seeds determinism FIRST..LAST`: a seed names its run, in any process and build.
//!
//! ```text
//!   for each stretch of seeds, at once:
//!     release build, forwards      --> SEED HASH COUNTED  \
//!     release build, backwards     --> SEED HASH COUNTED   > equal, line by line
//!     dev build, every 20th seed   --> SEED HASH COUNTED  /
//!   unequal: both again for that seed, with headers --> the first that differs is the event
//! ```
//!
//! Two processes differ in where memory lies and in the keys of their hash maps; going backwards
//! also makes unlike what ran before. The dev build is unoptimised as far as the tests are
//! (`opt-level = 1`), with overflow checks. Before anything else the check proves itself on a toy
//! that iterates over a `HashSet`: not to catch that is a finding too.
//!
//! Each stretch that agrees is entered into the ledger at once, so that what a campaign did before
//! it was stopped is known: it goes on with the seed after the last one entered.

use super::ledger;
use crate::finding::{Finding, Findings};
use crate::shell::{Watch, cargo, printed, succeeds};
use avouch_promise::{Blame, Error};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// So many seeds are run, compared and entered at a time.
const STRETCH: u64 = 500;
/// Of so many seeds one also runs in the dev build.
const DEV_EVERY: u64 = 20;
/// What is compared: the shipped store, and a toy of the world's own.
const WORKLOADS: [&str; 2] = ["store", "toy"];
/// The toy with the planted bug.
const HASTY: &str = "hasty";
/// How often a difference is looked for again before it counts as not to be found again.
const ATTEMPTS: usize = 5;

/// The program, as two builds have it.
struct Builds {
    release: PathBuf,
    dev: PathBuf,
}

/// One process: which build, which order.
#[derive(Clone, Copy)]
struct Side<'a> {
    name: &'static str,
    program: &'a Path,
    order: Option<&'static str>,
    /// Of so many seeds one, and those alone.
    every: u64,
}

/// A line a seed.
type Lines = BTreeMap<u64, String>;

pub(super) fn run(root: &Path, first: u64, last: u64) -> Result<Findings, Error> {
    let builds = Builds::new(root)?;
    let sides = builds.sides();
    if let Some(missed) = proves_itself(&sides)? {
        return Ok(vec![missed]);
    }
    let mut at = first;
    while at <= last {
        let end = last.min((at / STRETCH + 1) * STRETCH);
        let watch = Watch::start();
        eprintln!("determinism: seeds {at}..{end} of {first}..{last}");
        for workload in WORKLOADS {
            if let Some(found) = compare(&sides, workload, at, end)? {
                ledger::enter(root, NAME, (at, end), "differs", watch.seconds())?;
                return Ok(vec![found]);
            }
        }
        ledger::enter(root, NAME, (at, end), VERDICT, watch.seconds())?;
        at = end + 1;
    }
    Ok(Findings::new())
}

const NAME: &str = "determinism";
const VERDICT: &str = "holds: two release processes, every 20th seed also a dev build";

impl Builds {
    fn new(root: &Path) -> Result<Self, Error> {
        const EXAMPLE: [&str; 6] =
            ["build", "--quiet", "-p", "avouch-store", "--example", "determinism"];
        for profile in [Some("--release"), None] {
            if !succeeds(cargo(root).args(EXAMPLE).args(profile))? {
                let got = "cargo build failed".to_owned();
                return Err(Error::new(Blame::Environment, "the program to compare", got));
            }
        }
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| root.join("target"));
        let built = |profile: &str| target.join(profile).join("examples").join("determinism");
        Ok(Self { release: built("release"), dev: built("debug") })
    }

    fn sides(&self) -> [Side<'_>; 3] {
        let side = |name, program, order, every| Side { name, program, order, every };
        [
            side("release, forwards", self.release.as_path(), None, 1),
            side("release, backwards", self.release.as_path(), Some("backwards"), 1),
            side("dev", self.dev.as_path(), None, DEV_EVERY),
        ]
    }
}

/// The planted bug must be caught, and its first event named.
fn proves_itself(sides: &[Side<'_>; 3]) -> Result<Option<Finding>, Error> {
    match compare(&sides[..2], HASTY, 1, 4)? {
        Some(found) if found.what.contains("event ") => {
            eprintln!("determinism: a planted bug is caught, as it must be: {}", found.what);
            Ok(None)
        }
        _ => Ok(Some(Finding::new(HASTY, 0, "the planted iteration of a HashSet was not caught"))),
    }
}

/// Runs the seeds on every side at once; the first difference, if there is any.
fn compare(
    sides: &[Side<'_>],
    workload: &str,
    first: u64,
    last: u64,
) -> Result<Option<Finding>, Error> {
    let lines = std::thread::scope(|scope| {
        let running: Vec<_> = sides
            .iter()
            .map(|side| scope.spawn(move || side.lines(workload, first, last)))
            .collect();
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Result<Lines, Error>>| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::new(Blame::Environment, "a process to compare", "a panic"))
            })
        };
        running.into_iter().map(joined).collect::<Result<Vec<_>, _>>()
    })?;
    let Some((ours, others)) = lines.split_first() else { return Ok(None) };
    for (side, theirs) in sides.iter().skip(1).zip(others) {
        if let Some((seed, line)) = theirs.iter().find(|(seed, line)| ours.get(seed) != Some(line))
        {
            let event = first_event(&sides[0], side, workload, *seed)?;
            let (one, other) = (sides[0].name, side.name);
            let hash = ours.get(seed).map_or("nothing", String::as_str);
            let what = format!("seed {seed}: {one} {hash}, {other} {line}; {event}");
            return Ok(Some(Finding::new(workload, 0, what)));
        }
    }
    Ok(None)
}

impl Side<'_> {
    fn lines(&self, workload: &str, first: u64, last: u64) -> Result<Lines, Error> {
        let mut lines = Lines::new();
        let multiples = first.div_ceil(self.every)..=last / self.every;
        let (from, to) = (first.to_string(), last.to_string());
        let calls = if self.every == 1 {
            vec![(from, to)]
        } else {
            multiples.map(|at| (at * self.every).to_string()).map(|at| (at.clone(), at)).collect()
        };
        for (from, to) in calls {
            let mut command = Command::new(self.program);
            command.args(["hashes", workload, &from, &to]).args(self.order);
            let text = self.text(&mut command)?;
            lines.extend(text.lines().filter_map(|line| {
                let (seed, rest) = line.split_once(' ')?;
                Some((seed.parse().ok()?, rest.to_owned()))
            }));
        }
        let wanted = (first..=last).filter(|seed| seed.is_multiple_of(self.every)).count();
        if lines.len() == wanted {
            return Ok(lines);
        }
        let got = format!("{} lines of {wanted}", lines.len());
        Err(Error::new(Blame::Environment, format!("a line a seed of {}", self.name), got))
    }

    fn text(&self, command: &mut Command) -> Result<String, Error> {
        printed(command)?.ok_or_else(|| {
            let expected = format!("{} to end well", self.name);
            Error::new(Blame::Environment, expected, "it failed")
        })
    }
}

/// Runs a seed again on two sides with headers, until they differ, and names where.
fn first_event(
    one: &Side<'_>,
    other: &Side<'_>,
    workload: &str,
    seed: u64,
) -> Result<String, Error> {
    let seed = seed.to_string();
    let headers =
        |side: &Side<'_>| side.text(Command::new(side.program).args(["headers", workload, &seed]));
    for _ in 0..ATTEMPTS {
        if let Some(difference) = first_difference(&headers(one)?, &headers(other)?) {
            return Ok(format!("first at {difference}"));
        }
    }
    Ok(format!("run {ATTEMPTS} times more they were equal, so no event is named"))
}

/// The first line in which two texts differ.
fn first_difference(one: &str, other: &str) -> Option<String> {
    let (mut ours, mut theirs) = (one.lines(), other.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                let text = |line: Option<&str>| line.unwrap_or("the end of the run").to_owned();
                return Some(format!("{}; the other: {}", text(ours), text(theirs)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named_with_both_sides() {
        assert_eq!(first_difference("a\nb", "a\nb"), None);
        let found = first_difference("a\nb\nc", "a\nx\nc");
        assert_eq!(found.as_deref(), Some("b; the other: x"));
        let found = first_difference("a", "a\nb");
        assert_eq!(found.as_deref(), Some("the end of the run; the other: b"));
    }
}
