//! How fast a list-append history is read and judged strictly serializable:
//! `cargo run --release -p avouch-check --example appends [-- --brief]`.
//!
//! The history is made here: 20 processes, each transaction run at one moment between its
//! invocation and its answer, 1 to 4 operations, half of them reads of the whole list, on keys
//! that are given up after so many appends; so it is strictly serializable. The fastest judge
//! known (Elle) took 8.9 s and 4.8 GB for 100,000 such transactions, measured once on a machine of
//! the same kind.

mod measure;
#[path = "measure/texts.rs"]
mod texts;

use avouch_check::report::Word;
use avouch_promise::Random;
use measure::peak_mib;
use std::fmt::Write;
use std::process::ExitCode;
use texts::{Open, history, judged};

/// Keys in use at a time, and appends to each.
const KEYS: usize = 10;
const APPENDS: usize = 128;

/// Runs one at this moment.
fn transaction(keys: &mut [(u64, Vec<u64>)], next_key: &mut u64, random: &mut Random) -> Open {
    let (mut asked, mut answered) = (String::new(), String::new());
    for place in 0..=random.below(4) {
        let gap = if place == 0 { "" } else { " " };
        let (key, list) = &mut keys[random.below(KEYS as u64) as usize];
        if random.chance(0.5) {
            let _ = write!(asked, "{gap}[:r {key} nil]");
            let list: Vec<String> = list.iter().map(u64::to_string).collect();
            let _ = write!(answered, "{gap}[:r {key} [{}]]", list.join(" "));
        } else {
            let value = list.len() as u64 + 1;
            list.push(value);
            let _ = write!(asked, "{gap}[:append {key} {value}]");
            let _ = write!(answered, "{gap}[:append {key} {value}]");
            if list.len() == APPENDS {
                (*key, *next_key) = (*next_key, *next_key + 1);
                list.clear();
            }
        }
    }
    Open { asked, answered }
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let sizes: &[(u64, f64)] =
        if brief { &[(10_000, 0.1)] } else { &[(100_000, 0.4), (1_000_000, 5.0)] };
    let mut all_hold = true;
    for (transactions, goal) in sizes {
        let mut random = Random::new(Random::seed_from_environment());
        let mut keys: Vec<_> = (0..KEYS as u64).map(|key| (key, Vec::new())).collect();
        let mut next = KEYS as u64;
        let text =
            history(*transactions, &mut random, |random| transaction(&mut keys, &mut next, random));
        let Some((report, took)) = judged(*transactions, &text) else { return ExitCode::FAILURE };
        all_hold &= report.verdict() == Word::Holds;
        if brief {
            continue;
        }
        let met = if took <= *goal { "met" } else { "short" };
        println!("goal appends_{}k {took:.3} s target {goal} {met}", transactions / 1_000);
        if let (Some(peak), 100_000) = (peak_mib(), *transactions) {
            // 500 MB.
            let met = if peak <= 476 { "met" } else { "short" };
            println!("goal appends_100k_memory {peak} MiB target 476 {met}");
        }
    }
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
