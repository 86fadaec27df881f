//! A violation by stamps as a short story: who did what, and at which stamps.

use super::follow::{At, Axiom, Content, Tally, Wrong};
use super::history::{Access, Stamped, Step, Transaction, Who};
use crate::history::Record;
use crate::report::{Line, Story};
use std::fmt::Write as _;

/// The longest list shown, and the most steps of a transaction.
const SHOWN: usize = 8;

pub(super) fn value(value: Option<i64>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

fn list(list: &[i64]) -> String {
    let skipped = list.len().saturating_sub(SHOWN);
    let shown: Vec<_> = list.iter().skip(skipped).map(i64::to_string).collect();
    let start = if skipped > 0 { format!("...{skipped} more, ") } else { String::new() };
    format!("[{start}{}]", shown.join(", "))
}

pub(super) fn content(content: &Content) -> String {
    match content {
        Content::Initial => "the initial state".to_owned(),
        Content::Value(found) => value(*found),
        Content::List(found) => list(found),
    }
}

fn step(names: &Stamped, step: &Step) -> String {
    let key = names.key(step.key);
    match &step.access {
        Access::Write(found) => format!("write {key} = {}", value(*found)),
        Access::Read(found) => format!("read {key} -> {}", value(*found)),
        Access::Append(found) => format!("append {found} to {key}"),
        Access::ReadList(found) => format!("read {key} -> {}", list(found)),
    }
}

/// A transaction's steps on a key, or all of a short one.
pub(super) fn steps(names: &Stamped, one: &Transaction, key: Option<u32>) -> String {
    let is_short = one.steps.len() <= SHOWN;
    let told = one.steps.iter().filter(|step| is_short || key.is_none_or(|key| step.key == key));
    let mut text: Vec<String> = told.take(SHOWN).map(|one| step(names, one)).collect();
    if text.len() < one.steps.len() {
        text.push("...".to_owned());
    }
    text.join(", ")
}

/// A transaction as a line. `did` is what it did, where that is still known.
pub(super) fn line(names: &Stamped, level: &str, who: &Who, did: Option<String>) -> Line {
    let record = Record { line: who.line as usize, ..Record::default() };
    let mut action = format!("T{}, {} to {}", who.name, who.start, who.commit);
    if let Some(did) = did {
        let _ = write!(action, ": {did}");
    }
    Line {
        call: who.place as usize,
        process: Some(u64::from(who.session)),
        whose: format!("session {}", names.session(who.session)),
        place: None,
        began: record,
        ended: Some(record),
        action,
        answer: "committed".to_owned(),
        effect: None,
        guarantee: level.to_owned(),
    }
}

/// What each axiom forbids.
fn title(axiom: Axiom) -> &'static str {
    match axiom {
        Axiom::Session => {
            "SESSION: it starts before the one before it in its session has committed"
        }
        Axiom::Int => "INT: a read disagrees with what its transaction had done with the key",
        Axiom::Ext => "EXT: a read does not return what its snapshot contains",
        Axiom::NoConflict => "NOCONFLICT: two that write one key overlap",
    }
}

/// The story of a violation; `of` finds a transaction by its place, where it is kept.
pub(super) fn tell<'a>(
    names: &Stamped,
    level: &str,
    Tally { count, first }: &Tally,
    of: impl Fn(u64) -> Option<&'a Transaction>,
) -> Story {
    let Wrong { axiom, at, who, other, key, step: place, expected, got } = first;
    let is_keyed = *axiom != Axiom::Session;
    let did = |who: &Who| of(who.place).map(|one| steps(names, one, is_keyed.then_some(*key)));
    let mut lines: Vec<_> =
        other.iter().map(|other| line(names, level, other, did(other))).collect();
    lines.push(line(names, level, who, did(who)));
    let key = names.key(*key);
    let name = |who: &Who| format!("T{}", who.name);
    let (me, them) = (name(who), other.as_ref().map(|other| name(other)).unwrap_or_default());
    let mut conclusion = Vec::new();
    let read = |what: &str| format!("step {} of {me} reads {key} as {what}", place + 1);
    match (axiom, other) {
        (Axiom::Session, Some(other)) => {
            let (mine, what) = match at {
                At::Start => (who.start, "starts"),
                At::Commit => (who.commit, "commits"),
            };
            conclusion
                .push(format!("{them} commits at {}, and {me} {what} at {mine}", other.commit));
        }
        (Axiom::NoConflict, Some(other)) => conclusion.push(format!(
            "both write {key}: {them} from {} to {}, {me} from {} to {}",
            other.start, other.commit, who.start, who.commit
        )),
        (Axiom::Int, _) => {
            conclusion.push(read(&content(got)));
            conclusion.push(match expected {
                Content::List(end) if matches!(got, Content::List(_) | Content::Initial) => {
                    format!("it had to end as its own read and appends do: {}", list(end))
                }
                expected => format!("it had read or written {} there", content(expected)),
            });
        }
        (_, other) => {
            let (when, what) = match at {
                At::Start => (who.start, "start"),
                At::Commit => (who.commit, "commit"),
            };
            conclusion.push(read(&content(got)));
            let from = match other {
                Some(other) => format!(", which {them} left at {}", other.commit),
                None => ": nobody had committed a write of it by then".to_owned(),
            };
            conclusion
                .push(format!("at its {what}, {when}, there was {}{from}", content(expected)));
        }
    }
    if *count > 1 {
        conclusion.push(format!("{count} such violations; this is the first by commit stamp"));
    }
    let title = title(*axiom).to_owned();
    Story { title, lines, conclusion, minimal: true, ..Story::default() }
}
