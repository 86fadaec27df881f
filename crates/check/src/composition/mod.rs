//! What composes: a history judged whole, beside each of its objects judged alone.
//!
//! ```text
//!   each object linearizable,  operations of one object each   ->  the whole is (locality)
//!   each object linearizable,  transactions over several       -/-> the whole strictly serializable
//!   each object sequentially consistent                        -/-> the whole is
//! ```
//!
//! Of transactions that are one operation each, strict serializability is linearizability, and
//! strong session serializability is sequential consistency. An object's own history is what the
//! transactions did with it, each in its process's order and within its own span of time.
//!
//! References: Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
//! programs" (1979); Herlihy and Wing, "Linearizability" (1990), theorem 1, locality; Attiya and
//! Welch, "Sequential consistency versus linearizability" (1994).

use crate::append::{self, Appends};
use crate::dependency::Fate;
use crate::history::{Call, History};
use crate::input::Input;
use crate::limits::Limits;
use crate::model::Sequential as _;
use crate::model::key_value::asked;
use crate::operation::{Moment, Operation};
use crate::progress::{self, Phase};
use crate::report::{Report, Word};
use crate::stopwatch::Stopwatch;
use crate::transaction::{self, Access, Level, Outcome, Transactions};
use avouch_promise::Error;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// One guarantee, of the whole and of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub guarantee: String,
    /// The verdict on the whole history.
    pub whole: Word,
    /// The verdict on the objects: holds if it does of each, violated if it is of one.
    pub objects: Word,
    /// An object of which it does not hold.
    pub against: Option<String>,
}

/// A history and its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composition {
    /// How many objects there are.
    pub objects: usize,
    /// Whether some operation or transaction touches several objects.
    pub spanning: bool,
    /// Every guarantee that was judged of the whole.
    pub rows: Vec<Row>,
}

impl Composition {
    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "guarantee": row.guarantee,
                "objects": row.objects.to_string(),
                "whole": row.whole.to_string(),
                "against": row.against,
            })
        };
        json!({
            "objects": self.objects,
            "spanning": self.spanning,
            "guarantees": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Calls a guarantee by the name by which it was asked for.
    pub fn call(&mut self, known: &str, asked: &str) {
        for row in self.rows.iter_mut().filter(|row| row.guarantee == known) {
            asked.clone_into(&mut row.guarantee);
        }
    }

    /// The guarantees that hold of every object and not of the whole.
    pub fn lost(&self) -> impl Iterator<Item = &Row> {
        let is_lost = |row: &&Row| row.objects == Word::Holds && row.whole == Word::Violated;
        self.rows.iter().filter(is_lost)
    }
}

/// A bug that tests plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// An object's operations lose their spans: each ends before the next begins.
    #[cfg(test)]
    OneAfterAnother,
}

/// Judges every object of a history alone; `whole` is the report on all of it, by the same level.
///
/// The time of `limits` is for all objects together; what it does not suffice for is unknown.
//= §2.3.2 composition limits demonstrated
pub fn compose(
    input: &Input,
    whole: &Report,
    level: Option<Level>,
    limits: &Limits,
) -> Result<Composition, Error> {
    let watch = Stopwatch::start();
    let objects = input.objects(Mutant::None);
    let word = |report: &Report, name: &str| {
        let known = report.models.iter().find(|model| model.name == name);
        let part = report.parts.iter().find(|part| part.guarantee == name);
        part.map(|part| part.finding.word()).or(known.and_then(|model| model.word))
    };
    let mut rows: Vec<Row> = whole
        .parts
        .iter()
        .map(|part| Row {
            guarantee: part.guarantee.clone(),
            whole: part.finding.word(),
            objects: if whole.answered == 0 { part.finding.word() } else { Word::Holds },
            against: None,
        })
        .collect();
    progress::enter(Phase::Objects, objects.len());
    for (number, (name, object)) in objects.iter().enumerate() {
        let time = limits.time.saturating_sub(watch.elapsed());
        let limits = Limits { time, ..*limits };
        progress::reached(number);
        // What judges an object tells how far that is, as a part of this.
        let judge = || object.judge_quietly(level, &limits);
        let report = progress::part(number..number + 1, objects.len(), judge)?;
        for row in &mut rows {
            // A guarantee that no operation of this object asks for is not broken by it.
            let found = word(&report, &row.guarantee).unwrap_or(Word::Holds);
            if found != Word::Holds && row.objects != Word::Violated {
                row.objects = found;
                row.against = Some(name.clone());
            }
        }
    }
    Ok(Composition { objects: objects.len(), spanning: input.spans_objects(), rows })
}

impl Input {
    /// The history of each object, with the object's name.
    fn objects(&self, mutant: Mutant) -> Vec<(String, Input)> {
        match self {
            Self::Calls(history) => of_calls(history),
            Self::Transactions(history) => of_registers(history, mutant),
            Self::Appends(history) => of_appends(history, mutant),
            // Jepsen's workloads on one object.
            Self::Objects(_) => vec![("the object".to_owned(), self.clone())],
            // One log orders all of its keys.
            Self::Etcd(_) => vec![("the store".to_owned(), self.clone())],
            Self::Stamped(history) => history.objects(),
        }
    }

    fn spans_objects(&self) -> bool {
        match self {
            // Keys that one operation touches are one object here.
            Self::Calls(_) | Self::Objects(_) | Self::Etcd(_) => false,
            Self::Stamped(history) => history.spans_keys(),
            Self::Transactions(history) => (0..history.len() as u32)
                .any(|one| history.steps(one).windows(2).any(|pair| pair[0].key != pair[1].key)),
            Self::Appends(history) => history.frames.all().iter().any(|frame| {
                history.operations(frame).windows(2).any(|pair| pair[0].key != pair[1].key)
            }),
        }
    }
}

fn of_calls(history: &History) -> Vec<(String, Input)> {
    let operation = |call: &Call| Operation {
        input: call.action.clone(),
        output: call.answer.clone(),
        earliest: call.began.moment,
        latest: call.ended.map(|ended| ended.moment),
    };
    let operations: Vec<_> = history.calls.iter().map(operation).collect();
    let own = |mut part: Vec<usize>| {
        part.sort_unstable();
        let calls: Vec<_> = part.iter().map(|place| history.calls[*place].clone()).collect();
        let name = calls.first().map_or_else(String::new, |call| asked(&call.action));
        let name = format!("the object of `{name}`");
        (name, Input::Calls(object_of_calls(history, calls)))
    };
    history.model.partition(&operations).into_iter().map(own).collect()
}

/// One object's calls as a history, with the times of its own events alone: what it takes is for
/// the object's calls, however many others there are.
fn object_of_calls(history: &History, mut calls: Vec<Call>) -> History {
    let mut times = Vec::new();
    if !history.times.is_empty() {
        let ended = |call: &Call| call.ended.map(|ended| ended.moment);
        let moments = calls.iter().flat_map(|call| [Some(call.began.moment), ended(call)]);
        // A moment is twice its event's rank, or one more.
        let mut ranks: Vec<u64> = moments.flatten().map(|moment| moment.0 / 2).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let own = |moment: Moment| {
            let rank = ranks.partition_point(|rank| *rank < moment.0 / 2) as u64;
            Moment(rank * 2 + moment.0 % 2)
        };
        for call in &mut calls {
            call.began.moment = own(call.began.moment);
            if let Some(ended) = &mut call.ended {
                ended.moment = own(ended.moment);
            }
        }
        times =
            ranks.iter().filter_map(|rank| history.times.get(*rank as usize).copied()).collect();
    }
    let (model, format) = (history.model, history.format);
    History { calls, model, times, format, failed: 0, notes: Vec::new() }
}

/// The transactions that touch each object.
fn touching(pairs: impl Iterator<Item = (u32, u32)>) -> BTreeMap<u32, Vec<u32>> {
    let mut touching: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (key, transaction) in pairs {
        let own = touching.entry(key).or_default();
        if own.last() != Some(&transaction) {
            own.push(transaction);
        }
    }
    touching
}

fn of_registers(history: &Transactions, mutant: Mutant) -> Vec<(String, Input)> {
    let all = 0..history.len() as u32;
    let pairs = all.flat_map(|one| history.steps(one).iter().map(move |step| (step.key, one)));
    let object = |(key, own): (u32, Vec<u32>)| {
        let mut built = transaction::Builder::default();
        for one in own {
            let Some(found) = history.transactions().get(one as usize) else { continue };
            let process = history.process(found.session);
            built.begin_at(u64::from(found.session), found.line as usize).process(process);
            if let Some(span) = history.spans().and_then(|spans| spans.get(one as usize)) {
                match mutant {
                    Mutant::None => built.ran(span.began, span.ended),
                    #[cfg(test)]
                    Mutant::OneAfterAnother => built.ran(span.began, span.began),
                };
            }
            match found.outcome {
                Outcome::Committed => {}
                Outcome::Aborted => _ = built.abort(),
                Outcome::Unknown => _ = built.info(),
            }
            for step in history.steps(one).iter().filter(|step| step.key == key) {
                match step.access {
                    Access::Write => built.write(history.key(key), step.value),
                    Access::Read => built.read(history.key(key), step.value),
                    Access::ReadInitial => built.read_initial(history.key(key)),
                };
            }
        }
        let name = String::from_utf8_lossy(history.key(key)).into_owned();
        (name, Input::Transactions(built.build()))
    };
    touching(pairs).into_iter().map(object).collect()
}

fn of_appends(history: &Appends, mutant: Mutant) -> Vec<(String, Input)> {
    let all = (0..).zip(history.frames.all());
    let pairs =
        all.flat_map(|(one, frame)| history.operations(frame).iter().map(move |of| (of.key, one)));
    let object = |(key, own): (u32, Vec<u32>)| {
        let name = history.keys.name(key);
        (name, Input::Appends(Box::new(object_of_appends(history, key, &own, mutant))))
    };
    touching(pairs).into_iter().map(object).collect()
}

/// What some transactions did with one key, in the order of their events.
fn object_of_appends(history: &Appends, key: u32, own: &[u32], mutant: Mutant) -> Appends {
    let mut events: Vec<(u32, bool, u32)> = Vec::with_capacity(own.len() * 2);
    for (one, frame) in
        own.iter().filter_map(|one| Some((*one, history.frames.all().get(*one as usize)?)))
    {
        // What nobody knows the end of may end at once: it has no end in the history either.
        let ended = if frame.fate == Fate::Unknown { frame.began } else { frame.ended };
        let ended = match mutant {
            Mutant::None => ended,
            #[cfg(test)]
            Mutant::OneAfterAnother => frame.began,
        };
        events.extend([(frame.began, false, one), (ended, true, one)]);
    }
    events.sort_unstable();
    let mut built = append::Builder::default();
    built.history().texts = history.texts.clone();
    built.history().format = history.format;
    let name = history.keys.name(key);
    let number = built.key(name.as_bytes());
    for (_, is_end, one) in events {
        let Some(frame) = history.frames.all().get(one as usize) else { continue };
        for operation in history.operations(frame).iter().filter(|of| of.key == key) {
            let act = match history.list(operation) {
                Some(list) => built.matched(number, list),
                None => operation.act,
            };
            built.operation(number, act);
        }
        let process = history.frames.process(frame.process);
        let done = if is_end {
            built.end(process, frame.fate, frame.ended_line as usize)
        } else {
            built.begin(process, frame.line as usize)
        };
        debug_assert!(done.is_ok(), "a process's own transactions do not overlap: {done:?}");
        built.clear();
    }
    built.build()
}

impl fmt::Display for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  each of {} objects alone, and the whole:", self.objects)?;
        let wide = self.rows.iter().map(|row| row.guarantee.len()).max().unwrap_or(0);
        for row in &self.rows {
            let (objects, whole) = (row.objects.to_string(), row.whole);
            write!(f, "    {:<wide$}  objects {objects:<9} whole {whole}", row.guarantee)?;
            if let Some(against) = &row.against {
                write!(f, " ({against})")?;
            }
            writeln!(f)?;
        }
        if self.lost().next().is_none() {
            return Ok(());
        }
        let why = if self.spanning {
            "transactions span objects, so what holds of each need not hold of all together"
        } else {
            "each operation is on one object, and yet this does not compose, as linearizability would"
        };
        let lost: Vec<_> = self.lost().map(|row| row.guarantee.as_str()).collect();
        writeln!(f, "    lost in the whole: {}: {why}", lost.join(", "))
    }
}

#[cfg(test)]
mod tests;
