//! How good the estimate is that `avouch check` gives of what is left, and what telling it costs:
//! `cargo run --release -p avouch-check --example progress [-- --brief | FILE...]`.
//!
//! Each history is written to a file, read and judged as the command does it. Ten times a second
//! somebody looks; of what was estimated at a quarter, a half and three quarters of the real time
//! of each phase, the ratio to the time that the phase then really took is told. A phase shorter
//! than two seconds is left out; of files that are named, one shorter than one second.
//!
//! The cost is the CPU time of judging while somebody follows, against judging while nobody does,
//! in turns: the best of each.

mod measure;
#[path = "measure/texts.rs"]
#[allow(dead_code, reason = "its judge is not asked here")]
mod texts;

use avouch_check::bounded::{Bounded, within};
use avouch_check::estimate::Estimate;
use avouch_check::progress::{Phase, Seen, WHOLE};
use avouch_check::{Input, Limits};
use avouch_promise::Random;
use measure::timed;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;
use texts::{Open, history};

/// A phase is measured from this long on.
const LONG: f64 = 2.0;
/// The ratio that is still good, either way.
const GOOD: f64 = 2.0;
const ROUNDS: usize = 4;

/// Lists that are appended to, or registers that are written; ten at a time.
fn transactions(count: u64, random: &mut Random, is_lists: bool) -> String {
    let mut used: Vec<(u64, Vec<u64>)> = (0..10).map(|key| (key, Vec::new())).collect();
    let mut next = 10;
    history(count, random, |random| {
        let (mut asked, mut answered) = (String::new(), String::new());
        for _ in 0..=random.below(4) {
            let (key, list) = &mut used[random.below(10) as usize];
            if random.chance(0.5) {
                let _ = write!(asked, "[:r {key} nil] ");
                let list: Vec<String> = list.iter().map(u64::to_string).collect();
                let seen = match list.last() {
                    _ if is_lists => format!("[{}]", list.join(" ")),
                    Some(value) => value.clone(),
                    None => "nil".to_owned(),
                };
                let _ = write!(answered, "[:r {key} {seen}] ");
            } else {
                let value = list.len() as u64 + 1;
                list.push(value);
                let function = if is_lists { "append" } else { "w" };
                let _ = write!(asked, "[:{function} {key} {value}] ");
                let _ = write!(answered, "[:{function} {key} {value}] ");
                if list.len() == 128 {
                    (*key, next) = (next, next + 1);
                    list.clear();
                }
            }
        }
        Open { asked, answered }
    })
}

fn event(text: &mut String, happened: &str, function: &str, value: &str, process: u64) {
    let _ =
        writeln!(text, "{{:type :{happened}, :f :{function}, :value {value}, :process {process}}}");
}

/// Registers by key, each read and written by 20 processes.
fn registers(count: u64, random: &mut Random) -> String {
    let (mut text, mut values) = (String::new(), vec![0_u64; 200]);
    let mut open: Vec<Option<(&str, String)>> = vec![None; 20];
    let (mut left, mut next) = (count, 0);
    while left > 0 || open.iter().any(Option::is_some) {
        let process = random.below(20);
        let slot = &mut open[process as usize];
        if let Some((function, value)) = slot.take() {
            event(&mut text, "ok", function, &value, process);
        } else if left > 0 {
            left -= 1;
            let key = random.below(200) as usize;
            if random.chance(0.5) {
                event(&mut text, "invoke", "read", &format!("[{key} nil]"), process);
                let seen = values[key];
                let seen = if seen == 0 { "nil".to_owned() } else { seen.to_string() };
                *slot = Some(("read", format!("[{key} {seen}]")));
            } else {
                next += 1;
                values[key] = next;
                event(&mut text, "invoke", "write", &format!("[{key} {next}]"), process);
                *slot = Some(("write", format!("[{key} {next}]")));
            }
        }
    }
    text
}

/// A set that is read whole now and then.
fn set(count: u64) -> String {
    let (mut text, mut all) = (String::new(), String::new());
    for at in 0..count {
        let _ = write!(all, "{at} ");
        event(&mut text, "invoke", "add", &at.to_string(), 0);
        event(&mut text, "ok", "add", &at.to_string(), 0);
        if at % 4 == 0 {
            event(&mut text, "invoke", "read", "nil", 1);
            event(&mut text, "ok", "read", &format!("[{all}]"), 1);
        }
    }
    text
}

/// What was seen, when, and how much was said to be left of the phase.
type Look = (Seen, Option<Duration>);

/// Reads and judges as the command does; what was looked at, and the time that all took.
fn followed(path: &std::path::Path, limits: &Limits) -> Option<(Vec<Look>, f64)> {
    let (mut looks, mut estimate) = (Vec::new(), Estimate::default());
    let (path, own) = (path.to_owned(), *limits);
    let work = move || Input::read(&path, &own)?.judge(None, &own);
    let look = |seen: &Seen| looks.push((*seen, estimate.left(seen)));
    let (found, took) = timed(|| within(limits, work, look));
    match found {
        Ok(Bounded::Done(report)) => {
            println!("  {} in {took:.2} s", report.verdict());
            Some((looks, took))
        }
        other => {
            println!("  not judged to its end: {other:?}");
            None
        }
    }
}

/// Tells the estimates of one phase beside the truth; how many were good, and of how many.
fn told(phase: Phase, (looks, end): (&[Look], f64), long: f64) -> (u32, u32) {
    let of_phase: Vec<&Look> = looks.iter().filter(|(seen, _)| seen.phase == phase).collect();
    let Some((first, _)) = of_phase.first() else { return (0, 0) };
    let began = if phase == Phase::Reading { 0.0 } else { first.elapsed.as_secs_f64() };
    let last = looks.iter().position(|(seen, _)| seen.phase > phase);
    let ended = last.map_or(end, |place| looks[place].0.elapsed.as_secs_f64());
    if ended - began < long {
        println!("  {phase}: {:.2} s, too short to be told", ended - began);
        return (0, 0);
    }
    let (mut good, mut all) = (0, 0);
    for quarter in 1..4_u32 {
        let at = began + (ended - began) * f64::from(quarter) / 4.0;
        let Some((seen, left)) =
            of_phase.iter().rev().find(|(seen, _)| seen.elapsed.as_secs_f64() <= at)
        else {
            continue;
        };
        let right = ended - seen.elapsed.as_secs_f64();
        all += 1;
        let share = seen.share * 100 / WHOLE;
        let Some(left) = left else {
            println!("  {phase} at {} %: {share} % is done, no estimate", 25 * quarter);
            continue;
        };
        let ratio = left.as_secs_f64() / right;
        good += u32::from((1.0 / GOOD..=GOOD).contains(&ratio));
        println!(
            "  {phase} at {} %: {share} % is done, {:.2} s said to be left for {right:.2}: {ratio:.2}",
            25 * quarter,
            left.as_secs_f64()
        );
    }
    (good, all)
}

/// The seconds of CPU time that this thread has had; of the clock, where that is not told.
#[expect(clippy::disallowed_types, reason = "a benchmark reads the clock")]
fn spent(since: std::time::Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| since.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

/// Judges on this thread; the seconds of CPU time that it took.
#[expect(clippy::disallowed_types, reason = "a benchmark reads the clock")]
fn judging(input: &Input, limits: &Limits) -> f64 {
    let since = std::time::Instant::now();
    let before = spent(since);
    let _ = input.judge(None, limits);
    spent(since) - before
}

/// Judging with somebody who follows and with nobody, in turns; the best of each.
fn cost(text: &str, limits: &Limits) -> Option<(f64, f64)> {
    let input = Input::parse(text.as_bytes()).ok()?;
    let (mut with, mut without) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // Both on a thread of their own, as memory is had there in another way.
        let work = |input: Input, limits: Limits| move || judging(&input, &limits);
        #[expect(
            clippy::disallowed_methods,
            reason = "no protocol, but a judgement beside another"
        )]
        let alone = std::thread::spawn(work(input.clone(), *limits)).join().ok()?;
        let judge = work(input.clone(), *limits);
        let Ok(Bounded::Done(followed)) = within(limits, move || Ok(judge()), |_| {}) else {
            return None;
        };
        (with, without) = (with.min(followed), without.min(alone));
    }
    Some((with, without))
}

/// What is told of histories at hand.
fn of_files(files: &[String]) -> ExitCode {
    let limits =
        Limits { time: Duration::from_secs(120), memory_bytes: 4 << 30, ..Limits::default() };
    let (mut good, mut all) = (0, 0);
    for file in files {
        println!("{file}");
        let Some((looks, took)) = followed(file.as_ref(), &limits) else { continue };
        for phase in [Phase::Reading, Phase::Judging] {
            let (right, told) = told(phase, (&looks, took), LONG / 2.0);
            (good, all) = (good + right, all + told);
        }
    }
    println!("{good} of {all} estimates within a factor of {GOOD}");
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if !files.is_empty() {
        return of_files(&files);
    }
    let brief = std::env::args().any(|argument| argument == "--brief");
    let part: u64 = if brief { 20 } else { 1 };
    let mut random = Random::new(Random::seed_from_environment());
    let histories = [
        ("list-append", transactions(600_000 / part, &mut random, true)),
        ("rw-register", transactions(300_000 / part, &mut random, false)),
        ("registers", registers(1_000_000 / part, &mut random)),
        ("set", set(16_000 / part)),
    ];
    let limits =
        Limits { time: Duration::from_secs(600), memory_bytes: 8 << 30, ..Limits::default() };
    let file = std::env::temp_dir().join(format!("avouch-progress-{}.edn", std::process::id()));
    let (mut good, mut all, mut worst) = (0, 0, 0.0_f64);
    for (name, text) in &histories {
        println!("{name}: {} MB", text.len() / 1_000_000);
        if std::fs::write(&file, text).is_err() {
            return ExitCode::FAILURE;
        }
        let found = followed(&file, &limits);
        let _ = std::fs::remove_file(&file);
        let Some((looks, took)) = found else { return ExitCode::FAILURE };
        for phase in [Phase::Reading, Phase::Judging] {
            let (right, told) = told(phase, (&looks, took), LONG);
            (good, all) = (good + right, all + told);
        }
        if let Some((with, without)) = cost(text, &limits) {
            println!(
                "  judged in {with:.3} s of CPU time while somebody follows, {without:.3} s alone"
            );
            worst = worst.max(with / without - 1.0);
        }
    }
    println!("{good} of {all} estimates within a factor of {GOOD}");
    if !brief {
        let met = if good == all { "met" } else { "short" };
        println!("goal progress_estimates {good} target {all} {met}");
        let met = if worst <= 0.02 { "met" } else { "short" };
        println!("goal progress_cost {:.1} % target 2 {met}", worst * 100.0);
    }
    ExitCode::SUCCESS
}
