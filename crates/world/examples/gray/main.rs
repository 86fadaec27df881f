//! Gray failures, named: `cargo run --release --example gray -p avouch-world`.
//!
//! ```text
//!   gray               every scripted fault: what named it, and when; a plain timeout beside it
//!   gray TEXT          the scenes whose title has TEXT, with all evidence
//!   gray --hours H --seeds N   the same with N seeds, and then for each a healthy cluster for H
//!                      virtual hours; the goals tell the worst seed
//! ```
//!
//! Five regions under measured delays with a heavy tail; the (first) seed is `AVOUCH_SEED` (1).

#[path = "../../tests/gray/scenes.rs"]
#[allow(unreachable_pub, reason = "shared with the tests")]
mod scenes;
#[path = "../../tests/gray/service.rs"]
#[allow(unreachable_pub, reason = "shared with the tests")]
mod service;
#[path = "../../tests/gray/stage.rs"]
#[allow(unreachable_pub, reason = "shared with the tests")]
mod stage;

use avouch_promise::{Nanos, Random};
use scenes::Scene;
use std::process::ExitCode;

/// What Panorama reports: 15 gray failures, each within 7 s (OSDI 2018, abstract).
const DETECTED_MIN: usize = 15;

/// What became of the scripted faults.
#[derive(Default)]
struct Tally {
    scenes: usize,
    right: usize,
    wrong: usize,
    slowest: Nanos,
    by_timeout: usize,
}

impl Tally {
    fn play(&mut self, seed: u64, scene: &Scene, evidence: bool) {
        let outcome = stage::play(seed, &scene.faults, None);
        let after = outcome.named_after(&scene.expected);
        let others: Vec<_> = outcome
            .named
            .keys()
            .filter(|what| **what != scene.expected)
            .map(ToString::to_string)
            .collect();
        let in_time = after.is_some_and(|after| after <= stage::SOON);
        self.scenes += 1;
        self.right += usize::from(in_time);
        self.wrong += others.len();
        self.slowest = self.slowest.max(after.unwrap_or(Nanos::MAX));
        self.by_timeout += usize::from(!outcome.suspected.is_empty());
        let after = after.map_or("never".to_owned(), |after| after.to_string());
        let timeout = outcome.suspected.keys().map(ToString::to_string).collect::<Vec<_>>();
        let timeout = if timeout.is_empty() { "-".to_owned() } else { timeout.join(" ") };
        let named = scene.expected.to_string();
        println!("{:<38} {named:<30} {after:>8}  {timeout:<8} {}", scene.title, others.join(", "));
        for (_, verdict) in outcome.named.values().filter(|_| evidence) {
            println!("{verdict}\n");
        }
    }

    fn sum(&self, what: &str) {
        let Self { scenes, right, wrong, by_timeout, .. } = self;
        println!("{what}: {right} of {scenes} named rightly, {wrong} wrong names besides;");
        println!("a plain timeout of 2 s on heartbeats suspects a node in {by_timeout}\n");
    }
}

fn goal(name: &str, value: impl std::fmt::Display, unit: &str, target: &str, met: bool) {
    let word = if met { "met" } else { "short" };
    println!("goal {name} {value} {unit} target {target} {word}");
}

/// A healthy cluster for each seed, as many at once as there are processors: the alarms of each.
fn healthy(seeds: &[u64], hours: u64) -> Vec<usize> {
    let lasting = Nanos::from_secs(hours * 3_600);
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let day = |seed: u64| {
        let progress = |hour| {
            if hour % 6 == 0 {
                eprintln!("seed {seed}: healthy for {hour} of {hours} virtual hours");
            }
        };
        stage::healthy(seed, lasting, None, progress)
    };
    let mut alarms = Vec::new();
    for some in seeds.chunks(at_once) {
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> =
                some.iter().map(|seed| (*seed, scope.spawn(move || day(*seed)))).collect();
            running.into_iter().map(|(seed, day)| (seed, day.join().ok())).collect()
        });
        for (seed, outcome) in outcomes {
            let Some(outcome) = outcome else {
                println!("seed {seed}: the run broke");
                alarms.push(usize::MAX);
                continue;
            };
            for (at, verdict) in outcome.first.values() {
                println!("seed {seed}: false alarm at {at}: {verdict}");
            }
            println!("seed {seed}: {hours} virtual hours, {} false alarms", outcome.by.len());
            alarms.push(outcome.by.len());
        }
    }
    alarms
}

/// The goals, by the worst of the seeds.
fn goals(tallies: &[Tally], alarms: &[usize], hours: u64) {
    let detected = tallies.iter().map(|tally| tally.right).min().unwrap_or_default();
    let scenes = tallies.iter().map(|tally| tally.scenes).max().unwrap_or_default();
    let slowest = tallies.iter().map(|tally| tally.slowest).max().unwrap_or(Nanos::MAX);
    let worst = alarms.iter().copied().max().unwrap_or(usize::MAX);
    let days = hours.saturating_mul(alarms.len() as u64);
    println!("{} seeds: the worst of them, over {days} healthy virtual hours\n", tallies.len());
    let enough = detected >= DETECTED_MIN && detected == scenes;
    goal("gray_detected", detected, "faults", &scenes.to_string(), enough);
    let milliseconds = slowest.0.div_ceil(1_000_000);
    let seconds = format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000);
    goal("gray_seconds_max", seconds, "s", "7", slowest <= stage::SOON);
    goal("gray_false_alarms", worst, "alarms", "0", worst == 0 && hours >= 24);
}

/// `--hours H` and `--seeds N`, in any order; or else the text that is wanted of a title.
fn read(arguments: &[String]) -> Result<(Option<u64>, u64, Option<&String>), String> {
    let (mut hours, mut seeds, mut wanted) = (None, 1, None);
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let mut number = |of: &str| {
            let text = rest.next().map_or("nothing", String::as_str);
            text.parse::<u64>().map_err(|error| format!("expected {of}, got {text:?}: {error}"))
        };
        match word.as_str() {
            "--hours" => hours = Some(number("a number of hours")?),
            "--seeds" => seeds = number("a number of seeds")?.max(1),
            _ => wanted = Some(word),
        }
    }
    Ok((hours, seeds, wanted))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (hours, count, wanted) = match read(&arguments) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(3);
        }
    };
    let first = Random::seed_from_environment();
    let seeds: Vec<u64> = (first..first.saturating_add(count)).collect();
    let is_wanted = |scene: &&Scene| wanted.is_none_or(|text| scene.title.contains(text));
    let mut tallies = Vec::new();
    for &seed in &seeds {
        println!("seed {seed}");
        println!("{:<38} {:<30} {:>8}  {:<8} also named", "fault", "named", "after", "timeout");
        let (mut gray, mut plain) = (Tally::default(), Tally::default());
        for scene in scenes::gray().iter().filter(is_wanted) {
            gray.play(seed, scene, wanted.is_some());
        }
        gray.sum("gray faults");
        for scene in scenes::plain().iter().filter(is_wanted) {
            plain.play(seed, scene, wanted.is_some());
        }
        plain.sum("crashes and partitions");
        tallies.push(gray);
    }
    if let Some(hours) = hours {
        goals(&tallies, &healthy(&seeds, hours), hours);
    }
    ExitCode::SUCCESS
}
