//! Transactions as they were recorded: flat, so that a million of them are a few hundred megabytes
//! less than as many small lists.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a step does with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Writes the value.
    Write,
    /// Reads the value.
    Read,
    /// Reads, and sees that nobody has written yet.
    ReadInitial,
}

/// One read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The value; 0 for a read of the initial state.
    pub value: i64,
    /// The key's number: [`Transactions::key`] has its name.
    pub key: u32,
    /// What is done.
    pub access: Access,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It committed.
    Committed,
    /// It aborted: nobody may see what it wrote.
    Aborted,
    /// Nobody was told; it counts as committed, as somebody who committed read what it wrote. What
    /// it read is not known.
    Unknown,
}

/// One transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The session that ran it, numbered from 0 in the order in which they appear.
    pub session: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The line of the file at which it begins, from 1; of a file without lines the byte, from 0. 0
    /// if it was not read from a file.
    pub line: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

/// When a transaction ran: the ranks of its invocation and of its answer among all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The rank of its invocation.
    pub began: u32,
    /// The rank of its answer; [`Span::NEVER`] if none came.
    pub ended: u32,
}

impl Span {
    /// No answer.
    pub const NEVER: u32 = u32::MAX;

    /// Whether it had ended before another one began.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.ended < other.began
    }
}

/// What [`Transaction::line`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Places {
    /// Lines.
    #[default]
    Lines,
    /// Bytes of a file without lines.
    Bytes,
    /// Bytes of each session's own file.
    Logs,
}

/// What the values of a history are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// By value.
    pub(crate) values: Vec<String>,
    /// What the initial state has, by key.
    pub(crate) initial: BTreeMap<Vec<u8>, String>,
}

/// A history of transactions. Those of one session stand together, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transactions {
    pub(super) all: Vec<Transaction>,
    pub(super) steps: Vec<Step>,
    pub(super) sessions: Vec<Range<u32>>,
    /// The process of each session.
    pub(super) processes: Vec<i64>,
    pub(super) names: Vec<u8>,
    pub(super) keys: Vec<Range<usize>>,
    /// When each ran, where the history says so.
    pub(super) spans: Option<Vec<Span>>,
    /// How many are of unknown outcome, those included that were left out.
    pub unknown: usize,
    /// What the places of transactions count.
    pub(crate) places: Places,
    /// What values are called, if not by their numbers.
    pub(crate) words: Option<Box<Words>>,
    /// The name of the format that it was read from.
    pub format: &'static str,
    /// What a reader of the verdict should know of how it was read.
    pub notes: Vec<String>,
}

impl Transactions {
    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The name of a key; empty for a number that is none.
    pub fn key(&self, key: u32) -> &[u8] {
        let range = self.keys.get(key as usize).cloned().unwrap_or_default();
        self.names.get(range).unwrap_or_default()
    }

    /// Every transaction.
    pub fn transactions(&self) -> &[Transaction] {
        &self.all
    }

    /// The places of each session's transactions.
    pub fn sessions(&self) -> &[Range<u32>] {
        &self.sessions
    }

    /// The process that ran a session, as the history calls it.
    pub fn process(&self, session: u32) -> i64 {
        self.processes.get(session as usize).copied().unwrap_or_else(|| i64::from(session))
    }

    /// Who ran a session, in words: Jepsen's processes run transactions, others' sessions do.
    pub(crate) fn whose(&self, session: u32) -> String {
        let is_jepsen = self.format.starts_with("jepsen");
        let word = if is_jepsen { "process" } else { "session" };
        format!("{word} {}", self.process(session))
    }

    /// Where a transaction begins, in a file without lines.
    pub(crate) fn place(&self, one: &Transaction) -> Option<String> {
        match self.places {
            Places::Lines => None,
            Places::Bytes => Some(format!("byte {}", one.line)),
            Places::Logs => {
                Some(format!("byte {} of T{}.log", one.line, self.process(one.session)))
            }
        }
    }

    /// What a transaction does, in its order.
    pub fn steps(&self, transaction: u32) -> &[Step] {
        let Some(one) = self.all.get(transaction as usize) else { return &[] };
        let first = one.first as usize;
        self.steps.get(first..first + one.count as usize).unwrap_or_default()
    }

    /// Every step, in no particular order.
    pub(crate) fn all_steps(&self) -> &[Step] {
        &self.steps
    }

    /// Every step, to change it.
    pub(crate) fn all_steps_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }

    /// When each transaction ran; nothing where the history does not say.
    pub fn spans(&self) -> Option<&[Span]> {
        self.spans.as_deref()
    }

    /// Whether one transaction had ended before another one began, as far as the history says.
    pub(super) fn is_before(&self, one: u32, other: u32) -> bool {
        let of = |one: u32| self.spans()?.get(one as usize).copied();
        matches!((of(one), of(other)), (Some(one), Some(other)) if one.is_before(other))
    }

    /// How many reads and writes there are.
    pub fn operations(&self) -> usize {
        self.steps.len()
    }

    /// Whether it counts as committed.
    pub(super) fn is_committed(&self, transaction: u32) -> bool {
        let found = self.all.get(transaction as usize);
        found.is_some_and(|one| one.outcome != Outcome::Aborted)
    }

    /// A value in words.
    pub(crate) fn value(&self, value: i64) -> String {
        let word = self.words.as_ref().zip(usize::try_from(value).ok());
        let word = word.and_then(|(words, value)| words.values.get(value).cloned());
        word.unwrap_or_else(|| value.to_string())
    }

    /// What a transaction wrote last to a key, in words.
    pub(super) fn last_written(&self, writer: u32, key: u32) -> Option<String> {
        let mut steps = self.steps(writer).iter().rev();
        let last = steps.find(|step| step.access == Access::Write && step.key == key)?;
        Some(self.value(last.value))
    }

    /// What a transaction read of a key that another one wrote, in words.
    pub(super) fn read_of(&self, reader: u32, writer: u32, key: u32) -> Option<String> {
        let written =
            |value: i64| self.steps(writer).contains(&Step { value, key, access: Access::Write });
        let is = |step: &&Step| step.access == Access::Read && step.key == key;
        let read = self.steps(reader).iter().filter(is).find(|step| written(step.value))?;
        Some(self.value(read.value))
    }

    /// A step in words.
    pub(crate) fn told(&self, step: &Step) -> String {
        let key = String::from_utf8_lossy(self.key(step.key));
        let words = self.words.as_ref();
        let value = self.value(step.value);
        match step.access {
            Access::Write => format!("write {key} = {value}"),
            Access::Read => format!("read {key} = {value}"),
            Access::ReadInitial => {
                match words.and_then(|words| words.initial.get(self.key(step.key))) {
                    Some(first) => format!("read {key} = {first}"),
                    None => format!("read {key}: nothing yet"),
                }
            }
        }
    }
}
