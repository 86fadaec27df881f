//! dbcop's histories as text: JSON of its former and of its present version, and the short form
//! for people (`.hist`).
//!
//! ```text
//! {"params": ..., "data": [[{"events": [{"write": true, "variable": 0, "value": 1,
//!                                        "success": true}], "success": true}]]}
//! [[{"events": [{"Write": {"variable": 0, "version": 1}}, ["r", 1, null]], "committed": true}]]
//!
//! // a session a block, a transaction in brackets: `:=` writes, `==` reads, `==?` the initial state
//! [x:=1 y==?] [x==1]
//! ---
//! [x==1 y:=2]!                            what did not commit
//! ```
//!
//! As in the bincode, a read of 0 is of the initial state unless somebody writes 0, and an event
//! without success had no effect.

use super::Malformed;
use super::plume::take_zero_as_initial;
use super::told::lines;
use crate::transaction::{Builder, Transactions};
use avouch_promise::{Blame, Error};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(untagged)]
enum Variable {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct Of<Version> {
    variable: Variable,
    version: Version,
}

#[derive(Deserialize)]
enum Tagged {
    Read(Of<Option<i64>>),
    Write(Of<i64>),
}

#[derive(Deserialize)]
struct Former {
    write: bool,
    variable: Variable,
    value: i64,
    success: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Former(Former),
    Tagged(Tagged),
    Short(String, Variable, Option<i64>),
}

#[derive(Deserialize)]
struct Entry {
    events: Vec<Event>,
    #[serde(alias = "success")]
    committed: bool,
}

#[derive(Deserialize)]
struct Run {
    data: Vec<Vec<Entry>>,
}

/// Whether a text is such JSON, by how it starts.
pub(crate) fn is_json(text: &str) -> bool {
    let signs: String = text.chars().filter(|sign| !sign.is_whitespace()).take(12).collect();
    signs.starts_with("[[{\"events\"")
        || signs.starts_with("[[{\"committ")
        || signs.starts_with("[[{\"success")
        || signs.starts_with("{\"params\":")
}

/// Whether a text is in the short form, by its first line that is no comment.
pub(crate) fn is_short(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("//") && !is_apart(line));
    first.is_some_and(|line| {
        let name = line.strip_prefix('[').map(|rest| rest.trim_start_matches(is_of_a_name));
        name.is_some_and(|rest| {
            rest.len() + 1 < line.len() && (rest.starts_with(":=") || rest.starts_with("=="))
        })
    })
}

fn is_apart(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte == b'-')
}

fn is_of_a_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn full() -> Error {
    Error::new(Blame::Caller, "a history of at most 2^29 steps", "more")
}

/// A fault that the reader of JSON found, with its line.
fn malformed(text: &str, error: &serde_json::Error) -> Malformed {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let told = error.to_string();
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(told, _)| told);
    // Columns are counted in bytes; the place is the last byte read.
    let mut at = error.column().saturating_sub(1).min(line.len());
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    Malformed::at(error.line(), line, at, format!("the format's JSON ({told})"))
}

/// Reads JSON.
pub(crate) fn parse_json(text: &str) -> Result<Transactions, Error> {
    let is_run = text.trim_start().starts_with('{');
    let sessions = if is_run {
        serde_json::from_str(text).map(|Run { data }| data)
    } else {
        serde_json::from_str(text)
    };
    let sessions = sessions.map_err(|error| malformed(text, &error))?;
    let mut builder = Builder::default();
    for (session, entries) in (0..).zip(sessions) {
        for Entry { events, committed } in entries {
            builder.begin(session);
            for event in events {
                if builder.is_full() {
                    return Err(full());
                }
                add(&mut builder, event)?;
            }
            if !committed {
                builder.abort();
            }
        }
    }
    let mut history = builder.build();
    history.format = "dbcop JSON";
    take_zero_as_initial(&mut history);
    Ok(history)
}

fn add(builder: &mut Builder, event: Event) -> Result<(), Error> {
    let name = |variable| match variable {
        Variable::Number(number) => number.to_string(),
        Variable::Text(text) => text,
    };
    let (is_write, variable, value) = match event {
        Event::Former(Former { success: false, .. }) => return Ok(()),
        Event::Former(Former { write, variable, value, .. }) => (write, variable, Some(value)),
        Event::Tagged(Tagged::Read(Of { variable, version })) => (false, variable, version),
        Event::Tagged(Tagged::Write(Of { variable, version })) => (true, variable, Some(version)),
        Event::Short(kind, variable, version) => match (kind.as_str(), version) {
            ("r", version) => (false, variable, version),
            ("w", Some(_)) => (true, variable, version),
            _ => {
                let got = format!("`{}`", Malformed::shown(&kind));
                let expected = "an event [\"r\", variable, version] or [\"w\", variable, version]";
                return Err(Error::new(Blame::Corrupt, expected, got));
            }
        },
    };
    let variable = name(variable);
    match (is_write, value) {
        (true, Some(value)) => builder.write(variable, value),
        (false, Some(value)) => builder.read(variable, value),
        _ => builder.read_initial(variable),
    };
    Ok(())
}

/// Reads the short form.
pub(crate) fn parse_short(text: &str) -> Result<Transactions, Error> {
    let mut builder = Builder::default();
    let mut session = 0;
    for (number, line) in lines(text) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with("//") {
            continue;
        }
        if is_apart(trimmed) {
            session += 1;
            continue;
        }
        let mut rest = trimmed;
        while !rest.is_empty() {
            rest = one(&mut builder, session, (number, line), rest)?.trim_start();
        }
    }
    let mut history = builder.build();
    history.format = "dbcop text";
    take_zero_as_initial(&mut history);
    Ok(history)
}

/// Reads one transaction; what stands behind it.
fn one<'a>(
    builder: &mut Builder,
    session: u64,
    (number, line): (usize, &'a str),
    text: &'a str,
) -> Result<&'a str, Error> {
    let wrong = |part: &str, expected: &str| -> Error {
        let offset = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
        Malformed::at(number, line, offset, expected).into()
    };
    let mut rest = text.strip_prefix('[').ok_or_else(|| wrong(text, "a transaction: `[`"))?;
    builder.begin_at(session, number);
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix(']') {
            let Some(behind) = behind.strip_prefix('!') else { return Ok(behind) };
            builder.abort();
            return Ok(behind);
        }
        if builder.is_full() {
            return Err(full());
        }
        let after = rest.trim_start_matches(is_of_a_name);
        let name = &rest[..rest.len() - after.len()];
        if name.is_empty() {
            return Err(wrong(rest, "a variable, or `]`"));
        }
        let (is_write, value) = match (after.strip_prefix(":="), after.strip_prefix("==")) {
            (Some(value), _) => (true, value),
            (_, Some(value)) => (false, value),
            _ => return Err(wrong(after, "`:=` or `==`")),
        };
        if let (false, Some(behind)) = (is_write, value.strip_prefix('?')) {
            builder.read_initial(name);
            rest = behind;
            continue;
        }
        let behind = value.trim_start_matches(|sign: char| sign.is_ascii_digit());
        let digits = &value[..value.len() - behind.len()];
        let version = digits.parse().map_err(|_| wrong(value, "a version: a number below 2^63"))?;
        if is_write {
            builder.write(name, version)
        } else {
            builder.read(name, version)
        };
        rest = behind;
    }
}
