//! `check --recheck`: a report looked at again, against the histories that it is of.

use super::check::limits;
use crate::arguments::{Check, Shape};
use crate::exit::{Exit, verdict, worse};
use crate::screen::Screen;
use avouch_check::recheck::{Reported, read};
use avouch_check::{Input, unreadable};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;

/// The name that stands for stdin.
const STDIN: &str = "-";

/// Looks at a report again.
pub(super) fn run(
    check: &Check,
    report: &Path,
    shape: Shape,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    if !matches!(shape, Shape::Text | Shape::Json) {
        return Err(Error::new(Blame::Caller, "--recheck with --format text or json", "a drawing")
            .hint("a report that is looked at again is not drawn"));
    }
    let limits = limits(check);
    let reports = read(&bytes(report, check.memory)?).map_err(|error| Error {
        expected: format!("{}: {}", report.display(), error.expected),
        ..error
    })?;
    let (mut worst, mut all) = (Verdict::Holds, Vec::new());
    for path in &check.histories {
        let name = path.display().to_string();
        let reported = of(&reports, &name, check.histories.len())?;
        let said = reported.recheck(&Input::read(path, &limits)?);
        worst = worse(worst, verdict(said.word()));
        if shape == Shape::Text {
            screen.line(&format!("{name}\n{}", said.to_string().trim_end()));
        }
        all.push(json!({ "history": name, "recheck": said.to_json() }));
    }
    if shape == Shape::Json {
        screen.line(&Value::from(all).to_string());
    }
    Ok(Exit::Verdict(worst))
}

/// The report on a history: by its name, or the only one.
fn of<'a>(all: &'a [Reported], name: &str, asked: usize) -> Result<&'a Reported, Error> {
    if let Some(found) = all.iter().find(|one| one.history.as_deref() == Some(name)) {
        return Ok(found);
    }
    match all {
        [only] if asked == 1 => Ok(only),
        _ => {
            let names: Vec<_> = all.iter().filter_map(|one| one.history.as_deref()).collect();
            let expected = format!("a report on {name}");
            let got = format!("reports on {}", names.join(", "));
            Err(Error::new(Blame::Caller, expected, got)
                .hint("name each history as it was named when it was judged"))
        }
    }
}

/// The report's bytes, if they are not too many.
fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let source: Box<dyn std::io::Read> = if path == Path::new(STDIN) {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| Error {
            expected: format!("a readable report at {}", path.display()),
            ..unreadable(path, &error)
        })?)
    };
    let read = source.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Error {
        expected: format!("a readable report at {}", path.display()),
        ..unreadable(path, &error)
    })?;
    if bytes.len() as u64 > most {
        let expected = format!("a report of at most {most} bytes");
        return Err(Error::new(Blame::Caller, expected, "a longer one").hint("raise --memory"));
    }
    Ok(bytes)
}
