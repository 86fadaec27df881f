//! Many seeds of one scenario, over all cores: what they did, which failed, and one hash of all.
//!
//! ```text
//!   A..B --shard I/N--> seeds --in order, to free threads--> runs --in order--> summary
//! ```
//!
//! Told to end early, it ends with the seeds that were begun, which are the first ones of all.
//! Seeds share nothing, so threads change nothing. A campaign that stops at its N-th failure
//! reports the seeds up to the N-th failing one and no others, however many ran beside it.

use super::run::{Look, run};
use super::scenario::Scenario;
use crate::quantile::nearest_rank;
use avouch_promise::evidence::Verdict;
use avouch_promise::{Error, Nanos};
use avouch_world::{Trace, TraceHash};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// What one seed gave.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Which.
    pub seed: u64,
    /// Its verdict.
    pub verdict: Verdict,
    /// Who found it wrong, and what.
    pub against: Option<(&'static str, String)>,
    /// Its trace hash.
    pub hash: TraceHash,
    /// Calls asked and answered.
    pub calls: (u64, u64),
    /// Of its answers.
    pub p99: Option<Nanos>,
    /// Events of its world.
    pub events: u64,
    /// Virtual time.
    pub ended: Nanos,
}

/// What a campaign gave.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Every seed reported, in order.
    pub seeds: Vec<Seed>,
    /// One hash over the hashes of all, in order.
    pub hash: TraceHash,
}

/// Runs the seeds; `told` hears of how many are done and how many failed, several times a second,
/// and says whether to go on.
pub fn campaign(
    scenario: &Scenario,
    seeds: Range<u64>,
    stop_at: Option<u64>,
    jobs: usize,
    mut told: impl FnMut(u64, u64) -> bool,
) -> Result<Summary, Error> {
    let (next, count) = (AtomicU64::new(0), seeds.end.saturating_sub(seeds.start));
    let (failures, ends) = (AtomicU64::new(0), AtomicBool::new(false));
    let (send, receive) = channel();
    let mut done: Vec<Result<Seed, Error>> = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let (send, next, failures, ends) = (send.clone(), &next, &failures, &ends);
            scope.spawn(move || {
                loop {
                    let enough =
                        stop_at.is_some_and(|most| failures.load(Ordering::SeqCst) >= most);
                    if enough || ends.load(Ordering::SeqCst) {
                        return;
                    }
                    let place = next.fetch_add(1, Ordering::SeqCst);
                    if place >= count {
                        return;
                    }
                    let found = one(scenario, seeds.start + place);
                    if found.as_ref().is_ok_and(fails) {
                        failures.fetch_add(1, Ordering::SeqCst);
                    }
                    if send.send(found).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        loop {
            match receive.recv_timeout(Duration::from_millis(100)) {
                Ok(found) => done.push(found),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if !told(done.len() as u64, failures.load(Ordering::SeqCst)) {
                ends.store(true, Ordering::SeqCst);
            }
        }
    });
    let mut found = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|seed| seed.seed);
    if let Some(most) = stop_at {
        let failing = found.iter().enumerate().filter(|(_, seed)| fails(seed));
        let last = failing.map(|(place, _)| place).nth(most as usize - 1);
        found.truncate(last.map_or(found.len(), |last| last + 1));
    }
    let mut trace = Trace::new();
    for one in &found {
        trace.value(&one.hash.0);
    }
    Ok(Summary { seeds: found, hash: trace.hash() })
}

/// Whether a seed counts as a failure, planted or not.
fn fails(seed: &Seed) -> bool {
    seed.verdict == Verdict::Refuted
}

fn one(scenario: &Scenario, seed: u64) -> Result<Seed, Error> {
    let ran = run(scenario, seed, Look::Verdict)?;
    let all = ran.measured.all();
    Ok(Seed {
        seed,
        verdict: ran.verdict(),
        against: ran.first_against().map(|judged| (judged.judge, judged.text.clone())),
        hash: ran.hash,
        calls: (all.asked, all.took.len() as u64),
        p99: nearest_rank(&all.took, 0.99),
        events: ran.counters.of(avouch_world::Count::Events),
        ended: ran.ended,
    })
}

impl Summary {
    /// How many seeds have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.seeds.iter().filter(|seed| seed.verdict == verdict).count()
    }

    /// The lowest seed that was refuted.
    pub fn first_refuted(&self) -> Option<&Seed> {
        self.seeds.iter().find(|seed| seed.verdict == Verdict::Refuted)
    }

    /// The seeds' p99, ascending.
    pub fn p99s(&self) -> Vec<Nanos> {
        let mut all: Vec<_> = self.seeds.iter().filter_map(|seed| seed.p99).collect();
        all.sort_unstable();
        all
    }
}
