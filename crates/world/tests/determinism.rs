//! The same seed gives the same run: equal hashes for every toy under every fault, unequal ones
//! as soon as anything inside iterates in an order of its own.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[path = "../examples/cpu/mod.rs"]
#[allow(dead_code, reason = "shared with the benchmarks")]
mod cpu;
mod toys;

use avouch_promise::Nanos;
use avouch_world::recorder::first_difference;
use avouch_world::{
    Campaign, Delay, Family, Idle, Link, Nemesis, Options, Outcome, Simulated, Tracing, World,
};
use toys::heartbeat::{self, Heartbeat};
use toys::ledger::{self, Ledger};
use toys::ping_pong::{self, PingPong};

const END: Nanos = Nanos::from_secs(3);

fn under_everything<P: Simulated>(mut world: World<P>, nodes: usize) -> Outcome {
    let script = Nemesis::new(nodes, Nanos::from_secs(2)).everything().script(world.seed());
    world.play(&script);
    world.run_until(&mut Idle, END);
    Outcome::of(&world)
}

fn ledger_outcome(seed: u64, options: Options) -> Outcome {
    let mut world = World::<Ledger>::new(seed, options, ledger::cluster(3, ledger::Bug::None));
    let nemesis = Nemesis::new(3, Nanos::from_secs(2)).everything();
    let nemesis = nemesis.rate(Family::TornWrite, 3.0).rate(Family::BitRot, 1.0);
    let nemesis = nemesis.rate(Family::DiskSlow, 3.0).lasting(Nanos::from_millis(20), END);
    world.play(&nemesis.script(seed));
    world.run_until(&mut ledger::Oracle::default(), END);
    Outcome::of(&world)
}

#[test]
fn every_seed_gives_the_same_hash_twice() {
    let campaign = Campaign::new("avouch-world", "every_seed_gives_the_same_hash_twice", 60);
    let report = campaign
        .twice_every(1)
        .at_least("crashes", 60)
        .at_least("lost_syncs", 10)
        .at_least("torn_tails", 5)
        .at_least("bit_rots", 1)
        .at_least("checkpoints", 100)
        .run(|seed| ledger_outcome(seed, Options::default()));
    report.verdict().unwrap();
    assert_eq!(report.twice, report.seeds);
    let hashes: std::collections::BTreeSet<_> =
        (1..40).map(|seed| ledger_outcome(seed, Options::default()).hash).collect();
    assert_eq!(hashes.len(), 39, "different seeds, equal hashes");
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let campaign = Campaign::new("avouch-world", "threads", 20).seeds(1, 20);
        campaign.threads(threads).run(|seed| ledger_outcome(seed, Options::default())).hash
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn a_protocol_that_iterates_in_an_unstable_order_is_caught() {
    let run = |unordered| {
        let campaign = Campaign::new("avouch-world", "unordered", 4).seeds(1, 4).twice_every(1);
        campaign.run(|seed| {
            let configs = heartbeat::cluster(5, Nanos::from_millis(100), unordered);
            under_everything(World::<Heartbeat>::new(seed, Options::default(), configs), 5)
        })
    };
    run(false).verdict().unwrap();
    let report = run(true);
    let failure = report.first_failure.unwrap();
    assert!(failure.what.contains("not determined by its seed"), "{}", failure.what);
}

#[test]
fn the_first_event_in_which_two_runs_part_is_named() {
    let run = |unordered, seed| {
        let options = Options { record: true, ..Options::default() };
        let configs = heartbeat::cluster(5, Nanos::from_millis(100), unordered);
        under_everything(World::<Heartbeat>::new(seed, options, configs), 5)
    };
    for seed in 1..4 {
        let (first, second) = (run(false, seed), run(false, seed));
        assert_eq!(first.hash, second.hash);
        assert!(first.headers.len() > 1_000);
        assert_eq!(first_difference(&first.headers, &second.headers), None);
        let first = run(true, seed);
        // Two orders of four may be alike by chance, all of a run's may not.
        let difference = first_difference(&first.headers, &run(true, seed).headers).unwrap();
        let header = difference.first.unwrap();
        assert_eq!(header.what, "Send", "{difference}");
        assert!(header.node.is_some() && header.event > 0, "{difference}");
        let (before, _) = first.headers.split_at(difference.place);
        assert!(before.iter().all(|header| header.hash != 0));
    }
}

#[test]
fn recording_changes_nothing_and_contents_count_at_their_header() {
    let run = |record, payload| {
        let options = Options { record, ..Options::default() };
        let mut world = World::<PingPong>::new(1, options, ping_pong::pair(1, payload));
        for _ in 0..100 {
            world.advance(&mut Idle);
        }
        Outcome::of(&world)
    };
    let (plain, recorded) = (run(false, b"ball"), run(true, b"ball"));
    assert_eq!(plain.hash, recorded.hash);
    assert!(plain.headers.is_empty());
    let other = run(true, b"bull");
    let difference = first_difference(&recorded.headers, &other.headers).unwrap();
    let (first, second) = (difference.first.unwrap(), difference.second.unwrap());
    assert_eq!((first.what, first.number), (second.what, second.number));
    assert_eq!(first.what, "Send");
}

#[test]
fn a_host_that_breaks_ties_in_an_unstable_order_is_caught() {
    let mut options = Options::default();
    options.mutants.unstable_ties = true;
    let campaign = Campaign::new("avouch-world", "ties", 4).seeds(1, 4).twice_every(1);
    let report = campaign.run(|seed| ledger_outcome(seed, options.clone()));
    assert!(report.first_failure.unwrap().what.contains("not determined by its seed"));
}

#[test]
fn dropping_every_observation_changes_nothing() {
    for seed in 1..20 {
        let dropped = Options { drop_observations: true, ..Options::default() };
        assert_eq!(
            ledger_outcome(seed, Options::default()).hash,
            ledger_outcome(seed, dropped).hash
        );
    }
}

#[test]
fn keeping_a_story_and_tracing_less_change_the_hash_only_as_said() {
    let told = Options { story_lines: 50, ..Options::default() };
    let headers = Options { tracing: Tracing::Headers, ..Options::default() };
    let plain = ledger_outcome(5, Options::default());
    let story = ledger_outcome(5, told);
    assert_eq!(plain.hash, story.hash);
    assert_eq!(story.story.len(), 50);
    let headers = ledger_outcome(5, headers);
    assert_ne!(plain.hash, headers.hash);
    assert_eq!(plain.counters, headers.counters);
}

#[test]
fn the_hash_holds_when_things_happened_and_not_only_in_which_order() {
    let run = |micros| {
        let link = Link::with(Delay::Constant(Nanos::from_micros(micros)));
        let options = Options { link, ..Options::default() };
        let mut world = World::<PingPong>::new(1, options, ping_pong::pair(1, b""));
        for _ in 0..100 {
            world.advance(&mut Idle);
        }
        world.trace_hash()
    };
    assert_eq!(run(500), run(500));
    assert_ne!(run(500), run(501));
}

/// What a benchmark divides by is never 0, whatever the kernel tells.
#[test]
fn no_cpu_time_is_told_from_some() {
    use std::time::Duration;
    assert_eq!(cpu::passed(Some(3), Some(5)), Some(Duration::from_nanos(2)));
    for nothing in [(None, None), (None, Some(5)), (Some(3), None), (Some(5), Some(5))] {
        assert_eq!(cpu::passed(nothing.0, nothing.1), None, "{nothing:?}");
    }
    assert!(cpu::Stopwatch::start().seconds() > 0.0);
}
