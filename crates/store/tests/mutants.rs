//! Bugs planted in log, node and host, each killed by the simulated world: by evidence, by the
//! judge, by an invariant or by a law.

use avouch_agreement::Mutant;
use avouch_promise::Nanos;
use avouch_store::campaign::{Plan, run};
use avouch_store::node::NodeMutant;
use avouch_world::Mutants;

/// Runs seeds until one fails, and tells how; none when `seeds` of them pass.
fn killed(plan: &Plan, seeds: u64) -> Option<(u64, String)> {
    (1..=seeds).find_map(|seed| {
        let found = std::panic::catch_unwind(|| run(plan, seed).violation);
        let what = found.unwrap_or_else(|_| Some("an invariant panicked".to_owned()))?;
        Some((seed, what.lines().next().unwrap_or_default().to_owned()))
    })
}

fn assert_killed(name: &str, plan: &Plan, seeds: u64) {
    match killed(plan, seeds) {
        Some((seed, what)) => println!("{name}: killed by seed {seed}: {what}"),
        None => panic!("{name} survived {seeds} seeds"),
    }
}

#[test]
fn survey() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut survivors = Vec::new();
    let mut look = |name: String, plan: Plan| match killed(&plan, 60) {
        Some((seed, what)) => println!("{name}: killed by seed {seed}: {what}"),
        None => survivors.push(name),
    };
    let trusting = Mutants { truncate_uncovered: true, ..Mutants::default() };
    look("none".into(), Plan::rough());
    for mutant in Mutant::ALL {
        let host_mutants = if mutant == Mutant::TruncateBeforeCheckpoint { trusting } else { Mutants::default() };
        look(format!("{mutant:?}"), Plan { log_mutant: Some(mutant), host_mutants, ..Plan::rough() });
    }
    for mutant in [
        NodeMutant::AnswerEarly,
        NodeMutant::AnswerLocally,
        NodeMutant::AnswerUndecided,
        NodeMutant::ForgetRetries,
    ] {
        look(format!("{mutant:?}"), Plan { node_mutant: Some(mutant), ..Plan::rough() });
    }
    let early = Mutants { persisted_too_early: true, ..Mutants::default() };
    look("persisted_too_early".into(), Plan { host_mutants: early, ..Plan::rough() });
    let ignore = Mutants { ignore_after: true, ..Mutants::default() };
    look("ignore_after".into(), Plan { host_mutants: ignore, ..Plan::rough() });
    let reuse = Mutants { reuse_incarnation: true, ..Mutants::default() };
    look("reuse_incarnation".into(), Plan { host_mutants: reuse, ..Plan::rough() });
    println!("survivors: {survivors:?}");
    let _ = (assert_killed, Nanos::ZERO);
}
