//! What a seed's run comes to, for other processes and builds to compare:
//! `cargo xtask seeds determinism FIRST..LAST` runs it in several.
//!
//! ```text
//!   hashes store|toy|hasty FIRST LAST [backwards]   a line a seed: SEED HASH COUNTED
//!   headers store|toy|hasty SEED                    a line a header of what went into the hash
//! ```
//!
//! `store` is the shipped node, five of them, ten virtual seconds under every fault, judges too;
//! `toy` is five nodes that beat, three virtual seconds under every fault; `hasty` is the same with
//! the bug that it iterates over a `HashSet`, whose order differs from process to process.

#[path = "../../world/tests/toys/heartbeat.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the world's tests")]
mod heartbeat;

use avouch_promise::Nanos;
use avouch_store::campaign::Plan;
use avouch_world::{Idle, Nemesis, Options, Outcome, Trace, World};
use std::process::ExitCode;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn store(seed: u64, record: bool) -> Outcome {
    let plan = Plan { record, story_lines: 0, ..Plan::default() };
    avouch_store::campaign::run(&plan, seed)
}

fn toy(seed: u64, record: bool, unordered: bool) -> Outcome {
    let options = Options { record, ..Options::default() };
    let configs = heartbeat::cluster(5, Nanos::from_millis(100), unordered);
    let mut world = World::<heartbeat::Heartbeat>::new(seed, options, configs);
    world.play(&Nemesis::new(5, Nanos::from_secs(2)).everything().script(seed));
    world.run_until(&mut Idle, Nanos::from_secs(3));
    Outcome::of(&world)
}

/// The runs of a workload by its name: of a seed, and whether headers are kept.
fn workload(name: &str) -> Option<fn(u64, bool) -> Outcome> {
    match name {
        "store" => Some(store),
        "toy" => Some(|seed, record| toy(seed, record, false)),
        "hasty" => Some(|seed, record| toy(seed, record, true)),
        _ => None,
    }
}

/// One number for what was counted and found.
fn counted(outcome: &Outcome) -> String {
    let mut trace = Trace::new();
    trace.value(&outcome.counters.to_string());
    trace.value(&outcome.violation);
    trace.hash().to_string()
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().ok();
    match words.as_slice() {
        ["hashes", name, first, last, order @ ..] => {
            let (Some(run), Some(first), Some(last)) =
                (workload(name), number(first), number(last))
            else {
                return usage();
            };
            let backwards = order == ["backwards"];
            for place in 0..=last.saturating_sub(first) {
                let seed = if backwards { last - place } else { first + place };
                let outcome = run(seed, false);
                if let Some(violation) = &outcome.violation {
                    eprintln!("seed {seed}: {violation}");
                }
                println!("{seed} {} {}", outcome.hash, counted(&outcome));
            }
            ExitCode::SUCCESS
        }
        ["headers", name, seed] => {
            let (Some(run), Some(seed)) = (workload(name), number(seed)) else { return usage() };
            run(seed, true).headers.iter().for_each(|header| println!("{header}"));
            ExitCode::SUCCESS
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("hashes store|toy|hasty FIRST LAST [backwards], or headers store|toy|hasty SEED");
    ExitCode::from(3)
}
