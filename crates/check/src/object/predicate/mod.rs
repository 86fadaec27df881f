//! Transactions that read by predicate, in a closed universe (Elle's `closed-predicate`): every
//! version of every key stands in the history, so that what a predicate did not find says which
//! version was there (Adya 1999, section 4.4: the versions that a predicate selects from).
//!
//! ```text
//! {:f :init, :value {:x 1, :y 2}}
//! {:f :txn, :value [[:insert :z 3] [:w :x 2] [:delete :y] [:r :x 2] [:rp [:mod 2 0] {:x 2}]]}
//!
//! operations -> steps -> universe of versions -> registers (reduce) -> the judge of transactions
//!                                                -> an order, replayed with its predicates (replay)
//! ```
//!
//! That an insert finds its key not there is not judged.

//= §2.3.1 phantom P3

mod condition;
mod reduce;
mod replay;
mod steps;
mod universe;
mod verify;

#[cfg(test)]
mod tests;

use super::Objects;
use super::datum::Datum;
use crate::dependency::Fate;
use crate::limits::{Budget, Limits};
use crate::meter::Meter;
use crate::report::{About, Finding, Report, Story, settle};
use crate::transaction::{Level, decide};
use avouch_promise::Error;
use avouch_promise::quantity::counted;
use reduce::{Flaw, Reduced, reduce};
use std::fmt::Write;
use steps::{Step, Transaction, transactions};
use universe::Universe;

pub(super) use steps::is_step;

/// Levels that are decided of registers, and not where predicates are read.
const NOT_DECIDED: [Level; 6] = [
    Level::CursorStability,
    Level::UpdateAtomic,
    Level::RepeatableRead,
    Level::ParallelSnapshotIsolation,
    Level::UpdateSerializable,
    Level::ConsistentView,
];

/// The functions of this workload.
pub(super) const FUNCTIONS: [&str; 3] = ["init", "txn", ""];

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mutant {
    /// No bug.
    #[default]
    None,
    /// What predicates did not find says nothing.
    ForgetAbsences,
    /// An order need not explain the predicates that leave something open.
    TrustOrders,
    /// Whatever a predicate leaves out or gives is believed.
    ForgetFlaws,
    /// What tables hold is not counted.
    ForgetTables,
}

struct Judge<'a> {
    objects: &'a Objects,
    all: Vec<Transaction<'a>>,
    /// Nothing where a bound was met before all of it was known.
    universe: Option<Universe<'a>>,
    mutant: Mutant,
}

/// Judges a history by one level, or by all that are decided of registers.
pub(super) fn judge(
    objects: &Objects,
    asked: Option<Level>,
    limits: &Limits,
) -> Result<Report, Error> {
    judge_with(objects, asked, limits, Mutant::None)
}

fn judge_with(
    objects: &Objects,
    asked: Option<Level>,
    limits: &Limits,
    mutant: Mutant,
) -> Result<Report, Error> {
    let all = transactions(&objects.operations)?;
    let mut budget = Budget::new(*limits);
    let mut meter = Meter::new(&mut budget, mutant != Mutant::ForgetTables);
    let steps: usize = all.iter().map(|one| one.steps.len()).sum();
    meter.hold(all.len() * size_of::<Transaction<'_>>() + steps * size_of::<Step<'_>>());
    let universe = Universe::of(&all, &mut meter).ok();
    let judge = Judge { objects, all, universe, mutant };
    let absences = mutant != Mutant::ForgetAbsences;
    let reduced =
        judge.universe.as_ref().map(|universe| reduce(&judge.all, universe, absences, &mut meter));
    let mut levels = Level::TIMED_REGISTERS.to_vec();
    levels.retain(|level| !NOT_DECIDED.contains(level));
    let findings = settle(&levels, asked, &[], |level| match (&judge.universe, &reduced) {
        (Some(universe), Some(reduced)) => judge.one(universe, reduced, level, &mut meter),
        _ => meter.finding(),
    });
    let count = |fate| judge.all.iter().filter(|one| one.of.fate == fate).count();
    let keys = judge.universe.iter().map(|universe| universe.keys.len());
    let transactions = counted(judge.all.len(), "transaction");
    let mut notes: Vec<String> =
        keys.map(|keys| format!("{transactions} on {}", counted(keys, "key"))).collect();
    let (open, left_out) = reduced.as_ref().map_or((0, 0), |one| (one.open, one.left_out));
    if open > 0 {
        notes.push(format!("{open} reads leave open which version they saw"));
    }
    if left_out > 0 {
        let told = "of unknown outcome were left out: nobody read from them";
        notes.push(format!("{left_out} {told}"));
    }
    let about = About {
        format: &objects.format,
        operations: steps,
        answered: count(Fate::Committed),
        unknown: count(Fate::Unknown),
        failed: count(Fate::Aborted),
        notes,
    };
    Ok(Report::of_levels(about, "steps", findings, asked, &budget))
}

impl<'a> Judge<'a> {
    /// Decides one level.
    fn one(
        &self,
        universe: &Universe<'a>,
        reduced: &Reduced<'a>,
        level: Level,
        meter: &mut Meter<'_>,
    ) -> Finding {
        let unknown = |reason: String| Finding::Unknown { reason, story: None };
        if let Some((key, value)) = universe.again {
            return unknown(format!("incomplete information: {key} was given {value} twice"));
        }
        if let Some(flaw) = reduced.flaws.first().filter(|_| self.mutant != Mutant::ForgetFlaws) {
            if level.reads_dirty() {
                return unknown("what a predicate sees of uncommitted writes is open".to_owned());
            }
            if !verify::accepts(&self.all, flaw) {
                return Finding::fault("what a predicate gave");
            }
            return Finding::Violated(self.of_flaw(universe, level, flaw));
        }
        if !reduced.is_whole || meter.met().is_some() {
            return meter.finding();
        }
        if level == Level::RepeatableRead {
            return unknown("reads by predicate are read one by one here".to_owned());
        }
        let open = || {
            let count = reduced.open;
            unknown(format!("{count} reads leave open which version they saw"))
        };
        match decide(&reduced.registers, level, &meter.left()) {
            Finding::Holds { order, checked } => {
                let place = |at: &usize| reduced.places.get(*at).copied();
                let has_effect = |number: &usize| self.all[*number].of.fate != Fate::Aborted;
                let order: Vec<usize> = order.iter().filter_map(place).filter(has_effect).collect();
                let is_serial = Level::Serializable == level
                    || Level::StrongSessionSerializable == level
                    || Level::StrictSerializable == level;
                let trusts = self.mutant == Mutant::TrustOrders;
                let explains = if is_serial && !trusts {
                    replay::explains(&self.all, &order, meter)
                } else {
                    Ok(trusts)
                };
                let Ok(explains) = explains else { return meter.finding() };
                if explains {
                    Finding::Holds { order, checked: true }
                } else if reduced.open > 0 {
                    open()
                } else if is_serial {
                    Finding::fault("an order")
                } else {
                    Finding::Holds { order, checked }
                }
            }
            Finding::Violated(story) => {
                // Whether predicates alone are at fault is told where that can be found out.
                let items = reduce(&self.all, universe, false, meter);
                let alone = items.is_whole.then(|| decide(&items.registers, level, &meter.left()));
                let is_phantom = matches!(alone, Some(Finding::Holds { .. }));
                if !is_phantom {
                    return Finding::Violated(story);
                }
                // Adya's G2-item is of keys that were read; his G2 is of predicates, too.
                let title = format!("phantom: {}", story.title.replacen("G2-item", "G2", 1));
                Finding::Violated(Story { title, ..story })
            }
            unknown @ Finding::Unknown { .. } => unknown,
        }
    }

    fn of_flaw(&self, universe: &Universe<'a>, level: Level, flaw: &Flaw<'a>) -> Story {
        let Flaw { reader, key, condition, got } = flaw;
        let mut named = vec![*reader];
        let name = |number: usize| self.all.get(number).map_or(0, |one| one.of.line);
        let (title, told) = if let Some(value) = got {
            let told = format!("`{condition}` does not hold of {value}, which it gave for {key}");
            (format!("predicate-read-mismatch: {key}"), told)
        } else {
            let mut told = format!("`{condition}` holds of every version of {key}:");
            for version in universe.keys.get(key).into_iter().flatten() {
                let Some(value) = version.value else { continue };
                // What is there before all was written by the first.
                let writer = version.writer.unwrap_or(0);
                let _ = write!(told, " {value} (line {})", name(writer));
                named.push(writer);
            }
            (format!("predicate-read-miss: {key}"), told)
        };
        named.sort_unstable();
        named.dedup();
        let place = |number: &usize| self.all.get(*number).map(|one| one.place);
        let lines = named.iter().filter_map(place);
        let line = |place| super::line(&self.objects.operations, place, level.name());
        let lines = lines.filter_map(line).collect();
        Story { title, lines, conclusion: vec![told], minimal: true, ..Story::default() }
    }
}

/// Whether a key is named in a map.
fn names(found: &[(Datum, Datum)], key: &Datum) -> bool {
    found.iter().any(|(one, _)| one == key)
}
