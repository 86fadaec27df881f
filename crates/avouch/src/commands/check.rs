//! `check`: judges histories, each for itself. One that cannot be read is an error and takes no
//! verdict from the others: a violation that was found stays found.

use crate::arguments::Check;
use crate::exit::{Exit, verdict};
use crate::screen::{Format, Screen, error_json};
use avouch_check::{Limits, judge_file_by};
use avouch_promise::evidence::Verdict;
use serde_json::{Value, json};

pub(super) fn run(check: &Check, screen: &mut Screen) -> Exit {
    let memory_bytes = usize::try_from(check.memory).unwrap_or(usize::MAX);
    let limits = Limits { time: check.time, memory_bytes, ..Limits::default() };
    let mut worst = Verdict::Holds;
    let mut reports = Vec::new();
    let mut unread = None;
    for path in &check.histories {
        let report = match judge_file_by(path, check.level, &limits) {
            Ok(report) => report,
            Err(error) => {
                screen.tell(&error);
                let mut told = error_json(&error);
                told.insert("history".to_owned(), path.display().to_string().into());
                reports.push(Value::from(told));
                unread.get_or_insert(error.blame);
                continue;
            }
        };
        worst = crate::exit::worse(worst, verdict(report.verdict()));
        match screen.format {
            Format::Json => {
                reports.push(json!({ "history": path, "report": report.to_json() }));
            }
            Format::Text => {
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
        }
    }
    if screen.format == Format::Json {
        screen.line(&Value::from(reports).to_string());
    }
    match unread {
        Some(blame) if worst != Verdict::Refuted => Exit::Error(blame),
        _ => Exit::Verdict(worst),
    }
}
