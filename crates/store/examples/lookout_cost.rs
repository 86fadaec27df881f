//! What the lookout costs a node: the shipped node with and without it, in pairs:
//! `cargo run --release --example lookout_cost -p avouch-store [-- PAIRS]`.
//!
//! ```text
//!   pair     one seed, twice: five regions under so many operations a second, 20 virtual seconds
//!   cost     CPU time with the lookout, less that without, by node and virtual second
//! ```
//!
//! A node's step thread has a second for each second, so a millisecond of CPU time a second is
//! 0.1 % of it. The simulated world's own work for the lookout's messages is counted in; the
//! sockets' is not, which is other threads'. Medians of the pairs.

#[path = "../../world/examples/cpu/mod.rs"]
mod cpu;

use avouch_promise::Nanos;
use avouch_store::campaign::gray::busy;
use cpu::Stopwatch;
use std::time::Duration;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LASTING: Nanos = Nanos::from_secs(20);
/// What a lookout may take of a step thread.
const SHARE_MAX: f64 = 0.02;
const NODES: f64 = 5.0;

/// CPU seconds of a node and virtual second; and how much was answered.
fn run(seed: u64, per_second: u64, watching: bool) -> (f64, u64) {
    let watch = Stopwatch::start();
    let answered = busy(seed, LASTING, per_second, watching);
    (watch.seconds() / (NODES * Duration::from_nanos(LASTING.0).as_secs_f64()), answered)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    let pairs = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let mut worst = 0.0_f64;
    for per_second in [50, 500, 2_000] {
        let (mut without, mut costs) = (Vec::new(), Vec::new());
        for seed in 1..=pairs {
            // The order changes, so that neither is always the warmer one.
            let first = seed % 2 == 0;
            let one = run(seed, per_second, first);
            let other = run(seed, per_second, !first);
            let (with, plain) = if first { (one, other) } else { (other, one) };
            assert!(with.1 > 0 && plain.1 > 0, "nothing was answered");
            without.push(plain.0);
            costs.push(with.0 - plain.0);
        }
        let (plain, cost) = (median(without), median(costs));
        worst = worst.max(cost);
        println!(
            "{per_second:>5} operations/s: a node takes {:.3} ms a second without, {:.3} ms more with",
            plain * 1e3,
            cost * 1e3
        );
    }
    let word = if worst <= SHARE_MAX { "met" } else { "short" };
    println!(
        "goal lookout_share {:.3} % of a step thread target {} % {word}",
        worst * 100.0,
        SHARE_MAX * 100.0
    );
}
