//! `check`: judges histories, each for itself.

use crate::arguments::Check;
use crate::exit::Exit;
use crate::screen::{Format, Screen};
use avouch_check::{Limits, Report, Word, judge_file};
use avouch_promise::Error;
use avouch_promise::evidence::Verdict;
use serde_json::json;

pub(super) fn run(check: &Check, screen: &mut Screen) -> Result<Exit, Error> {
    let memory_bytes = usize::try_from(check.memory).unwrap_or(usize::MAX);
    let limits = Limits { time: check.time, memory_bytes, ..Limits::default() };
    let mut worst = Verdict::Holds;
    let mut reports = Vec::new();
    for path in &check.histories {
        let report = judge_file(path, &limits)?;
        worst = crate::exit::worse(worst, verdict(&report));
        match screen.format {
            Format::Json => {
                reports.push(json!({ "history": path, "report": report.to_json() }));
            }
            Format::Text => {
                let text = report.to_string();
                let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
                let first = match first.split_once(':') {
                    Some((word, rest)) => {
                        format!("{}:{rest}", screen.paint(verdict(&report), word))
                    }
                    None => first.to_owned(),
                };
                screen.line(&format!("{}\n{first}\n{}", path.display(), rest.trim_end()));
            }
        }
    }
    if screen.format == Format::Json {
        screen.line(&serde_json::Value::from(reports).to_string());
    }
    Ok(Exit::Verdict(worst))
}

fn verdict(report: &Report) -> Verdict {
    match report.verdict() {
        Word::Holds => Verdict::Holds,
        Word::Violated => Verdict::Refuted,
        Word::Unknown => Verdict::Unknown,
    }
}
