//! Partial connectivity, seed by seed: where some node reaches a quorum, the log goes on, and
//! whoever leads then stays.
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_promise::{Nanos, Random};
use avouch_store::campaign::partial::{Bare, Plan, Resumption, Scenario, TIMEOUT, TIMEOUTS_MAX};

const SEEDS: u64 = 200;

#[expect(clippy::cast_precision_loss, reason = "a few seconds in nanoseconds")]
fn timeouts(nanos: Option<&Nanos>) -> f64 {
    nanos.map_or(f64::INFINITY, |nanos| nanos.0 as f64 / TIMEOUT.0 as f64)
}

/// What 200 seeds gave, and a line about it.
fn outcomes(plan: &Plan) -> Vec<(u64, Result<Resumption, String>)> {
    let first = Random::seed_from_environment();
    let outcomes: Vec<_> =
        (first..first + SEEDS).map(|seed| (seed, plan.run::<Bare>(seed))).collect();
    let held = || outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
    let mut after: Vec<_> = held().filter_map(|run| run.after).collect();
    after.sort_unstable();
    println!(
        "{}: {} of {SEEDS} seeds within {TIMEOUTS_MAX} election timeouts; p50 {:.2}, p99 {:.2}, \
         max {:.2}; {} elections",
        plan.scenario.name(),
        held().filter(|run| run.in_time()).count(),
        timeouts(after.get(after.len() / 2)),
        timeouts(after.get(after.len() * 99 / 100)),
        timeouts(after.last()),
        held().map(|run| run.elections).sum::<u64>(),
    );
    outcomes
}

//= §1.2.2 partial-connectivity test
/// Every seed resumes in time, and without leaders that depose each other for ever.
fn resumes(scenario: Scenario, name: &str) {
    for (seed, outcome) in outcomes(&Plan::new(scenario, 40)) {
        let held = outcome.as_ref().is_ok_and(|run| run.in_time() && run.elections <= 3);
        assert!(
            held,
            "{outcome:?}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-store --test partial {name}"
        );
    }
}

#[test]
fn quorum_loss() {
    resumes(Scenario::QuorumLoss, "quorum_loss");
}

#[test]
fn constrained_election() {
    resumes(Scenario::ConstrainedElection, "constrained_election");
}

#[test]
fn chained() {
    resumes(Scenario::Chained, "chained");
}

#[test]
fn chained_five() {
    resumes(Scenario::ChainedFive, "chained_five");
}

#[test]
fn a_log_that_takes_twice_its_time_is_seen() {
    let plan = Plan { timeout: TIMEOUT.times(2), ..Plan::new(Scenario::QuorumLoss, 40) };
    let late = outcomes(&plan).iter().filter(|(_, run)| !run.as_ref().unwrap().in_time()).count();
    assert!(late > SEEDS as usize / 2, "only {late} were late");
}

#[test]
fn a_run_is_determined_by_its_seed() {
    let plan = Plan::new(Scenario::ChainedFive, 40);
    let hash = |seed| {
        let mut world = plan.world::<Bare>(seed);
        plan.run_in(&mut world).unwrap();
        world.trace_hash()
    };
    let first = Random::seed_from_environment();
    assert_eq!(hash(first), hash(first));
    assert_ne!(hash(first), hash(first + 1));
}
