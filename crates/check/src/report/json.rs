//! The report as JSON, for programs.

use super::{Dependency, Finding, Line, Model, Part, Report, Story};
use crate::history::Record;
use serde_json::{Value, json};

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
    json!({
        "title": story.title,
        "minimal": story.minimal,
        "operations": story.lines.iter().map(line).collect::<Vec<_>>(),
        "conclusion": story.conclusion,
        "cycle": story.cycle.iter().map(dependency).collect::<Vec<_>>(),
        "order": story.order,
    })
}

fn dependency(edge: &Dependency) -> Value {
    json!({ "from": edge.from, "to": edge.to, "kind": edge.kind, "because": edge.because })
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
