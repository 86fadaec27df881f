//! How fast the weak isolation levels are judged:
//! `cargo run --release -p avouch-check --example isolation [-- --brief]`.
//!
//! The history is that of the published comparison of testers: 50 sessions that take turns at one
//! store, a million transactions of 8 steps, half of them reads, on 100,000 keys alike; so it holds
//! at every level; the testers' read committed is monotonic atomic view here. The figures of the
//! fastest tester known (AWDIT) for the same shape were measured once, on a machine of the same
//! kind: 2.98 s, 4.85 s, 26.1 s and 6.95 GB.

mod measure;

use avouch_check::Limits;
use avouch_check::report::Word;
use avouch_check::transaction::{Builder, Level, Transactions, decide};
use avouch_promise::Random;
use measure::{peak_mib, timed};
use std::process::ExitCode;

const SESSIONS: u64 = 50;
const KEYS: u64 = 100_000;
const STEPS: u64 = 8;

/// Runs so many transactions one after another.
fn history(transactions: u64, random: &mut Random) -> Transactions {
    let mut values = vec![0; KEYS as usize];
    let mut next = 0;
    let mut made = Builder::default();
    for _ in 0..transactions {
        made.begin(random.below(SESSIONS));
        for _ in 0..STEPS {
            let key = random.below(KEYS);
            let name = key.to_string();
            let value = &mut values[key as usize];
            if random.chance(0.5) {
                next += 1;
                *value = next;
                made.write(name, next);
            } else if *value == 0 {
                made.read_initial(name);
            } else {
                made.read(name, *value);
            }
        }
    }
    made.build()
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let transactions = if brief { 50_000 } else { 1_000_000 };
    let mut random = Random::new(Random::seed_from_environment());
    let history = history(transactions, &mut random);
    println!("{transactions} transactions, {} steps, {SESSIONS} sessions", history.operations());
    let limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
    let mut all_hold = true;
    for (level, goal) in Level::WEAK.into_iter().zip([1.5, 2.4, 5.0]) {
        let (finding, took) = timed(|| decide(&history, level, &limits));
        all_hold &= finding.word() == Word::Holds;
        println!("{level}: {} in {took:.3} s", finding.word());
        if !brief {
            let met = if took <= goal { "met" } else { "short" };
            println!("goal {level}_1m {took:.3} s target {goal} {met}");
        }
    }
    if let (Some(peak), false) = (peak_mib(), brief) {
        // 1.5 GB.
        let met = if peak <= 1_430 { "met" } else { "short" };
        println!("goal causal_1m_memory {peak} MiB target 1430 {met}");
    }
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
