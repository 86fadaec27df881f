//! Jepsen's rw-register: transactions that read and write registers, each value written once.
//!
//! ```text
//! {:type :invoke, :f :txn, :value [[:w :x 2] [:r :y nil]], :process 0}
//! {:type :ok,     :f :txn, :value [[:w :x 2] [:r :y 7]],   :process 0}
//! ```
//!
//! Knossos' multi-register says `:write` and `:read`. A read of `nil` is of the initial state. What
//! is of unknown outcome counts as [`Builder::info`] says: by whether somebody read from it.

use super::Malformed;
use super::jepsen::{Event, Events, Happened, Values, operations};
use super::notation::{Notation, Reader};
use crate::progress;
use crate::transaction::{Builder, Span, Transactions};
use avouch_promise::{Blame, Error};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One operation: its key, and what it writes, reads, or does not know.
#[derive(Clone, Debug)]
struct Operation<'a> {
    key: Cow<'a, str>,
    is_write: bool,
    value: Option<i64>,
}

#[derive(Default)]
struct Registers<'a> {
    next: Vec<Operation<'a>>,
}

/// A transaction, in the order of invocations.
struct Entry<'a> {
    process: i64,
    line: usize,
    operations: Vec<Operation<'a>>,
    ended: Option<Happened>,
    /// The ranks of its events.
    ran: (u32, u32),
}

impl<'a> Registers<'a> {
    fn operation(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        const FORM: &str = "an operation: `[:w key value]` or `[:r key value]`";
        reader.need(b'[', FORM)?;
        let at = reader.mark();
        let mut first = true;
        if !reader.more(b']', &mut first)? {
            return Err(reader.wrong_at(at, FORM));
        }
        let is_write = match reader.name()?.trim_start_matches(':') {
            "w" | "write" => true,
            "r" | "read" => false,
            _ => return Err(reader.wrong_at(at, "w or r")),
        };
        if !reader.more(b']', &mut first)? {
            return Err(reader.wrong_at(at, "a key"));
        }
        let key = reader.raw()?;
        let mut goes_on = reader.more(b']', &mut first)?;
        let value = if goes_on && !reader.nothing()? { Some(reader.integer()?) } else { None };
        if is_write && value.is_none() {
            return Err(reader.wrong_at(at, "a value to write"));
        }
        if goes_on {
            goes_on = reader.more(b']', &mut first)?;
        }
        if goes_on {
            return Err(reader.wrong("`]` after the operation"));
        }
        self.next.push(Operation { key, is_write, value });
        Ok(())
    }
}

impl<'a> Values<'a> for Registers<'a> {
    fn value(&mut self, reader: &mut Reader<'a>, happened: Happened) -> Result<(), Malformed> {
        self.next.clear();
        operations(reader, happened, |reader| self.operation(reader))
    }
}

/// The transactions of a text, in the order of their invocations.
fn entries(text: &str, notation: Notation) -> Result<Vec<Entry<'_>>, Malformed> {
    let mut registers = Registers::default();
    let mut events = Events::new(text, notation)?;
    let (mut all, mut open): (Vec<Entry<'_>>, BTreeMap<i64, usize>) = Default::default();
    let mut rank = 0;
    while let Some(event) = events.next(&mut registers)? {
        rank += 1;
        let operations =
            if event.has_value { std::mem::take(&mut registers.next) } else { Vec::new() };
        let Event { process, line, .. } = event;
        if event.happened == Happened::Invoke {
            if let Some(before) = open.insert(process, all.len()).and_then(|one| all.get(one)) {
                let line = before.line;
                let expected = format!(
                    "the outcome of process {process}'s transaction of line {line} before its next"
                );
                return Err(events.wrong(&event, expected));
            }
            let ran = (rank, Span::NEVER);
            all.push(Entry { process, line, operations, ended: None, ran });
            continue;
        }
        let Some(entry) = open.remove(&process).and_then(|one| all.get_mut(one)) else {
            let expected = format!("process {process} to invoke before an outcome");
            return Err(events.wrong(&event, expected));
        };
        entry.ended = Some(event.happened);
        if event.happened != Happened::Info {
            entry.ran.1 = rank;
        }
        if event.happened == Happened::Ok {
            let is_same = |(one, other): (&Operation<'_>, &Operation<'_>)| {
                one.key == other.key
                    && one.is_write == other.is_write
                    && (!one.is_write || one.value == other.value)
            };
            let invoked = &entry.operations;
            let alike =
                invoked.len() == operations.len() && invoked.iter().zip(&operations).all(is_same);
            if !alike && !invoked.is_empty() {
                return Err(events.wrong(&event, "the operations that were invoked"));
            }
            entry.operations = operations;
        }
    }
    Ok(all)
}

/// Reads a history.
pub(crate) fn parse(text: &str, notation: Notation) -> Result<Transactions, Error> {
    let all = progress::part(0..3, 4, || entries(text, notation))?;
    progress::part(3..4, 4, || build(&all, notation))
}

fn build(all: &[Entry<'_>], notation: Notation) -> Result<Transactions, Error> {
    let mut builder = Builder::default();
    builder.timed();
    // Sessions of those that failed: above those of any process, negative ones included.
    let (mut apart, alone) = (0_u64, 1_u64 << 63);
    let session = |process: i64| match u64::try_from(process) {
        Ok(process) => process,
        Err(_) => (1 << 62) | process.unsigned_abs(),
    };
    for (place, entry) in all.iter().enumerate() {
        progress::place(place, all.len());
        if builder.is_full() {
            return Err(Error::new(Blame::Caller, "a history of at most 2^29 steps", "more"));
        }
        match entry.ended {
            Some(Happened::Ok) => builder.begin_at(session(entry.process), entry.line),
            Some(Happened::Fail) => {
                apart += 1;
                builder.begin_at(alone + apart, entry.line).abort()
            }
            _ => builder.begin_at(session(entry.process), entry.line).info(),
        };
        builder.process(entry.process).ran(entry.ran.0, entry.ran.1);
        let is_known = entry.ended == Some(Happened::Ok);
        for one in &entry.operations {
            match (one.is_write, one.value) {
                (true, Some(value)) => builder.write(one.key.as_bytes(), value),
                (false, Some(value)) if is_known => builder.read(one.key.as_bytes(), value),
                (false, None) if is_known => builder.read_initial(one.key.as_bytes()),
                _ => &mut builder,
            };
        }
    }
    let mut history = builder.build();
    history.format = match notation {
        Notation::Edn => "jepsen rw-register, EDN",
        Notation::Json => "jepsen rw-register, JSON",
    };
    Ok(history)
}
