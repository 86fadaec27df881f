//! What a stream carries: its head, and events of one kind.

use crate::model::key_value::Absent;
use crate::object::Datum;
use crate::stamped::{self, Stamp};
use crate::transaction::{Access, Outcome, Span};
use avouch_promise::history::Record;
use avouch_promise::identity::ClusterId;
use bytes::Bytes;

/// What all events of a stream are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Operations on a key-value store, with guarantees and evidence.
    #[default]
    Operations,
    /// Events of a test's workload: appends, registers, queues, banks, ...
    Workload,
    /// Transactions of reads and writes, each whole.
    Transactions,
    /// Transactions with the store's stamps, each whole.
    Stamped,
}

impl Content {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Workload => "events of a workload",
            Self::Transactions => "transactions",
            Self::Stamped => "transactions with stamps",
        }
    }
}

/// What a stream says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// What its events are.
    pub content: Content,
    /// What was run, in the writer's words.
    pub about: String,
    /// The cluster that was asked, if the writer knew it.
    pub cluster: Option<ClusterId>,
    /// Of operations: whether a key that holds nothing can be told from one with an empty value.
    pub absent: Absent,
    /// Of operations: whether their times are only their order.
    pub untimed: bool,
}

/// What happened to an operation of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It is about to be asked.
    Invoke,
    /// It was answered.
    Ok,
    /// It certainly did not take effect.
    Fail,
    /// Nobody knows whether it did.
    Info,
}

/// An event of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose: a number, or the name of a process that is no client; nothing where the event names
    /// none, which is a client's all the same.
    pub process: Datum,
    /// What happened.
    pub happened: Happened,
    /// The function, such as `:txn`; nothing where the event names none.
    pub function: Datum,
    /// What it was asked with, or answered; absent where the event has none.
    pub value: Option<Datum>,
    /// When, in nanoseconds, if the event says so.
    pub time: Option<i64>,
    /// Whatever else it says.
    pub others: Vec<(Datum, Datum)>,
}

/// A transaction of reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Whose.
    pub session: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// When, by the ranks of its invocation and answer among all events, if that is known.
    pub span: Option<Span>,
    /// Key, what was done, and the value: 0 for a read of the initial state.
    pub steps: Vec<(Bytes, Access, i64)>,
}

/// A transaction with the store's stamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Its name.
    pub name: Bytes,
    /// Whose.
    pub session: Bytes,
    /// When it took its snapshot.
    pub start: Stamp,
    /// When what it wrote came to be.
    pub commit: Stamp,
    /// Key and what was done.
    pub steps: Vec<(Bytes, stamped::Access)>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Of [`Content::Operations`].
    Operation(Record),
    /// Of [`Content::Workload`].
    Workload(Step),
    /// Of [`Content::Transactions`].
    Transaction(Ran),
    /// Of [`Content::Stamped`].
    Stamped(Stamped),
}

impl Event {
    /// Of which content it is.
    pub fn content(&self) -> Content {
        match self {
            Self::Operation(_) => Content::Operations,
            Self::Workload(_) => Content::Workload,
            Self::Transaction(_) => Content::Transactions,
            Self::Stamped(_) => Content::Stamped,
        }
    }
}
