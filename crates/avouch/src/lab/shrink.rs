//! Makes a failing scenario small: fewer faults, fewer clients, shorter time, as long as the same
//! judge refutes it.
//!
//! ```text
//!   end right behind the failure --> drop halves, quarters, ... single faults (ddmin, greedy)
//!       --> halve the clients --> end earlier --> nothing more can go
//! ```
//!
//! Zeller and Hildebrandt (2002), greedy: a part that can go goes at once. Every step is a run with
//! the same seed, so the result is the same on any machine; the number of runs is bounded.

use super::run::{Look, Ran, run};
use super::scenario::Scenario;
use super::verdicts::{AVAILABILITY, BOUNDS};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Error, Nanos};
use avouch_world::Script;

/// At most so many runs.
pub const RUNS_MAX: u32 = 120;

/// A smaller scenario that fails alike.
pub struct Shrunk {
    /// The scenario, with its seed and every fault at its time.
    pub scenario: Scenario,
    /// How many runs it took.
    pub runs: u32,
}

struct Shrinking<'a> {
    seed: u64,
    judge: &'static str,
    best: Scenario,
    runs: u32,
    /// The run must last at least so long for the judge to speak of the same.
    least: Nanos,
    /// Whether the calm after the faults belongs to what the judge speaks of.
    calm_stays: bool,
    told: &'a mut dyn FnMut(u32, &Scenario),
}

/// Shrinks a scenario whose run was refuted; `told` hears of every run.
pub fn shrink(
    scenario: &Scenario,
    ran: &Ran,
    told: &mut dyn FnMut(u32, &Scenario),
) -> Result<Option<Shrunk>, Error> {
    let Some(against) = ran.first_against().filter(|judged| judged.verdict == Verdict::Refuted)
    else {
        return Ok(None);
    };
    let mut best = scenario.with_script(ran.seed, ran.script.clone());
    let (mut least, mut calm_stays, mut end) = (Nanos::ZERO, false, failed_at(ran));
    match against.judge {
        // Who is asked in calm has the whole of it to answer: only what goes before gets shorter.
        AVAILABILITY => calm_stays = true,
        // Only the bound that was missed counts, and all that it speaks of must have happened.
        BOUNDS => {
            best.expect.bounds.truncate(missed(ran).map_or(usize::MAX, |at| at + 1));
            best.expect.bounds.drain(..best.expect.bounds.len().saturating_sub(1));
            if let Some(bound) = best.expect.bounds.first() {
                let longest = best.clients.iter().map(|crowd| crowd.patience).max();
                let asked = bound.until.unwrap_or(bound.from);
                least = asked.plus(longest.unwrap_or_default().times(TRIES));
                calm_stays = bound.until.is_none();
                end = least;
            }
        }
        _ => {}
    }
    let (seed, judge) = (ran.seed, against.judge);
    let mut shrinking = Shrinking { seed, judge, best, runs: 0, least, calm_stays, told };
    shrinking.end_at(end)?;
    shrinking.faults()?;
    shrinking.clients()?;
    shrinking.time()?;
    Ok(Some(Shrunk { scenario: shrinking.best, runs: shrinking.runs }))
}

/// A request is sent so often at most before its client gives up.
const TRIES: u64 = 3;

/// The place of the bound that was missed.
fn missed(ran: &Ran) -> Option<usize> {
    let mut bounds = ran.judged.iter().filter(|judged| judged.judge == BOUNDS);
    bounds.position(|judged| judged.verdict == Verdict::Refuted)
}

/// When everything that shows the failure has happened.
fn failed_at(ran: &Ran) -> Nanos {
    let story = ran.story.iter().flat_map(|story| &story.lines);
    let last = story.filter_map(|line| line.ended.and_then(|ended| ended.time)).max();
    last.map_or(ran.ended, |last| last.min(ran.ended))
}

impl Shrinking<'_> {
    /// Takes a smaller scenario over if it fails alike.
    fn accept(&mut self, smaller: Scenario) -> Result<bool, Error> {
        if self.runs >= RUNS_MAX {
            return Ok(false);
        }
        self.runs += 1;
        (self.told)(self.runs, &self.best);
        let ran = run(&smaller, self.seed, Look::Verdict)?;
        let fails = |judged: &super::verdicts::Judged| {
            judged.judge == self.judge && judged.verdict == Verdict::Refuted
        };
        let alike = ran.judged.iter().any(fails);
        if alike {
            self.best = smaller;
        }
        Ok(alike)
    }

    fn ending_at(&self, at: Nanos) -> Scenario {
        let at = at.max(self.least);
        let until = self.best.faults.iter().filter(|(when, _)| *when <= at).cloned();
        let faults: Script = until.collect();
        let calm = if self.calm_stays { self.best.calm } else { Nanos::ZERO };
        Scenario { duration: at, calm, faults, ..self.best.clone() }
    }

    fn end_at(&mut self, at: Nanos) -> Result<(), Error> {
        for slack in [1, 100, 1_000] {
            let at = at.plus(Nanos::from_millis(slack));
            let now = self.best.duration;
            let now = if self.calm_stays { now } else { now.plus(self.best.calm) };
            if at < now && self.accept(self.ending_at(at))? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn faults(&mut self) -> Result<(), Error> {
        let mut size = self.best.faults.len().div_ceil(2);
        while size > 0 && !self.best.faults.is_empty() {
            let mut from = 0;
            let mut gone = false;
            while from < self.best.faults.len() {
                let without = self.best.faults.iter().enumerate();
                let kept = without.filter(|(place, _)| *place < from || *place >= from + size);
                let faults: Script = kept.map(|(_, fault)| fault.clone()).collect();
                if self.accept(Scenario { faults, ..self.best.clone() })? {
                    gone = true;
                } else {
                    from += size;
                }
            }
            size = match (size, gone) {
                (1, true) => 1,
                (1, false) => 0,
                (size, _) => size / 2,
            };
            if self.runs >= RUNS_MAX {
                break;
            }
        }
        Ok(())
    }

    fn clients(&mut self) -> Result<(), Error> {
        for place in (0..self.best.clients.len()).rev() {
            if self.best.clients.len() > 1 {
                let mut smaller = self.best.clone();
                smaller.clients.remove(place);
                if self.accept(smaller)? {
                    continue;
                }
            }
            loop {
                let mut smaller = self.best.clone();
                let Some(crowd) = smaller.clients.get_mut(place) else { break };
                if crowd.count < 2 {
                    break;
                }
                crowd.count /= 2;
                if !self.accept(smaller)? {
                    break;
                }
            }
        }
        Ok(())
    }

    fn time(&mut self) -> Result<(), Error> {
        let mut part = 2;
        while part <= 16 {
            let at = Nanos(self.best.duration.0 - self.best.duration.0 / part);
            // To the millisecond: a file that a person reads.
            let at = Nanos::from_millis(at.0.div_ceil(1_000_000)).max(self.least);
            if at >= self.best.duration || !self.accept(self.ending_at(at))? {
                part *= 2;
            }
        }
        Ok(())
    }
}
