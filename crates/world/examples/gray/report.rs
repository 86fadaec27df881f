//! What became of the scripted faults and of the healthy days, as lines and goals; for whichever
//! stage plays them.

use avouch_agreement::gray::{Verdict, What};
use avouch_promise::{Nanos, NodeId, Random};
use avouch_world::Fault;
use avouch_world::scenes::{self, Scene};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// What a run told.
pub struct Told {
    /// How long after it began each fault was named by a majority, with one node's evidence.
    pub named: BTreeMap<What, (Nanos, Verdict)>,
    /// When each was named by anybody first.
    pub first: BTreeMap<What, (Nanos, Verdict)>,
    /// Whom the baseline suspects: a detector on heartbeats alone.
    pub suspected: Vec<NodeId>,
}

/// Where faults are played.
pub struct Stage {
    /// Before each goal's name.
    pub prefix: &'static str,
    /// Within which time they have to be named.
    pub soon: Nanos,
    /// The baseline, in a few words.
    pub baseline: &'static str,
    /// A run of this seed with these faults.
    pub play: fn(u64, &[Fault]) -> Told,
    /// A run of this seed with nothing wrong for so long; it tells of each hour.
    pub healthy: fn(u64, Nanos, &dyn Fn(u64)) -> Told,
}

/// What Panorama reports: 15 gray failures, each within 7 s (OSDI 2018, abstract).
const DETECTED_MIN: usize = 15;

/// What became of the scripted faults.
struct Tally<'a> {
    stage: &'a Stage,
    scenes: usize,
    right: usize,
    wrong: usize,
    slowest: Nanos,
    by_baseline: usize,
}

impl<'a> Tally<'a> {
    const fn new(stage: &'a Stage) -> Self {
        Self { stage, scenes: 0, right: 0, wrong: 0, slowest: Nanos::ZERO, by_baseline: 0 }
    }

    fn play(&mut self, seed: u64, scene: &Scene, evidence: bool) {
        let outcome = (self.stage.play)(seed, &scene.faults);
        let after = outcome.named.get(&scene.expected).map(|(after, _)| *after);
        let others: Vec<_> = outcome
            .named
            .keys()
            .filter(|what| **what != scene.expected)
            .map(ToString::to_string)
            .collect();
        let in_time = after.is_some_and(|after| after <= self.stage.soon);
        self.scenes += 1;
        self.right += usize::from(in_time);
        self.wrong += others.len();
        self.slowest = self.slowest.max(after.unwrap_or(Nanos::MAX));
        self.by_baseline += usize::from(!outcome.suspected.is_empty());
        let after = after.map_or("never".to_owned(), |after| after.to_string());
        let suspected = outcome.suspected.iter().map(ToString::to_string).collect::<Vec<_>>();
        let suspected = if suspected.is_empty() { "-".to_owned() } else { suspected.join(" ") };
        let named = scene.expected.to_string();
        println!(
            "{:<38} {named:<30} {after:>8}  {suspected:<8} {}",
            scene.title,
            others.join(", ")
        );
        for (_, verdict) in outcome.named.values().filter(|_| evidence) {
            println!("{verdict}\n");
        }
    }

    fn sum(&self, what: &str) {
        let Self { stage, scenes, right, wrong, by_baseline, .. } = self;
        println!("{what}: {right} of {scenes} named rightly, {wrong} wrong names besides;");
        println!("{} suspects a node in {by_baseline}\n", stage.baseline);
    }
}

/// A healthy cluster for each seed, as many at once as there are processors: the alarms of each.
fn healthy(stage: &Stage, seeds: &[u64], hours: u64) -> Vec<usize> {
    let lasting = Nanos::from_secs(hours * 3_600);
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let day = |seed: u64| {
        let progress = |hour| {
            if hour % 6 == 0 {
                eprintln!("seed {seed}: healthy for {hour} of {hours} virtual hours");
            }
        };
        (stage.healthy)(seed, lasting, &progress)
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
            println!("seed {seed}: {hours} virtual hours, {} false alarms", outcome.first.len());
            alarms.push(outcome.first.len());
        }
    }
    alarms
}

/// The goals, by the worst of the seeds.
fn goals(stage: &Stage, tallies: &[Tally<'_>], alarms: &[usize], hours: u64) {
    let goal = |name, value: &dyn std::fmt::Display, unit, target: &str, met: bool| {
        let word = if met { "met" } else { "short" };
        println!("goal {}_{name} {value} {unit} target {target} {word}", stage.prefix);
    };
    let detected = tallies.iter().map(|tally| tally.right).min().unwrap_or_default();
    let scenes = tallies.iter().map(|tally| tally.scenes).max().unwrap_or_default();
    let slowest = tallies.iter().map(|tally| tally.slowest).max().unwrap_or(Nanos::MAX);
    let worst = alarms.iter().copied().max().unwrap_or(usize::MAX);
    let days = hours.saturating_mul(alarms.len() as u64);
    println!("{} seeds: the worst of them, over {days} healthy virtual hours\n", tallies.len());
    let enough = detected >= DETECTED_MIN && detected == scenes;
    goal("detected", &detected, "faults", &scenes.to_string(), enough);
    let milliseconds = slowest.0.div_ceil(1_000_000);
    let seconds = format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000);
    goal("seconds_max", &seconds, "s", "7", slowest <= stage.soon);
    goal("false_alarms", &worst, "alarms", "0", worst == 0 && hours >= 24);
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

/// The program: plays what its arguments want on this stage.
pub fn run(stage: &Stage) -> ExitCode {
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
        println!("{:<38} {:<30} {:>8}  {:<8} also named", "fault", "named", "after", "baseline");
        let (mut gray, mut plain) = (Tally::new(stage), Tally::new(stage));
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
        goals(stage, &tallies, &healthy(stage, &seeds, hours), hours);
    }
    ExitCode::SUCCESS
}
