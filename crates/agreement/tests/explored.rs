//! The replicated log, explored exhaustively with three nodes. Every report prints its bounds;
//! larger worlds run in the example `replicated_log`, planted bugs in `killed.rs`.
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_agreement::explore::{ANY, Explored, Reached, Scope3, Shown, read, request, three};
use avouch_agreement::log::Command;
use avouch_machine::explorer::{Explorer, Network, Sync};
use avouch_promise::NodeId;

const SCOPE: Scope3 = Scope3 {
    elections: 1,
    elections_of: ANY,
    resends: 0,
    crashes: 0,
    crashes_of: ANY,
    doubtful: 0,
    duplicates: 0,
    in_flight: 3,
    depth: u32::MAX,
    states: 20_000_000,
};

type Commands = Vec<(NodeId, Command<Reached>)>;

fn one_write() -> Commands {
    vec![(NodeId(1), request(1, false))]
}

fn writes_and_a_read() -> Commands {
    vec![(NodeId(1), request(1, false)), (NodeId(2), request(2, false)), (NodeId(1), read(1, true))]
}

fn holds(name: &str, explorer: &Explorer<Explored, Shown>) {
    let report = explorer.run();
    println!("{name}\n{report}");
    report.verdict().unwrap();
    assert!(report.exhausted, "{name}: not all states were explored");
}

#[test]
fn two_leaders_in_order() {
    let scope = Scope3 { elections: 2, ..SCOPE };
    let explorer = three(scope, writes_and_a_read(), None);
    holds("two leaders", &explorer.network(Network::Fifo).disk(Sync::Immediate));
}

#[test]
fn one_leader_any_order() {
    let explorer = three(SCOPE, writes_and_a_read(), None);
    holds("any order", &explorer.network(Network::Multiset).disk(Sync::Immediate));
}

/// Whoever says farewell goes on: nothing but the moment of an election may lean on it.
#[test]
fn farewells_that_are_false() {
    let departs = (1..=3).map(|node| (NodeId(node), Command::Depart));
    let commands = one_write().into_iter().chain(departs).collect();
    let scope = Scope3 { elections: 2, ..SCOPE };
    holds("farewells", &three(scope, commands, None).network(Network::Fifo).disk(Sync::Immediate));
}

#[test]
fn a_crash_that_loses_unsynced_records() {
    let scope = Scope3 { crashes: 1, ..SCOPE };
    holds(
        "lost records",
        &three(scope, one_write(), None).network(Network::Fifo).disk(Sync::Whole),
    );
}

#[test]
fn two_leaders_and_a_crash() {
    let scope = Scope3 { elections: 2, crashes: 1, ..SCOPE };
    holds("crash", &three(scope, one_write(), None).network(Network::Fifo).disk(Sync::Immediate));
}

#[test]
fn a_node_that_doubts_its_disk() {
    let scope = Scope3 { crashes: 1, doubtful: 1, ..SCOPE };
    holds("doubt", &three(scope, one_write(), None).network(Network::Fifo).disk(Sync::Immediate));
}
