//! Operations on one object, and the judges of Jepsen's workloads on such: bank, set, counter,
//! queue, identities, long fork, causal reverse, lock, logs of messages, reads by
//! predicate.
//!
//! ```text
//! file -> operations (history) -> the workload (workload) -> its judge (set, bank, ...)
//!      -> anomalies, each checked again apart (verify) -> report
//!      or a sequential model (model::object) and the search for one order of all (by_model)
//! ```
//!
//! An operation of unknown outcome may have taken effect, at any later moment, or not; one that
//! failed never did. What is missing where the history does not say enough makes the verdict
//! unknown.

mod anomaly;
mod bank;
mod by_model;
mod counter;
mod datum;
mod history;
mod ids;
mod kafka;
mod long_fork;
mod mutant;
mod predicate;
mod queue;
mod set;
mod verify;
mod workload;

#[cfg(test)]
mod played;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_bounds;
#[cfg(test)]
mod tests_random;

use crate::history::notation::Notation;
use crate::history::{Malformed, Record};
use crate::limits::{Budget, Limits};
use crate::meter::{Met, Meter};
use crate::model::object::Model;
use crate::operation::Moment;
use crate::progress;
use crate::report::{self, Finding, Line, Report, Story};
use crate::transaction::Level;
use avouch_promise::{Blame, Error};
pub(crate) use history::whose;
use mutant::Mutant;
use std::collections::{BTreeMap, BTreeSet};

pub use anomaly::{Anomaly, Kind};
pub use datum::Datum;
pub use history::Operation;
pub use workload::Workload;

/// Operations on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects {
    /// In the order of their invocations.
    pub operations: Vec<Operation>,
    /// What they are a workload of; nothing if that is not known.
    pub workload: Option<Workload>,
    /// The name of the format that they were read from.
    pub format: String,
    /// What a reader of the verdict should know of how they were read.
    pub notes: Vec<String>,
}

/// What a judge found of one guarantee.
struct Part {
    name: &'static str,
    anomalies: Vec<Anomaly>,
    /// How many more there are of a kind, which were only counted.
    more: BTreeMap<Kind, usize>,
    /// Why it cannot be decided, if nothing is wrong.
    open: Option<String>,
    /// The bound that was met before all of it was looked at. What was found before stays found.
    met: Option<Met>,
}

impl Part {
    /// What was found, if the judge has come to its end or as far as the meter let it.
    fn new(
        name: &'static str,
        anomalies: Vec<Anomaly>,
        open: Option<String>,
        meter: &Meter<'_>,
    ) -> Self {
        Self { name, anomalies, more: BTreeMap::new(), open, met: meter.met() }
    }
}

/// Keeps one more.
fn push(found: &mut Vec<Anomaly>, one: Anomaly, meter: &mut Meter<'_>) {
    meter.hold(one.bytes());
    found.push(one);
}

/// What a judge found.
struct Judged {
    parts: Vec<Part>,
    notes: Vec<String>,
}

/// Reads a history of operations on one object.
pub(crate) fn parse(text: &str, notation: Notation) -> Result<Objects, Malformed> {
    let operations = history::operations(text, notation)?;
    let workload = Workload::of(&operations);
    let name = workload.map_or("operations", Workload::name);
    let format = match notation {
        Notation::Edn => format!("jepsen {name}, EDN"),
        Notation::Json => format!("jepsen {name}, JSON"),
    };
    Ok(Objects { operations, workload, format, notes: Vec::new() })
}

impl Objects {
    /// The history of these operations, in the order of their invocations.
    pub fn new(operations: Vec<Operation>) -> Self {
        let workload = Workload::of(&operations);
        Self { operations, workload, format: "built in code".to_owned(), notes: Vec::new() }
    }

    /// The error that nothing is known of what its operations are.
    pub(crate) fn of_no_workload(&self) -> Error {
        const SHOWN: usize = 8;
        let expected = "operations of a workload known, or a model for them";
        let functions: BTreeSet<&str> =
            self.operations.iter().map(|one| one.function.as_str()).collect();
        let shown: Vec<String> = functions
            .iter()
            .take(SHOWN)
            .map(|one| format!("`{}`", Malformed::shown(one)))
            .collect();
        Error::new(Blame::Caller, expected, shown.join(", ")).hint("name the object with --model")
    }

    /// Judges it by its workload.
    pub fn judge(&self, limits: &Limits) -> Result<Report, Error> {
        self.judge_with(limits, Mutant::None)
    }

    fn judge_with(&self, limits: &Limits, mutant: Mutant) -> Result<Report, Error> {
        let Some(workload) = self.workload else {
            return Err(self.of_no_workload());
        };
        if workload == Workload::Predicates {
            return predicate::judge(self, None, limits);
        }
        let mut budget = Budget::new(*limits);
        let all = &self.operations;
        match workload {
            Workload::Bank => bank::check(all)?,
            Workload::Counter => counter::check(all)?,
            _ => {}
        }
        let mut meter = Meter::new(&mut budget, mutant != Mutant::ForgetTables);
        let Judged { parts, notes } = judged(workload, all, &mut meter, mutant);
        let met = meter.met();
        let told = |part: &Part| self.part(part.name, self.finding(part, &budget));
        let mut found: Vec<report::Part> = parts.iter().map(told).collect();
        let violated = found.iter().any(|part| part.finding.word() == report::Word::Violated);
        let model = match workload {
            Workload::Counter if !violated => Some(Model::Counter),
            Workload::Mutex => Some(Model::Mutex),
            Workload::Stack => Some(Model::Stack),
            _ => None,
        };
        if let Some(model) = model {
            progress::draft(|| {
                let open = self.part("linearizable", Finding::open());
                self.report(found.iter().cloned().chain([open]).collect(), Vec::new(), &budget)
            });
            let finding = match met {
                Some(met) => met.finding(),
                None => by_model::judge(all, model, &mut budget),
            };
            found.push(self.part("linearizable", finding));
        }
        Ok(self.report(found, notes, &budget))
    }

    /// Judges transactions that read by predicate by one level.
    pub(crate) fn judge_by_level(&self, level: Level, limits: &Limits) -> Result<Report, Error> {
        if self.workload == Some(Workload::Predicates) {
            return predicate::judge(self, Some(level), limits);
        }
        let expected = format!("transactions, to judge by {level}");
        Err(Error::new(Blame::Caller, expected, "operations on one object")
            .hint("they are judged by their workload: leave the level out"))
    }

    /// Judges whether some order of all operations is one of a sequential model.
    pub fn judge_by_model(&self, model: Model, limits: &Limits) -> Result<Report, Error> {
        if let Some(other) = self.operations.iter().find(|one| !model.has(&one.function)) {
            let expected =
                format!("operations of a {}: {}", model.name(), model.functions().join(", "));
            let got = format!("`{}` at line {}", other.function, other.line);
            return Err(Error::new(Blame::Caller, expected, got)
                .hint("name a model that has all functions of the history"));
        }
        if model == Model::Counter {
            counter::check(&self.operations)?;
        }
        for one in &self.operations {
            let told = one.answer().map(|got| (got, one.ended_line));
            for (value, line) in std::iter::once((&one.asked, one.line)).chain(told) {
                if let Err(expected) = model.form(value) {
                    let got = format!("`{value}` of {} at line {line}", one.function);
                    return Err(Error::new(Blame::Caller, expected, got));
                }
            }
            if one.answer().is_some_and(|told| !model.answers(&one.asked, told)) {
                let expected = format!("the steps that were asked at line {}", one.line);
                let got = format!("others, at line {}", one.ended_line);
                return Err(Error::new(Blame::Caller, expected, got));
            }
        }
        let mut budget = Budget::new(*limits);
        let finding = by_model::judge(&self.operations, model, &mut budget);
        let parts = vec![self.part(&format!("linearizable {}", model.name()), finding)];
        Ok(self.report(parts, Vec::new(), &budget))
    }

    fn part(&self, name: &str, finding: Finding) -> report::Part {
        report::Part { guarantee: name.to_owned(), operations: self.operations.len(), finding }
    }

    fn report(&self, parts: Vec<report::Part>, notes: Vec<String>, budget: &Budget) -> Report {
        use crate::dependency::Fate;
        let count = |fate| self.operations.iter().filter(|one| one.fate == fate).count();
        let about = report::About {
            format: &self.format,
            operations: self.operations.len(),
            answered: count(Fate::Committed),
            unknown: count(Fate::Unknown),
            failed: count(Fate::Aborted),
            notes: self.notes.iter().cloned().chain(notes).collect(),
        };
        Report::of_parts(about, parts, budget)
    }

    /// The first of each kind is told, the most serious kind as the title; the others are counted.
    ///
    /// The verifier looks at all operations once for each that is told; one for which no time is
    /// left is told as not checked again.
    fn finding(&self, part: &Part, budget: &Budget) -> Finding {
        let mut counts = part.more.clone();
        let mut told: Vec<&Anomaly> = Vec::new();
        for anomaly in &part.anomalies {
            *counts.entry(anomaly.kind).or_default() += 1;
            if told.iter().all(|other| other.kind != anomaly.kind) {
                told.push(anomaly);
            }
        }
        told.sort_by_key(|anomaly| anomaly.kind);
        let mut unchecked = None;
        for anomaly in &told {
            match budget.check() {
                Ok(()) if !verify::accepts(&self.operations, anomaly) => {
                    return Finding::fault("an anomaly");
                }
                Ok(()) => {}
                Err(met) => unchecked = Some((anomaly.title(), met)),
            }
        }
        let Some(first) = told.first() else {
            return match (&part.met, &part.open) {
                (Some(met), _) => met.finding(),
                (None, Some(reason)) => Finding::Unknown { reason: reason.clone(), story: None },
                (None, None) => Finding::Holds { order: Vec::new(), checked: true },
            };
        };
        let mut places: Vec<usize> =
            told.iter().flat_map(|anomaly| anomaly.operations.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        let name = |place: usize| name(&self.operations, place);
        let mut conclusion: Vec<String> =
            told.iter().map(|one| format!("{}: {}", one.title(), one.told(name))).collect();
        for (kind, count) in counts.iter().filter(|(_, count)| **count > 1) {
            conclusion.push(format!(
                "{} more of this kind: {}",
                count - 1,
                Self::others(part, *kind)
            ));
        }
        let unchecked = unchecked.map(|(title, met)| format!("{title}: not checked again: {met}"));
        conclusion.extend(unchecked);
        conclusion.extend(part.met.iter().map(|met| format!("there may be more: {met}")));
        Finding::Violated(Story {
            title: first.title(),
            lines: places.iter().filter_map(|place| self.line(*place, part.name)).collect(),
            conclusion,
            minimal: true,
            ..Story::default()
        })
    }

    /// A few of the others of a kind.
    fn others(part: &Part, kind: Kind) -> String {
        const SHOWN: usize = 4;
        let others = part.anomalies.iter().filter(|one| one.kind == kind).skip(1);
        let mut told: Vec<String> = others.clone().take(SHOWN).map(Anomaly::title).collect();
        if others.count() > SHOWN {
            told.push("...".to_owned());
        }
        told.join(", ")
    }

    fn line(&self, place: usize, guarantee: &str) -> Option<Line> {
        line(&self.operations, place, guarantee)
    }
}

/// How an operation is called in words.
fn name(all: &[Operation], place: usize) -> String {
    let Some(one) = all.get(place) else { return String::new() };
    if one.line == 0 {
        format!("operation {place} ({})", one.function)
    } else {
        format!("the {} of line {}", one.function, one.line)
    }
}

/// An operation as a line of a story.
fn line(all: &[Operation], place: usize, guarantee: &str) -> Option<Line> {
    let one = all.get(place)?;
    let at = |line: usize, rank: u32| Record { line, time: None, moment: Moment(u64::from(rank)) };
    let (action, answer) = one.told();
    Some(Line {
        call: place,
        process: one.process.map(i64::unsigned_abs),
        whose: whose(one.process),
        place: None,
        began: at(one.line, one.began),
        ended: (one.ended != history::NEVER).then(|| at(one.ended_line, one.ended)),
        action,
        answer,
        effect: None,
        guarantee: guarantee.to_owned(),
    })
}

/// The judge of a workload; those that only an order decides have nothing to find here.
fn judged(workload: Workload, all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    match workload {
        Workload::Bank => bank::judge(all, meter, mutant),
        Workload::Set => set::judge(all, meter, mutant),
        Workload::Counter => counter::judge(all, meter, mutant),
        Workload::Queue => queue::judge(all, meter, mutant),
        Workload::Ids => ids::judge(all, meter, mutant),
        Workload::LongFork => long_fork::judge(all, meter, mutant),
        Workload::CausalReverse => set::judge_reverse(all, meter, mutant),
        Workload::Kafka => kafka::judge(all, meter, mutant),
        Workload::Mutex | Workload::Stack | Workload::Predicates => {
            Judged { parts: Vec::new(), notes: Vec::new() }
        }
    }
}
