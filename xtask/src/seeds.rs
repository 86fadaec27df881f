//! `cargo xtask seeds NAME FIRST..LAST`: a campaign over many seeds, longer than a test may take,
//! with one line in the ledger for it, whatever came out.
//!
//! Each seed is one run of the campaign's command with `AVOUCH_SEED` set, unless the command runs
//! many itself (`AVOUCH_SEEDS` says how many). The first failing seed ends the campaign and is
//! printed as a line to repeat it with.

use crate::finding::{Finding, Findings};
use crate::named;
use crate::shell::{Watch, cargo, prints, succeeds};
use avouch_promise::{Blame, Error};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

const LEDGER: &str = "docs/ledger.md";
const HEADER: &str = "# The ledger: campaigns that were run\n\n\
    One line for each `cargo xtask seeds`; seeds are inclusive.\n\n\
    | campaign | commit | seeds | verdict | minutes |\n|---|---|---|---|---|\n";

/// One campaign.
struct Campaign {
    name: &'static str,
    about: &'static str,
    /// What cargo runs for each seed.
    cargo: &'static [&'static str],
    /// Whether one run of it takes all the seeds.
    whole: bool,
}

const CAMPAIGNS: [Campaign; 3] = [
    Campaign {
        name: "world",
        about: "every test of the simulated world",
        cargo: &["test", "--quiet", "-p", "avouch-world"],
        whole: false,
    },
    Campaign {
        name: "store",
        about: "the shipped node, five of them, under every fault",
        cargo: &[
            "test",
            "--quiet",
            "--release",
            "-p",
            "avouch-store",
            "--test",
            "campaign",
            "--",
            "--nocapture",
            "five_nodes",
        ],
        whole: true,
    },
    Campaign {
        name: "rough",
        about: "the shipped node, three and five of them, crashing and parting all the time",
        cargo: &[
            "test",
            "--quiet",
            "--release",
            "-p",
            "avouch-store",
            "--test",
            "campaign",
            "--",
            "--nocapture",
            "crash_and_part",
        ],
        whole: true,
    },
];

/// Runs the campaign that the first argument names over the seeds of the second, or lists them.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let (name, seeds) = match arguments {
        [] => {
            for campaign in &CAMPAIGNS {
                println!("{:<10} {}", campaign.name, campaign.about);
            }
            return Ok(Findings::new());
        }
        [name] => (name, "1..100"),
        [name, seeds] => (name, seeds.as_str()),
        [_, _, more, ..] => return Err(Error::new(Blame::Caller, "NAME FIRST..LAST", more)),
    };
    let campaign = named("campaign", name, &CAMPAIGNS, |campaign| campaign.name)?;
    let (first, last) = range(seeds)?;
    let watch = Watch::start();
    let mut failed = None;
    let (runs, each) =
        if campaign.whole { (first..=first, last - first + 1) } else { (first..=last, 1) };
    for seed in runs {
        eprintln!("{} seed {seed} of {first}..{last}", campaign.name);
        let mut command = cargo(root);
        command.args(campaign.cargo).env("AVOUCH_SEED", seed.to_string());
        command.env("AVOUCH_SEEDS", each.to_string());
        if !succeeds(&mut command)? {
            failed = Some(seed);
            break;
        }
    }
    let verdict = failed.map_or_else(|| "holds".to_owned(), |seed| format!("fails at {seed}"));
    let minutes = watch.seconds() / 60.0;
    let commit = commit(root);
    append(root, &format!("| {name} | {commit} | {first}..{last} | {verdict} | {minutes:.1} |\n"))?;
    let finding = |seed| {
        let command = campaign.cargo.join(" ");
        Finding::new(campaign.name, 0, format!("repro: AVOUCH_SEED={seed} cargo {command}"))
    };
    Ok(failed.map(finding).into_iter().collect())
}

/// Seeds from `FIRST..LAST`, both included; 0 would draw one at random and is refused.
fn range(text: &str) -> Result<(u64, u64), Error> {
    let parsed = text.split_once("..").and_then(|(first, last)| {
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (1 <= first && first <= last).then_some((first, last))
    });
    parsed.ok_or_else(|| {
        Error::new(Blame::Caller, "seeds as FIRST..LAST, from 1", format!("{text:?}"))
    })
}

/// The commit that ran, with a mark where the tree had changed since.
fn commit(root: &Path) -> String {
    let describe = ["describe", "--always", "--dirty=+", "--exclude=*"];
    let printed = prints(Command::new("git").current_dir(root).args(describe));
    printed.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

fn append(root: &Path, line: &str) -> Result<(), Error> {
    let path = root.join(LEDGER);
    let text = if path.exists() { line.to_owned() } else { format!("{HEADER}{line}") };
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut ledger| ledger.write_all(text.as_bytes()))
        .map_err(|error| {
            Error::new(Blame::Environment, format!("to write {LEDGER}"), error.to_string())
        })
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn seeds_are_a_range_from_one() {
        assert_eq!(range("1..100"), Ok((1, 100)));
        assert_eq!(range("7..7"), Ok((7, 7)));
        for bad in ["", "5", "0..3", "3..2", "a..b", "1..=3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
