//! A history of transactions as it was read: who did what, in which order, and how it ended.

use super::Held;
use super::claim::{Operation, Record};
use crate::append::{Act, Appends};
use crate::dependency::Fate;
use crate::input::Input;
use crate::transaction::{Access, Outcome, Transactions};

/// What one step does with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did<'a> {
    /// Writes the value, or appends it.
    Wrote(i64),
    /// Reads the value.
    Read(i64),
    /// Reads, and nothing was there.
    Nothing,
    /// Reads this list.
    List(&'a [i64]),
    /// Reads, and nobody knows what.
    Unknown,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub(super) key: u32,
    pub(super) did: Did<'a>,
}

/// A history of transactions.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'a> {
    Registers(&'a Transactions),
    Appends(&'a Appends),
}

impl<'a> View<'a> {
    /// Of what was read; nothing if it is not of transactions.
    pub(super) fn of(input: &'a Input) -> Option<Self> {
        match input {
            Input::Transactions(history) => Some(Self::Registers(history)),
            Input::Appends(history) => Some(Self::Appends(history)),
            _ => None,
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Self::Registers(history) => history.len(),
            Self::Appends(history) => history.frames.all().len(),
        }
    }

    /// How a transaction ended; one that is not there aborted.
    pub(super) fn fate(self, one: usize) -> Fate {
        match self {
            Self::Registers(history) => match history.transactions().get(one) {
                Some(one) => match one.outcome {
                    Outcome::Committed => Fate::Committed,
                    Outcome::Aborted => Fate::Aborted,
                    Outcome::Unknown => Fate::Unknown,
                },
                None => Fate::Aborted,
            },
            Self::Appends(history) => {
                history.frames.all().get(one).map_or(Fate::Aborted, |frame| frame.fate)
            }
        }
    }

    fn process(self, one: usize) -> i64 {
        match self {
            Self::Registers(history) => {
                let session = history.transactions().get(one).map_or(0, |one| one.session);
                history.process(session)
            }
            Self::Appends(history) => {
                let process = history.frames.all().get(one).map_or(0, |frame| frame.process);
                history.frames.process(process)
            }
        }
    }

    pub(super) fn steps(self, one: usize) -> Vec<Step<'a>> {
        match self {
            Self::Registers(history) => {
                let steps = history.steps(u32::try_from(one).unwrap_or(u32::MAX)).iter();
                let did = |access, value| match access {
                    Access::Write => Did::Wrote(value),
                    Access::Read => Did::Read(value),
                    Access::ReadInitial => Did::Nothing,
                };
                steps
                    .map(|step| Step { key: step.key, did: did(step.access, step.value) })
                    .collect()
            }
            Self::Appends(history) => {
                let Some(frame) = history.frames.all().get(one) else { return Vec::new() };
                let did = |operation| match history.list(operation) {
                    Some(list) => Did::List(list),
                    None => match operation.act {
                        Act::Append(value) => Did::Wrote(value),
                        _ => Did::Unknown,
                    },
                };
                let all = history.operations(frame).iter();
                all.map(|one| Step { key: one.key, did: did(one) }).collect()
            }
        }
    }

    pub(super) fn key(self, key: u32) -> String {
        match self {
            Self::Registers(history) => String::from_utf8_lossy(history.key(key)).into_owned(),
            Self::Appends(history) => history.keys.name(key),
        }
    }

    pub(super) fn value(self, value: i64) -> String {
        match self {
            Self::Registers(history) => history.value(value),
            Self::Appends(history) => history.value(value),
        }
    }

    /// The steps of a transaction on a key.
    pub(super) fn on(self, one: usize, key: &str) -> Vec<Step<'a>> {
        let mut steps = self.steps(one);
        steps.retain(|step| self.key(step.key) == key);
        steps
    }

    /// The key and value of a write of a transaction.
    pub(super) fn write(self, one: usize, key: &str, value: &str) -> Option<(u32, i64)> {
        self.on(one, key).into_iter().find_map(|step| match step.did {
            Did::Wrote(written) if self.value(written) == value => Some((step.key, written)),
            _ => None,
        })
    }

    /// What a transaction wrote last to a key.
    pub(super) fn last_write(self, one: usize, key: &str) -> Option<i64> {
        self.on(one, key).into_iter().rev().find_map(|step| match step.did {
            Did::Wrote(written) => Some(written),
            _ => None,
        })
    }

    /// Another transaction that writes the same value to the same key.
    pub(super) fn also_written(self, one: usize, (key, value): (u32, i64)) -> Option<usize> {
        let is = |step: &Step| step.key == key && step.did == Did::Wrote(value);
        (0..self.len()).find(|other| *other != one && self.steps(*other).iter().any(is))
    }

    /// A transaction that committed and read a list of a key with this value.
    pub(super) fn shown_to(self, (key, value): (u32, i64)) -> Option<usize> {
        let shows = |step: &Step| {
            step.key == key
                && match step.did {
                    Did::List(list) => list.contains(&value),
                    Did::Read(read) => read == value,
                    _ => false,
                }
        };
        let committed = (0..self.len()).filter(|one| self.fate(*one) == Fate::Committed);
        committed.into_iter().find(|one| self.steps(*one).iter().any(shows))
    }

    /// The session, or process, that ran a transaction.
    pub(super) fn session(self, one: usize) -> u32 {
        match self {
            Self::Registers(history) => {
                history.transactions().get(one).map_or(0, |one| one.session)
            }
            Self::Appends(history) => {
                history.frames.all().get(one).map_or(0, |frame| frame.process)
            }
        }
    }

    /// When a transaction was asked and answered, as ranks; nothing where the history has no times.
    pub(super) fn span(self, one: usize) -> Option<(u32, u32)> {
        match self {
            Self::Registers(history) => {
                history.spans()?.get(one).map(|span| (span.began, span.ended))
            }
            Self::Appends(history) => {
                let frame = history.frames.all().get(one).filter(|_| !history.untimed)?;
                Some((frame.began, frame.ended))
            }
        }
    }

    /// Whether a transaction was answered before its session went on.
    pub(super) fn has_ended(self, one: usize) -> bool {
        match self {
            Self::Registers(_) => true,
            Self::Appends(_) => self.fate(one) == Fate::Committed,
        }
    }

    /// Whether one had ended before the other began, as far as the history says.
    pub(super) fn is_before(self, one: usize, other: usize) -> bool {
        match self {
            Self::Registers(history) => {
                let spans = history.spans().unwrap_or_default();
                let ends = (spans.get(one), spans.get(other));
                matches!(ends, (Some(one), Some(other)) if one.ended < other.began)
            }
            Self::Appends(history) => {
                let (all, is_timed) = (history.frames.all(), !history.untimed);
                let ends = (all.get(one), all.get(other));
                is_timed && matches!(ends, (Some(one), Some(other)) if one.ended < other.began)
            }
        }
    }

    /// Whether one process, or session, ran both, in this order.
    pub(super) fn follows(self, one: usize, other: usize) -> bool {
        match self {
            Self::Registers(history) => {
                let session = |one: usize| history.transactions().get(one).map(|one| one.session);
                one < other && session(one).is_some() && session(one) == session(other)
            }
            Self::Appends(history) => {
                let all = history.frames.all();
                let ends = (all.get(one), all.get(other));
                matches!(ends, (Some(one), Some(other))
                    if one.process == other.process && one.ended < other.began)
            }
        }
    }

    /// Whether two write one key.
    pub(super) fn write_same(self, one: usize, other: usize) -> bool {
        let keys = |one: usize| {
            let steps = self.steps(one).into_iter();
            steps.filter(|step| matches!(step.did, Did::Wrote(_))).map(|step| step.key)
        };
        keys(one).any(|key| keys(other).any(|other| other == key))
    }

    /// The lines at which a transaction was asked and answered; 0 where the history has none.
    fn lines(self, one: usize) -> (usize, Option<usize>) {
        match self {
            Self::Registers(history) => {
                let found = history.transactions().get(one);
                let line = found.filter(|one| history.place(one).is_none());
                (line.map_or(0, |one| one.line as usize), None)
            }
            Self::Appends(history) => {
                let frame = history.frames.all().get(one);
                let ended = frame.map_or(0, |frame| frame.ended_line as usize);
                (frame.map_or(0, |frame| frame.line as usize), Some(ended))
            }
        }
    }

    /// Whether an operation stands in the history where the witness says.
    pub(super) fn is_shown_rightly(self, told: &Operation) -> Held {
        let one = told.place;
        if one >= self.len() {
            return Err(format!("there is no T{one}: the history has {} transactions", self.len()));
        }
        let process = self.process(one);
        if told.process != Some(process.unsigned_abs()) {
            return Err(format!("process {process} ran T{one}, not the one that is told"));
        }
        self.stands_at(one, Some(told.invoked), told.answered)
    }

    /// Whether a transaction was asked and answered at these lines.
    pub(super) fn stands_at(
        self,
        one: usize,
        invoked: Option<Record>,
        answered: Option<Record>,
    ) -> Held {
        let (asked, ended) = self.lines(one);
        let is = |told: Option<Record>, line: usize| {
            told.is_none_or(|told| told.line.unwrap_or(0) == line)
        };
        if !is(invoked, asked) {
            return Err(format!("T{one} was asked at line {asked}, not where it is told"));
        }
        match ended {
            Some(ended) if !is(answered, ended) => {
                Err(format!("T{one} was answered at line {ended}, not where it is told"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a process of this number ran a transaction.
    pub(super) fn is_of(self, one: usize, process: u64) -> bool {
        self.process(one).unsigned_abs() == process
    }
}
