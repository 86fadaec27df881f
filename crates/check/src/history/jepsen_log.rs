//! Jepsen's log of one register with compare-and-swap.
//!
//! ```text
//! INFO  jepsen.util - 3   :invoke :cas   [1 2]        process 3 asks
//! INFO  jepsen.util - 3   :fail   :cas   [1 2]        the register did not hold 1
//! INFO  jepsen.util - 4   :ok     :read  nil          it was empty
//! INFO  jepsen.util - 5   :info   :write :timed-out   nobody knows
//! INFO  jepsen.util - 6   :fail   :read  :timed-out   a read without an answer
//! ```
//!
//! A failed compare-and-swap is an answer: it saw another value. Lines of other loggers are
//! skipped.

use super::event::{Event, Events, Kind};
use super::told::lines;
use super::{History, Malformed};
use crate::model::key_value::{Action, KeyValue, Outcome};
use avouch_promise::Error;
use avouch_promise::guarantee::Guarantee;
use bytes::Bytes;

const LOGGER: &str = "jepsen.util";
const KEY: Bytes = Bytes::from_static(b"register");

/// Whether a line is one of a log: `LEVEL logger - message`.
pub(super) fn is_line(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|level| matches!(level, "INFO" | "WARN" | "DEBUG" | "ERROR"))
        && words.next().is_some_and(|logger| logger.contains('.'))
        && words.next() == Some("-")
}

/// The words of a line with their offsets; a bracketed pair is one word.
struct Words<'a> {
    line: usize,
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self, expected: &str) -> Result<(usize, &'a str), Malformed> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let length = if rest.starts_with('[') {
            rest.find(']').map_or(rest.len(), |end| end + 1)
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        self.at = start + length;
        if length == 0 {
            return Err(Malformed::at(self.line, self.text, start, expected));
        }
        Ok((start, &rest[..length]))
    }

    fn wrong(&self, at: usize, expected: &str) -> Malformed {
        Malformed::at(self.line, self.text, at, expected)
    }
}

fn number(text: &str) -> Option<Bytes> {
    // Through an integer, so that 1 and 01 are one value.
    text.parse::<i64>().ok().map(|value| value.to_string().into())
}

fn pair(text: &str) -> Option<(Bytes, Bytes)> {
    let mut numbers = text.strip_prefix('[')?.strip_suffix(']')?.split_whitespace();
    let pair = (number(numbers.next()?)?, number(numbers.next()?)?);
    numbers.next().is_none().then_some(pair)
}

fn invoked(function: &str, value: &str) -> Option<Action> {
    match (function, value) {
        (":read", "nil") => Some(Action::Get { key: KEY }),
        (":write", value) => Some(Action::Put { key: KEY, value: number(value)? }),
        (":cas", value) => {
            let (expected, value) = pair(value)?;
            Some(Action::CompareAndSwap { key: KEY, expected: Some(expected), value })
        }
        _ => None,
    }
}

fn ended(kind: &str, function: &str, value: &str) -> Option<Kind> {
    let answered = |answer| Some(Kind::Answered(answer, None, None));
    match (kind, function, value) {
        (":ok", ":read", "nil") => answered(Outcome::Value(None)),
        (":ok", ":read", value) => answered(Outcome::Value(Some(number(value)?))),
        (":ok", ":write", value) => number(value).and_then(|_| answered(Outcome::Done)),
        (":ok", ":cas", value) => pair(value).and_then(|_| answered(Outcome::Swapped(true))),
        (":fail", ":cas", value) if pair(value).is_some() => answered(Outcome::Swapped(false)),
        (":info", ":read" | ":write" | ":cas", _) => Some(Kind::Unknown(None)),
        (":fail", ":read" | ":write" | ":cas", _) => Some(Kind::Failed),
        _ => None,
    }
}

/// Whether an outcome of `function` belongs to the call.
fn belongs(function: &str, action: &Action) -> bool {
    matches!(
        (function, action),
        (":read", Action::Get { .. })
            | (":write", Action::Put { .. })
            | (":cas", Action::CompareAndSwap { .. })
    )
}

/// Reads a log.
pub(super) fn parse(text: &str) -> Result<History, Error> {
    Ok(events(text)?.finish(KeyValue::default(), "jepsen register log"))
}

/// The events of a log.
pub(super) fn events(text: &str) -> Result<Events, Malformed> {
    let mut events = Events::default();
    for (line, text) in lines(text) {
        if text.trim().is_empty() {
            continue;
        }
        if !is_line(text) {
            return Err(Malformed::at(line, text, 0, "a line `INFO jepsen.util - ...`"));
        }
        let mut words = Words { line, text, at: 0 };
        words.next("a level")?;
        let (_, logger) = words.next("a logger")?;
        words.next("a dash")?;
        if logger != LOGGER {
            continue;
        }
        let (at, process) = words.next("a process")?;
        let process = process.parse().map_err(|_| words.wrong(at, "the number of a process"))?;
        let (_, kind) = words.next("what happened")?;
        let (function_at, function) = words.next("a function")?;
        let (value_at, value) = words.next("a value")?;
        let end = words.at;
        if !text[end..].trim().is_empty() {
            return Err(words.wrong(end, "the end of the line"));
        }
        let event = if kind == ":invoke" {
            invoked(function, value).map(|action| Kind::Invoked(action, Guarantee::Linearizable))
        } else {
            if events.open_action(process).is_some_and(|action| !belongs(function, action)) {
                return Err(words.wrong(function_at, "the function that was invoked"));
            }
            ended(kind, function, value)
        };
        let kind = event.ok_or_else(|| {
            words.wrong(value_at, &format!("a value that {kind} {function} can have"))
        })?;
        events.add(Event { process, kind, time: None, line }, text)?;
    }
    Ok(events)
}
