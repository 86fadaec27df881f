//! Hybrid, interval and interval tree clocks beside other people's: lines `figure NAME VALUE UNIT`,
//! and at the end `goal NAME VALUE UNIT target N met|short`.
//!
//! ```text
//!   each round:  clock read, our HLC, uhlc (one thread, two threads), our interval clock
//!                our trees and crate itc, over the same steps
//!   at the end:  medians over the rounds
//! ```

mod stamps;
mod trees;

use std::collections::BTreeMap;
use std::process::ExitCode;

/// Values by the name of a figure, one each round.
pub(crate) type Figures = BTreeMap<String, Vec<f64>>;

/// A figure made of others.
type Value = fn(&Figures) -> Option<f64>;

/// What is asked of the figures, each at most so much.
const GOALS: [(&str, f64, Value); 5] = [
    ("hlc_beyond_clock_read", 20.0, |figures| {
        Some(median(figures, "hlc_one_thread")? - median(figures, "clock_read")?)
    }),
    ("hlc_two_threads_over_one", 1.3, |figures| {
        Some(median(figures, "hlc_two_threads")? / median(figures, "hlc_one_thread")?)
    }),
    ("interval_beyond_two_clock_reads", 20.0, |figures| {
        Some(median(figures, "interval_now")? - 2.0 * median(figures, "raw_clock_read")?)
    }),
    ("tree_sum_16", 1_500.0, |figures| median(figures, "tree_sum_16")),
    ("tree_sum_64", 8_000.0, |figures| median(figures, "tree_sum_64")),
];

fn median(figures: &Figures, name: &str) -> Option<f64> {
    let mut values = figures.get(name)?.clone();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|word| word == "--brief");
    let (rounds, stamps, steps) = if brief { (1, 100_000, 2_000) } else { (5, 1_000_000, 20_000) };
    let mut figures = Figures::new();
    for _ in 0..rounds {
        let mut note = |name: String, nanos: f64| figures.entry(name).or_default().push(nanos);
        stamps::measure(stamps, &mut note);
        for processes in [4, 16, 64] {
            trees::measure(processes, steps, false, &mut note);
        }
        trees::measure(16, steps / 10, true, &mut note);
    }
    for name in figures.keys() {
        println!("figure {name} {:.1} ns", median(&figures, name).unwrap_or_default());
    }
    for (name, target, value) in GOALS {
        let Some(value) = value(&figures) else { continue };
        let unit = if name.contains("over") { "x" } else { "ns" };
        let word = if value <= target { "met" } else { "short" };
        println!("goal {name} {value:.2} {unit} target {target} {word}");
    }
    ExitCode::SUCCESS
}
