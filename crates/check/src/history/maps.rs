//! Jepsen's events of registers (`read`, `write`, `cas`) and of key-value stores (`get`, `put`,
//! `append`, `delete`), in EDN or JSON.
//!
//! ```text
//! {:process 0, :type :invoke, :f :append, :key "7", :value "x"}
//! {"process": 0, "type": "ok", "f": "cas", "value": [1, 2]}
//! {:process 0, :type :ok, :f :write, :value [9 1]}
//! ```
//!
//! Without a key, the object is one register; or each of several has its key beside its value, as
//! in the last line (Jepsen's independent keys). A store of texts (`get`, `put`, `append`) reads an
//! absent key as the empty text, unless one of its answers is nil: then it tells the two apart.

use super::event::{Event, Events, Kind};
use super::jepsen::{self, Happened, Values};
use super::literal::unescaped;
use super::notation::{Mark, Notation, Reader};
use super::{History, Malformed};
use crate::model::key_value::{Absent, Action, KeyValue, Outcome};
use crate::object::Datum;
use crate::progress;
use avouch_promise::Nanos;
use avouch_promise::guarantee::Guarantee;
use bytes::Bytes;

/// One field, and where it stands.
type Placed = Option<(Datum, Mark)>;

/// The fields of one event that are not of every event.
#[derive(Default)]
struct Fields {
    value: Placed,
    key: Placed,
    time: Placed,
}

fn placed(reader: &mut Reader<'_>) -> Result<Placed, Malformed> {
    reader.peek()?;
    let at = reader.mark();
    Ok(Some((Datum::read(reader)?, at)))
}

impl<'a> Values<'a> for Fields {
    fn value(&mut self, reader: &mut Reader<'a>, _: Happened) -> Result<(), Malformed> {
        self.value = placed(reader)?;
        Ok(())
    }

    fn other(&mut self, name: &str, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        match name {
            "key" => self.key = placed(reader)?,
            "time" => self.time = placed(reader)?,
            _ => reader.pass()?,
        }
        Ok(())
    }
}

/// One event with its fields.
struct Line<'a, 'b> {
    event: jepsen::Event<'a>,
    fields: Fields,
    events: &'b jepsen::Events<'a>,
}

impl Line<'_, '_> {
    fn function(&self) -> &str {
        self.event.function.trim_start_matches(':')
    }

    fn wrong(&self, of: &Placed, expected: &str) -> Malformed {
        let at = of.as_ref().map_or(self.event.at, |(_, at)| *at);
        self.events.wrong_at(at, expected)
    }

    fn wrong_value(&self, expected: &str) -> Malformed {
        self.wrong(&self.fields.value, &format!("{expected} as :value"))
    }

    /// The value, and the key that stands beside it.
    fn parts(&self) -> (&Datum, Option<&Datum>) {
        let value = self.fields.value.as_ref().map_or(&Datum::Nil, |(value, _)| value);
        let has_key = self.fields.key.as_ref().is_some_and(|(key, _)| *key != Datum::Nil);
        match (value, self.function()) {
            _ if has_key => (value, None),
            (Datum::List(pair), "cas") => match &pair[..] {
                [key, inner @ Datum::List(_)] => (inner, Some(key)),
                _ => (value, None),
            },
            (Datum::List(pair), _) => match &pair[..] {
                [key, inner] => (inner, Some(key)),
                _ => (value, None),
            },
            _ => (value, None),
        }
    }

    fn key(&self) -> Result<Bytes, Malformed> {
        let beside = self.parts().1;
        let own = self.fields.key.as_ref().map(|(key, _)| key);
        match own.filter(|key| **key != Datum::Nil).or(beside) {
            None => Ok(Bytes::from_static(b"register")),
            Some(key) => self
                .bytes(key)
                .ok_or_else(|| self.wrong(&self.fields.key, "a text or number as :key")),
        }
    }

    fn bytes(&self, value: &Datum) -> Option<Bytes> {
        scalar(value, matches!(self.function(), "get" | "put" | "append" | "delete"))
    }

    fn scalar(&self) -> Result<Bytes, Malformed> {
        self.bytes(self.parts().0).ok_or_else(|| self.wrong_value("a text or number"))
    }

    fn action(&self) -> Result<Action, Malformed> {
        let key = self.key()?;
        match self.function() {
            "read" | "get" => Ok(Action::Get { key }),
            "write" | "put" => Ok(Action::Put { key, value: self.scalar()? }),
            "append" => Ok(Action::Append { key, value: self.scalar()? }),
            "delete" => Ok(Action::Delete { key }),
            "cas" => {
                let pair = self.parts().0.list().unwrap_or_default();
                let [expected, value] = pair else { return Err(self.wrong_value("a pair")) };
                let wrong = || self.wrong_value("a pair of texts or numbers");
                let value = self.bytes(value).ok_or_else(wrong)?;
                let expected = match expected {
                    Datum::Nil => None,
                    expected => Some(self.bytes(expected).ok_or_else(wrong)?),
                };
                Ok(Action::CompareAndSwap { key, expected, value })
            }
            _ => Err(self.wrong(&None, "read, write, cas, get, put, append or delete as :f")),
        }
    }

    /// What an answer says again has to be what was asked: its key, and what it writes.
    fn repeats(&self, action: &Action) -> Result<(), Malformed> {
        let (Action::Get { key }
        | Action::Put { key, .. }
        | Action::Append { key, .. }
        | Action::Delete { key }
        | Action::CompareAndSwap { key, .. }) = action
        else {
            return Ok(());
        };
        let names_key = self.parts().1.is_some() || self.fields.key.is_some();
        if names_key && self.key()? != *key {
            return Err(self.wrong_value("the key that was invoked"));
        }
        if *self.parts().0 == Datum::Nil {
            return Ok(());
        }
        let is_same = match (action, &self.action()?) {
            (Action::Put { value, .. }, Action::Put { value: told, .. })
            | (Action::Append { value, .. }, Action::Append { value: told, .. }) => value == told,
            (
                Action::CompareAndSwap { expected, value, .. },
                Action::CompareAndSwap { expected: wanted, value: told, .. },
            ) => (expected, value) == (wanted, told),
            // What was found is no part of what was asked; another function is told elsewhere.
            _ => true,
        };
        if is_same { Ok(()) } else { Err(self.wrong_value("what was invoked")) }
    }

    fn answer(&self, action: &Action) -> Result<Outcome, Malformed> {
        self.repeats(action)?;
        Ok(match (action, self.function()) {
            (Action::Get { .. }, "read" | "get") => match self.parts().0 {
                Datum::Nil => Outcome::Value(None),
                _ => Outcome::Value(Some(self.scalar()?)),
            },
            (Action::CompareAndSwap { .. }, "cas") => Outcome::Swapped(true),
            (Action::Put { .. }, "write" | "put")
            | (Action::Append { .. }, "append")
            | (Action::Delete { .. }, "delete") => Outcome::Done,
            _ => return Err(self.wrong(&None, "the function that was invoked as :f")),
        })
    }

    fn time(&self) -> Result<Option<Nanos>, Malformed> {
        match self.fields.time.as_ref().map(|(time, _)| time) {
            None | Some(Datum::Nil) => Ok(None),
            Some(time) => match time.integer().and_then(|time| u64::try_from(time).ok()) {
                Some(time) => Ok(Some(Nanos(time))),
                None => {
                    Err(self.wrong(&self.fields.time, "a number that is not negative as :time"))
                }
            },
        }
    }
}

/// A key or value as bytes. A store's are texts, so that a number is its digits; a register may
/// hold either, so that a text stands in its quotes.
fn scalar(value: &Datum, of_store: bool) -> Option<Bytes> {
    match value {
        Datum::Integer(number) => Some(number.to_string().into()),
        Datum::Text(text) if of_store => unescaped(text).map(Bytes::from),
        Datum::Text(text) => Some(format!("\"{text}\"").into()),
        Datum::Word(word) => Some(word.clone().into()),
        _ => None,
    }
}

/// Whether a function is one of those that are read here.
pub(crate) fn has(function: &str) -> bool {
    matches!(function, "read" | "get" | "write" | "put" | "append" | "delete" | "cas")
}

/// What registers are written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Written {
    #[default]
    Nothing,
    Scalars,
    Lists,
}

/// Whether a history of these functions may be one of operations on one object, too: of registers
/// that are read as lists (`causal-reverse`), or of transactions as steps (`long-fork`).
#[derive(Default)]
struct Ambiguous {
    /// A function that no such workload has.
    has_other: bool,
    written: Written,
    reads_list: bool,
    /// Lists within a list that was asked.
    has_steps: bool,
}

impl Ambiguous {
    fn meet(&mut self, line: &Line<'_, '_>) {
        let list = line.fields.value.as_ref().and_then(|(value, _)| value.list());
        match (line.event.happened, line.event.function) {
            (Happened::Invoke, function) => {
                match function {
                    "write" if list.is_some() => self.written = Written::Lists,
                    "write" if self.written == Written::Nothing => self.written = Written::Scalars,
                    "read" | "write" => {}
                    // One with a mark too many is left open: then another reader looks, too.
                    other => self.has_other |= has(other),
                }
                self.has_steps |= list.unwrap_or_default().iter().any(|one| one.list().is_some());
            }
            (Happened::Ok, "read") => self.reads_list |= list.is_some(),
            _ => {}
        }
    }

    fn is_so(&self) -> bool {
        let is_reverse = self.written == Written::Scalars && self.reads_list;
        !self.has_other && (self.has_steps || is_reverse)
    }
}

/// Reads a history of registers or of a store.
pub(crate) fn parse(text: &str, notation: Notation) -> Result<History, Malformed> {
    read(text, notation).map(|(history, _)| history)
}

/// The same, if it can be nothing else: then nobody needs to read it as anything else.
pub(crate) fn alone(text: &str, notation: Notation) -> Option<History> {
    read(text, notation)
        .ok()
        .filter(|(_, ambiguous)| !ambiguous.is_so())
        .map(|(history, _)| history)
}

fn read(text: &str, notation: Notation) -> Result<(History, Ambiguous), Malformed> {
    let lines: Vec<&str> = text.lines().collect();
    let mut calls = Events::default();
    let (mut of_texts, mut tells_absence) = (false, false);
    let mut ambiguous = Ambiguous::default();
    let absent = progress::part(0..5, 6, || {
        let mut events = jepsen::Events::new(text, notation)?;
        let mut fields = Fields::default();
        while let Some(event) = events.next(&mut fields)? {
            let fields = std::mem::take(&mut fields);
            let line = Line { event, fields, events: &events };
            ambiguous.meet(&line);
            let process = u64::try_from(event.process).ok().filter(|_| event.names_process);
            let process = process.ok_or_else(|| {
                line.wrong(&None, "an event with a :process that is not negative")
            })?;
            let kind = match event.happened {
                Happened::Invoke => {
                    of_texts |= matches!(line.function(), "get" | "put" | "append");
                    Kind::Invoked(line.action()?, Guarantee::Linearizable)
                }
                Happened::Ok => {
                    let action = calls.open_action(process);
                    let action =
                        action.ok_or_else(|| line.wrong(&None, "a call before its outcome"))?;
                    let answer = line.answer(action)?;
                    tells_absence |= answer == Outcome::Value(None);
                    Kind::Answered(answer, None, None)
                }
                Happened::Fail => Kind::Failed,
                Happened::Info => Kind::Unknown(None),
            };
            let time = line.time()?;
            let shown = lines.get(event.line.saturating_sub(1)).copied().unwrap_or_default();
            calls.add(Event { process, kind, time, line: event.line }, shown)?;
        }
        let is_empty = of_texts && !tells_absence;
        Ok(if is_empty { Absent::Empty } else { Absent::Distinct })
    })?;
    progress::at(5, 6);
    let format = match notation {
        Notation::Edn => "jepsen maps",
        Notation::Json => "jepsen maps, JSON",
    };
    Ok((calls.finish(KeyValue { absent }, format), ambiguous))
}
