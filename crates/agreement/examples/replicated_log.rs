//! Explores the replicated log with three nodes:
//! `cargo run --release --example replicated_log -p avouch-agreement -- fifo immediate 2 0 0 4`
//! (network, disk, elections, crashes, duplicates, messages in flight; then a planted bug, if any).

use avouch_agreement::Mutant;
use avouch_agreement::explore::{ANY, Scope3, read, request, three};
use avouch_machine::explorer::{Network, Sync};
use avouch_promise::NodeId;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| arguments.get(at).map_or("", String::as_str);
    let number = |at: usize, default| word(at).parse().unwrap_or(default);
    let scope = Scope3 {
        elections: number(2, 2),
        elections_of: ANY,
        resends: number(7, 0),
        crashes: number(3, 0),
        crashes_of: ANY,
        doubtful: number(8, 0),
        duplicates: number(4, 0),
        in_flight: number(5, 4),
        depth: u32::MAX,
        states: 30_000_000,
    };
    let network = if word(0) == "fifo" { Network::Fifo } else { Network::Multiset };
    let disk = if word(1) == "immediate" { Sync::Immediate } else { Sync::Whole };
    let mutant = Mutant::ALL.iter().copied().find(|mutant| format!("{mutant:?}") == word(6));
    let commands = match word(9) {
        "read-write-read" => {
            vec![
                (NodeId(2), read(1, false)),
                (NodeId(1), request(1, false)),
                (NodeId(2), read(2, false)),
            ]
        }
        "write" => vec![(NodeId(1), request(1, false))],
        "writes" => vec![(NodeId(1), request(1, false)), (NodeId(2), request(2, false))],
        _ => vec![
            (NodeId(1), request(1, false)),
            (NodeId(2), request(2, false)),
            (NodeId(1), read(1, true)),
        ],
    };
    let report = three(scope, commands, mutant).network(network).disk(disk).run();
    println!("{report}");
    if report.verdict().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
