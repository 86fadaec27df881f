//! A witness in words: the transactions that it needs, then why each commits before the next.

use super::cycle::{Cycle, Edge, Why};
use super::history::{Access, Outcome, Places, Step, Transactions};
use super::level::Level;
use super::sources::{INITIAL, Impossible};
use crate::history::Record;
use crate::operation::Moment;
use crate::report::{Basis, Dependency, Fault, Line, Story, UNKNOWN};
use std::collections::BTreeSet;

/// How many steps of a transaction are shown at most; of a larger one, those on the keys needed.
const SHOWN: usize = 8;

pub(super) fn name(transaction: u32) -> String {
    if transaction == INITIAL { "the initial state".to_owned() } else { format!("T{transaction}") }
}

pub(super) fn line(
    history: &Transactions,
    level: &str,
    transaction: u32,
    keys: &BTreeSet<u32>,
) -> Option<Line> {
    let one = history.transactions().get(transaction as usize)?;
    let steps = history.steps(transaction);
    let is_shown = |step: &&Step| steps.len() <= SHOWN || keys.contains(&step.key);
    let mut told: Vec<_> = steps.iter().filter(is_shown).map(|step| history.told(step)).collect();
    if told.len() < steps.len() {
        told.push(format!("{} more", steps.len() - told.len()));
    }
    let at = |side| Record {
        line: if history.places == Places::Lines { one.line as usize } else { 0 },
        time: None,
        moment: Moment(u64::from(transaction) * 2 + side),
    };
    Some(Line {
        call: transaction as usize,
        process: Some(history.process(one.session).unsigned_abs()),
        whose: history.whose(one.session),
        place: history.place(one),
        began: at(0),
        ended: (one.outcome != Outcome::Unknown).then(|| at(1)),
        action: format!("{}: {}", name(transaction), told.join("; ")),
        answer: match one.outcome {
            Outcome::Committed => "committed".to_owned(),
            Outcome::Aborted => "aborted".to_owned(),
            Outcome::Unknown => UNKNOWN.to_owned(),
        },
        effect: effect(history, transaction, keys),
        guarantee: level.to_owned(),
    })
}

/// Why a transaction of unknown outcome took effect: somebody who committed read what it wrote, and
/// nobody else did write; of one of these keys, if there is one.
fn effect(history: &Transactions, transaction: u32, keys: &BTreeSet<u32>) -> Option<String> {
    let all = history.transactions();
    if all.get(transaction as usize)?.outcome != Outcome::Unknown {
        return None;
    }
    let same = |one: u32, access: Access, step: &Step| {
        let is =
            |other: &Step| (other.access, other.key, other.value) == (access, step.key, step.value);
        history.steps(one).iter().any(is)
    };
    let told = |step: &Step| {
        let outcome = |one: u32| all.get(one as usize).map(|one| one.outcome);
        let mut others = (0..all.len() as u32).filter(|one| *one != transaction);
        let reads =
            |one: &u32| outcome(*one) == Some(Outcome::Committed) && same(*one, Access::Read, step);
        let reader = others.clone().find(reads)?;
        let writes =
            |one: u32| outcome(one) != Some(Outcome::Aborted) && same(one, Access::Write, step);
        let (step, reader) = (Step { access: Access::Read, ..*step }, name(reader));
        let read = format!("{reader} reads {}", history.told(&step).trim_start_matches("read "));
        Some(match others.find(|one| writes(*one)) {
            None => format!("it took effect: {read} from it"),
            Some(other) => {
                format!("it may have taken effect: {read}, from it or from {}", name(other))
            }
        })
    };
    let writes = || history.steps(transaction).iter().filter(|one| one.access == Access::Write);
    writes().filter(|one| keys.contains(&one.key)).chain(writes()).find_map(told)
}

fn told(history: &Transactions, edge: &Edge) -> String {
    let key = |key: u32| String::from_utf8_lossy(history.key(key)).into_owned();
    let (from, to) = (name(edge.from), name(edge.to));
    match &edge.why {
        Why::Initial => "it was there first".to_owned(),
        Why::Session => "their session ran them in this order".to_owned(),
        Why::Read(read) => format!("{to} reads {} from it", key(*read)),
        Why::Seen { reader, key: read, path } => {
            let way = match path.as_slice() {
                [_, _] => String::new(),
                path => {
                    let path: Vec<_> = path.iter().map(|one| name(*one)).collect();
                    format!(" ({})", path.join(" -> "))
                }
            };
            format!(
                "{from} writes {read}, and {reader} had seen {from}{way} but reads {read} from {to}",
                read = key(*read),
                reader = name(*reader),
            )
        }
    }
}

/// An edge, typed by what it rests on: that a version was seen and another one read says in which
/// order the two were written.
fn dependency(history: &Transactions, edge: &Edge) -> Dependency {
    let call = |one: u32| (one != INITIAL).then_some(one as usize);
    let kind = match &edge.why {
        Why::Initial => "initial",
        Why::Session => "process",
        Why::Read(_) => "wr",
        Why::Seen { .. } => "ww",
    };
    let because = told(history, edge);
    let basis = basis(history, edge);
    Dependency { from: call(edge.from), to: call(edge.to), kind, because, basis }
}

/// What an edge rests on, as data.
fn basis(history: &Transactions, edge: &Edge) -> Basis {
    let key = |key: u32| Some(String::from_utf8_lossy(history.key(key)).into_owned());
    match &edge.why {
        Why::Initial | Why::Session => Basis::default(),
        Why::Read(read) => Basis {
            key: key(*read),
            written: history.read_of(edge.to, edge.from, *read),
            ..Basis::default()
        },
        Why::Seen { reader, key: read, path } => Basis {
            key: key(*read),
            written: history.last_written(edge.from, *read),
            next: history.last_written(edge.to, *read),
            shown_by: Some(*reader as usize),
            via: path.iter().map(|one| *one as usize).collect(),
            ..Basis::default()
        },
    }
}

/// The story of a cycle.
pub(super) fn of_cycle(history: &Transactions, level: Level, cycle: &Cycle) -> Story {
    let mut needed = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for edge in &cycle.edges {
        needed.extend([edge.from, edge.to]);
        match &edge.why {
            Why::Initial | Why::Session => {}
            Why::Read(key) => keys.extend([*key]),
            Why::Seen { reader, key, path } => {
                needed.insert(*reader);
                needed.extend(path);
                keys.insert(*key);
            }
        }
    }
    let lines = needed.iter().filter_map(|one| line(history, level.name(), *one, &keys)).collect();
    let edges: Vec<_> = cycle.edges.iter().map(|edge| dependency(history, edge)).collect();
    let told = |(edge, of): (&Edge, &Dependency)| {
        format!("{} -> {}: {}", name(edge.from), name(edge.to), of.because)
    };
    let mut conclusion: Vec<_> = cycle.edges.iter().zip(&edges).map(told).collect();
    if !cycle.shortest {
        conclusion.push("a shorter cycle may exist: the bound on the search was reached".into());
    }
    let (count, name) = (cycle.edges.len(), anomaly(history, level, cycle));
    let title = format!("{name}: a cycle of {count}, each of these must commit before the next");
    Story { title, lines, conclusion, minimal: cycle.shortest, cycle: edges, ..Story::default() }
}

//= §2.3.1 fractured-reads
/// What a cycle of the commit order is called in the field.
///
/// | name | what was seen, and what was read all the same |
/// |---|---|
/// | G1c, circular information flow | nothing older: what is read from goes round in a circle |
/// | non-repeatable read (P2) | another transaction's write of the key, and an older one of it |
/// | observed transaction vanishes (OTV) | a write of another one, and from then on older ones |
/// | fractured read | one write of another transaction, and what it had overwritten |
/// | causality violation | what happened before by way of others, or of the same session |
///
/// OTV and fractured reads are Bailis's (VLDB 2014), P2 Berenson's (SIGMOD 1995), G1c Adya's.
fn anomaly(history: &Transactions, level: Level, cycle: &Cycle) -> &'static str {
    let seen = |edge: &Edge| match &edge.why {
        Why::Seen { reader, key, path } => Some((edge.from, *reader, *key, path.len())),
        _ => None,
    };
    let all: Vec<(u32, u32, u32, usize)> = cycle.edges.iter().filter_map(seen).collect();
    // Whether the reader read this very key from the one that it saw.
    let repeats = |(from, reader, key, _): &(u32, u32, u32, usize)| {
        let of = |one: u32, access: Access| {
            let is = move |step: &&Step| step.key == *key && step.access == access;
            history.steps(one).iter().filter(is)
        };
        of(*reader, Access::Read)
            .any(|read| of(*from, Access::Write).any(|write| write.value == read.value))
    };
    if all.is_empty() {
        "G1c, circular information flow"
    } else if all.iter().any(|(.., way)| *way > 2) {
        "causality violation"
    } else if all.iter().any(repeats) {
        "non-repeatable read (P2)"
    } else if level == Level::MonotonicAtomicView {
        "observed transaction vanishes (OTV)"
    } else {
        "fractured read"
    }
}

/// The story of a read that no level allows.
pub(super) fn of_read(history: &Transactions, level: Level, found: &Impossible) -> Story {
    let keys = BTreeSet::from([found.step.key]);
    let mut needed: Vec<_> = found.writer.into_iter().chain([found.reader]).collect();
    needed.dedup();
    let lines = needed.iter().filter_map(|one| line(history, level.name(), *one, &keys)).collect();
    let step = history.told(&found.step);
    let (key, value) = (&found.step.key, found.step.value);
    // Of an intermediate read, what its writer wrote after it.
    let writer = found.writer.filter(|_| found.title.starts_with("G1b"));
    let again = writer.and_then(|writer| history.last_written(writer, *key));
    let fault = Fault {
        key: String::from_utf8_lossy(history.key(*key)).into_owned(),
        value: (found.step.access == Access::Read).then(|| history.value(value)),
        writer: found.writer.map(|one| one as usize),
        other: again,
        reader: found.reader as usize,
        ..Fault::default()
    };
    Story {
        fault: Some(Box::new(fault)),
        title: found.title.to_owned(),
        lines,
        conclusion: vec![format!("{}: {step}", name(found.reader))],
        minimal: true,
        ..Story::default()
    }
}
