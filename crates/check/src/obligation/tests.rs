//! Mixed guarantees: nothing is called broken that was kept, each planted bug is caught by the
//! obligation that it breaks, and what evidence alone shows to hold does hold.

use super::simulated::{Bug, history};
use super::{judge, judge_by_evidence};
use crate::limits::Limits;
use crate::report::{Report, Word};
use avouch_promise::Random;

fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let seed = Random::seed_from_environment();
    (0..count).map(move |number| Random::new(seed).fork(number).bits())
}

fn repro(name: &str) -> String {
    let seed = Random::seed_from_environment();
    format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-check {name}")
}

fn broken(report: &Report) -> Vec<&str> {
    let is_broken = |part: &&crate::report::Part| part.finding.word() == Word::Violated;
    report.parts.iter().filter(is_broken).map(|part| part.guarantee.as_str()).collect()
}

#[test]
fn a_right_store_is_never_called_broken() {
    for seed in seeds(2_000) {
        let history = history(seed, None);
        for report in
            [judge(&history, &Limits::default()), judge_by_evidence(&history, &Limits::default())]
        {
            let repro = repro("a_right_store_is_never_called_broken");
            assert_eq!(report.verdict(), Word::Holds, "{report}\n{repro}");
        }
    }
}

//= §2.3.3 bounded-staleness-time test
//= §2.3.3 consistent-prefix test
//= §2.3.3 eventual test
//= §2.3.2 linearizability test
#[test]
fn each_planted_bug_is_caught_by_the_obligation_that_it_breaks() {
    let stale = "bounded-staleness=120ns";
    // A wrong answer of the strong operations may also show only as a weaker read that fits no
    // order with them; a wrong weak read never puts the blame on the strong ones.
    for (bug, culprit, others) in [
        (Bug::StaleLatest, "linearizable", &["consistent-prefix", stale][..]),
        (Bug::LostWrite, "linearizable", &["consistent-prefix", stale]),
        (Bug::TornPrefix, "consistent-prefix", &[]),
        (Bug::SideBranch, "consistent-prefix", &[]),
        (Bug::TooStale, stale, &[]),
        (Bug::Garbage, "eventual", &[]),
        (Bug::Prophecy, "eventual", &[]),
    ] {
        let mut caught = 0;
        for seed in seeds(500) {
            let report = judge(&history(seed, Some(bug)), &Limits::default());
            let broken = broken(&report);
            let fits = |name: &&str| {
                *name == culprit || others.contains(name) || name.starts_with("all of these")
            };
            assert!(broken.iter().all(fits), "{bug:?} blamed on {broken:?}: {report}");
            caught += u32::from(broken.contains(&culprit));
        }
        println!("{bug:?}: {culprit} broken in {caught} of 500 histories");
        assert!(caught >= 10, "{bug:?} was caught in {caught} of 500 histories");
    }
}

//= §1.4.1 each guarantee's specification as a predicate over histories test
#[test]
fn what_evidence_shows_to_hold_holds() {
    let bugs = [
        None,
        Some(Bug::StaleLatest),
        Some(Bug::LostWrite),
        Some(Bug::TornPrefix),
        Some(Bug::SideBranch),
        Some(Bug::TooStale),
        Some(Bug::Garbage),
        Some(Bug::Prophecy),
        Some(Bug::WrongPoint),
        Some(Bug::SharedPoint),
    ];
    for bug in bugs {
        let (mut by_evidence, mut by_search) = (0, 0);
        for seed in seeds(500) {
            let history = history(seed, bug);
            let evidence = judge_by_evidence(&history, &Limits::default());
            let search = judge(&history, &Limits::default());
            let implied = evidence.verdict() != Word::Holds || search.verdict() == Word::Holds;
            let repro = repro("what_evidence_shows_to_hold_holds");
            assert!(implied, "{bug:?}, {seed}:\n{evidence}{search}{repro}");
            by_evidence += u32::from(evidence.verdict() == Word::Violated);
            by_search += u32::from(search.verdict() == Word::Violated);
        }
        println!("{bug:?}: broken by evidence {by_evidence}, by search {by_search} of 500");
        assert_eq!(bug.is_some(), by_evidence > 10, "{bug:?}: {by_evidence} by evidence");
    }
}

/// A write that was promised less is in the order all the same, and the story says so.
#[test]
fn a_story_says_which_write_was_promised_less() {
    let history = |guarantee: &str| {
        let text = format!(
            "{{\"avouch_history\":1,\"about\":\"asynchronous\"}}\n\
             {{\"type\":\"invoke\",\"process\":1,\"op\":1,\"time\":1,\"do\":{{\"kind\":\"put\",\"key\":\"k\",\
             \"value\":\"1\"}},\"guarantee\":\"{guarantee}\"}}\n\
             {{\"type\":\"ok\",\"process\":1,\"op\":1,\"time\":2,\"got\":{{\"kind\":\"done\"}}}}\n\
             {{\"type\":\"invoke\",\"process\":2,\"op\":2,\"time\":3,\"do\":{{\"kind\":\"get\",\"key\":\"k\"}},\
             \"guarantee\":\"linearizable\"}}\n\
             {{\"type\":\"ok\",\"process\":2,\"op\":2,\"time\":4,\"got\":{{\"kind\":\"value\",\"value\":null}}}}\n"
        );
        let input = crate::Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        input.judge(None, &Limits::default()).expect("a report").to_string()
    };
    let told = "`put k = 1` of process 1 was promised eventual alone: a write is in the one order";
    let less = history("eventual");
    assert!(less.starts_with("violated") && less.contains(told), "{less}");
    let strong = history("linearizable");
    assert!(strong.starts_with("violated") && !strong.contains("alone"), "{strong}");
}
