//! How fast the shipped store is simulated, with every check on:
//! `cargo run --release --example steady_speed -p avouch-store [-- --brief --plain]`.
//!
//! Rates are per CPU-second of this thread (`cpu`).

#[path = "../../world/examples/cpu/mod.rs"]
mod cpu;

use avouch_promise::Nanos;
use avouch_store::campaign::Steady;
use cpu::Stopwatch;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Virtual seconds a CPU-second; a violation ends the program.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn speed(name: &str, work: &Steady) -> f64 {
    let watch = Stopwatch::start();
    let mut run = work.begin(1);
    run.simulate();
    let simulated = watch.seconds();
    let watch = Stopwatch::start();
    run.judge();
    let judged = watch.seconds();
    let outcome = run.outcome();
    eprintln!("{name}: {}, hash {}", outcome.counters, outcome.hash);
    if let Some(violation) = outcome.violation {
        eprintln!("{violation}");
        std::process::exit(1);
    }
    let virtual_seconds = work.lasting.0 as f64 / 1e9;
    let micros = |seconds: f64| seconds * 1e6 / (virtual_seconds * work.per_second as f64);
    let (world, judging) = (micros(simulated), micros(judged));
    eprintln!(
        "{name}: an operation costs {world:.1} us in the world, {judging:.1} us at the judges"
    );
    virtual_seconds / (simulated + judged)
}

fn main() {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let work =
        Steady { lasting: Nanos::from_secs(if brief { 3 } else { 20 }), ..Steady::default() };
    println!("figure store {} x", speed("without evidence", &work));
    if std::env::args().any(|argument| argument == "--plain") {
        return;
    }
    let work = Steady { evidence: 1.0, ..work };
    println!("figure store_evidence {} x", speed("all with evidence", &work));
}
