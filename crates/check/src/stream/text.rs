//! Events of workloads and transactions as text that the judge reads too: Jepsen's maps in EDN, and
//! dbcop's JSON where nobody knows when transactions ran.

use super::event::{Happened, Ran, Stamped, Step};
use crate::object::Datum;
use crate::stamped::{self, Stamp};
use crate::transaction::{Access, Outcome, Span};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A value as EDN, whole.
fn edn(out: &mut String, datum: &Datum) {
    let all = |out: &mut String, (open, close): (&str, char), list: &[Datum]| {
        out.push_str(open);
        for (place, one) in list.iter().enumerate() {
            out.push_str(if place == 0 { "" } else { " " });
            edn(out, one);
        }
        out.push(close);
    };
    match datum {
        Datum::Nil => out.push_str("nil"),
        Datum::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        Datum::Word(word) => out.push_str(word),
        Datum::Text(text) => {
            let _ = write!(out, "\"{text}\"");
        }
        Datum::List(list) => all(out, ("[", ']'), list),
        Datum::Set(set) => all(out, ("#{", '}'), set),
        Datum::Map(map) => {
            out.push('{');
            for (place, (key, value)) in map.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                edn(out, key);
                out.push(' ');
                edn(out, value);
            }
            out.push('}');
        }
    }
}

/// A name as a keyword.
fn keyword(out: &mut String, name: &Datum) {
    match name {
        Datum::Text(name) => {
            out.push(':');
            out.push_str(name);
        }
        other => edn(out, other),
    }
}

/// An event of a workload as a line of EDN.
pub(super) fn step(step: &Step) -> String {
    let happened = match step.happened {
        Happened::Invoke => ":invoke",
        Happened::Ok => ":ok",
        Happened::Fail => ":fail",
        Happened::Info => ":info",
    };
    let mut line = String::from("{");
    // An event that names no process is still a client's: it stays without a name.
    if step.process != Datum::Nil {
        line.push_str(":process ");
        edn(&mut line, &step.process);
        line.push_str(", ");
    }
    let _ = write!(line, ":type {happened}");
    if step.function != Datum::Nil {
        line.push_str(", :f ");
        keyword(&mut line, &step.function);
    }
    if let Some(value) = &step.value {
        line.push_str(", :value ");
        edn(&mut line, value);
    }
    if let Some(time) = step.time {
        let _ = write!(line, ", :time {time}");
    }
    for (name, value) in &step.others {
        line.push_str(", ");
        keyword(&mut line, name);
        line.push(' ');
        edn(&mut line, value);
    }
    line.push_str("}\n");
    line
}

/// A key as a value of EDN.
fn key(name: &[u8]) -> Datum {
    let name = String::from_utf8_lossy(name);
    let number = name.parse::<i64>().ok().filter(|number| number.to_string() == name);
    number.map_or_else(|| Datum::Text(name.escape_default().to_string()), Datum::Integer)
}

/// Transactions as text: each with its invocation and answer, or by sessions.
pub(super) fn transactions(all: &[Ran]) -> String {
    if !all.is_empty() && all.iter().all(|ran| ran.span.is_some()) {
        return timed(all);
    }
    let mut sessions: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for ran in all {
        let step = |(key, access, value): &(bytes::Bytes, Access, i64)| {
            let key = String::from_utf8_lossy(key);
            let key = key.parse::<u64>().map_or_else(|_| json!(key), |number| json!(number));
            match access {
                Access::Write => json!(["w", key, value]),
                Access::Read => json!(["r", key, value]),
                Access::ReadInitial => json!(["r", key, null]),
            }
        };
        let events: Vec<Value> = ran.steps.iter().map(step).collect();
        // Who reads it knows two outcomes. What counts as committed is only kept if it was read.
        let committed = ran.outcome != Outcome::Aborted;
        let one = json!({ "events": events, "committed": committed });
        sessions.entry(ran.session).or_default().push(one);
    }
    let sessions: Vec<_> = sessions.into_values().collect();
    // One session a line.
    let lines: Vec<String> = sessions.into_iter().map(|one| Value::from(one).to_string()).collect();
    format!("[{}]\n", lines.join(",\n"))
}

/// A transaction with stamps as an object of JSON, on one line.
pub(super) fn stamped(one: &Stamped) -> String {
    let name = |name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        let number = name.parse::<i64>().ok().filter(|number| number.to_string() == name);
        number.map_or_else(|| json!(name), |number| json!(number))
    };
    let stamp = |stamp: Stamp| json!({ "p": stamp.physical, "l": stamp.logical });
    let step = |(key, access): &(bytes::Bytes, stamped::Access)| {
        let (kind, value) = match access {
            stamped::Access::Write(value) => ("w", json!(value)),
            stamped::Access::Read(value) => ("r", json!(value)),
            stamped::Access::Append(value) => ("a", json!(value)),
            stamped::Access::ReadList(list) => ("r", json!(list)),
        };
        json!({ "t": kind, "k": name(key), "v": value })
    };
    let one = json!({
        "tid": name(&one.name),
        "sid": name(&one.session),
        "sts": stamp(one.start),
        "cts": stamp(one.commit),
        "ops": one.steps.iter().map(step).collect::<Vec<_>>(),
    });
    one.to_string()
}

/// The same of a history's transaction.
#[cfg(test)]
pub(crate) fn text_of_stamped(history: &stamped::Stamped, one: &stamped::Transaction) -> String {
    stamped(&super::convert::event(history, one))
}

fn timed(all: &[Ran]) -> String {
    let word = |word: &str| Datum::Word(word.to_owned());
    let mut events: Vec<(u32, String)> = Vec::new();
    for ran in all {
        let Span { began, ended } = ran.span.unwrap_or(Span { began: 0, ended: Span::NEVER });
        let value = |is_read: bool| {
            let one = |(name, access, value): &(bytes::Bytes, Access, i64)| {
                let (function, value) = match access {
                    Access::Write => (":w", Datum::Integer(*value)),
                    Access::Read if is_read => (":r", Datum::Integer(*value)),
                    Access::Read | Access::ReadInitial => (":r", Datum::Nil),
                };
                Datum::List(vec![word(function), key(name), value])
            };
            Datum::List(ran.steps.iter().map(one).collect())
        };
        let event = |happened, value| Step {
            process: Datum::Integer(ran.session.cast_signed()),
            happened,
            function: word(":txn"),
            value: Some(value),
            time: None,
            others: Vec::new(),
        };
        events.push((began, step(&event(Happened::Invoke, value(false)))));
        let happened = match (ran.outcome, ended) {
            (Outcome::Aborted, _) => Happened::Fail,
            (Outcome::Unknown, _) | (Outcome::Committed, Span::NEVER) => Happened::Info,
            (Outcome::Committed, _) => Happened::Ok,
        };
        events.push((ended, step(&event(happened, value(true)))));
    }
    events.sort_by_key(|(rank, _)| *rank);
    events.into_iter().map(|(_, line)| line).collect()
}
