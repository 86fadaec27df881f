//! Consensus by a rotating coordinator: ends once delays are bounded, and is right before.

use avouch_agreement::detector::watch::Settings;
use avouch_agreement::detector::{Kind, Reach};
use avouch_agreement::rotating::{Config, Mutant, Oracle, Rotating, Value};
use avouch_promise::{Nanos, NodeId};
use avouch_world::{
    Adversary, Campaign, Delay, Driver, Fault, Link, Options, Outcome, Synchrony, World,
};
use std::collections::BTreeMap;

const GST: Nanos = Nanos::from_secs(10);
const END: Nanos = Nanos::from_secs(40);

/// Holds decisions to agreement and validity.
#[derive(Default)]
struct Judge(BTreeMap<NodeId, (Value, Nanos)>);

impl Driver<Rotating> for Judge {
    fn on_output(&mut self, world: &mut World<Rotating>, node: NodeId, value: Value) {
        let other = self.0.values().find(|(other, _)| *other != value).copied();
        if let Some((other, _)) = other {
            world.fail(format!("{node} decides {value:?} where {other:?} is decided"));
        }
        if !(11..=15).contains(&value.0) {
            world.fail(format!("{value:?} was never proposed"));
        }
        if self.0.insert(node, (value, world.now())).is_some() {
            world.fail(format!("{node} decides twice"));
        }
    }
}

/// Five nodes of which the first `crashes` coordinators crash, at moments that the seed draws.
fn run(seed: u64, crashes: u32, before: Adversary, gst: Nanos, mutant: Option<Mutant>) -> Outcome {
    let interval = Nanos::from_millis(100);
    let settings = Settings { kind: Kind::Chen, interval, step: interval, reach: Reach::Everyone };
    let resend = Nanos::from_millis(500);
    let mut configs = Config::cluster(&[11, 12, 13, 14, 15], Oracle::Detectors(settings), resend);
    for config in &mut configs {
        config.mutant = mutant;
    }
    let delay = Delay::Uniform { low: Nanos::from_millis(1), high: Nanos::from_millis(250) };
    let synchrony = Synchrony::AfterGst { gst, delta: Nanos::from_millis(300), before };
    let options =
        Options { link: Link::with(delay), synchrony, story_lines: 60, ..Options::default() };
    let mut world = World::<Rotating>::new(seed, options, configs);
    for node in (2..).map(NodeId).take(crashes as usize) {
        let at = Nanos(world.random().below(GST.0));
        world.schedule(at, Fault::Crash { node });
        // It comes back, and keeps silent.
        world.schedule(GST, Fault::Restart { node });
    }
    let mut judge = Judge::default();
    world.run_until(&mut judge, END);
    let running = |node: &NodeId| !(2..2 + crashes).contains(&node.0);
    let decided = judge.0.keys().filter(|node| running(node)).count() as u64;
    world.note("decided by all", u64::from(decided == 5 - u64::from(crashes)));
    world.note("decided by nobody", u64::from(judge.0.is_empty()));
    let last = judge.0.values().map(|(_, at)| *at).max().unwrap_or(Nanos::MAX);
    world.note("soon after gst", u64::from(last < gst.plus(Nanos::from_secs(5))));
    world.note("before gst", u64::from(judge.0.values().any(|(_, at)| *at < gst)));
    Outcome::of(&world)
}

const SEEDS: u64 = 40;

#[test]
//= §1.2.2 eventually strong failure detector; Chandra-Toueg consensus on it test
fn consensus_ends_after_gst_with_one_or_two_crashes_of_five() {
    for crashes in [1, 2] {
        let test = "consensus_ends_after_gst_with_one_or_two_crashes_of_five";
        let campaign = Campaign::new("avouch-world", test, SEEDS);
        let count = campaign.count();
        let report = campaign
            .at_least("decided by all", count)
            .at_least("soon after gst", count)
            .run(|seed| run(seed, crashes, Adversary::WHOLE, GST, None));
        report.verdict().unwrap();
    }
}

#[test]
fn an_adversary_that_is_not_whole_breaks_nothing_either() {
    let test = "an_adversary_that_is_not_whole_breaks_nothing_either";
    let campaign = Campaign::new("avouch-world", test, SEEDS);
    let count = campaign.count();
    let report = campaign
        .at_least("decided by all", count)
        .at_least("before gst", 1)
        .run(|seed| run(seed, 2, Adversary::default(), GST, None));
    report.verdict().unwrap();
}

#[test]
fn without_a_bound_or_without_a_majority_nothing_is_decided() {
    let never = run(1, 0, Adversary::WHOLE, Nanos::MAX, None);
    assert_eq!((never.violation.as_deref(), noted(&never, "decided by nobody")), (None, 1));
    let minority = run(1, 3, Adversary::WHOLE, GST, None);
    assert_eq!((minority.violation.as_deref(), noted(&minority, "decided by nobody")), (None, 1));
}

fn noted(outcome: &Outcome, name: &str) -> u64 {
    outcome.counters.named(name)
}

#[test]
fn a_planted_bug_is_seen_here_too() {
    // The others take a meeting of messages that no seed here happens upon: the explorer's work.
    let wrong = (1..=100).any(|seed| {
        let outcome = run(seed, 2, Adversary::default(), GST, Some(Mutant::CountRefusals));
        outcome.violation.is_some_and(|what| what.contains("is decided"))
    });
    assert!(wrong, "no seed saw it");
}
