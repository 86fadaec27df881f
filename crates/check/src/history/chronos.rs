//! Transactions with the store's stamps as JSON, as Chronos and Aion read them (the tool of Li, Wei
//! et al., "Online timestamp-based transactional isolation checking of database systems", 2025).
//!
//! ```text
//! [{"tid": 67, "sid": 19, "sts": {"p": 1691420095, "l": 61}, "cts": {"p": 1691420659, "l": 18},
//!   "ops": [{"t": "w", "k": 7, "v": 2}, {"t": "r", "k": 8, "v": 3}]}]
//! ```
//!
//! Fields stand in any order. `tid` and `sid` name the transaction and its session; `sts` and
//! `cts` are its start and commit stamp, by their physical and then by their logical part. An
//! operation is `w` or `write`, `r` or `read`, and of lists `a` or `append`, where what is read is
//! a list. A value that is `null` or absent is nothing, and the empty list. Numbers may stand in
//! quotes. Those of one session stand in its order. Lists of transactions may follow one another,
//! and transactions may stand without a list, as a stream of them does. A read of 0 or of nothing
//! agrees with a key that nobody has written.

use super::Malformed;
use super::notation::{Mark, Notation, Reader};
use crate::stamped::{Access, Builder, Stamp, Stamped};
use avouch_promise::Error;
use std::borrow::Cow;

/// The fields that a transaction has, and one that is passed over.
const FIELDS: [&str; 6] = ["tid", "sid", "sts", "cts", "ops", "rtts"];

/// Whether a text is such JSON, by how it starts.
pub(crate) fn is_start(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix('[').unwrap_or(text).trim_start();
    let field = text.strip_prefix('{').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
    field.and_then(|rest| rest.split_once('"')).is_some_and(|(name, _)| FIELDS.contains(&name))
}

/// What to do about a malformed text.
const HINT: &str = "a transaction is {\"tid\": 1, \"sid\": 1, \"sts\": {\"p\": 5, \"l\": 0}, \"cts\": \
                    {\"p\": 6, \"l\": 0}, \"ops\": [{\"t\": \"w\", \"k\": 7, \"v\": 2}]}";

/// The same as an error, with what to do.
pub(crate) fn hinted(malformed: Malformed) -> Error {
    Error::from(malformed).hint(HINT)
}

/// What a reader keeps between transactions.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    steps: Vec<(Cow<'a, str>, Access, Mark)>,
}

fn unquoted(word: &str) -> &str {
    word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(word)
}

/// A whole number, in quotes or not.
fn integer(reader: &mut Reader<'_>) -> Result<i64, Malformed> {
    if reader.peek()? != Some(b'"') {
        return reader.integer();
    }
    let at = reader.mark();
    let word = unquoted(reader.word()?);
    word.parse().map_err(|_| reader.wrong_at(at, "a whole number of 64 bits"))
}

/// The name of a key, a session or a transaction: a number, or a text.
fn name<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, Malformed> {
    let first = reader.peek()?;
    let at = reader.mark();
    match first {
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Owned(reader.integer()?.to_string())),
        Some(b'"') => {
            let word = reader.word()?;
            if !word.contains('\\') {
                return Ok(Cow::Borrowed(unquoted(word)));
            }
            let text: Result<String, _> = serde_json::from_str(word);
            text.map(Cow::Owned).map_err(|_| reader.wrong_at(at, "a text with escapes of JSON"))
        }
        _ => Err(reader.wrong_at(at, "a number or a text")),
    }
}

/// Reads an object's fields.
fn fields<'a>(
    reader: &mut Reader<'a>,
    what: &str,
    mut field: impl FnMut(&str, &mut Reader<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    reader.need(b'{', what)?;
    let (mut first, mut seen) = (true, Vec::with_capacity(6));
    while reader.more(b'}', &mut first)? {
        reader.peek()?;
        let at = reader.mark();
        let name = reader.key()?;
        if seen.contains(&name) {
            return Err(reader.wrong_at(at, "a key that stands once"));
        }
        seen.push(name);
        field(name, reader)?;
    }
    Ok(())
}

fn stamp(reader: &mut Reader<'_>) -> Result<Stamp, Malformed> {
    reader.peek()?;
    let at = reader.mark();
    let (mut physical, mut logical) = (None, None);
    fields(reader, "a stamp: {\"p\": physical, \"l\": logical}", |name, reader| match name {
        "p" => integer(reader).map(|part| physical = Some(part)),
        "l" => integer(reader).map(|part| logical = Some(part)),
        _ => reader.pass(),
    })?;
    match (physical, logical) {
        (Some(physical), Some(logical)) => Ok(Stamp { physical, logical }),
        (None, _) => Err(reader.wrong_at(at, "a stamp with its physical part `p`")),
        (_, None) => {
            Err(reader.wrong_at(at, "a stamp with its logical part `l`: 0 if it has none"))
        }
    }
}

/// What a field `v` holds.
enum Value {
    Nothing,
    One(i64),
    List(Box<[i64]>),
}

fn value(reader: &mut Reader<'_>) -> Result<Value, Malformed> {
    if reader.nothing()? {
        return Ok(Value::Nothing);
    }
    if !reader.take(b'[')? {
        return integer(reader).map(Value::One);
    }
    let (mut list, mut first) = (Vec::new(), true);
    while reader.more(b']', &mut first)? {
        list.push(integer(reader)?);
    }
    Ok(Value::List(list.into_boxed_slice()))
}

fn step<'a>(reader: &mut Reader<'a>) -> Result<(Cow<'a, str>, Access, Mark), Malformed> {
    reader.peek()?;
    let at = reader.mark();
    let (mut kind, mut key, mut held) = (None, None, Value::Nothing);
    fields(reader, "an operation: {\"t\": \"w\", \"k\": key, \"v\": value}", |field, reader| {
        reader.peek()?;
        let at = reader.mark();
        match field {
            "t" => reader.name().map(|name| kind = Some((name, at))),
            "k" => name(reader).map(|name| key = Some(name)),
            "v" => value(reader).map(|value| held = value),
            _ => reader.pass(),
        }
    })?;
    let Some((kind, of_kind)) = kind else {
        return Err(reader.wrong_at(at, "an operation with its type `t`"));
    };
    let Some(key) = key else { return Err(reader.wrong_at(at, "an operation with its key `k`")) };
    let is = |names: [&str; 2]| names.iter().any(|name| kind.eq_ignore_ascii_case(name));
    let access = match held {
        Value::Nothing if is(["r", "read"]) => Access::Read(None),
        Value::One(value) if is(["r", "read"]) => Access::Read(Some(value)),
        Value::List(list) if is(["r", "read"]) => Access::ReadList(list),
        Value::Nothing if is(["w", "write"]) => Access::Write(None),
        Value::One(value) if is(["w", "write"]) => Access::Write(Some(value)),
        Value::One(value) if is(["a", "append"]) => Access::Append(value),
        _ if is(["w", "write"]) => return Err(reader.wrong_at(at, "a write of one value")),
        _ if is(["a", "append"]) => return Err(reader.wrong_at(at, "an append of one value")),
        _ => return Err(reader.wrong_at(of_kind, "a type of operation: r, w or a")),
    };
    Ok((key, access, at))
}

impl<'a> Fields<'a> {
    /// Reads one transaction, whole in the builder then.
    pub(crate) fn transaction(
        &mut self,
        reader: &mut Reader<'a>,
        builder: &mut Builder,
        line: usize,
    ) -> Result<(), Malformed> {
        reader.peek()?;
        let at = reader.mark();
        let line = line + reader.line();
        let (mut tid, mut sid, mut start, mut commit) = (None, None, None, None);
        let mut has_steps = false;
        self.steps.clear();
        let steps = &mut self.steps;
        fields(reader, "a transaction: {\"tid\": ...}", |field, reader| match field {
            "tid" => name(reader).map(|name| tid = Some(name)),
            "sid" => name(reader).map(|name| sid = Some(name)),
            "sts" => stamp(reader).map(|stamp| start = Some(stamp)),
            "cts" => {
                reader.peek()?;
                let at = reader.mark();
                stamp(reader).map(|stamp| commit = Some((stamp, at)))
            }
            "ops" => {
                has_steps = true;
                reader.need(b'[', "the list of operations")?;
                let mut first = true;
                while reader.more(b']', &mut first)? {
                    steps.push(step(reader)?);
                }
                Ok(())
            }
            _ => reader.pass(),
        })?;
        let without = |name: &str| reader.wrong_at(at, format!("a transaction with `{name}`"));
        let tid = tid.ok_or_else(|| without("tid"))?;
        let sid = sid.ok_or_else(|| without("sid"))?;
        let start = start.ok_or_else(|| without("sts"))?;
        let (commit, of_commit) = commit.ok_or_else(|| without("cts"))?;
        if !has_steps {
            return Err(without("ops"));
        }
        if commit < start {
            let expected = format!("a commit stamp that is not before the start stamp {start}");
            return Err(reader.wrong_at(of_commit, expected));
        }
        builder.begin(&tid, &sid, start, commit, line);
        for (key, access, at) in self.steps.drain(..) {
            if builder.step(&key, access).is_err() {
                let key = key.escape_debug();
                let expected =
                    format!("key {key} as a list, or as one value, in all of the history");
                return Err(reader.wrong_at(at, expected));
            }
        }
        Ok(())
    }
}

/// Reads a history.
pub(crate) fn parse(text: &str) -> Result<Stamped, Error> {
    let mut history = read(text).map_err(hinted)?;
    history.format = "transactions with stamps (Chronos)";
    Ok(history)
}

fn read(text: &str) -> Result<Stamped, Malformed> {
    let mut reader = Reader::new(text, Notation::Json);
    let (mut fields, mut builder) = (Fields::default(), Builder::default());
    while !reader.is_done()? {
        if !reader.take(b'[')? {
            reader.tell();
            fields.transaction(&mut reader, &mut builder, 0)?;
            builder.end();
            continue;
        }
        let mut first = true;
        while reader.more(b']', &mut first)? {
            reader.tell();
            fields.transaction(&mut reader, &mut builder, 0)?;
            builder.end();
        }
    }
    Ok(builder.build())
}
