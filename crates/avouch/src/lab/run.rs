//! One run: a scenario, a seed, and what came of it.
//!
//! ```text
//!   faults and clients until `duration` --> everything put right --> half of `calm`
//!       --> every key is read at every node --> the rest of `calm` --> judges
//! ```
//!
//! I1 The same scenario and seed give the same trace hash, whether a run is looked at closely or
//! not: watching messages and signing with real keys change nothing that happens.

use super::measure::Measured;
use super::scenario::Scenario;
use super::setup::{Setup, setup};
use super::verdicts::{Judged, judge_run, worst};
use super::watch::{Mark, Watch};
use avouch_check::report::Story;
use avouch_promise::evidence::Verdict;
use avouch_promise::trust::Trust;
use avouch_promise::{Error, Nanos, NodeId};
use avouch_store::campaign::divergence::{Meter, Series};
use avouch_store::campaign::{Findings, Workload};
use avouch_store::node::Node;
use avouch_world::campaign::panic_text;
use avouch_world::{Counters, Fault, Passage, Script, TraceHash, World};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub enum Look {
    /// For its verdict: symbolic signatures.
    #[default]
    Verdict,
    /// For its files: real signatures, and the messages of a stretch of time.
    Close(Option<(Nanos, Nanos)>),
}

/// What came of a run.
pub struct Ran {
    /// Its seed.
    pub seed: u64,
    /// Two runs in which the same happened have the same.
    pub hash: TraceHash,
    /// What it exercised.
    pub counters: Counters,
    /// What every judge says.
    pub judged: Vec<Judged>,
    /// The witness, if the history was refuted.
    pub story: Option<Story>,
    /// The faults that were done.
    pub script: Script,
    /// When it ended.
    pub ended: Nanos,
    /// What the clients met.
    pub findings: Findings,
    /// What the nodes went through.
    pub marks: Vec<(Nanos, NodeId, Mark)>,
    /// Its figures.
    pub measured: Measured,
    /// How many keys differed between which nodes over time, if the run was looked at closely.
    pub divergence: Series,
    /// Messages, if they were watched.
    pub passages: Vec<Passage>,
    /// Where each client is.
    pub homes: Vec<String>,
    /// The trust in its cluster.
    pub trust: Trust,
}

/// More messages than this in one picture are no picture.
const PASSAGES_MAX: usize = 4_000;

impl Ran {
    /// The worst of all judges' words.
    pub fn verdict(&self) -> Verdict {
        worst(&self.judged)
    }

    /// Who found the run wrong, or could not decide.
    pub fn first_against(&self) -> Option<&Judged> {
        let verdict = self.verdict();
        self.judged.iter().find(|judged| judged.verdict == verdict && verdict != Verdict::Holds)
    }

    /// How the run ends for who expected something of it: a planted bug that was not caught on
    /// this seed leaves it open whether the judges would.
    pub fn end(&self, expected: Verdict) -> Verdict {
        match (self.verdict(), expected) {
            (Verdict::Holds, Verdict::Refuted) => Verdict::Unknown,
            (verdict, _) => verdict,
        }
    }
}

/// How many looks at the nodes' divergence a run has, about.
const SAMPLES: u64 = 400;

/// Does something with the world; a node that panics in it is a violation, which ends the run.
pub(super) fn guarded(world: &mut World<Node>, run: impl FnOnce(&mut World<Node>)) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| run(world))) {
        world.fail(panic_text(payload.as_ref()));
    }
}

/// Runs on, metered or not.
fn on(meter: &mut Option<Meter>, world: &mut World<Node>, watch: &mut Watch, until: Nanos) {
    guarded(world, |world| match meter {
        Some(meter) => meter.run_until(world, watch, until),
        None => world.run_until(watch, until),
    });
}

/// Runs a scenario with a seed.
pub fn run(scenario: &Scenario, seed: u64, look: Look) -> Result<Ran, Error> {
    let script = scenario.script(seed);
    let Setup { trust, mut world, habits, homes, inner } =
        setup(scenario, seed, matches!(look, Look::Close(_)))?;
    if let Look::Close(Some((from, until))) = look {
        world.watch_messages(from, until, PASSAGES_MAX);
    }
    world.play(&script);
    let duration = scenario.duration;
    let workload = Workload::of_habits(inner, seed, habits, duration);
    let mut watch = Watch::new(workload, scenario.cluster.nodes());
    let period = Nanos(duration.0 / SAMPLES).max(Nanos::from_millis(1));
    let mut meter = matches!(look, Look::Close(_)).then(|| Meter::new(period));
    on(&mut meter, &mut world, &mut watch, duration);
    let mut calm = None;
    if scenario.calm > Nanos::ZERO {
        world.inject(Fault::Calm);
        let half = duration.plus(Nanos(scenario.calm.0 / 2));
        on(&mut meter, &mut world, &mut watch, half);
        if world.violation().is_none() {
            watch.workload.final_reads(&mut world);
            on(&mut meter, &mut world, &mut watch, duration.plus(scenario.calm));
            calm = Some(half);
        }
    }
    let (judged, story) = judge_run(scenario, &world, &watch.workload, calm);
    let measured = Measured::of(&watch, world.now());
    Ok(Ran {
        seed,
        hash: world.trace_hash(),
        counters: world.counters().clone(),
        judged,
        story,
        script,
        ended: world.now(),
        measured,
        divergence: meter.map(Meter::into_series).unwrap_or_default(),
        marks: watch.marks,
        findings: watch.workload.findings,
        passages: world.passages().seen().to_vec(),
        homes,
        trust,
    })
}

/// The stretch that a picture of the run should show: around the witness, or the first fault.
pub fn stretch(ran: &Ran) -> (Nanos, Nanos) {
    let around = |from: Nanos, until: Nanos| {
        let (lead, span) = (Nanos::from_millis(60), Nanos::from_millis(900));
        let from = from.minus(lead);
        (from, until.plus(lead).min(from.plus(span)).max(from.plus(Nanos::from_millis(300))))
    };
    if let Some(story) = &ran.story {
        let began = story.lines.iter().filter_map(|line| line.began.time);
        let ended = story.lines.iter().filter_map(|line| line.ended.and_then(|ended| ended.time));
        if let (Some(last), Some(until)) = (began.max(), ended.max()) {
            let from = last.minus(Nanos::from_millis(500));
            return around(from, until.max(last));
        }
    }
    if ran.verdict() != Verdict::Holds {
        return around(ran.ended.minus(Nanos::from_millis(700)), ran.ended);
    }
    let first = ran.script.iter().map(|(at, _)| *at).next().unwrap_or(Nanos::from_secs(1));
    around(first, first.plus(Nanos::from_millis(700)))
}
