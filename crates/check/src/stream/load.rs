//! From a stream to what the judges take. Lines are those of the text that the stream converts to,
//! so that a witness can be looked up there.

use super::event::{Content, Event, Ran, Stamped};
use super::reader::{Ending, Reader};
use super::text;
use crate::history::told::Telling;
use crate::history::{Event as Told, Events, Kind};
use crate::input::Input;
use crate::limits::Exhausted;
use crate::model::key_value::KeyValue;
use crate::progress;
use crate::stamped;
use crate::transaction::{Access, Builder, Outcome, Span};
use avouch_promise::history::{Record, What};
use avouch_promise::{Blame, Error};

/// An operation's event as the judges take it; `line` is that of the text.
pub(crate) fn told(record: Record, line: usize, untimed: bool) -> Told {
    let kind = match record.what {
        What::Invoke(invocation) => Kind::Invoked(invocation.action, invocation.guarantee),
        What::Ok(answered) => Kind::Answered(answered.outcome, answered.achieved, answered.point),
        What::Fail { .. } => Kind::Failed,
        What::Info { point, .. } => Kind::Unknown(point),
    };
    Told { process: record.process, kind, time: (!untimed).then_some(record.time), line }
}

fn add(builder: &mut Builder, ran: &Ran, line: usize) -> Result<(), Error> {
    if builder.is_full() {
        return Err(Error::new(Blame::Caller, "a history of at most 2^29 steps", "more"));
    }
    builder.begin_at(ran.session, line);
    let is_answered = ran.span.is_none_or(|span| span.ended != Span::NEVER);
    match ran.outcome {
        Outcome::Aborted => _ = builder.abort(),
        Outcome::Committed if is_answered => {}
        // As streams had it before they could say so: it counts, but no answer came.
        Outcome::Committed | Outcome::Unknown => _ = builder.info(),
    }
    if let Some(Span { began, ended }) = ran.span {
        builder.ran(began, ended);
    }
    for (key, access, value) in &ran.steps {
        match access {
            Access::Write => builder.write(key, *value),
            Access::Read => builder.read(key, *value),
            Access::ReadInitial => builder.read_initial(key),
        };
    }
    Ok(())
}

/// Begins a transaction with stamps, whole in the builder then.
pub(crate) fn add_stamped(
    builder: &mut stamped::Builder,
    one: &Stamped,
    line: usize,
) -> Result<(), Error> {
    let text = String::from_utf8_lossy;
    builder.begin(&text(&one.name), &text(&one.session), one.start, one.commit, line);
    for (key, access) in &one.steps {
        let key = text(key);
        builder.step(&key, access.clone()).map_err(|_| {
            let key = key.escape_debug();
            let expected = format!("key {key} as a list, or as one value, in all of the stream");
            Error::new(Blame::Corrupt, expected, format!("both, in transaction {line}"))
        })?;
    }
    Ok(())
}

/// Refuses a stream whose events take more than so many bytes.
fn bounded(read: u64, memory_bytes: usize) -> Result<(), Error> {
    if read <= memory_bytes as u64 {
        return Ok(());
    }
    let far = format!("{read} bytes of events were read of a stream that has more");
    progress::meet(Exhausted::Memory(memory_bytes), far);
    let expected = format!("a history of at most {memory_bytes} bytes");
    Err(Error::new(Blame::Caller, expected, "more, once it is not compressed")
        .hint("raise the memory bound, or judge a part of the history"))
}

/// The text of a stream of a workload's events.
pub(crate) fn workload(bytes: &[u8], memory_bytes: usize) -> Result<String, Error> {
    let mut reader = Reader::new(Telling::new(bytes))?;
    let mut lines = String::new();
    while let Some(event) = reader.next() {
        bounded(reader.content_bytes(), memory_bytes)?;
        match event? {
            Event::Workload(step) => lines.push_str(&text::step(&step)),
            other => {
                let expected = Content::Workload.name();
                return Err(Error::new(Blame::Caller, expected, other.content().name()));
            }
        }
    }
    Ok(lines)
}

/// Reads a stream whole, of which the events may take so many bytes.
pub(crate) fn parse(bytes: &[u8], memory_bytes: usize) -> Result<Input, Error> {
    let mut reader = Reader::new(Telling::new(bytes))?;
    let header = reader.header().clone();
    let mut events = Events::default();
    let mut lines = String::new();
    let mut builder = Builder::default();
    let mut with_stamps = stamped::Builder::default();
    while let Some(event) = reader.next() {
        bounded(reader.content_bytes(), memory_bytes)?;
        let number = usize::try_from(reader.events()).unwrap_or(usize::MAX);
        match event? {
            Event::Operation(record) => {
                events.add(told(record, number + 1, header.untimed), "")?;
            }
            Event::Workload(step) => lines.push_str(&text::step(&step)),
            Event::Transaction(ran) => add(&mut builder, &ran, number)?,
            Event::Stamped(one) => {
                add_stamped(&mut with_stamps, &one, number)?;
                with_stamps.end();
            }
        }
    }
    let mut input = match header.content {
        Content::Operations => {
            Input::Calls(events.finish(KeyValue { absent: header.absent }, "avouch stream"))
        }
        Content::Workload => Input::parse(lines.as_bytes())?,
        Content::Transactions => {
            let mut transactions = builder.build();
            transactions.format = "avouch stream";
            Input::Transactions(transactions)
        }
        Content::Stamped => {
            let mut history = with_stamps.build();
            history.format = "avouch stream of transactions with stamps";
            Input::Stamped(Box::new(history))
        }
    };
    if let Some(Ending::Cut { block, bytes }) = reader.ending() {
        let note = format!(
            "block {block} is cut after {bytes} bytes and was left out: its writer was stopped"
        );
        match &mut input {
            Input::Calls(history) => history.notes.push(note),
            Input::Transactions(history) => history.notes.push(note),
            Input::Appends(history) => history.notes.push(note),
            Input::Stamped(history) => history.notes.push(note),
            Input::Objects(objects) => objects.notes.push(note),
            // No stream carries such a run.
            Input::Etcd(_) => {}
        }
    }
    Ok(input)
}
