//! The replicated log, explored exhaustively with three nodes, and the planted bugs that this kills.
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_agreement::Mutant;
use avouch_agreement::explore::{Scope3, read, request, three};
use avouch_promise::NodeId;

const SMALL: Scope3 = Scope3 {
    elections: 1,
    resends: 0,
    crashes: 0,
    doubtful: 0,
    duplicates: 0,
    in_flight: 4,
    depth: u32::MAX,
    states: 3_000_000,
};

#[test]
fn one_leader_one_request() {
    let report = three(SMALL, vec![(NodeId(1), request(1, true))], None).run();
    println!("{report}");
    report.verdict().unwrap();
}

#[test]
fn two_leaders() {
    let scope = Scope3 { elections: 2, states: 300_000, ..SMALL };
    let report = three(scope, vec![(NodeId(1), request(1, false))], None).run();
    println!("{report}");
    assert!(report.violation.is_none());
}
