//! Power cuts of the whole cluster, at many points of a run: nothing that was acknowledged is lost.

use avouch_promise::{Nanos, NodeId, Random};
use avouch_store::campaign::{Plan, run};
use avouch_world::{Campaign, Fault, Mutants, Outcome, Script};

const CUTS: u64 = 5;

/// All nodes lose power at once, five times at moments of the seed, and start one by one.
fn cuts(plan: &Plan, seed: u64) -> Script {
    let mut random = Random::new(seed).fork(0x0070_6f77_6572);
    let nodes: Vec<NodeId> = (1..=plan.nodes).map(NodeId).collect();
    let mut script = Script::new();
    let share = plan.faults_for.0 / (CUTS + 1);
    for cut in 0..CUTS {
        let at = Nanos(share * cut + random.between(share / 4, share));
        script.push(at, Fault::Outage { nodes: nodes.clone() });
        for node in &nodes {
            let start = at.plus(Nanos::from_millis(random.between(1, 200)));
            script.push(start, Fault::Restart { node: *node });
        }
    }
    script
}

fn plan(seed: u64, host_mutants: Mutants) -> Plan {
    let plan = Plan { faults: false, host_mutants, ..Plan::default() };
    Plan { script: cuts(&plan, seed), ..plan }
}

//= §4.1.1 recovery test
//= §1.1.2 correlated failure (rack, region) is a named, separate fault test
#[test]
fn power_cuts_of_the_whole_cluster_lose_nothing_acknowledged() {
    let campaign = Campaign::new("avouch-store", "power_cuts_of_the_whole_cluster", 60);
    let seeds = campaign.count();
    let report = campaign
        .at_least("outages", seeds * CUTS)
        .at_least("lost_syncs", seeds / 4)
        .at_least("torn_tails", seeds / 10)
        .at_least("ordered_by_search", seeds)
        .at_most("undecided_histories", 0)
        .run(|seed| run(&plan(seed, Mutants::default()), seed));
    println!("{report}");
    assert!(report.verdict().is_ok(), "{report}");
}

/// The events of a run at which the power is cut, each once in so many runs.
const EVENTS: u64 = 2_048;
/// Runs that follow each other cut far apart: an odd number, so that every event has its turn.
const STRIDE: u64 = 1_601;

/// Cuts the power behind one event of a run of three nodes: the `number`-th of the campaign.
fn cut(number: u64, host_mutants: Mutants) -> Outcome {
    let ms = Nanos::from_millis;
    let plan = Plan {
        nodes: 3,
        faults: false,
        clients: 4,
        faults_for: ms(1_500),
        calm_for: ms(1_600),
        cut_at: Some(number * STRIDE % EVENTS),
        host_mutants,
        ..Plan::default()
    };
    run(&plan, 1 + number / EVENTS)
}

//= §4.1.1 recovery test
#[test]
fn a_power_cut_behind_any_event_loses_nothing_acknowledged() {
    let campaign = Campaign::new("avouch-store", "a_power_cut_behind_any_event", 128);
    let cuts = campaign.count();
    let report = campaign
        .at_least("cuts", cuts)
        .at_least("lost_syncs", cuts / 4)
        .at_least("ordered_by_search", cuts)
        .at_most("undecided_histories", 0)
        .run(|number| cut(number, Mutants::default()));
    println!("{report}");
    assert!(report.verdict().is_ok(), "{report}");
}

#[test]
fn a_cut_behind_some_event_finds_who_speaks_too_early() {
    let early = Mutants { persisted_too_early: true, ..Mutants::default() };
    let found = (1..=128).find_map(|number| {
        let outcome = std::panic::catch_unwind(|| cut(number, early).violation);
        let what = outcome.unwrap_or_else(|_| Some("an invariant panicked".to_owned()))?;
        Some((number * STRIDE % EVENTS, what))
    });
    let (event, what) = found.expect("a lost write is noticed");
    println!("event {event}: {}", what.lines().next().unwrap_or_default());
}

#[test]
fn who_speaks_of_records_before_they_are_durable_loses_some_in_a_power_cut() {
    let early = Mutants { persisted_too_early: true, ..Mutants::default() };
    let found = (1..=60).find_map(|seed| {
        let outcome = std::panic::catch_unwind(|| run(&plan(seed, early), seed).violation);
        let what = outcome.unwrap_or_else(|_| Some("an invariant panicked".to_owned()))?;
        Some((seed, what))
    });
    let (seed, what) = found.expect("a lost write is noticed");
    println!("seed {seed}: {}", what.lines().next().unwrap_or_default());
}
