//! How fast serializability and snapshot isolation are decided:
//! `cargo run --release -p avouch-check --example serializability [-- --brief]`.
//!
//! Histories made here are run one transaction after another, in 25 sessions, so that they hold;
//! values repeat, as in the published benchmark of `VeriStrong` (`RH`: 95 % reads, `BL`: half).
//! That benchmark's own histories, and cobra's write skew `cock-G2`, are judged where `AVOUCH_DATA`
//! names them. Its figures for them, measured once on a machine of the same kind: 1.54 s and
//! 21.8 s for serializability; dbcop needs over 60 s for `cock-G2`. Times leave out reading the
//! file.

mod measure;

use avouch_check::report::Word;
use avouch_check::transaction::{Builder, Level, Transactions, decide};
use avouch_check::{Input, Limits};
use avouch_promise::Random;
use measure::timed;
use std::path::Path;
use std::process::ExitCode;

const SESSIONS: u64 = 25;
const KEYS: u64 = 5_000;
const STEPS: u64 = 8;

/// Runs so many transactions one after another; each key takes few values.
fn history(transactions: u64, reads: f64, random: &mut Random) -> Transactions {
    let mut values = vec![0; KEYS as usize];
    let mut made = Builder::default();
    for _ in 0..transactions {
        made.begin(random.below(SESSIONS));
        for _ in 0..STEPS {
            let key = random.below(KEYS);
            let value = &mut values[key as usize];
            match (random.chance(reads), *value) {
                (true, 0) => made.read_initial(key.to_string()),
                (true, value) => made.read(key.to_string(), value),
                (false, _) => {
                    *value = 1 + i64::try_from(random.below(100)).unwrap_or(0);
                    made.write(key.to_string(), *value)
                }
            };
        }
    }
    made.build()
}

const SERIALIZABLE: Level = Level::StrongSessionSerializable;
const SNAPSHOT: Level = Level::StrongSessionSnapshotIsolation;

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let root = Random::new(Random::seed_from_environment());
    let limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
    let mut as_expected = true;
    let mut judge = |name: &str, history: &Transactions, level: Level, expected: Word| {
        let (finding, took) = timed(|| decide(history, level, &limits));
        as_expected &= finding.word() == expected;
        println!("{name} {level}: {} in {:.1} ms", finding.word(), took * 1e3);
        took
    };
    let transactions = if brief { 1_000 } else { 10_000 };
    for (fork, (name, reads)) in (0..).zip([("made-RH", 0.95), ("made-BL", 0.5)]) {
        let history = history(transactions, reads, &mut root.fork(fork));
        for level in [SERIALIZABLE, SNAPSHOT] {
            judge(name, &history, level, Word::Holds);
        }
    }
    let Some(data) = std::env::var_os("AVOUCH_DATA").filter(|_| !brief) else {
        println!("skipped: the published histories, as AVOUCH_DATA is not set");
        return if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    let folder = Path::new(&data).join("histories");
    let plain = Level::Serializable;
    for (name, path, level, expected, goal) in [
        ("rh", "dbcop/RH-10k/hist-00000/history.bincode", SERIALIZABLE, Word::Holds, 0.5),
        ("bl", "dbcop/BL-10k/hist-00000/history.bincode", SERIALIZABLE, Word::Holds, 5.0),
        ("bl_snapshot", "dbcop/BL-10k/hist-00000/history.bincode", SNAPSHOT, Word::Holds, 25.0),
        ("cock_g2", "cobra/cock-G2", plain, Word::Violated, 0.01),
    ] {
        let history = match Input::read(&folder.join(path), &limits) {
            Ok(Input::Transactions(history)) => history,
            Ok(_) => continue,
            Err(error) => {
                println!("skipped: {name}: {error}");
                continue;
            }
        };
        let took = judge(name, &history, level, expected);
        let met = if took <= goal { "met" } else { "short" };
        println!("goal serializability_{name} {took:.4} s target {goal} {met}");
    }
    if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
