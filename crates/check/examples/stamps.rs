//! How fast transactions with the store's stamps are read and judged, whole and as they come:
//! `cargo run --release -p avouch-check --example stamps [-- --brief]`, or
//! `-- write COUNT FILE` for a stream to judge with `avouch check --stream`.
//!
//! The history is made here: 50 sessions, 1,000 keys, five reads and writes a transaction, on
//! snapshots of a store of many versions where the first who commits wins: snapshot isolation. They
//! stand in the order of their completion, up to 50 places from that of their commit stamps. The
//! judges known for such histories (Chronos and Aion) take 0.98 s for 100,036 of them and about
//! 12,000 a second as they come, on other hardware.

mod measure;

use avouch_check::online::{Asked, judge};
use avouch_check::report::Word;
use avouch_check::stamped::{Access, Stamp};
use avouch_check::stream::{Content, Event, Header, Stamped, Writer};
use avouch_check::{Input, Level, Limits};
use avouch_promise::Random;
use bytes::Bytes;
use measure::{peak_mib, timed};
use std::collections::VecDeque;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;
use std::time::Duration;

const SESSIONS: usize = 50;
const KEYS: u64 = 1_000;
const STEPS: usize = 5;
/// So many places at most from the order of commits.
const LATE: u64 = 50;

/// A transaction under way.
struct Open {
    session: usize,
    start: i64,
    steps: Vec<(u64, Access)>,
}

/// The store: of each key its last versions, by commit stamp.
struct Store {
    versions: Vec<VecDeque<(i64, i64)>>,
    open: Vec<Option<Open>>,
    now: i64,
    value: i64,
    /// Those that have committed, in the order of arrival.
    waiting: Vec<(u64, Stamped)>,
    count: u64,
}

impl Store {
    fn new() -> Self {
        let versions = (0..KEYS).map(|_| VecDeque::new()).collect();
        let open = (0..SESSIONS).map(|_| None).collect();
        Self { versions, open, now: 1, value: 0, waiting: Vec::new(), count: 0 }
    }

    /// The next transaction in the order of arrival.
    fn next(&mut self, random: &mut Random) -> Stamped {
        loop {
            let arrived = self.waiting.iter().enumerate().min_by_key(|(_, (at, _))| *at);
            if let Some((place, _)) = arrived.filter(|(_, (at, _))| *at <= self.count) {
                return self.waiting.swap_remove(place).1;
            }
            let session = random.below(SESSIONS as u64) as usize;
            self.now += 1;
            match self.open[session].take() {
                None => self.open[session] = Some(self.begin(session, random)),
                Some(open) => self.commit(open, random),
            }
        }
    }

    /// It reads on its snapshot, each key once, and writes.
    fn begin(&mut self, session: usize, random: &mut Random) -> Open {
        let start = self.now;
        let mut steps: Vec<(u64, Access)> = Vec::new();
        while steps.len() < STEPS {
            let key = random.below(KEYS);
            if steps.iter().any(|(other, _)| *other == key) {
                continue;
            }
            let access = if random.chance(0.5) {
                self.value += 1;
                Access::Write(Some(self.value))
            } else {
                Access::Read(Some(self.versions[key as usize].back().map_or(0, |last| last.1)))
            };
            steps.push((key, access));
        }
        Open { session, start, steps }
    }

    /// It commits, unless what it writes was overwritten.
    fn commit(&mut self, open: Open, random: &mut Random) {
        let Open { session, start, steps } = open;
        let writes = |access: &Access| match access {
            Access::Write(value) => *value,
            _ => None,
        };
        let is_late = |key: u64| {
            self.versions[key as usize].back().is_some_and(|(commit, _)| *commit > start)
        };
        if steps.iter().any(|(key, access)| writes(access).is_some() && is_late(*key)) {
            return;
        }
        for (key, access) in &steps {
            if let Some(value) = writes(access) {
                let versions = &mut self.versions[*key as usize];
                versions.push_back((self.now, value));
                if versions.len() > 2 {
                    versions.pop_front();
                }
            }
        }
        self.count += 1;
        let at = |physical| Stamp { physical, logical: 0 };
        let text = |number: u64| Bytes::from(number.to_string());
        let made = Stamped {
            name: text(self.count),
            session: text(session as u64),
            start: at(start),
            commit: at(self.now),
            steps: steps.into_iter().map(|(key, access)| (text(key), access)).collect(),
        };
        // Those of a session arrive in its order.
        let own = self.waiting.iter().filter(|(_, other)| other.session == made.session);
        let after = own.map(|(arrives, _)| arrives + 1).max().unwrap_or(0);
        self.waiting.push(((self.count + random.below(LATE)).max(after), made));
    }
}

/// Writes a stream of so many.
fn write(count: u64, path: &str) -> Result<(), avouch_promise::Error> {
    let random = &mut Random::new(Random::seed_from_environment());
    let unwritten = |error: std::io::Error| {
        avouch_promise::Error::new(
            avouch_promise::Blame::Environment,
            format!("a file at {path}"),
            error.to_string(),
        )
    };
    let header = Header { content: Content::Stamped, ..Header::default() };
    let mut writer = Writer::new(BufWriter::new(File::create(path).map_err(unwritten)?), &header)?;
    let mut store = Store::new();
    for _ in 0..count {
        writer.append(&Event::Stamped(store.next(random)))?;
    }
    writer.finish()?;
    Ok(())
}

/// A whole history judged: the seconds that it took, reading apart.
fn whole(path: &str) -> Option<f64> {
    let limits = Limits { memory_bytes: 4 << 30, ..Limits::default() };
    let (input, reading) = timed(|| Input::read(path.as_ref(), &limits));
    let input = input.ok()?;
    let (report, judging) = timed(|| input.judge(Some(Level::SnapshotIsolation), &limits));
    let report = report.ok()?;
    println!(
        "{} operations whole: {}; read in {reading:.3} s, judged in {judging:.3} s",
        report.operations,
        report.verdict()
    );
    (report.verdict() == Word::Holds).then_some(judging)
}

/// The same as it comes.
fn streamed(path: &str) -> Option<f64> {
    let limits = Limits { time: Duration::MAX, ..Limits::default() };
    let level = Some(Level::SnapshotIsolation);
    let asked = Asked { by_model: false, level, limits };
    let file = File::open(path).ok()?;
    let (report, took) = timed(|| judge(file, asked));
    let report = report.ok()?;
    println!("{} operations as they came: {} in {took:.3} s", report.operations, report.verdict());
    (report.verdict() == Word::Holds).then_some(took)
}

fn run(brief: bool) -> Option<()> {
    let (few, many) = if brief { (10_000, 30_000) } else { (100_000, 3_000_000) };
    let name = |count: u64| {
        let folder = std::env::temp_dir();
        folder.join(format!("avouch-stamps-{}-{count}.stream", std::process::id()))
    };
    // The long one first: the peak is then that of what is judged as it comes.
    for count in [few, many] {
        write(count, name(count).to_str()?).ok()?;
    }
    let short = streamed(name(few).to_str()?)?;
    let peak_short = peak_mib();
    let long = streamed(name(many).to_str()?)?;
    let peak_long = peak_mib();
    let judged = whole(name(few).to_str()?)?;
    for count in [few, many] {
        let _ = std::fs::remove_file(name(count));
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    let rate = many as f64 / long;
    println!(
        "as they came: {few} in {short:.3} s, peak {peak_short:?} MiB; {many}, peak {peak_long:?} MiB"
    );
    if !brief {
        let met = |is: bool| if is { "met" } else { "short" };
        println!("goal stamps_100k {judged:.3} s target 0.3 {}", met(judged <= 0.3));
        println!("goal stamps_stream {rate:.0} transactions/s target 100000 {}", met(rate >= 1e5));
        let (Some(before), Some(after)) = (peak_short, peak_long) else { return Some(()) };
        // Thirty times as many take hardly more.
        let grown = f64::from(after) / f64::from(before);
        println!("goal stamps_stream_memory {grown:.2} times target 1.2 {}", met(grown <= 1.2));
    }
    Some(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["write", count, path] => {
            count.parse().ok().is_some_and(|count| write(count, path).is_ok())
        }
        [] => run(false).is_some(),
        _ => run(words.contains(&"--brief")).is_some(),
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
