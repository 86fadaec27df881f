//! The judge of a run: what is wrong of the store and what of its watches, each with its witness.

use super::log::Log;
use super::model::{self, Laid, Store};
use super::mutant::Mutant;
use super::run::{Key, Operation, Range, Run, Value};
use super::{contents, order, watches};
use crate::history::Record;
use crate::limits::{Budget, Limits};
use crate::linearizability::verify_order_by;
use crate::meter::{Met, Meter, entry};
use crate::operation::Moment;
use crate::report::{About, Finding, Line, Part, Report, Story};
use avouch_promise::Nanos;
use avouch_promise::quantity::counted;
use std::collections::{BTreeMap, BTreeSet};

/// Who saw something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    Operation(usize),
    /// A response of a watch.
    Watch(usize, usize),
}

/// Something that cannot be.
#[derive(Clone, Debug)]
pub(super) struct Anomaly {
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) seen: Vec<Seen>,
    pub(super) because: Vec<String>,
}

/// How many anomalies are kept; a store that is broken throughout has one for every answer.
const KEPT_MAX: usize = 1_000;

/// A judge at work on one part.
pub(super) struct Judge<'a> {
    pub(super) run: &'a Run,
    pub(super) log: &'a Log,
    pub(super) mutant: Mutant,
    anomalies: Vec<Anomaly>,
    more: usize,
    open: BTreeSet<&'static str>,
    /// Revisions that nobody tells and that an answer hangs on.
    gaps: BTreeSet<i64>,
}

impl<'a> Judge<'a> {
    fn new(run: &'a Run, log: &'a Log, mutant: Mutant) -> Self {
        let (anomalies, open, gaps) = Default::default();
        Self { run, log, mutant, anomalies, more: 0, open, gaps }
    }

    pub(super) fn found(&mut self, anomaly: Anomaly) {
        if self.anomalies.len() < KEPT_MAX {
            self.anomalies.push(anomaly);
        } else {
            self.more += 1;
        }
    }

    /// Something that the run does not tell enough of to judge.
    pub(super) fn open(&mut self, what: &'static str) {
        self.open.insert(what);
    }

    /// An answer hangs on a revision that nobody tells.
    pub(super) fn gap_at(&mut self, revision: i64) {
        if self.gaps.len() < KEPT_MAX {
            self.gaps.insert(revision);
        }
    }

    /// The first revision after one and up to another that may have written the key.
    pub(super) fn gap(&self, key: &str, after: i64, to: i64) -> Option<i64> {
        if self.mutant == Mutant::ForgetGaps {
            return None;
        }
        self.log.gap(self.run, key, after, to)
    }

    /// The first revision up to one that may have written a key of the range that nobody tells.
    pub(super) fn any_gap(&self, range: &Range, to: i64) -> Option<i64> {
        if self.mutant == Mutant::ForgetGaps {
            return None;
        }
        self.log.gap_of_range(self.run, range, to)
    }

    /// The line of what somebody saw.
    fn line(&self, seen: Seen) -> Option<Line> {
        let at =
            |time: u64, line: usize| Record { line, time: Some(Nanos(time)), moment: Moment(time) };
        match seen {
            Seen::Operation(place) => {
                let one = self.run.operations.get(place)?;
                let (action, answer) = one.told();
                Some(Line {
                    call: place,
                    process: Some(one.client),
                    whose: format!("client {}", one.client),
                    place: None,
                    began: at(one.call, one.line),
                    ended: one.returned.map(|returned| at(returned, one.line)),
                    action,
                    answer,
                    effect: None,
                    guarantee: "linearizable".to_owned(),
                })
            }
            Seen::Watch(number, place) => {
                let watch = self.run.watches.get(number)?;
                let response = watch.responses.get(place)?;
                let event = |event: &super::run::Event| match event.holds() {
                    Some(value) => format!("put {} = {value}", event.key.escape_debug()),
                    None => format!("delete {}", event.key.escape_debug()),
                };
                let mut told: Vec<String> = response.events.iter().take(4).map(event).collect();
                if told.is_empty() {
                    told.push("all is told".to_owned());
                } else if response.events.len() > told.len() {
                    told.push(format!("{} more", response.events.len() - told.len()));
                }
                let record = at(response.time, watch.line);
                Some(Line {
                    call: self.run.operations.len() + number,
                    process: Some(watch.client),
                    whose: format!("client {}", watch.client),
                    place: None,
                    began: record,
                    ended: Some(record),
                    action: format!("watch of client {}", watch.client),
                    answer: format!("{}, at revision {}", told.join(", "), response.reaches()),
                    effect: None,
                    guarantee: "watch".to_owned(),
                })
            }
        }
    }

    /// The first of each kind is told, the first found as the title; the others are counted.
    fn story(&self) -> Option<Story> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut told: Vec<&Anomaly> = Vec::new();
        for anomaly in &self.anomalies {
            let count = counts.entry(anomaly.kind).or_default();
            *count += 1;
            if *count == 1 {
                told.push(anomaly);
            }
        }
        let first = told.first()?;
        let mut seen: Vec<Seen> = told.iter().flat_map(|one| one.seen.iter().copied()).collect();
        seen.sort_unstable();
        seen.dedup();
        let mut lines: Vec<Line> = seen.into_iter().filter_map(|one| self.line(one)).collect();
        lines.sort_by_key(|line| line.began.moment);
        let mut conclusion: Vec<String> = Vec::new();
        for anomaly in &told {
            conclusion.push(format!("{}: {}", anomaly.title, anomaly.because.join("; ")));
        }
        for (kind, count) in counts.iter().filter(|(_, count)| **count > 1) {
            conclusion.push(format!("{kind}: {} more", count - 1));
        }
        if self.more > 0 {
            conclusion.push(format!("{} more that were only counted", self.more));
        }
        let title = first.title.clone();
        Some(Story { title, lines, conclusion, minimal: true, ..Story::default() })
    }

    /// Why it cannot be decided, if nothing is wrong.
    fn undecided(&self) -> Option<String> {
        const SHOWN: usize = 4;
        let mut all: Vec<String> = Vec::new();
        let untold = if self.mutant == Mutant::ForgetGaps { Vec::new() } else { self.log.untold() };
        let span = |(from, to): &(i64, i64)| {
            if from == to { format!("{from}") } else { format!("{from} to {to}") }
        };
        let few = |spans: Vec<String>| {
            let more = spans.len() > SHOWN;
            let shown = spans.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            if more { shown + ", ..." } else { shown }
        };
        if !untold.is_empty() {
            let spans = few(untold.iter().map(span).collect());
            all.push(format!("nobody tells what revision {spans} wrote"));
        } else if !self.gaps.is_empty() {
            let spans = few(self.gaps.iter().map(|one| span(&(*one, *one))).collect());
            all.push(format!("nobody tells everything that revision {spans} wrote"));
        }
        all.extend(self.open.iter().map(|what| format!("there is {what}")));
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Run {
    /// The same, read because so much of it was named.
    pub(crate) fn named(self, named: Option<String>) -> Self {
        Self { named, ..self }
    }

    /// What was read, and how much of what happened it tells.
    fn notes(&self, written: usize, by_others: usize) -> Vec<String> {
        let clients = counted(self.clients, "client");
        let told = format!(
            "files of {clients}, {}, {} told: {by_others} of them by watches or reads alone, as of \
             unknown clients",
            match self.watches.len() {
                1 => "1 watch".to_owned(),
                count => format!("{count} watches"),
            },
            counted(written, "revision"),
        );
        let whole = self.named.as_ref().map(|named| {
            format!("{named} is a part of a run, and all of the run is judged: {clients}")
        });
        whole.into_iter().chain([told]).collect()
    }
}

impl Judge<'_> {
    /// What was found: something wrong, which stays wrong whatever was not looked at; or that it
    /// cannot be said.
    fn finding(&self, met: Option<Met>) -> Option<Finding> {
        if let Some(mut story) = self.story() {
            story.conclusion.extend(met.map(|met| format!("there may be more: {met}")));
            return Some(Finding::Violated(story));
        }
        if let Some(met) = met {
            return Some(met.finding());
        }
        self.undecided().map(|reason| Finding::Unknown { reason, story: None })
    }
}

/// What is wrong of the store.
pub(super) fn of_store(run: &Run, log: &Log, meter: &mut Meter<'_>, mutant: Mutant) -> Finding {
    let mut judge = Judge::new(run, log, mutant);
    // The bound that it may have met is asked of the meter.
    let _ = order::judge(&mut judge, meter).and_then(|()| contents::judge(&mut judge, meter));
    if let Some(finding) = judge.finding(meter.met()) {
        return finding;
    }
    let written = log.by_revision();
    let responses: usize = run.watches.iter().map(|watch| watch.responses.len()).sum();
    let facts: usize = written.values().map(Vec::len).sum();
    meter.hold(run.operations.iter().map(Operation::bytes).sum());
    // Once as they are laid, and once in the store that runs them.
    meter.hold((written.len() + responses) * size_of::<Operation>());
    meter.hold(2 * facts * entry::<(Key, Option<Value>)>());
    if meter.look(1).is_err() {
        return meter.finding();
    }
    let Laid { operations, places, order } = model::lay(run, &log.answered, written);
    meter.pass("operations of the one order", order.len(), 80..90);
    let keys = log.keys().len();
    let verified = verify_order_by(&Store, &operations, &order, |one| {
        // Those that read a range go through all keys.
        let is_single = matches!(&one.input, model::Ask::Told(_) | model::Ask::Written(..));
        meter.next().and_then(|()| meter.look(if is_single { 0 } else { keys }))
    });
    match (verified, meter.met()) {
        (_, Some(met)) => return met.finding(),
        (Ok(Err(_)), None) if mutant == Mutant::None => return Finding::fault("an order"),
        _ => {}
    }
    let order = order.into_iter().filter_map(|at| *places.get(at)?).collect();
    Finding::Holds { order, checked: true }
}

/// What is wrong of the watches.
pub(super) fn of_watches(run: &Run, log: &Log, meter: &mut Meter<'_>, mutant: Mutant) -> Finding {
    let mut judge = Judge::new(run, log, mutant);
    let _ = watches::judge(&mut judge, meter);
    let holds = Finding::Holds { order: Vec::new(), checked: true };
    judge.finding(meter.met()).unwrap_or(holds)
}

impl Run {
    /// Judges it: the store by linearizability, the watches by the log.
    pub fn judge(&self, limits: &Limits) -> Report {
        self.judge_with(limits, Mutant::None)
    }

    pub(super) fn judge_with(&self, limits: &Limits, mutant: Mutant) -> Report {
        let mut budget = Budget::new(*limits);
        let mut meter = Meter::new(&mut budget, mutant != Mutant::ForgetTables);
        let log = Log::new(self, &mut meter);
        let told: usize = self
            .watches
            .iter()
            .flat_map(|watch| &watch.responses)
            .map(|one| one.events.len())
            .sum();
        let mut parts = vec![Part {
            guarantee: "linearizable".to_owned(),
            operations: self.operations.len(),
            finding: match &log {
                Ok(log) => of_store(self, log, &mut meter, mutant),
                Err(_) => meter.finding(),
            },
        }];
        if !self.watches.is_empty() {
            parts.push(Part {
                guarantee: "watch".to_owned(),
                operations: told,
                finding: match &log {
                    Ok(log) => of_watches(self, log, &mut meter, mutant),
                    Err(_) => meter.finding(),
                },
            });
        }
        let (written, answered) =
            log.as_ref().map_or((0, 0), |log| (log.revisions(), log.answered.len()));
        let by_others = written - answered.min(written);
        let about = About {
            format: "etcd robustness run",
            operations: self.operations.len(),
            answered: self.operations.iter().filter(|one| one.answer.is_some()).count(),
            unknown: self.operations.iter().filter(|one| one.answer.is_none()).count(),
            failed: self.refused,
            notes: self.notes(written, by_others),
        };
        Report::of_parts(about, parts, &budget)
    }
}
