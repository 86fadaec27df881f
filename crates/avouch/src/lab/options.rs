//! What the lab is told on the command line.

use avouch_promise::{Blame, Error};
use clap::{Args, Subcommand};
use std::ops::Range;
use std::path::PathBuf;

/// The examples at the end of `avouch lab --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch lab list
  avouch lab show split-brain-attempt > my-incident.toml
  avouch lab run my-incident.toml --seed 7
  avouch lab run split-brain-attempt --seeds 1..5
  avouch lab divergence --seconds 2s
  avouch lab gray --fault crashes
  avouch lab synchrony --heartbeats 2000 --seeds 1";

/// The examples at the end of `avouch lab run --help`.
const RUN: &str = "\
Examples:
  avouch lab run split-brain-attempt
  avouch lab run split-brain-attempt --seed 7 --out runs
  avouch lab run split-brain-attempt --seeds 1..9 --stop-at 1
  avouch lab run split-brain-attempt --seeds 1..9 --shard 2/3 --format json

Exit codes:
  0 holds   1 refuted (also a planted bug that was caught, and a bound that was missed)
  2 unknown (also a planted bug that was not caught)
  3 usage   4 environment   5 a peer's error   6 corrupt data";

/// `avouch lab`.
#[derive(Debug, Args)]
pub struct Lab {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What the lab does.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Run a scenario with one seed or many, judge every answer, and keep what shows the verdict
    #[command(after_help = RUN)]
    Run(Run),
    /// List the shipped scenarios, one line each
    #[command(after_help = "Examples:\n  avouch lab list\n  avouch lab list --format json")]
    List,
    /// Print a shipped scenario's file, to read or to change
    #[command(after_help = "Examples:\n  avouch lab show split-brain-attempt > my-incident.toml")]
    Show(Show),
    /// Meter how many keys differ between which replicas, through faults and after them
    #[command(after_help = super::divergence::EXAMPLES)]
    Divergence(super::divergence::Options),
    /// Play scripted gray failures, and tell what the nodes name from their own traffic, and when
    #[command(after_help = super::gray::EXAMPLES)]
    Gray(super::gray::Options),
    /// Measure what monitoring does to a real cluster, and what that cost does to schedules
    #[command(after_help = super::observer::EXAMPLES)]
    Observer(super::observer::Options),
    /// Compare what may be assumed of time on a network, and what failure detectors make of it
    #[command(after_help = super::synchrony::EXAMPLES)]
    Synchrony(super::synchrony::Options),
}

/// `avouch lab show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The scenario's name, as `avouch lab list` prints it
    pub name: String,
}

/// `avouch lab run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A scenario's file, or the name of a shipped one
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// The seed; without it the scenario's own, or `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Many seeds, from A up to and without B
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    pub seeds: Option<Range<u64>>,
    /// Only the I-th of N equal shares of the seeds, I from 1: for N machines
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "seeds")]
    pub shard: Option<Shard>,
    /// Stop at the N-th failing seed; without it all are run and failures counted
    #[arg(long, value_name = "N", requires = "seeds", value_parser = clap::value_parser!(u64).range(1..))]
    pub stop_at: Option<u64>,
    /// Run so many seeds at once; without it one on each core
    #[arg(long, value_name = "N", requires = "seeds", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// Where run folders go: DIR/SCENARIO/SEED
    #[arg(long, value_name = "DIR", default_value = "avouch-lab")]
    pub out: PathBuf,
    /// Leave a failing run as it is
    #[arg(long)]
    pub no_shrink: bool,
}

/// A share of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// The whole.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// This share of a range: the shares of all indexes are disjoint, in order, and make the whole.
    pub fn of(&self, seeds: &Range<u64>) -> Range<u64> {
        let count = u128::from(seeds.end.saturating_sub(seeds.start));
        let cut = |index: u64| {
            let before = count * u128::from(index) / u128::from(self.of.max(1));
            seeds.start + u64::try_from(before).unwrap_or(u64::MAX)
        };
        cut(self.index - 1)..cut(self.index)
    }
}

fn seeds(text: &str) -> Result<Range<u64>, Error> {
    let parts = text.split_once("..");
    let parsed = parts.and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
    match parsed {
        Some((from, to)) if from < to => Ok(from..to),
        _ => Err(Error::new(Blame::Caller, "seeds A..B with A below B", format!("`{text}`"))
            .hint(seeds_hint(text))),
    }
}

/// What whoever wrote that probably meant.
fn seeds_hint(text: &str) -> String {
    let numbers: Vec<_> =
        text.split(['.', '=', '-', ',', ':', ' ']).filter(|part| !part.is_empty()).collect();
    let numbers: Option<Vec<u64>> = numbers.iter().map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([only]) if !text.contains('.') => format!("one seed is `--seed {only}`"),
        Some([from, to]) if from < to && *to < u64::MAX => {
            format!("seeds {from} to {to} are `--seeds {from}..{}`", to + 1)
        }
        _ => "1..101 are the hundred seeds 1 to 100".to_owned(),
    }
}

fn shard(text: &str) -> Result<Shard, Error> {
    let parts = text.split_once('/');
    let parsed = parts.and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
    match parsed {
        Some((index, of)) if 1 <= index && index <= of => Ok(Shard { index, of }),
        _ => Err(Error::new(Blame::Caller, "a share I/N with I from 1 to N", format!("`{text}`"))
            .hint("a Kubernetes job's JOB_COMPLETION_INDEX counts from 0: add 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_disjoint_and_make_the_whole() {
        for (from, to) in [(0, 0), (1, 2), (5, 105), (0, 1 << 20), (u64::MAX - 7, u64::MAX)] {
            for of in [1, 2, 3, 7, 64, 1_000] {
                let mut next = from;
                for index in 1..=of {
                    let share = Shard { index, of }.of(&(from..to));
                    assert_eq!(share.start, next, "share {index}/{of} of {from}..{to}");
                    assert!(share.end >= share.start);
                    let even = (to - from).div_ceil(of);
                    assert!(
                        share.end - share.start <= even,
                        "share {index}/{of} is no more than even"
                    );
                    next = share.end;
                }
                assert_eq!(next, to, "{of} shares of {from}..{to}");
            }
        }
    }

    #[test]
    fn seeds_and_shares_are_read_or_refused_with_a_hint() {
        assert_eq!(seeds("1..101"), Ok(1..101));
        assert_eq!(shard("2/3"), Ok(Shard { index: 2, of: 3 }));
        for (wrong, hint) in [
            ("5", "one seed is `--seed 5`"),
            ("1..=3", "seeds 1 to 3 are `--seeds 1..4`"),
            ("1-3", "seeds 1 to 3 are `--seeds 1..4`"),
            ("..3", "1..101 are"),
            ("1..18446744073709551616", "1..101 are"),
        ] {
            assert!(seeds(wrong).unwrap_err().hint.contains(hint), "{wrong}");
        }
        for wrong in ["", "5", "5..5", "9..1", "a..b", "1..=3"] {
            assert!(!seeds(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
        for wrong in ["", "0/3", "4/3", "1", "1/0"] {
            assert!(!shard(wrong).unwrap_err().hint.is_empty(), "{wrong}");
        }
    }
}
