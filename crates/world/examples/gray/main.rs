//! Gray failures of a service that asks all the time, named: `cargo run --release --example gray -p
//! avouch-world`. On the shipped node: the same with `--example gray_node -p avouch-store`.
//!
//! ```text
//!   gray               every scripted fault: what named it, and when; a plain timeout beside it
//!   gray TEXT          the scenes whose title has TEXT, with all evidence
//!   gray --hours H --seeds N   the same with N seeds, and then for each a healthy cluster for H
//!                      virtual hours; the goals tell the worst seed
//! ```
//!
//! Five regions under measured delays with a heavy tail; the (first) seed is `AVOUCH_SEED` (1).
#![allow(unreachable_pub, reason = "shared with the tests and the shipped node's example")]

mod report;
#[path = "../../tests/gray/service.rs"]
mod service;
#[path = "../../tests/gray/stage.rs"]
mod stage;

use avouch_agreement::gray::{Verdict, What};
use avouch_promise::Nanos;
use report::{Stage, Told};
use stage::Outcome;
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
        prefix: "gray_service",
        soon: stage::SOON,
        baseline: "a plain timeout of 2 s on heartbeats",
        play: |seed, faults| told(stage::play(seed, faults, None)),
        healthy: |seed, lasting, each_hour| told(stage::healthy(seed, lasting, None, each_hour)),
    })
}
