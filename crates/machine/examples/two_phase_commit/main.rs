//! Explores two-phase commit.
//!
//! `cargo run --release --example two_phase_commit -p avouch-machine -- 7` explores seven
//! participants in the world of the TLA+ specification (296,448 states); `-- 2 faults` adds
//! crashes and duplicates; `-- 3 commit-without-all` and `-- 2 vote-before-durable` break the
//! protocol and tell how it fails.

mod model;
mod protocol;

use protocol::Mutant;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let participants = arguments.first().map_or(Ok(7), |text| text.parse());
    let world = arguments.get(1).map(String::as_str);
    let explorer = match (participants, world) {
        (Ok(count @ 1..=9), None) => model::specification(count, None),
        (Ok(count @ 1..=9), Some("faults")) => model::faults(count, None),
        (Ok(count @ 1..=9), Some("commit-without-all")) => {
            model::specification(count, Some(Mutant::CommitWithoutAll))
        }
        (Ok(count @ 1..=9), Some("vote-before-durable")) => {
            model::faults(count, Some(Mutant::VoteBeforeDurable))
        }
        _ => {
            eprintln!("bad request: expected two_phase_commit [1 to 9 participants]");
            eprintln!("             [faults | commit-without-all | vote-before-durable]");
            return ExitCode::from(3);
        }
    };
    #[expect(clippy::disallowed_types, reason = "an example may time itself")]
    let start = std::time::Instant::now();
    let report = explorer.run();
    let seconds = start.elapsed().as_secs_f64();
    println!("{report}");
    #[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
    let rate = report.unique as f64 / seconds;
    eprintln!("{seconds:.2} s, {rate:.0} unique states per second");
    match report.verdict() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}
