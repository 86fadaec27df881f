//! Many seeds, in parallel, with the demands that make a campaign worth something.
//!
//! ```text
//!   seeds first..first+count --> run(seed) --> Outcome { hash, counters, violation }
//!     again for a sample     --> the same hash, or the run is not determined by its seed
//!     summed counters        --> at least so many of each, or the campaign exercised nothing;
//!                                at most so many of some, or it decided too little
//!     lowest failing seed    --> one line: repro: AVOUCH_SEED=... cargo test -p ... name
//! ```
//!
//! Seeds share nothing, so threads here change nothing: the report is the same on any machine.
//! `AVOUCH_SEED` names the first seed, `AVOUCH_SEEDS` how many follow instead of the default.

use crate::counters::Counters;
use crate::recorder::Header;
use crate::simulated::Simulated;
use crate::trace::{Trace, TraceHash};
use crate::world::World;
use avouch_promise::Random;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What one seed gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The trace hash of the run.
    pub hash: TraceHash,
    /// What it exercised.
    pub counters: Counters,
    /// What was found wrong.
    pub violation: Option<String>,
    /// The last lines of the story, if the run kept any.
    pub story: Vec<String>,
    /// The header of everything in the trace hash, if the run kept them.
    pub headers: Vec<Header>,
}

impl Outcome {
    /// What a world gave.
    pub fn of<P: Simulated>(world: &World<P>) -> Self {
        Self {
            hash: world.trace_hash(),
            counters: world.counters().clone(),
            violation: world.violation().map(str::to_owned),
            story: world.story().lines().map(str::to_owned).collect(),
            headers: world.headers(),
        }
    }
}

/// The first thing that was wrong with a campaign's seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The lowest seed with something wrong.
    pub seed: u64,
    /// What.
    pub what: String,
    /// The last lines of its story, if it kept any.
    pub story: Vec<String>,
}

/// How many failing seeds are named beside the first.
const FEW: usize = 9;

/// A campaign: which seeds, and what is demanded of them.
#[derive(Clone, Debug)]
pub struct Campaign {
    package: &'static str,
    test: &'static str,
    first: u64,
    count: u64,
    twice_every: u64,
    threads: usize,
    minimums: Vec<(&'static str, u64)>,
    maximums: Vec<(&'static str, u64)>,
}

/// What a campaign gave.
#[derive(Clone, Debug)]
pub struct Report {
    package: &'static str,
    test: &'static str,
    /// How many seeds ran.
    pub seeds: u64,
    /// How many of them ran twice.
    pub twice: u64,
    /// One hash over the hashes of all seeds, in order.
    pub hash: TraceHash,
    /// The sum of what they exercised.
    pub counters: Counters,
    /// How many seeds had something wrong.
    pub failures: u64,
    /// The lowest of them.
    pub first_failure: Option<Failure>,
    /// Those after it, the lowest few.
    pub more_failures: Vec<u64>,
    /// Which minimums were missed: name, demanded, counted.
    pub missed: Vec<(&'static str, u64, u64)>,
    /// Which maximums were passed: name, allowed, counted.
    pub passed: Vec<(&'static str, u64, u64)>,
}

impl Campaign {
    /// A campaign of `count` seeds from `AVOUCH_SEED` on, for the test `test` of `package`; both
    /// names are for the line that reproduces a failure. Every tenth seed runs twice.
    pub fn new(package: &'static str, test: &'static str, count: u64) -> Self {
        let named = std::env::var("AVOUCH_SEEDS").ok().and_then(|text| text.trim().parse().ok());
        Self {
            package,
            test,
            first: Random::seed_from_environment(),
            count: named.unwrap_or(count),
            twice_every: 10,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            minimums: Vec::new(),
            maximums: Vec::new(),
        }
    }

    /// How many seeds it runs.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Runs these seeds and no others, whatever the environment says.
    #[must_use]
    pub fn seeds(self, first: u64, count: u64) -> Self {
        Self { first, count, ..self }
    }

    /// Runs every `every`-th seed twice; 1 is all of them, 0 none.
    #[must_use]
    pub fn twice_every(self, every: u64) -> Self {
        Self { twice_every: every, ..self }
    }

    /// Uses so many threads.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Demands that all seeds together count at least so many of this name.
    #[must_use]
    pub fn at_least(mut self, name: &'static str, count: u64) -> Self {
        self.minimums.push((name, count));
        self
    }

    /// Demands that all seeds together count at most so many of this name.
    #[must_use]
    pub fn at_most(mut self, name: &'static str, count: u64) -> Self {
        self.maximums.push((name, count));
        self
    }

    /// Runs every seed.
    pub fn run(&self, run: impl Fn(u64) -> Outcome + Sync) -> Report {
        let next = AtomicU64::new(0);
        let done = Mutex::new(vec![None; self.count as usize]);
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= self.count {
                            break;
                        }
                        let seed = self.first.wrapping_add(at);
                        let twice = self.twice_every > 0 && at.is_multiple_of(self.twice_every);
                        let outcome = judged(seed, twice, &run);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Some(place) = done.get_mut(at as usize) {
                            *place = Some(outcome);
                        }
                    }
                });
            }
        });
        let outcomes = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.report(outcomes.into_iter().flatten())
    }

    fn report(&self, outcomes: impl Iterator<Item = Outcome>) -> Report {
        let mut report = Report {
            package: self.package,
            test: self.test,
            seeds: 0,
            twice: if self.twice_every == 0 { 0 } else { self.count.div_ceil(self.twice_every) },
            hash: TraceHash::default(),
            counters: Counters::default(),
            failures: 0,
            first_failure: None,
            more_failures: Vec::new(),
            missed: Vec::new(),
            passed: Vec::new(),
        };
        let mut trace = Trace::new();
        for (at, outcome) in (0..).zip(outcomes) {
            report.seeds += 1;
            trace.value(&outcome.hash.0);
            report.counters.sum(&outcome.counters);
            if let Some(what) = outcome.violation {
                report.failures += 1;
                let seed = self.first.wrapping_add(at);
                if report.first_failure.is_none() {
                    report.first_failure = Some(Failure { seed, what, story: outcome.story });
                } else if report.more_failures.len() < FEW {
                    report.more_failures.push(seed);
                }
            }
        }
        report.hash = trace.hash();
        for (name, demanded) in &self.minimums {
            let counted = report.counters.named(name);
            if counted < *demanded {
                report.missed.push((*name, *demanded, counted));
            }
        }
        for (name, allowed) in &self.maximums {
            let counted = report.counters.named(name);
            if counted > *allowed {
                report.passed.push((*name, *allowed, counted));
            }
        }
        report
    }
}

/// Runs one seed, a second time if asked for; a panic is a violation like any other.
fn judged(seed: u64, twice: bool, run: &(impl Fn(u64) -> Outcome + Sync)) -> Outcome {
    let mut outcome = caught(seed, run);
    if twice {
        let again = caught(seed, run);
        if again.hash != outcome.hash && outcome.violation.is_none() {
            outcome.violation = Some(format!(
                "not determined by its seed: trace hash {} and then {}",
                outcome.hash, again.hash
            ));
        }
    }
    outcome
}

fn caught(seed: u64, run: &(impl Fn(u64) -> Outcome + Sync)) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|payload| Outcome {
        violation: Some(panic_text(payload.as_ref())),
        ..Outcome::default()
    })
}

/// What a caught panic says: in a run it is a violation like any other.
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a message"))
}

impl Report {
    /// Nothing was wrong, every minimum was met and no maximum passed; otherwise all of what was.
    pub fn verdict(&self) -> Result<(), String> {
        if self.first_failure.is_none() && self.missed.is_empty() && self.passed.is_empty() {
            Ok(())
        } else {
            Err(self.to_string())
        }
    }

    /// The line that reproduces the first failure.
    pub fn repro(&self) -> Option<String> {
        self.first_failure.as_ref().map(|failure| {
            format!(
                "repro: AVOUCH_SEED={} AVOUCH_SEEDS=1 cargo test -p {} {}",
                failure.seed, self.package, self.test
            )
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} seeds, {} of them twice, {} failed, hash {}",
            self.test, self.seeds, self.twice, self.failures, self.hash
        )?;
        writeln!(f, "counted: {}", self.counters)?;
        for (name, demanded, counted) in &self.missed {
            writeln!(f, "not exercised: {name} {counted}, at least {demanded} demanded")?;
        }
        for (name, allowed, counted) in &self.passed {
            writeln!(f, "too many: {name} {counted}, at most {allowed} allowed")?;
        }
        if let (Some(failure), Some(repro)) = (&self.first_failure, self.repro()) {
            failure.story.iter().try_for_each(|line| writeln!(f, "{line}"))?;
            writeln!(f, "seed {}: {}", failure.seed, failure.what)?;
            if !self.more_failures.is_empty() {
                writeln!(f, "and seeds {:?}", self.more_failures)?;
            }
            writeln!(f, "{repro}")?;
        }
        Ok(())
    }
}
