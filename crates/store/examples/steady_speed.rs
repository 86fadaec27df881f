//! How fast the shipped store is simulated, with every check on:
//! `cargo run --release --example steady_speed -p avouch-store [-- --brief --plain]`.
//!
//! Rates are per CPU-second of this thread, as Linux tells it.

use avouch_promise::Nanos;
use avouch_store::campaign::Steady;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// User and system time of this thread in seconds, as Linux tells it; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    ns.unwrap_or(0.0) / 1e9
}

/// Virtual seconds a CPU-second; a violation ends the program.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn speed(name: &str, work: &Steady) -> f64 {
    let began = cpu_seconds();
    let mut run = work.begin(1);
    run.simulate();
    let simulated = cpu_seconds();
    run.judge();
    let judged = cpu_seconds();
    let outcome = run.outcome();
    eprintln!("{name}: {}, hash {}", outcome.counters, outcome.hash);
    if let Some(violation) = outcome.violation {
        eprintln!("{violation}");
        std::process::exit(1);
    }
    let virtual_seconds = work.lasting.0 as f64 / 1e9;
    let micros = |seconds: f64| seconds * 1e6 / (virtual_seconds * work.per_second as f64);
    let (world, judging) = (micros(simulated - began), micros(judged - simulated));
    eprintln!(
        "{name}: an operation costs {world:.1} us in the world, {judging:.1} us at the judges"
    );
    virtual_seconds / (judged - began)
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
