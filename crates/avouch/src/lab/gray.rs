//! `avouch lab gray`: scripted gray failures of the shipped node, and what a majority of the nodes
//! says of each, from its own traffic alone; beside it whom a detector on heartbeats suspects.
//!
//! ```text
//!   n2's disk, link or processor, half broken --> requests late --> reports --> named: what, where
//! ```
//!
//! Exit 0: every fault played was named rightly and soon, nothing else was, and no alarm was raised
//! while nothing was wrong. Exit 1: not so.

//= §4.1.2 grey-detection

use super::bar::Bar;
use super::interrupt::{First, Interrupt};
use crate::exit::Exit;
use crate::quantity::{self, exact, nanos};
use crate::screen::{Format, Screen};
use crate::shell;
use avouch_agreement::gray::{GrayMutant, Verdict as Named, What};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error, Nanos, NodeId, Random};
use avouch_store::campaign::gray::{self, Outcome, SOON};
use avouch_world::campaign::panic_text;
use avouch_world::scenes::{self, Scene};
use clap::Args;
use serde_json::{Value, json};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// The examples at the end of `avouch lab gray --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch lab gray --fault disk
  avouch lab gray --fault \"n3 crashes\" --seed 7 --format json
  avouch lab gray --fault \"n5 loses\" --healthy 10s
  avouch lab gray --fault \"n3 runs\" --plant trusts-heartbeats

Exit codes:
  0 all named rightly and soon, no false alarm   1 not so
  3 usage   4 environment   6 a run broke its own promises";

/// `avouch lab gray`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Play only the faults whose title has this text, and tell what spoke for each name
    #[arg(long, value_name = "TEXT")]
    pub fault: Option<String>,
    /// Then leave a healthy cluster in peace for so long, in virtual time, at p99.9 jitter
    #[arg(long, value_name = "SPAN", value_parser = quantity::span)]
    pub healthy: Option<Duration>,
    /// The runs' seed; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Plant a bug in the detector, to see what it costs
    #[arg(long, value_name = "BUG", value_parser = planted)]
    pub plant: Option<Plant>,
}

/// A bug of the detector, by its name in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plant(GrayMutant);

fn planted(text: &str) -> Result<Plant, Error> {
    let all = || GrayMutant::ALL.into_iter().map(Plant);
    all().find(|plant| plant.name() == text).ok_or_else(|| {
        let names: Vec<_> = all().map(Plant::name).collect();
        Error::new(Blame::Caller, "a bug of the detector", format!("`{text}`"))
            .hint(format!("there are {}", names.join(", ")))
    })
}

impl Plant {
    fn name(self) -> String {
        super::plant::kebab(&format!("{:?}", self.0))
    }
}

/// What became of one fault.
struct Played {
    scene: Scene,
    /// How long after it began its right name was known to a majority, and what spoke for it.
    named: Option<(Nanos, Named)>,
    /// What else was named.
    wrongly: Vec<What>,
    /// Whom heartbeats alone take to have stopped.
    suspected: Vec<NodeId>,
}

impl Played {
    fn new(scene: Scene, outcome: Outcome) -> Self {
        let verdict = outcome.named.get(&scene.expected).map(|(_, verdict)| verdict.clone());
        let named = outcome.named_after(&scene.expected).zip(verdict);
        let wrongly = outcome.named.into_keys().filter(|what| *what != scene.expected).collect();
        Self { named, wrongly, suspected: outcome.suspected.into_keys().collect(), scene }
    }

    fn is_right(&self) -> bool {
        self.wrongly.is_empty() && self.named.as_ref().is_some_and(|(after, _)| *after <= SOON)
    }
}

/// Plays the faults that are wanted, and shows what became of them.
pub fn run(options: &Options, screen: &mut Screen) -> Result<Exit, Error> {
    let _interrupt = Interrupt::catch(First::Ends)?;
    let seed = options.seed.unwrap_or_else(Random::seed_from_environment);
    let wanted = wanted(options.fault.as_deref())?;
    let mutant = options.plant.map(|plant| plant.0);
    let broken = |what: String| {
        Error::new(Blame::Corrupt, "a run that keeps its promises", what)
            .hint(format!("repro: {}", repro(options, seed)))
    };
    let played = play(&wanted, seed, mutant, screen).map_err(broken)?;
    let alarms = healthy(options.healthy, seed, mutant, screen).map_err(broken)?;
    let right = played.iter().filter(|one| one.is_right()).count();
    let holds = right == played.len() && alarms.is_empty();
    let verdict = if holds { Verdict::Holds } else { Verdict::Refuted };
    match screen.format {
        Format::Json => screen.line(&json_of(options, &played, &alarms, seed, verdict).to_string()),
        Format::Text => {
            let word = screen.paint(verdict, if holds { "holds" } else { "refuted" });
            let of = played.len();
            screen.line(&format!(
                "{word}: {right} of {of} faults named rightly, and nothing else, within {SOON}; \
                 seed {seed}"
            ));
            if let Some(span) = options.healthy {
                let count = quantity::counted(alarms.len(), "false alarm");
                screen.line(&format!("{} with nothing wrong: {count}", exact(nanos(span))));
            }
            screen.data(table(&played, &alarms, options.fault.is_some()).as_bytes());
        }
    }
    if !holds {
        screen.say(&format!("repro: {}", repro(options, seed)));
    }
    Ok(Exit::Verdict(verdict))
}

/// The faults whose title has the text; all without one.
fn wanted(text: Option<&str>) -> Result<Vec<Scene>, Error> {
    let all = || scenes::gray().into_iter().chain(scenes::plain());
    let some: Vec<_> =
        all().filter(|scene| text.is_none_or(|text| scene.title.contains(text))).collect();
    if some.is_empty() {
        let titles: Vec<_> = all().map(|scene| scene.title).collect();
        let got = format!("`{}`", text.unwrap_or_default());
        return Err(Error::new(Blame::Caller, "a text that a fault's title has", got)
            .hint(format!("the faults are: {}", titles.join("; "))));
    }
    Ok(some)
}

/// A run for each fault, as many at once as there are processors.
fn play(
    scenes: &[Scene],
    seed: u64,
    mutant: Option<GrayMutant>,
    screen: &mut Screen,
) -> Result<Vec<Played>, String> {
    let mut bar = Bar::start(screen);
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = Vec::new();
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..workers {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                while let Some((at, scene)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    scenes.get(at).map(|scene| (at, scene))
                } {
                    let run = || gray::play(seed, &scene.faults, mutant);
                    let outcome = catch_unwind(AssertUnwindSafe(run));
                    let played = outcome.map(|outcome| Played::new(scene.clone(), outcome));
                    let played = played.map_err(|payload| panic_text(payload.as_ref()));
                    if tell.send((at, played)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        for one in told {
            done.push(one);
            bar.tell(screen, done.len() as u64, scenes.len() as u64, " faults");
        }
    });
    bar.end(screen);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, played)| played).collect()
}

/// What was named in a while in which nothing was wrong, and when.
fn healthy(
    lasting: Option<Duration>,
    seed: u64,
    mutant: Option<GrayMutant>,
    screen: &mut Screen,
) -> Result<Vec<(Nanos, Named)>, String> {
    let Some(lasting) = lasting.map(nanos) else { return Ok(Vec::new()) };
    let hours = lasting.0.div_ceil(3_600_000_000_000);
    let mut bar = Bar::start(screen);
    let (tell, told) = mpsc::channel();
    let outcome = std::thread::scope(|scope| {
        let tell = move |hour| {
            let _ = tell.send(hour); // who hears of it has gone: the day goes on
        };
        let day = scope.spawn(move || gray::healthy(seed, lasting, mutant, tell));
        for hour in told {
            bar.tell(screen, hour, hours, " healthy hours");
        }
        day.join()
    });
    bar.end(screen);
    match outcome {
        Ok(outcome) => Ok(outcome.first.into_values().collect()),
        Err(payload) => Err(panic_text(payload.as_ref())),
    }
}

/// The command that does exactly the same.
fn repro(options: &Options, seed: u64) -> String {
    let fault = options.fault.as_deref().map(|text| format!(" --fault {}", shell::word(text)));
    let fault = fault.unwrap_or_default();
    let healthy = options.healthy.map(|span| format!(" --healthy {}", exact(nanos(span))));
    let healthy = healthy.unwrap_or_default();
    let plant =
        options.plant.map_or_else(String::new, |plant| format!(" --plant {}", plant.name()));
    format!("avouch lab gray --seed {seed}{fault}{healthy}{plant}")
}

fn list<T: ToString>(of: &[T]) -> String {
    if of.is_empty() {
        return "-".to_owned();
    }
    of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A line for each fault and each alarm, with what spoke for a name where that is wanted.
fn table(played: &[Played], alarms: &[(Nanos, Named)], evidence: bool) -> String {
    let heads = ["fault", "its name", "known after", "by heartbeats", "wrong names"];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(played.iter().map(|one| {
        let after = one.named.as_ref().map_or_else(|| "never".to_owned(), |it| it.0.to_string());
        let title = one.scene.title.to_owned();
        [title, one.scene.expected.to_string(), after, list(&one.suspected), list(&one.wrongly)]
    }));
    let widths: [usize; 5] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    });
    let mut lines = vec![String::new()];
    for (at, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
        let named = at.checked_sub(1).and_then(|at| played[at].named.as_ref());
        if let Some((_, verdict)) = named.filter(|_| evidence) {
            lines.extend(verdict.evidence.iter().map(|line| format!("  {line}")));
        }
    }
    lines.extend(alarms.iter().map(|(at, verdict)| format!("false alarm at {at}: {verdict}")));
    lines.join("\n") + "\n"
}

fn json_of(
    options: &Options,
    played: &[Played],
    alarms: &[(Nanos, Named)],
    seed: u64,
    verdict: Verdict,
) -> Value {
    let texts = |of: &[What]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
    let each = |one: &Played| {
        let (after, evidence) = match &one.named {
            Some((after, verdict)) => (Some(after.0), verdict.evidence.clone()),
            None => (None, Vec::new()),
        };
        json!({
            "fault": one.scene.title,
            "expected": one.scene.expected.to_string(),
            "named_after_ns": after,
            "evidence": evidence,
            "named_wrongly": texts(&one.wrongly),
            "suspected_by_heartbeats": one.suspected.iter().map(|node| node.0).collect::<Vec<_>>(),
            "right": one.is_right(),
        })
    };
    let alarm = |(at, verdict): &(Nanos, Named)| json!({ "at_ns": at.0, "named": verdict.what.to_string(), "evidence": verdict.evidence });
    json!({
        "verdict": if verdict == Verdict::Holds { "holds" } else { "refuted" },
        "seed": seed,
        "planted": options.plant.map(Plant::name),
        "within_ns": SOON.0,
        "faults": played.iter().map(each).collect::<Vec<_>>(),
        "healthy_ns": options.healthy.map(|span| nanos(span).0),
        "false_alarms": alarms.iter().map(alarm).collect::<Vec<_>>(),
    })
}
