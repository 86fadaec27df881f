//! A long history, made and judged in little memory:
//!
//! ```text
//! cargo run --release -p avouch-check --example stream -- write 20000000 long.stream
//! cargo run --release -p avouch-check --example stream -- judge long.stream
//! ```
//!
//! Eight clients get and put ten keys, linearizably, and one answer of 10,000 never comes. The
//! judge prints its verdict and the most memory that the process ever had, which hardly grows with
//! the length: what is kept is what nobody knows the outcome of.

use avouch_check::Limits;
use avouch_check::online::{Asked, judge};
use avouch_check::stream::{Event, Header, Writer};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Action, Answered, Invocation, Outcome, Record, What};
use avouch_promise::{Nanos, Random};
use bytes::Bytes;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;
use std::time::Duration;

const CLIENTS: u64 = 8;
const KEYS: u64 = 10;

/// What a client has open: its operation, what it puts, and what a get saw.
struct Open {
    operation: u64,
    put: Option<u64>,
    saw: u64,
}

fn write(count: u64, path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let random = &mut Random::new(Random::seed_from_environment());
    let header = Header { about: "a long history".to_owned(), ..Header::default() };
    let mut writer = Writer::new(BufWriter::new(File::create(path)?), &header)?;
    let mut held = vec![0; KEYS as usize];
    let mut open: Vec<Option<Open>> = (0..CLIENTS).map(|_| None).collect();
    let (mut operation, mut time) = (0, 0);
    while operation < count {
        let process = random.below(CLIENTS);
        time += random.between(1, 1000);
        let slot = &mut open[process as usize];
        let (number, what) = if let Some(Open { operation, put, saw }) = slot.take() {
            let outcome = match put {
                Some(_) => Outcome::Done,
                None if saw == 0 => Outcome::Value(None),
                None => Outcome::Value(Some(Bytes::from(saw.to_string()))),
            };
            let what = if random.below(10_000) == 0 {
                What::Info { why: "no answer".to_owned(), point: None }
            } else {
                let (achieved, point, node, evidence) = (None, None, None, None);
                What::Ok(Answered { outcome, achieved, point, node, evidence })
            };
            (operation, what)
        } else {
            operation += 1;
            let key = random.below(KEYS);
            let put = random.chance(0.5).then_some(operation);
            // It takes effect as it begins.
            if let Some(value) = put {
                held[key as usize] = value;
            }
            *slot = Some(Open { operation, put, saw: held[key as usize] });
            let key = Bytes::from(format!("key{key}"));
            let action = match put {
                Some(value) => Action::Put { key, value: Bytes::from(value.to_string()) },
                None => Action::Get { key },
            };
            let guarantee = Guarantee::Linearizable;
            (operation, What::Invoke(Invocation { action, guarantee, region: None }))
        };
        let record = Record { process, operation: number, time: Nanos(time), what };
        writer.append(&Event::Operation(record))?;
    }
    writer.finish()?;
    Ok(())
}

/// The most memory that this process ever had, where the system says so.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("memory unknown").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", count, path] => write(count.parse()?, path)?,
        ["judge", path] => {
            let limits = Limits { time: Duration::MAX, ..Limits::default() };
            let report = judge(File::open(path)?, Asked { by_model: false, level: None, limits })?;
            print!("{report}");
            println!("{} in {:.1?}", most_memory(), report.elapsed);
        }
        _ => {
            eprintln!("write COUNT FILE, or judge FILE");
            return Ok(ExitCode::from(3));
        }
    }
    Ok(ExitCode::SUCCESS)
}
