//! How fast serializability and snapshot isolation are decided:
//! `cargo run --release -p avouch-check --example serializability [-- --brief]`.
//!
//! Histories made here are run one transaction after another, in 25 sessions, so that they hold;
//! values repeat, as in the published benchmark of `VeriStrong` (`RH`: 95 % reads, `BL`: half).
//! That benchmark's own histories, and cobra's write skew `cock-G2`, are judged where `AVOUCH_DATA`
//! names them. Its figures for them, measured once on a machine of the same kind: 1.54 s and
//! 21.8 s for serializability; dbcop needs over 60 s for `cock-G2`. Times leave out reading the
//! file.
//!
//! Each level is measured twice where it has a form with sessions: as a user types it
//! (`serializable`), whose answer tells of every other level too, and its session form decided
//! alone. A goal's line names the level.

mod measure;

use avouch_check::report::Word;
use avouch_check::transaction::{self, Builder, Level, Transactions, decide};
use avouch_check::{Input, Limits};
use avouch_promise::Random;
use measure::timed;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

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

const TYPED: [Level; 2] = [Level::Serializable, Level::SnapshotIsolation];

/// The form of a level that keeps the order of sessions.
fn with_sessions(level: Level) -> Level {
    match level {
        Level::SnapshotIsolation => Level::StrongSessionSnapshotIsolation,
        _ => Level::StrongSessionSerializable,
    }
}

/// Prints what was found of a history, and how long that took; whether it is as expected.
struct Bench {
    limits: Limits,
    as_expected: bool,
}

impl Bench {
    /// What `avouch check --level` does.
    fn typed(&mut self, name: &str, history: &Transactions, level: Level, expected: Word) -> f64 {
        let (report, took) = timed(|| transaction::judge(history, Some(level), &self.limits));
        let word = report.parts.first().map(|part| part.finding.word());
        self.told(&format!("{name} --level {level}"), word, expected, took)
    }

    /// One level alone.
    fn alone(&mut self, name: &str, history: &Transactions, level: Level, expected: Word) -> f64 {
        let (finding, took) = timed(|| decide(history, level, &self.limits));
        self.told(&format!("{name} {level} alone"), Some(finding.word()), expected, took)
    }

    fn told(&mut self, what: &str, word: Option<Word>, expected: Word, took: f64) -> f64 {
        self.as_expected &= word == Some(expected);
        let word = word.map_or_else(|| "nothing".to_owned(), |word| word.to_string());
        println!("{what}: {word} in {:.1} ms", took * 1e3);
        took
    }
}

fn goal(name: &str, level: Level, took: f64, target: f64) {
    let met = if took <= target { "met" } else { "short" };
    println!("goal {name}_{level} {took:.4} s target {target} {met}");
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let root = Random::new(Random::seed_from_environment());
    let limits = Limits { memory_bytes: 4 << 30, time: BOUND, ..Limits::default() };
    let mut bench = Bench { limits, as_expected: true };
    let transactions = if brief { 1_000 } else { 10_000 };
    for (fork, (name, reads)) in (0..).zip([("made-RH", 0.95), ("made-BL", 0.5)]) {
        let history = history(transactions, reads, &mut root.fork(fork));
        for level in TYPED {
            bench.typed(name, &history, level, Word::Holds);
            bench.alone(name, &history, with_sessions(level), Word::Holds);
        }
    }
    if let Some(data) = std::env::var_os("AVOUCH_DATA").filter(|_| !brief) {
        published(&mut bench, &Path::new(&data).join("histories"));
    } else {
        println!("skipped: the published histories, as AVOUCH_DATA is not set");
    }
    if bench.as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The bound on the time of each; that of the widest goal.
const BOUND: Duration = Duration::from_secs(120);

const RH: &str = "dbcop/RH-10k/hist-00000/history.bincode";
const BL: &str = "dbcop/BL-10k/hist-00000/history.bincode";
const WH: &str = "dbcop/WH-10k/hist-00000/history.bincode";
const HD: &str = "dbcop/HD-10k/hist-00000/history.bincode";

/// The published histories, each by a level and with the goal for it in seconds.
fn published(bench: &mut Bench, folder: &Path) {
    let [serializable, snapshot] = TYPED;
    for (name, path, level, expected, target) in [
        ("rh", RH, serializable, Word::Holds, 0.5),
        ("bl", BL, serializable, Word::Holds, 5.0),
        ("bl", BL, snapshot, Word::Holds, 25.0),
        ("wh", WH, serializable, Word::Holds, 120.0),
        ("wh", WH, snapshot, Word::Holds, 120.0),
        ("hd", HD, serializable, Word::Holds, 120.0),
        ("hd", HD, snapshot, Word::Holds, 120.0),
        ("cock_g2", "cobra/cock-G2", serializable, Word::Violated, 0.01),
    ] {
        let history = match Input::read(&folder.join(path), &bench.limits) {
            Ok(Input::Transactions(history)) => history,
            Ok(_) => continue,
            Err(error) => {
                println!("skipped: {name}: {error}");
                continue;
            }
        };
        let took = bench.typed(name, &history, level, expected);
        goal(name, level, took, target);
        let alone = if expected == Word::Holds { with_sessions(level) } else { level };
        let took = bench.alone(name, &history, alone, expected);
        goal(&format!("{name}_alone"), alone, took, target);
    }
}
