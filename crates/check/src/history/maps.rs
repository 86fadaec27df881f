//! Jepsen's maps, one per line: registers (`:read`, `:write`, `:cas`) and key-value stores (`:get`,
//! `:put`, `:append`, `:delete`).
//!
//! ```text
//! {:process 0, :type :invoke, :f :append, :key "7", :value "x"}
//! {:process 0, :type :ok,     :f :append, :key "7", :value "x"}
//! ```
//!
//! Without a key, the object is one register. A store of texts reads an absent key as the empty
//! text.

use super::edn::{self, Placed, Value};
use super::event::{Event, Events, Kind};
use super::{History, Malformed};
use crate::model::key_value::{Absent, Action, KeyValue, Outcome};
use avouch_promise::Nanos;
use avouch_promise::guarantee::Guarantee;
use bytes::Bytes;
use std::collections::BTreeMap;

/// One line's map with its place.
struct Line<'a> {
    number: usize,
    text: &'a str,
    map: BTreeMap<String, Placed>,
}

impl Line<'_> {
    fn wrong(&self, name: &str, expected: &str) -> Malformed {
        let at = self.map.get(name).map_or(0, |(at, _)| *at);
        Malformed::at(self.number, self.text, at, format!("{expected} as :{name}"))
    }

    fn value(&self, name: &str) -> &Value {
        self.map.get(name).map_or(&Value::Nil, |(_, value)| value)
    }

    fn keyword(&self, name: &str) -> Result<&str, Malformed> {
        match self.value(name) {
            Value::Keyword(word) => Ok(word),
            _ => Err(self.wrong(name, "a keyword")),
        }
    }

    fn natural(&self, name: &str) -> Result<u64, Malformed> {
        match self.value(name) {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        }
        .ok_or_else(|| self.wrong(name, "a number that is not negative"))
    }

    fn key(&self) -> Result<Bytes, Malformed> {
        match self.value("key") {
            Value::Nil => Ok(Bytes::from_static(b"register")),
            value => scalar(value).ok_or_else(|| self.wrong("key", "a text or number")),
        }
    }

    fn scalar(&self) -> Result<Bytes, Malformed> {
        scalar(self.value("value")).ok_or_else(|| self.wrong("value", "a text or number"))
    }

    fn action(&self) -> Result<Action, Malformed> {
        let key = self.key()?;
        match self.keyword("f")? {
            "read" | "get" => Ok(Action::Get { key }),
            "write" | "put" => Ok(Action::Put { key, value: self.scalar()? }),
            "append" => Ok(Action::Append { key, value: self.scalar()? }),
            "delete" => Ok(Action::Delete { key }),
            "cas" => match self.value("value") {
                Value::Vector(pair) => match &pair[..] {
                    [expected, value] if scalar(value).is_some() => Ok(Action::CompareAndSwap {
                        key,
                        expected: scalar(expected),
                        value: scalar(value).unwrap_or_default(),
                    }),
                    _ => Err(self.wrong("value", "a pair")),
                },
                _ => Err(self.wrong("value", "a pair")),
            },
            _ => Err(self.wrong("f", "read, write, cas, get, put, append or delete")),
        }
    }

    fn answer(&self, action: &Action) -> Result<Outcome, Malformed> {
        let function = self.keyword("f")?;
        Ok(match (action, function) {
            (Action::Get { .. }, "read" | "get") => match self.value("value") {
                Value::Nil => Outcome::Value(None),
                _ => Outcome::Value(Some(self.scalar()?)),
            },
            (Action::CompareAndSwap { .. }, "cas") => Outcome::Swapped(true),
            (Action::Put { .. }, "write" | "put")
            | (Action::Append { .. }, "append")
            | (Action::Delete { .. }, "delete") => Outcome::Done,
            _ => return Err(self.wrong("f", "the function that was invoked")),
        })
    }
}

fn scalar(value: &Value) -> Option<Bytes> {
    match value {
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Text(text) => Some(text.clone().into()),
        _ => None,
    }
}

/// Whether a function is one of those that are read here.
pub(crate) fn has(function: &str) -> bool {
    matches!(function, "read" | "get" | "write" | "put" | "append" | "delete" | "cas")
}

/// Reads a history of maps.
pub(crate) fn parse(text: &str) -> Result<History, Malformed> {
    let mut events = Events::default();
    let mut of_texts = false;
    for (number, text) in text.lines().enumerate() {
        let number = number + 1;
        if text.trim().is_empty() {
            continue;
        }
        let line = Line { number, text, map: edn::map(number, text)? };
        // The nemesis and other named processes make no calls.
        if matches!(line.value("process"), Value::Keyword(_)) {
            continue;
        }
        let process = line.natural("process")?;
        let kind = match line.keyword("type")? {
            "invoke" => {
                of_texts |= matches!(line.keyword("f")?, "get" | "put" | "append");
                Kind::Invoked(line.action()?, Guarantee::Linearizable)
            }
            "ok" => {
                let action = events.open_action(process);
                let action =
                    action.ok_or_else(|| line.wrong("type", "a call before its outcome"))?;
                Kind::Answered(line.answer(action)?, None, None)
            }
            "fail" => Kind::Failed,
            "info" => Kind::Unknown(None),
            _ => return Err(line.wrong("type", "invoke, ok, fail or info")),
        };
        let time = match line.value("time") {
            Value::Nil => None,
            _ => Some(Nanos(line.natural("time")?)),
        };
        events.add(Event { process, kind, time, line: number }, text)?;
    }
    let absent = if of_texts { Absent::Empty } else { Absent::Distinct };
    Ok(events.finish(KeyValue { absent }, "jepsen maps"))
}
