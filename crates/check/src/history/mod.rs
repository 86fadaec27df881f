//! Histories: what clients asked and were answered, from any of the formats that the judge reads.
//!
//! | format | known by |
//! |---|---|
//! | avouch's own | a first line `{"avouch_history": 1}` |
//! | Jepsen's log of one register | lines `INFO jepsen.util - 3 :invoke :write 1` |
//! | Jepsen's maps | events `{:process 0, :type :invoke, :f :get, :key "k"}`, as EDN or JSON |
//! | dbcop's transactions | bincode: five numbers, a string and two times |
//! | dbcop's transactions | JSON: sessions of `{"events": ...}`; text: lines `[x:=1 y==2]` |
//! | cobra's logs | a folder with `T0.log`, `T1.log`, ... |
//! | runs of etcd's robustness tests | a folder with `operations.json` and `watch.json` of each client |
//! | Jepsen's stored tests, `test.jepsen` | the bytes `JEPSEN`; its operations are any of Jepsen's |
//! | Jepsen's list-append | maps as EDN or JSON, with transactions `[[:append 3 1] [:r 4 nil]]` |
//! | Jepsen's rw-register | the same, with transactions `[[:w :x 1] [:r :y nil]]` |
//! | Jepsen's workloads on one object | the same, by the functions: `transfer`, `add`, `enqueue`, ... |
//! | any of these as a stream | bytes `89 'avouch'` (see `stream`) |
//! | Chronos' transactions with stamps | JSON: objects with `tid`, `sid`, `sts`, `cts`, `ops` |
//! | Plume's transactions | lines `w(4,2,0,7)`, or `w 4 2` parted by `-----` and `=====` |
//!
//! A line that is not in the format is an error with its place, never a verdict.

pub(crate) mod chronos;
pub(crate) mod cobra;
pub(crate) mod dbcop;
pub(crate) mod dbcop_text;
pub(crate) mod encoding;
mod event;
pub(crate) mod jepsen;
mod jepsen_log;
pub(crate) mod jepsen_store;
pub(crate) mod list_append;
pub(crate) mod literal;
mod malformed;
pub(crate) mod maps;
mod native;
pub(crate) mod notation;
pub(crate) mod plume;
pub(crate) mod rw_register;
pub(crate) mod told;
pub(crate) mod workload;

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod tests_written;

use crate::input::Input;
use crate::limits::Limits;
use crate::model::key_value::{Action, KeyValue, Outcome, only_reads};
use crate::operation::Moment;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Blame, Error, LogPoint, Nanos};

use std::path::Path;

pub use event::{Event, Events, Kind};
pub use malformed::Malformed;

/// Where and when one event of a call was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The line of the file, from 1; 0 for a history that was not read from a file.
    pub line: usize,
    /// The time recorded.
    pub time: Option<Nanos>,
    /// The rank among the history's events.
    pub moment: Moment,
}

/// One call: invocation and, if it came, answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who asked.
    pub process: u64,
    /// What was asked.
    pub action: Action,
    /// What came back; nothing if the outcome is unknown.
    pub answer: Option<Outcome>,
    /// What it was promised: what its answer achieved, else what it asked for.
    pub guarantee: Guarantee,
    /// The log point that its evidence names.
    pub point: Option<LogPoint>,
    /// The invocation.
    pub began: Record,
    /// The answer.
    pub ended: Option<Record>,
}

impl Call {
    /// Whether it may change the state.
    pub fn is_write(&self) -> bool {
        !only_reads(&self.action)
    }
}

/// What clients asked and were answered. Calls that certainly did not take effect are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The calls, in the order of their invocations.
    pub calls: Vec<Call>,
    /// The object that they were made on.
    pub model: KeyValue,
    /// The times of all events, by rank; empty if the history does not record times.
    pub times: Vec<Nanos>,
    /// How many calls certainly did not take effect.
    pub failed: usize,
    /// The name of the format that it was read from.
    pub format: &'static str,
    /// What a reader of the verdict should know of how it was read.
    pub notes: Vec<String>,
}

/// The first line that says anything.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Whether a text is in avouch's own format.
pub(crate) fn is_native(text: &str) -> bool {
    native::is_header(first_line(text))
}

/// Whether a text is Jepsen's log of one register.
pub(crate) fn is_jepsen_log(text: &str) -> bool {
    jepsen_log::is_line(first_line(text))
}

/// The events of such a log.
pub(crate) fn jepsen_log_events(text: &str) -> Result<Events, Malformed> {
    jepsen_log::events(text)
}

/// The history of a file that tells of nothing.
pub(crate) fn nothing() -> History {
    History { format: "an empty file", ..History::default() }
}

/// The text of a file.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Malformed { line, column, span: String::new(), expected: "UTF-8 text".into() }
    })
}

impl History {
    /// Reads a file of single operations in any format known, found by its content.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, Error> {
        match Input::read(path, limits)? {
            Input::Calls(history) => Ok(history),
            Input::Transactions(_)
            | Input::Appends(_)
            | Input::Objects(_)
            | Input::Stamped(_)
            | Input::Etcd(_) => {
                let expected = format!("single operations at {}", path.display());
                Err(Error::new(Blame::Caller, expected, "transactions, or one object"))
            }
        }
    }

    /// Reads a history in any format known, found by its content.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = encoding::unmarked(bytes);
        let text = text(bytes)?;
        let first = first_line(text);
        if is_native(text) {
            native::parse(bytes)
        } else if let Some(notation) = jepsen::notation(text) {
            maps::parse(text, notation).map_err(Error::from)
        } else if jepsen_log::is_line(first) {
            jepsen_log::parse(text)
        } else {
            let got = Malformed::shown(first);
            Err(Error::new(Blame::Corrupt, "a history in a format known", format!("`{got}`")).hint(
                "known are avouch's own, as text or stream; Jepsen's register logs, its maps and \
                 workloads as EDN, JSON or test.jepsen; plume's transactions, dbcop's bincode, JSON \
                 and text, Chronos' with stamps; folders of cobra's logs and of runs of etcd's \
                 robustness tests",
            ))
        }
    }
}
