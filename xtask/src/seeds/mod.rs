//! `cargo xtask seeds NAME FIRST..LAST`: a campaign over many seeds, longer than a test may take,
//! with one line in the ledger for it, whatever came out.
//!
//! Each seed is one run of the campaign's command with `AVOUCH_SEED` set, unless the command runs
//! many itself (`AVOUCH_SEEDS` says how many). The first failing seed ends the campaign and is
//! printed as a line to repeat it with.

mod determinism;
mod ledger;

use crate::finding::{Finding, Findings};
use crate::named;
use crate::shell::{Watch, cargo, succeeds};
use avouch_promise::{Blame, Error};
use std::path::Path;

/// One campaign.
struct Campaign {
    name: &'static str,
    about: &'static str,
    runs: Runs,
}

/// How a campaign is run.
enum Runs {
    /// What cargo runs for each seed.
    Each(&'static [&'static str]),
    /// The tests of these names, a release build, which is run once for all the seeds.
    Whole {
        package: &'static str,
        program: &'static [&'static str],
        tests: &'static [&'static str],
    },
    /// Our own code, which enters what came out into the ledger itself.
    Here(fn(&Path, u64, u64) -> Result<Findings, Error>),
}

const CAMPAIGNS: [Campaign; 15] = [
    Campaign {
        name: "world",
        about: "every test of the simulated world",
        runs: Runs::Each(&["test", "--quiet", "-p", "avouch-world"]),
    },
    Campaign {
        name: "store",
        about: "the shipped node, five of them, under every fault",
        runs: Runs::Whole {
            package: "avouch-store",
            program: &["--test", "campaign"],
            tests: &["five_nodes"],
        },
    },
    Campaign {
        name: "power",
        about: "a power cut of the whole cluster behind every event: 2,048 cuts are one run's",
        runs: Runs::Whole {
            package: "avouch-store",
            program: &["--test", "campaign"],
            tests: &["a_power_cut_behind_any_event"],
        },
    },
    Campaign {
        name: "rough",
        about: "the shipped node, three and five of them, crashing and parting all the time",
        runs: Runs::Whole {
            package: "avouch-store",
            program: &["--test", "campaign"],
            tests: &["crash_and_part"],
        },
    },
    Campaign {
        name: "appends",
        about: "the judge of appends against its oracle: 20,000 random histories a seed",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &["on_appends_is_the_exhaustive", "planted_bug_of_the_inference"],
        },
    },
    Campaign {
        name: "registers",
        about: "the judge of rw-registers against its oracle: 17,000 random histories a seed",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &["every_verdict_on_registers", "planted_bug_of_registers"],
        },
    },
    Campaign {
        name: "orders",
        about: "the search for an order against its oracle: 4 times 50,000 random histories a seed",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &["agrees_with_the_exhaustive_decider", "planted_bug_of_the_search"],
        },
    },
    Campaign {
        name: "models",
        about: "the judge of single operations against its oracle: 10,000 random histories a seed",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &["on_operations_is_the_exhaustive", "planted_bug_of_the_models"],
        },
    },
    Campaign {
        name: "objects",
        about: "the judges of objects against their oracles: 4,000 random histories of each object a \
                seed, and brokers, right ones and ones with each fault",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &[
                "object::tests_random",
                "no_alarm_of_a_broker",
                "every_fault_of_a_broker",
                "every_planted_bug_of_a_workload",
                "kafka::tests::every_planted_bug",
            ],
        },
    },
    Campaign {
        name: "predicates",
        about: "the judge of reads by predicate against its oracle: 6,000 random histories a seed",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &["predicates_are_judged_as_by_every_order", "planted_bug_of_predicates"],
        },
    },
    Campaign {
        name: "etcd",
        about: "the judge of etcd's runs against its oracle: 5,000 random runs a seed, 5,000 right \
                ones, 4,000 bent files",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &[
                "a_run_that_is_right_is_no_alarm",
                "runs_are_judged_as_by_every_order",
                "bent_files_do_not_panic",
                "planted_faults_of_etcd",
            ],
        },
    },
    Campaign {
        name: "clocks",
        about: "the true time in every interval, once a second: a simulated year of hosts a seed",
        runs: Runs::Whole {
            package: "avouch-world",
            program: &["--lib"],
            tests: &["the_true_time_is_in_every_interval"],
        },
    },
    Campaign {
        name: "hybrid",
        about: "hybrid clocks against causality and time: a million events a seed, and all schedules \
                of a few nodes",
        runs: Runs::Whole {
            package: "avouch-time",
            program: &["--lib"],
            tests: &[
                "every_schedule_of_a_few_nodes",
                "every_simulated_event_keeps",
                "planted_bug_of_the_hybrid_clock",
            ],
        },
    },
    Campaign {
        name: "stamps",
        about: "the judge by stamps against its oracle: 8,000 random histories a seed, 8,000 with ties, \
                6,000 streams",
        runs: Runs::Whole {
            package: "avouch-check",
            program: &["--lib"],
            tests: &[
                "every_verdict_by_stamps",
                "every_order_of_equal_stamps",
                "stream_in_any_order",
                "planted_bug_of_the_judge_by_stamps",
                "planted_bug_of_the_search_for_an_order",
            ],
        },
    },
    Campaign {
        name: "determinism",
        about: "the same seeds in two processes and two builds, with equal trace hashes",
        runs: Runs::Here(determinism::run),
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
    let (words, runs, each) = match campaign.runs {
        Runs::Here(run) => return run(root, first, last),
        Runs::Each(words) => (words.to_vec(), first..=last, 1),
        Runs::Whole { package, program, tests } => {
            let of = ["test", "--quiet", "--release", "-p", package];
            let words = [&of[..], program, &["--", "--nocapture"], tests].concat();
            (words, first..=first, last - first + 1)
        }
    };
    let watch = Watch::start();
    let mut failed = None;
    for seed in runs {
        eprintln!("{} seed {seed} of {first}..{last}", campaign.name);
        let mut command = cargo(root);
        command.args(&words).env("AVOUCH_SEED", seed.to_string());
        command.env("AVOUCH_SEEDS", each.to_string());
        if !succeeds(&mut command)? {
            failed = Some(seed);
            break;
        }
    }
    // A program that runs them all tells itself which of them failed.
    let fails = |seed| if each == 1 { format!("fails at {seed}") } else { "fails".to_owned() };
    let verdict = failed.map_or_else(|| "holds".to_owned(), fails);
    ledger::enter(root, name, (first, last), &verdict, watch.seconds())?;
    let finding = |seed| {
        let command = words.join(" ");
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
