//! `cargo xtask bench store`: three nodes on one machine, every write on the disks of a majority,
//! ours and etcd's in turn, asked by the same client.
//!
//! ```text
//!   round:  ours put 1 | etcd put 1 | ours put 1 with evidence | ours put 64 | ...   and again
//! ```
//!
//! Both clusters are up all the time and one of them is asked. A machine that others share is
//! noisy, so what counts is the median over the rounds of the ratio within a round, and the CPU
//! time that an operation takes: that of the three servers, and that of the client.
//!
//! All clients ask the leader, each over a connection of its own, one request at a time.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "measures real time")]

mod etcd;
mod figures;
mod goals;
mod load;
mod ours;
mod process;

use avouch_promise::Error;
use clap::Parser;
use figures::{Cell, Table, What};
use load::{Client, Load};
use std::process::ExitCode;
use std::time::Duration;

/// Measures put and linearizable get, beside etcd where it is installed.
#[derive(Debug, Parser)]
struct Options {
    /// How long each cell is measured, in seconds
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How often each cell is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Leave etcd out
    #[arg(long)]
    alone: bool,
    /// Only cells whose name contains this, as in `put 64`
    #[arg(long)]
    only: Option<String>,
    /// What cargo hands to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let folder = process::Folder::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| process::environment("sockets and timers", &error))?;
    let ours = ours::start(&folder)?;
    let etcd = if options.alone { None } else { etcd::start(&folder)? };
    if etcd.is_none() {
        println!("etcd is left out: not asked for, or not installed");
    }
    let mut systems = vec![ours];
    systems.extend(etcd);
    let mut clients = Vec::new();
    for servers in &systems {
        clients.push(runtime.block_on(Client::open(servers))?);
    }
    let mut table = Table::default();
    for round in 1..=options.rounds {
        for cell in Cell::all() {
            let name = cell.to_string();
            if options.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            for (system, (servers, client)) in systems.iter().zip(&mut clients).enumerate() {
                if cell.evidence && system > 0 {
                    continue;
                }
                let load = Load { cell, span: Duration::from_secs_f64(options.seconds) };
                let measured = runtime.block_on(load.run(client, servers))?;
                eprintln!("round {round} {:<5} {name:<22} {measured}", servers.name);
                table.add(What { system: servers.name, cell }, measured);
            }
        }
    }
    table.print();
    goals::print(&table);
    Ok(())
}
