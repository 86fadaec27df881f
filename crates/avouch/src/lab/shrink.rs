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
    let best = scenario.with_script(ran.seed, ran.script.clone());
    let mut shrinking = Shrinking { seed: ran.seed, judge: against.judge, best, runs: 0, told };
    // A bound belongs to a stretch of time, and calm to its length: only faults can go.
    let timeless = !matches!(against.judge, "bounds" | "availability");
    if timeless {
        shrinking.end_at(failed_at(ran))?;
    }
    shrinking.faults()?;
    shrinking.clients()?;
    if timeless {
        shrinking.time()?;
    }
    Ok(Some(Shrunk { scenario: shrinking.best, runs: shrinking.runs }))
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
        let until = self.best.faults.iter().filter(|(when, _)| *when <= at).cloned();
        let faults: Script = until.collect();
        Scenario { duration: at, calm: Nanos::ZERO, faults, ..self.best.clone() }
    }

    fn end_at(&mut self, at: Nanos) -> Result<(), Error> {
        for slack in [1, 100, 1_000] {
            let at = at.plus(Nanos::from_millis(slack));
            if at < self.best.duration.plus(self.best.calm) && self.accept(self.ending_at(at))? {
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
            let at = Nanos::from_millis(at.0.div_ceil(1_000_000));
            if at >= self.best.duration || !self.accept(self.ending_at(at))? {
                part *= 2;
            }
        }
        Ok(())
    }
}
