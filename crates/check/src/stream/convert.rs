//! From any history that the judge reads to a stream, and from a stream to text.

use super::event::{Content, Event, Happened, Header, Ran, Stamped, Step};
use super::reader::{Ending, Reader, is_stream};
use super::text;
use super::writer::Writer;
use crate::history::jepsen::notation;
use crate::history::notation::{Notation, Reader as Notes};
use crate::history::{
    Kind, encoding, is_jepsen_log, is_native, jepsen_log_events, jepsen_store, nothing,
};
use crate::input::{Input, STDIN, unreadable};
use crate::limits::Limits;
use crate::model::key_value::Absent;
use crate::object::Datum;
use crate::stamped;
use crate::transaction::Transactions;
use avouch_promise::history::{
    Answered, Ending as TextEnding, Header as TextHeader, HistoryReader, HistoryWriter, Invocation,
    Record, What,
};
use avouch_promise::{Blame, Error, Nanos};
use bytes::Bytes;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write};
use std::path::Path;

/// What was converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Converted {
    /// What its events are.
    pub content: Content,
    /// How many of them.
    pub events: u64,
    /// Whether it is a stream now; otherwise it is text.
    pub to_stream: bool,
    /// Whether its writer had been stopped within an event or block, which was left out.
    pub was_cut: bool,
}

/// Hands lines on when its room is full, whoever asks for it earlier.
struct Lazy<W: Write>(BufWriter<W>);

impl<W: Write> Write for Lazy<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, "a history that can be written", error.to_string())
}

/// Converts the history at `path`: a stream to text, anything else to a stream.
///
/// # Errors
/// `Corrupt` for what is no history, `Caller` for one that is not converted, `Environment` where
/// reading or writing fails.
pub fn convert(path: &Path, out: impl Write, limits: &Limits) -> Result<Converted, Error> {
    let placed = |error: Error| Error {
        expected: format!("{}: {}", path.display(), error.expected),
        ..error
    };
    if path == Path::new(STDIN) {
        return Err(Error::new(Blame::Caller, "a file to convert", "stdin")
            .hint("write it to a file first: it is read more than once"));
    }
    if path.is_dir() {
        return other(path, out, limits);
    }
    let unreadable = |error| unreadable(path, &error);
    let open = || File::open(path).map(BufReader::new).map_err(unreadable);
    let mut start = Vec::new();
    open()?.take(4096).read_to_end(&mut start).map_err(unreadable)?;
    if is_stream(&start) {
        to_text(Reader::new(open()?).map_err(placed)?, out).map_err(placed)
    } else if is_native(&String::from_utf8_lossy(encoding::unmarked(&start))) {
        let mut input = open()?;
        let mark = start.len() - encoding::unmarked(&start).len();
        input.seek_relative(i64::try_from(mark).unwrap_or(0)).map_err(unreadable)?;
        from_text(input, out).map_err(placed)
    } else {
        other(path, out, limits)
    }
}

fn from_text(input: BufReader<File>, out: impl Write) -> Result<Converted, Error> {
    let mut reader = HistoryReader::new(input)?;
    let TextHeader { about, cluster } = reader.header().clone();
    let mut writer = Writer::new(out, &Header { about, cluster, ..Header::default() })?;
    let mut events = 0;
    for record in reader.by_ref() {
        writer.append(&Event::Operation(record?))?;
        events += 1;
    }
    writer.finish()?;
    let was_cut = matches!(reader.ending(), Some(TextEnding::Cut { .. }));
    Ok(Converted { content: Content::Operations, events, to_stream: true, was_cut })
}

fn to_text<R: std::io::Read>(mut reader: Reader<R>, out: impl Write) -> Result<Converted, Error> {
    let header = reader.header().clone();
    let mut out = Lazy(BufWriter::new(out));
    match header.content {
        Content::Operations => {
            if header.absent == Absent::Empty {
                return Err(Error::new(
                    Blame::Caller,
                    "operations on a store that tells empty values from none",
                    "others, which the text form cannot say",
                )
                .hint("a stream that says so is judged as it is"));
            }
            let about = TextHeader { about: header.about, cluster: header.cluster };
            let mut writer = HistoryWriter::new(&mut out, &about)?;
            for event in reader.by_ref() {
                if let Event::Operation(record) = event? {
                    writer.append(&record)?;
                }
            }
        }
        Content::Workload => {
            for event in reader.by_ref() {
                if let Event::Workload(step) = event? {
                    let written = out.write_all(text::step(&step).as_bytes());
                    written.map_err(|error| unwritten(&error))?;
                }
            }
        }
        Content::Transactions => {
            // Sessions, or spans, are put together: all of it is held.
            let mut all = Vec::new();
            for event in reader.by_ref() {
                if let Event::Transaction(ran) = event? {
                    all.push(ran);
                }
            }
            let written = out.write_all(text::transactions(&all).as_bytes());
            written.map_err(|error| unwritten(&error))?;
        }
        Content::Stamped => {
            let mut is_first = true;
            for event in reader.by_ref() {
                if let Event::Stamped(one) = event? {
                    let start = if std::mem::take(&mut is_first) { "[" } else { ",\n" };
                    let line = format!("{start}{}", text::stamped(&one));
                    out.write_all(line.as_bytes()).map_err(|error| unwritten(&error))?;
                }
            }
            let end = if is_first { "[]\n" } else { "]\n" };
            out.write_all(end.as_bytes()).map_err(|error| unwritten(&error))?;
        }
    }
    out.0.flush().map_err(|error| unwritten(&error))?;
    let was_cut = matches!(reader.ending(), Some(Ending::Cut { .. }));
    Ok(Converted { content: header.content, events: reader.events(), to_stream: false, was_cut })
}

/// A history of another's format.
fn other(path: &Path, out: impl Write, limits: &Limits) -> Result<Converted, Error> {
    // Whatever is converted can be judged: what cannot be read is told as the judge tells it.
    let input = Input::read(path, limits)?;
    if matches!(&input, Input::Calls(history) if history.format == nothing().format) {
        let expected = format!("{}: a history that can be converted", path.display());
        return Err(Error::new(Blame::Caller, expected, "an empty file"));
    }
    if matches!(input, Input::Etcd(_)) {
        let expected = format!("{}: operations, a workload or transactions", path.display());
        return Err(Error::new(Blame::Caller, expected, "a run of etcd's tests")
            .hint("a stream does not carry watches; judge its folder as it is"));
    }
    if let Input::Transactions(transactions) = &input
        && !is_maps(transactions)
    {
        return from_transactions(transactions, out);
    }
    if let Input::Stamped(history) = &input {
        return from_stamped(history, out);
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    let bytes =
        if jepsen_store::is_start(&bytes) { jepsen_store::as_edn(&bytes)?.into() } else { bytes };
    let text = crate::history::text(encoding::unmarked(&bytes))?;
    if is_jepsen_log(text) {
        return from_log(text, out);
    }
    let Some(notation) = notation(text) else {
        let expected = format!("{}: a history that can be converted", path.display());
        return Err(Error::new(Blame::Caller, expected, "another"));
    };
    from_maps(text, notation, out)
}

fn is_maps(transactions: &Transactions) -> bool {
    transactions.format.starts_with("jepsen")
}

fn from_transactions(transactions: &Transactions, out: impl Write) -> Result<Converted, Error> {
    let header = Header { content: Content::Transactions, ..Header::default() };
    let mut writer = Writer::new(out, &header)?;
    for (place, one) in (0..).zip(transactions.transactions()) {
        let step = |step: &crate::transaction::Step| {
            (Bytes::copy_from_slice(transactions.key(step.key)), step.access, step.value)
        };
        writer.append(&Event::Transaction(Ran {
            session: u64::from(one.session),
            outcome: one.outcome,
            span: transactions.spans().and_then(|spans| spans.get(place as usize)).copied(),
            steps: transactions.steps(place).iter().map(step).collect(),
        }))?;
    }
    writer.finish()?;
    let events = transactions.len() as u64;
    Ok(Converted { content: Content::Transactions, events, to_stream: true, was_cut: false })
}

/// A transaction with stamps as an event.
pub(super) fn event(history: &crate::Stamped, one: &stamped::Transaction) -> Stamped {
    let name = |name: String| Bytes::from(name.into_bytes());
    let step = |step: &stamped::Step| (name(history.key(step.key)), step.access.clone());
    Stamped {
        name: Bytes::copy_from_slice(one.who.name.as_bytes()),
        session: name(history.session(one.who.session)),
        start: one.who.start,
        commit: one.who.commit,
        steps: one.steps.iter().map(step).collect(),
    }
}

fn from_stamped(history: &crate::Stamped, out: impl Write) -> Result<Converted, Error> {
    let header = Header { content: Content::Stamped, ..Header::default() };
    let mut writer = Writer::new(out, &header)?;
    for one in history.transactions() {
        writer.append(&Event::Stamped(event(history, one)))?;
    }
    writer.finish()?;
    let events = history.transactions().len() as u64;
    Ok(Converted { content: Content::Stamped, events, to_stream: true, was_cut: false })
}

/// A log of one register has no times: its events count in the order of their lines.
fn from_log(text: &str, out: impl Write) -> Result<Converted, Error> {
    let header = Header { untimed: true, ..Header::default() };
    let mut writer = Writer::new(out, &header)?;
    let mut open = std::collections::BTreeMap::new();
    let (mut operation, mut events) = (0, 0);
    for event in jepsen_log_events(text)?.into_all() {
        let what = match event.kind {
            Kind::Invoked(action, guarantee) => {
                operation += 1;
                open.insert(event.process, operation);
                What::Invoke(Invocation { action, guarantee, region: None })
            }
            Kind::Answered(outcome, achieved, point) => {
                What::Ok(Answered { outcome, achieved, point, node: None, evidence: None })
            }
            Kind::Failed => What::Fail { why: String::new() },
            Kind::Unknown(point) => What::Info { why: String::new(), point },
        };
        let operation = open.get(&event.process).copied().unwrap_or(operation);
        events += 1;
        let (process, time) = (event.process, Nanos(events));
        writer.append(&Event::Operation(Record { process, operation, time, what }))?;
    }
    writer.finish()?;
    Ok(Converted { content: Content::Operations, events, to_stream: true, was_cut: false })
}

fn from_maps(text: &str, notation: Notation, out: impl Write) -> Result<Converted, Error> {
    let header = Header { content: Content::Workload, ..Header::default() };
    let mut writer = Writer::new(out, &header)?;
    let mut reader = Notes::new(text, notation);
    let close = if reader.take(b'[')? {
        Some(b']')
    } else if reader.take(b'(')? {
        Some(b')')
    } else {
        None
    };
    let (mut first, mut events) = (true, 0);
    loop {
        let follows = match close {
            Some(close) => reader.more(close, &mut first)?,
            None => !reader.is_done()?,
        };
        if !follows {
            break;
        }
        let at = reader.mark();
        let step = match Datum::read(&mut reader)? {
            Datum::Map(fields) => step(fields),
            _ => None,
        };
        let step = step.ok_or_else(|| reader.wrong_at(at, "an event: a map with a :type"))?;
        writer.append(&Event::Workload(step))?;
        events += 1;
    }
    writer.finish()?;
    Ok(Converted { content: Content::Workload, events, to_stream: true, was_cut: false })
}

/// An event from its fields; nothing if it does not say what happened.
fn step(fields: Vec<(Datum, Datum)>) -> Option<Step> {
    let mut step = Step {
        process: Datum::Nil,
        happened: Happened::Info,
        function: Datum::Nil,
        value: None,
        time: None,
        others: Vec::new(),
    };
    let mut happened = None;
    for (name, value) in fields {
        if name.is_name("type") {
            let all = [
                ("invoke", Happened::Invoke),
                ("ok", Happened::Ok),
                ("fail", Happened::Fail),
                ("info", Happened::Info),
            ];
            let found = all.iter().find(|(name, _)| value.is_name(name));
            happened = found.map(|(_, happened)| *happened);
        } else if name.is_name("process") {
            step.process = value;
        } else if name.is_name("f") {
            step.function = value;
        } else if name.is_name("value") {
            step.value = Some(value);
        } else if name.is_name("time")
            && let Datum::Integer(time) = value
        {
            step.time = Some(time);
        } else if !name.is_name("index") {
            step.others.push((name, value));
        }
    }
    step.happened = happened?;
    Some(step)
}
