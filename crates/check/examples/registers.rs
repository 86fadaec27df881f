//! How fast an rw-register history is read and judged strictly serializable:
//! `cargo run --release -p avouch-check --example registers [-- --brief]`.
//!
//! The history is made here: 20 processes, each transaction run at one moment between its
//! invocation and its answer, 1 to 4 reads and writes on keys that are given up after so many
//! writes; so it is strictly serializable, and each key is linearizable. The judge known for such
//! histories (Elle) takes more than a minute for 10,000 such transactions and ran out of 6 GB for
//! 100,000, measured once on a machine of the same kind.

mod measure;
#[path = "measure/texts.rs"]
mod texts;

use avouch_check::report::Word;
use avouch_promise::Random;
use measure::peak_mib;
use std::fmt::Write;
use std::process::ExitCode;
use texts::{Open, history, judged};

/// Keys in use at a time, and writes to each.
const KEYS: usize = 10;
const WRITES: u64 = 128;

/// Runs one at this moment.
fn transaction(keys: &mut [(u64, u64)], next_key: &mut u64, random: &mut Random) -> Open {
    let (mut asked, mut answered) = (String::new(), String::new());
    for place in 0..=random.below(4) {
        let gap = if place == 0 { "" } else { " " };
        let (key, last) = &mut keys[random.below(KEYS as u64) as usize];
        if random.chance(0.5) {
            let _ = write!(asked, "{gap}[:r {key} nil]");
            let _ = match *last {
                0 => write!(answered, "{gap}[:r {key} nil]"),
                last => write!(answered, "{gap}[:r {key} {last}]"),
            };
        } else {
            *last += 1;
            let _ = write!(asked, "{gap}[:w {key} {last}]");
            let _ = write!(answered, "{gap}[:w {key} {last}]");
            if *last == WRITES {
                (*key, *last, *next_key) = (*next_key, 0, *next_key + 1);
            }
        }
    }
    Open { asked, answered }
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let transactions: u64 = if brief { 10_000 } else { 100_000 };
    let mut random = Random::new(Random::seed_from_environment());
    let mut keys: Vec<_> = (0..KEYS as u64).map(|key| (key, 0)).collect();
    let mut next = KEYS as u64;
    let text =
        history(transactions, &mut random, |random| transaction(&mut keys, &mut next, random));
    let Some((report, took)) = judged(transactions, &text) else { return ExitCode::FAILURE };
    if !brief {
        let met = if took <= 2.0 { "met" } else { "short" };
        println!("goal registers_100k {took:.3} s target 2 {met}");
        if let Some(peak) = peak_mib() {
            println!("peak memory {peak} MiB");
        }
    }
    if report.verdict() == Word::Holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
