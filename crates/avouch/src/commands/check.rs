//! `check`: judges histories, each for itself. One that cannot be read is an error and takes no
//! verdict from the others: a violation that was found stays found.

use crate::arguments::{ByModel, Check, Shape};
use crate::exit::{Exit, verdict};
use crate::screen::{Screen, error_json};
use avouch_check::report::html::{self, Shown};
use avouch_check::{Input, Limits, Report};
use avouch_promise::Error;
use avouch_promise::evidence::Verdict;
use serde_json::{Value, json};
use std::path::Path;

/// What became of a history.
struct Judged {
    name: String,
    found: Result<(Report, Option<Input>), Error>,
}

pub(super) fn run(check: &Check, shape: Shape, screen: &mut Screen) -> Exit {
    let memory_bytes = usize::try_from(check.memory).unwrap_or(usize::MAX);
    let limits = Limits { time: check.time, memory_bytes, ..Limits::default() };
    let mut worst = Verdict::Holds;
    let mut all = Vec::new();
    let mut unread = None;
    for path in &check.histories {
        let found = judge(check, path, &limits, shape);
        match &found {
            Ok((report, _)) => {
                worst = crate::exit::worse(worst, verdict(report.verdict()));
                if shape == Shape::Text {
                    text(path, report, screen);
                }
            }
            Err(error) => {
                screen.tell(error);
                unread.get_or_insert(error.blame);
            }
        }
        if shape != Shape::Text {
            all.push(Judged { name: path.display().to_string(), found });
        }
    }
    match shape {
        Shape::Text => {}
        Shape::Json => screen.line(&all.iter().map(as_json).collect::<Value>().to_string()),
        Shape::Html => screen.data(html::page(&shown(&all)).as_bytes()),
        Shape::Svg => screen.data(html::picture(&shown(&all)).as_bytes()),
    }
    match unread {
        Some(blame) if worst != Verdict::Refuted => Exit::Error(blame),
        _ => Exit::Verdict(worst),
    }
}

/// The report on a history, and where it is drawn the history itself.
fn judge(
    check: &Check,
    path: &Path,
    limits: &Limits,
    shape: Shape,
) -> Result<(Report, Option<Input>), Error> {
    let (input, report) = match check.model {
        Some(ByModel::Object(model)) => {
            let objects = Input::read_objects(path, limits)?;
            let report = objects.judge_by_model(model, limits)?;
            (Input::Objects(objects), report)
        }
        Some(ByModel::Operations(model)) => {
            let input = Input::read(path, limits)?;
            let report = input.judge_by_model(model, limits)?;
            (input, report)
        }
        None => {
            let input = Input::read(path, limits)?;
            let report = input.judge(check.level, limits)?;
            (input, report)
        }
    };
    let is_drawn = matches!(shape, Shape::Html | Shape::Svg);
    Ok((report, is_drawn.then_some(input)))
}

fn text(path: &Path, report: &Report, screen: &mut Screen) {
    let text = report.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let first = match first.split_once(':') {
        Some((word, rest)) => {
            format!("{}:{rest}", screen.paint(verdict(report.verdict()), word))
        }
        None => first.to_owned(),
    };
    screen.line(&format!("{}\n{first}\n{}", path.display(), rest.trim_end()));
}

fn as_json(judged: &Judged) -> Value {
    match &judged.found {
        Ok((report, _)) => json!({ "history": judged.name, "report": report.to_json() }),
        Err(error) => {
            let mut told = error_json(error);
            told.insert("history".to_owned(), judged.name.clone().into());
            Value::from(told)
        }
    }
}

fn shown(all: &[Judged]) -> Vec<Shown<'_>> {
    all.iter()
        .filter_map(|Judged { name, found }| match found {
            Ok((report, Some(input))) => Some(Shown::Judged { name, input, report }),
            Ok((_, None)) => None,
            Err(error) => Some(Shown::Unread { name, error }),
        })
        .collect()
}
