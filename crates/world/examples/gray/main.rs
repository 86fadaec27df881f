//! Gray failures, named: `cargo run --release --example gray -p avouch-world`.
//!
//! ```text
//!   gray               every scripted fault: what named it, and when; a plain timeout beside it
//!   gray TEXT          the scenes whose title has TEXT, with all evidence
//!   gray --hours H     and then a healthy cluster for H virtual hours, with the goals
//! ```
//!
//! Five regions under measured delays with a heavy tail; the seed is `AVOUCH_SEED` (1).

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

fn healthy(seed: u64, hours: u64, tally: &Tally) {
    let lasting = Nanos::from_secs(hours * 3_600);
    let progress = |hour| eprint!("\rhealthy for {hour} of {hours} virtual hours");
    let outcome = stage::healthy(seed, lasting, None, progress);
    eprintln!();
    for (what, by) in &outcome.by {
        println!("false alarm: {what} by {} nodes", by.len());
    }
    let alarms = outcome.by.len();
    println!("{hours} virtual hours without a fault: {alarms} false alarms\n");
    goal("gray_detected", tally.right, "faults", "15", tally.right >= DETECTED_MIN);
    let soon = tally.slowest <= stage::SOON;
    let slowest = Nanos(tally.slowest.0 / 1_000_000 * 1_000_000).0 / 1_000_000;
    let slowest = format!("{}.{:03}", slowest / 1_000, slowest % 1_000);
    goal("gray_seconds_max", slowest, "s", "7", soon);
    goal("gray_false_alarms", alarms, "alarms", "0", alarms == 0 && hours >= 24);
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let hours = match &arguments[..] {
        [flag, hours] if flag == "--hours" => match hours.parse() {
            Ok(hours) => Some(hours),
            Err(error) => {
                eprintln!("error: expected a number of hours, got {hours:?}: {error}");
                return ExitCode::from(3);
            }
        },
        _ => None,
    };
    let wanted = arguments.first().filter(|_| hours.is_none());
    let seed = Random::seed_from_environment();
    let is_wanted = |scene: &&Scene| wanted.is_none_or(|text| scene.title.contains(text));
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
    if let Some(hours) = hours {
        healthy(seed, hours, &gray);
    }
    ExitCode::SUCCESS
}
