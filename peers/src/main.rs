//! Other people's logs beside ours: `cargo run --release --manifest-path peers/Cargo.toml`.
//!
//! ```text
//!   avouch  omnipaxos 0.2.4  raft-rs 0.7 (pre-vote and quorum check)  raft-rs 0.7 (neither)
//!        \______________________________|______________________________/
//!               the same World, links, clocks, disks, proposals, scripts
//! ```
//!
//! First partial connectivity: of so many seeds, how many decide again within four election
//! timeouts, and after how long. Then cost: commits per CPU-second in one loop. Arguments, each
//! optional: how many seeds (200), and for how many seconds a run is watched after the cut (90).

mod carried;
mod cost;
#[path = "../../crates/world/examples/cpu/mod.rs"]
mod cpu;
mod journal;
mod omni;
mod rafts;

use avouch_promise::{Nanos, Random};
use avouch_store::campaign::partial::{
    Bare, Plan, Resumption, Scenario, Subject, TIMEOUT, TIMEOUTS_MAX,
};
use omni::Omni;
use rafts::Raft;
use std::process::ExitCode;

/// Ticks in an election timeout, for logs that count ticks.
pub(crate) const TICKS: u64 = 10;

/// One scenario's runs of one system.
struct Row {
    resumed: usize,
    stuck: usize,
    broken: Vec<String>,
    after: Vec<Nanos>,
    decided: u64,
    proposed: u64,
    elections: u64,
}

/// Runs every seed, on every processor.
fn runs<S: Subject>(plan: &Plan, seeds: std::ops::Range<u64>) -> Row {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let outcomes: Vec<Result<Resumption, String>> = std::thread::scope(|scope| {
        let worker = |at: u64| {
            let seeds = seeds.clone();
            scope.spawn(move || {
                let mine = seeds.filter(|seed| seed % threads == at);
                mine.map(|seed| plan.run::<S>(seed)).collect::<Vec<_>>()
            })
        };
        let workers: Vec<_> = (0..threads).map(worker).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    let held: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    let mut after: Vec<_> = held.iter().filter_map(|run| run.after).collect();
    after.sort_unstable();
    Row {
        resumed: held.iter().filter(|run| run.in_time()).count(),
        stuck: held.iter().filter(|run| run.after.is_none()).count(),
        broken: outcomes.iter().filter_map(|outcome| outcome.as_ref().err().cloned()).collect(),
        after,
        decided: held.iter().map(|run| run.decided).sum(),
        proposed: held.iter().map(|run| run.proposed).sum(),
        elections: held.iter().map(|run| run.elections).sum(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few seconds in nanoseconds")]
fn timeouts(after: Option<&Nanos>) -> String {
    after.map_or("-".to_owned(), |after| format!("{:.2}", after.0 as f64 / TIMEOUT.0 as f64))
}

/// Runs one system through every scenario and prints a line each; how many seeds resumed.
fn system<S: Subject>(name: &str, seeds: &std::ops::Range<u64>, watch: u64) -> usize {
    let mut resumed = 0;
    for scenario in Scenario::ALL {
        let plan = Plan::new(scenario, watch * 1_000_000_000 / TIMEOUT.0);
        let row = runs::<S>(&plan, seeds.clone());
        println!(
            "| {name} | {} | {} | {} | {} | {} | {:.1} % | {:.1} |",
            scenario.name(),
            row.resumed,
            row.stuck,
            timeouts(row.after.get(row.after.len() / 2)),
            timeouts(row.after.last()),
            share(row.decided, row.proposed),
            share(row.elections, seeds.end - seeds.start) / 100.0,
        );
        if let Some(first) = row.broken.first() {
            println!("  {} runs were no runs, the first: {first}", row.broken.len());
        }
        resumed += row.resumed;
    }
    resumed
}

#[expect(clippy::cast_precision_loss, reason = "counts of some runs")]
fn share(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (count, watch) = (numbers.next().unwrap_or(Ok(200)), numbers.next().unwrap_or(Ok(90)));
    let (Ok(count @ 1..), Ok(watch @ 1..)) = (count, watch) else {
        eprintln!("expected: how many seeds, and how many seconds, as in `200 90`");
        return ExitCode::from(3);
    };
    let first = Random::seed_from_environment();
    let seeds = first..first + count;
    println!(
        "{count} seeds from {first}; election timeout {} ms; watched for {watch} s after the cut; \
         delays in election timeouts",
        TIMEOUT.0 / 1_000_000
    );
    println!("| system | scenario | within {TIMEOUTS_MAX} | stuck at the end | p50 | max | decided | elections a run |");
    println!("|---|---|---|---|---|---|---|---|");
    let ours = system::<Bare>("avouch", &seeds, watch);
    let all = Scenario::ALL.len() * count as usize;
    system::<Omni>("omnipaxos 0.2.4", &seeds, watch);
    system::<Raft<true>>("raft-rs 0.7, pre-vote, quorum check", &seeds, watch);
    system::<Raft<false>>("raft-rs 0.7, neither", &seeds, watch);
    let resumed = share(ours as u64, all as u64);
    let word = if ours == all { "met" } else { "short" };
    println!("goal partial_connectivity_resumed {resumed:.1} % target 100 {word}");
    if cfg!(debug_assertions) {
        println!("cost: measured by release builds only");
    } else {
        cost::compare(first);
    }
    ExitCode::SUCCESS
}
