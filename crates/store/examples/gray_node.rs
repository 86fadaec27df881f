//! Gray failures of the shipped node, named by its own traffic: `cargo run --release --example
//! gray_node -p avouch-store`. Arguments and lines are those of the example `gray` of package
//! `avouch-world`, in which a service that asks all the time meets the same faults.
#![allow(unreachable_pub, reason = "shared with the detector's own example")]

#[path = "../../world/examples/gray/report.rs"]
mod report;

use avouch_agreement::gray::{Verdict, What};
use avouch_promise::Nanos;
use avouch_store::campaign::gray::{self, Outcome};
use report::{Stage, Told};
use std::process::ExitCode;

fn told(outcome: Outcome) -> Told {
    let after = |(what, (_, verdict)): (&What, &(Nanos, Verdict))| {
        Some((what.clone(), (outcome.named_after(what)?, verdict.clone())))
    };
    let named = outcome.named.iter().filter_map(after).collect();
    Told { named, first: outcome.first, suspected: outcome.suspected.into_keys().collect() }
}

fn main() -> ExitCode {
    report::run(&Stage {
        prefix: "gray",
        soon: gray::SOON,
        baseline: "phi on heartbeats",
        play: |seed, faults| told(gray::play(seed, faults, None)),
        healthy: |seed, lasting, each_hour| told(gray::healthy(seed, lasting, None, each_hour)),
    })
}
