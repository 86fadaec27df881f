//! Judges the files named and prints each report: `cargo run --release --example judge -- FILE...`;
//! with `--brief`, one line each and the sum of the times.

use avouch_check::{Limits, judge_file};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let (mut brief, mut worst, mut sum) = (false, 0, Duration::ZERO);
    for name in std::env::args().skip(1) {
        if name == "--brief" {
            brief = true;
            continue;
        }
        match judge_file(Path::new(&name), &Limits::default()) {
            Ok(report) => {
                sum += report.elapsed;
                worst = worst.max(report.exit_code());
                if brief {
                    println!("{name}: {}", report.to_string().lines().next().unwrap_or_default());
                } else {
                    println!("{name}\n{report}");
                }
            }
            Err(error) => {
                eprintln!("{name}: {error}");
                worst = worst.max(3);
            }
        }
    }
    println!("{:.2} ms in all", sum.as_secs_f64() * 1e3);
    ExitCode::from(worst)
}
