//! The report as JSON, for programs.

use super::{Case, Dependency, Fact, Fault, Finding, Line, Model, Part, Report, Story};
use crate::history::Record;
use serde_json::{Map, Value, json};

impl Report {
    /// The report as one JSON value.
    pub fn to_json(&self) -> Value {
        json!({
            "verdict": self.verdict().to_string(),
            "exit_code": self.exit_code(),
            "format": self.format,
            "operations": self.operations,
            "unknown": self.unknown,
            "failed": self.failed,
            "notes": self.notes,
            "steps": self.steps,
            "elapsed_us": u64::try_from(self.elapsed.as_micros()).unwrap_or(u64::MAX),
            "guarantees": self.parts.iter().map(part).collect::<Vec<_>>(),
            "models": self.models.iter().map(|one| self.model(one)).collect::<Vec<_>>(),
        })
    }

    fn model(&self, model: &Model) -> Value {
        let implies = model.implies.iter().filter_map(|place| self.models.get(*place));
        json!({
            "model": model.name,
            "verdict": model.word.map(|word| word.to_string()),
            "implies": implies.map(|model| &model.name).collect::<Vec<_>>(),
        })
    }
}

fn part(part: &Part) -> Value {
    let mut value = json!({
        "guarantee": part.guarantee,
        "operations": part.operations,
        "verdict": part.finding.word().to_string(),
    });
    let (name, detail) = match &part.finding {
        Finding::Holds { order, .. } if order.is_empty() => return value,
        Finding::Holds { order, .. } => ("order", json!(order)),
        Finding::Violated(told) => ("witness", story(told)),
        Finding::Unknown { reason, story } => {
            ("reason", json!({ "bound": reason, "progress": story }))
        }
    };
    if let Some(map) = value.as_object_mut() {
        map.insert(name.to_owned(), detail);
    }
    value
}

fn story(story: &Story) -> Value {
    let mut value = json!({
        "title": story.title,
        "minimal": story.minimal,
        "operations": story.lines.iter().map(line).collect::<Vec<_>>(),
        "conclusion": story.conclusion,
        "cycle": story.cycle.iter().map(|edge| dependency(story, edge)).collect::<Vec<_>>(),
        "order": story.order,
    });
    if let Some(map) = value.as_object_mut() {
        map.extend(story.weaker.iter().map(|weaker| ("weaker".to_owned(), json!(weaker))));
        let facts = |all: &[Fact]| all.iter().map(|one| fact(story, one)).collect::<Value>();
        if !story.facts.is_empty() {
            map.insert("facts".to_owned(), facts(&story.facts));
        }
        if !story.cases.is_empty() {
            let edges = |all: &[Dependency]| {
                all.iter().map(|edge| dependency(story, edge)).collect::<Value>()
            };
            let case = |case: &Case| {
                json!({
                    "within": case.within,
                    "assumed": facts(&case.assumed),
                    "facts": facts(&case.facts),
                    "cycle": edges(&case.cycle),
                })
            };
            map.insert("cases".to_owned(), story.cases.iter().map(case).collect());
        }
        map.extend(story.fault.iter().map(|of| ("fault".to_owned(), fault(of))));
    }
    value
}

/// An edge, with what it rests on.
fn dependency(story: &Story, edge: &Dependency) -> Value {
    let mut fields = Map::new();
    fields.insert("from".to_owned(), json!(edge.from));
    fields.insert("to".to_owned(), json!(edge.to));
    fields.insert("kind".to_owned(), json!(edge.kind));
    fields.insert("because".to_owned(), json!(edge.because));
    edge.basis.tell(&mut fields);
    let of = |call: Option<usize>| story.lines.iter().find(|line| Some(line.call) == call);
    match (edge.kind, of(edge.from), of(edge.to)) {
        ("process", Some(from), _) => {
            fields.insert("process".to_owned(), json!(from.process));
        }
        ("realtime", Some(from), Some(to)) => {
            fields.insert("answered".to_owned(), json!(from.ended.map(record)));
            fields.insert("invoked".to_owned(), record(to.began));
        }
        _ => {}
    }
    Value::Object(fields)
}

fn fact(story: &Story, fact: &Fact) -> Value {
    json!({
        "number": fact.number,
        "first": fact.first,
        "second": fact.second,
        "key": fact.key,
        "written": fact.written.value(),
        "next": fact.next.value(),
        "reader": fact.reader,
        "way": fact.way.iter().map(|edge| dependency(story, edge)).collect::<Vec<_>>(),
    })
}

fn fault(fault: &Fault) -> Value {
    let Fault { key, value, other, writer, reader, against } = fault;
    let all = [
        ("key", Some(json!(key))),
        ("value", value.as_ref().map(|value| json!(value))),
        ("other", other.as_ref().map(|other| json!(other))),
        ("writer", writer.map(|writer| json!(writer))),
        ("reader", Some(json!(reader))),
        ("against", against.map(|against| json!(against))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn line(line: &Line) -> Value {
    json!({
        "operation": line.call,
        "process": line.process,
        "whose": line.whose,
        "place": line.place,
        "action": line.action,
        "answer": line.answer,
        "effect": line.effect,
        "guarantee": line.guarantee,
        "invoked": record(line.began),
        "answered": line.ended.map(record),
    })
}

fn record(record: Record) -> Value {
    let line = (record.line > 0).then_some(record.line);
    json!({ "line": line, "time_ns": record.time.map(|time| time.0) })
}
