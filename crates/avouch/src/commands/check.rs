//! `check`: judges histories, each for itself. One that cannot be read is an error and takes no
//! verdict from the others: a violation that was found stays found.

use super::{convert, recheck};
use crate::arguments::{ByModel, Check, Named, Shape};
use crate::exit::{Exit, verdict};
use crate::far::Line;
use crate::screen::{Screen, error_json};
use avouch_check::bounded::{Bounded, within};
use avouch_check::composition::{Composition, compose};
use avouch_check::online::{self, Asked};
use avouch_check::report::html::{self, Shown};
use avouch_check::report::{Finding, Part};
use avouch_check::{Input, Limits, Objects, Report, unreadable};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// What became of a history.
struct Judged {
    name: String,
    found: Result<Found, Error>,
}

/// What was found of a history.
struct Found {
    report: Report,
    composition: Option<Composition>,
    /// Where it is drawn, the history itself.
    input: Option<Input>,
}

pub(super) fn run(check: &Check, shape: Shape, screen: &mut Screen) -> Exit {
    if check.stream && is_drawn(shape) {
        let error = Error::new(Blame::Caller, "--stream with --format text or json", "a drawing")
            .hint("a page draws the history, which a stream does not keep");
        screen.error(&error);
        return Exit::Error(Blame::Caller);
    }
    if let Some(report) = &check.recheck {
        return recheck::run(check, report, shape, screen).unwrap_or_else(|error| {
            screen.error(&error);
            Exit::Error(error.blame)
        });
    }
    if let Some(out) = &check.convert {
        return convert::run(check, out, shape, screen).unwrap_or_else(|error| {
            screen.error(&error);
            Exit::Error(error.blame)
        });
    }
    if check.objects && is_drawn(shape) {
        let error = Error::new(Blame::Caller, "--objects with --format text or json", "a drawing")
            .hint("a page does not draw objects beside the whole yet");
        screen.error(&error);
        return Exit::Error(Blame::Caller);
    }
    let limits = limits(check);
    let mut worst = Verdict::Holds;
    let mut all = Vec::new();
    let mut unread = None;
    for path in &check.histories {
        let found = judge_within(check, path, &limits, shape, screen);
        match &found {
            Ok(found) => {
                worst = crate::exit::worse(worst, verdict(found.report.verdict()));
                if shape == Shape::Text {
                    text(path, found, screen);
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
        Shape::Text | Shape::Prometheus => {}
        Shape::Json => screen.line(&all.iter().map(as_json).collect::<Value>().to_string()),
        Shape::Html => screen.data(html::page(&shown(&all)).as_bytes()),
        Shape::Svg => screen.data(html::picture(&shown(&all)).as_bytes()),
    }
    match unread {
        Some(blame) if worst != Verdict::Refuted => Exit::Error(blame),
        _ => Exit::Verdict(worst),
    }
}

/// The bounds of each judgement.
pub(super) fn limits(check: &Check) -> Limits {
    let memory_bytes = usize::try_from(check.memory).unwrap_or(usize::MAX);
    // A stream takes as long as it comes.
    let unbounded = if check.stream { Duration::MAX } else { Duration::from_secs(60) };
    Limits { time: check.time.unwrap_or(unbounded), memory_bytes, ..Limits::default() }
}

/// Judges one history as it comes, and tells what it finds meanwhile.
fn streamed(
    check: &Check,
    path: &Path,
    limits: &Limits,
    news: &Sender<String>,
) -> Result<Report, Error> {
    let by_model = match &check.model {
        None => false,
        Some(Named { what: ByModel::Operations(model), name }) => match online::why_not(*model) {
            None => true,
            Some(why) => {
                let expected = "linearizable as --model of a stream";
                return Err(Error::new(Blame::Caller, expected, format!("`{name}`")).hint(why));
            }
        },
        Some(Named { name, .. }) => {
            let expected = "linearizable as --model of a stream, which is of gets and puts";
            return Err(Error::new(Blame::Caller, expected, format!("`{name}`"))
                .hint("judge the file without --stream"));
        }
    };
    let level = check.level.as_ref().map(|level| level.what);
    let asked = Asked { by_model, level, limits: *limits };
    let mut tell = |part: &Part| {
        if let Finding::Violated(story) = &part.finding {
            // Whoever no longer listens has the verdict.
            let _ = news.send(format!("as it comes, violated: {}: {story}", part.guarantee));
        }
    };
    if path == Path::new("-") {
        return online::judge_and_tell(std::io::stdin().lock(), asked, &mut tell);
    }
    if path.is_dir() {
        let expected = format!("a file at {}, to judge as it comes", path.display());
        return Err(
            Error::new(Blame::Caller, expected, "a folder").hint("judge a folder without --stream")
        );
    }
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    online::judge_and_tell(file, asked, &mut tell).map_err(|error| Error {
        expected: format!("{}: {}", path.display(), error.expected),
        ..error
    })
}

/// Judges one history within its bounds, and shows whoever watches how far it is.
fn judge_within(
    check: &Check,
    path: &Path,
    limits: &Limits,
    shape: Shape,
    screen: &mut Screen,
) -> Result<Found, Error> {
    let (news, heard) = channel();
    let work = {
        let (check, path, limits) = (check.clone(), path.to_owned(), *limits);
        move || judge(&check, &path, &limits, shape, &news)
    };
    let mut line = Line::start(check.time.is_some() || !check.stream, limits.time, screen);
    let found = within(limits, work, |seen| {
        for told in heard.try_iter() {
            screen.say(told.trim_end());
        }
        line.show(seen, screen);
    });
    line.end(screen);
    Ok(match found? {
        Bounded::Done(found) => found,
        Bounded::Stopped(mut report) => {
            if let Some((known, asked)) = names(check) {
                report.call(&known, asked);
            }
            // Nothing of it can be drawn but the verdict.
            let input = is_drawn(shape).then(|| Input::Objects(Objects::new(Vec::new())));
            Found { report: *report, composition: None, input }
        }
    })
}

/// What it is judged by: its own name, and the one by which it was asked for.
fn names(check: &Check) -> Option<(String, &String)> {
    let level = check.level.as_ref().map(|level| (level.what.to_string(), &level.name));
    let model = check.model.as_ref().and_then(|model| match model.what {
        ByModel::Operations(what) => Some((what.to_string(), &model.name)),
        ByModel::Object(_) => None,
    });
    level.or(model)
}

/// Judges one history, and calls what it was judged by as it was asked for.
fn judge(
    check: &Check,
    path: &Path,
    limits: &Limits,
    shape: Shape,
    news: &Sender<String>,
) -> Result<Found, Error> {
    let mut found = judged(check, path, limits, shape, news)?;
    if let Some((known, asked)) = names(check) {
        found.report.call(&known, asked);
        if let Some(composition) = &mut found.composition {
            composition.call(&known, asked);
        }
    }
    Ok(found)
}

/// Judges one history, and its objects if that is asked for.
fn judged(
    check: &Check,
    path: &Path,
    limits: &Limits,
    shape: Shape,
    news: &Sender<String>,
) -> Result<Found, Error> {
    let level = check.level.as_ref().map(|level| level.what);
    if check.stream {
        let report = streamed(check, path, limits, news)?;
        return Ok(Found { report, composition: None, input: None });
    }
    let (input, report) = match check.model.as_ref().map(|model| model.what) {
        Some(ByModel::Object(model)) => {
            let objects = Input::read_objects(path, limits)?;
            let report = objects.judge_by_model(model, limits)?.of_answered();
            (Input::Objects(objects), report)
        }
        Some(ByModel::Operations(model)) => {
            let input = Input::read(path, limits)?;
            let report = input.judge_by_model(model, limits)?;
            (input, report)
        }
        None => {
            let mut input = Input::read(path, limits)?;
            let has_stamps = matches!(input, Input::Stamped(_));
            if check.ignore_stamps {
                input = input.without_stamps()?;
            }
            let mut report = input.judge(level, limits)?;
            if check.ignore_stamps && !has_stamps {
                report.notes.push("--ignore-stamps changes nothing: there are no stamps".into());
            }
            (input, report)
        }
    };
    let composition =
        if check.objects { Some(compose(&input, &report, level, limits)?) } else { None };
    Ok(Found { report, composition, input: is_drawn(shape).then_some(input) })
}

/// Whether the history itself is shown.
fn is_drawn(shape: Shape) -> bool {
    matches!(shape, Shape::Html | Shape::Svg)
}

fn text(path: &Path, found: &Found, screen: &mut Screen) {
    let Found { report, composition, .. } = found;
    let mut text = report.to_string();
    text.extend(composition.iter().map(ToString::to_string));
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
        Ok(Found { report, composition: None, .. }) => {
            json!({ "history": judged.name, "report": report.to_json() })
        }
        Ok(Found { report, composition: Some(composition), .. }) => json!({
            "history": judged.name,
            "report": report.to_json(),
            "composition": composition.to_json(),
        }),
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
            Ok(Found { report, input, composition }) => {
                let (input, objects) = (input.as_ref()?, composition.as_ref());
                Some(Shown::Judged { name, input, report, objects })
            }
            Err(error) => Some(Shown::Unread { name, error }),
        })
        .collect()
}
