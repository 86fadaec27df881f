//! A witness in words: the transactions that it needs, then why each commits before the next.

use super::cycle::{Cycle, Edge, Why};
use super::history::{Step, Transactions};
use super::level::Level;
use super::sources::{INITIAL, Impossible};
use crate::history::Record;
use crate::operation::Moment;
use crate::report::{Dependency, Line, Story};
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
        line: one.line as usize,
        time: None,
        moment: Moment(u64::from(transaction) * 2 + side),
    };
    Some(Line {
        call: transaction as usize,
        process: u64::from(one.session),
        began: at(0),
        ended: Some(at(1)),
        action: format!("{}: {}", name(transaction), told.join("; ")),
        answer: format!("{:?}", one.outcome).to_lowercase(),
        guarantee: level.to_owned(),
    })
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
    Dependency { from: call(edge.from), to: call(edge.to), kind, because }
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
    let count = cycle.edges.len();
    let title = format!("a cycle of {count}: each of these must commit before the next");
    Story { title, lines, conclusion, minimal: cycle.shortest, cycle: edges, ..Story::default() }
}

/// The story of a read that no level allows.
pub(super) fn of_read(history: &Transactions, level: Level, found: &Impossible) -> Story {
    let keys = BTreeSet::from([found.step.key]);
    let mut needed: Vec<_> = found.writer.into_iter().chain([found.reader]).collect();
    needed.dedup();
    let lines = needed.iter().filter_map(|one| line(history, level.name(), *one, &keys)).collect();
    let step = history.told(&found.step);
    Story {
        title: found.title.to_owned(),
        lines,
        conclusion: vec![format!("{}: {step}", name(found.reader))],
        minimal: true,
        ..Story::default()
    }
}

/// The story of a level that is violated because a weaker one is.
pub(super) fn of_weaker(weaker: Level) -> Story {
    let title = format!("it implies {weaker}, which is violated");
    Story { title, minimal: true, ..Story::default() }
}
