//! What a history says of each transaction apart from its reads and writes: who ran it, when, and
//! how it ended.
//!
//! ```text
//!   began |------ ran ------| ended          committed, or aborted
//!   began |------ ran -------------- ...     unknown: it may have committed, now or later
//! ```

use std::collections::BTreeMap;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It committed.
    Committed,
    /// It aborted: nobody may see what it wrote.
    Aborted,
    /// Nobody knows.
    Unknown,
}

/// One transaction's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who ran it, by number; [`Frames::process`] has the name.
    pub process: u32,
    /// How it ended.
    pub fate: Fate,
    /// The rank of its invocation among all events.
    pub began: u32,
    /// The rank of its answer; the largest number if none came.
    pub ended: u32,
    /// The line of its invocation, from 1; 0 if it was not read from a file.
    pub line: u32,
    /// The line of its answer.
    pub ended_line: u32,
    /// Where its operations begin among all.
    pub(crate) first: u32,
    /// How many operations it has.
    pub(crate) count: u32,
}

/// No answer.
pub(crate) const NEVER: u32 = u32::MAX;

/// The frames of a history, in the order of their invocations.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    all: Vec<Frame>,
    processes: Vec<i64>,
    numbers: BTreeMap<i64, u32>,
    /// The open transaction of each process.
    open: Vec<Option<u32>>,
    events: u32,
}

impl Frames {
    /// A process asks; nothing if one of its transactions is still open.
    pub(crate) fn invoke(
        &mut self,
        process: i64,
        line: usize,
        (first, count): (usize, usize),
    ) -> Result<u32, Frame> {
        let next = self.processes.len() as u32;
        let number = *self.numbers.entry(process).or_insert(next);
        if number == next {
            self.processes.push(process);
            self.open.push(None);
        }
        let open = &mut self.open[number as usize];
        if let Some(open) = open.and_then(|open| self.all.get(open as usize)) {
            return Err(*open);
        }
        let transaction = self.all.len() as u32;
        *open = Some(transaction);
        self.all.push(Frame {
            process: number,
            fate: Fate::Unknown,
            began: self.events,
            ended: NEVER,
            line: u32::try_from(line).unwrap_or(0),
            ended_line: 0,
            first: first as u32,
            count: count as u32,
        });
        self.events += 1;
        Ok(transaction)
    }

    /// The transaction that a process has open, which ends; nothing if it has none.
    pub(crate) fn end(&mut self, process: i64, fate: Fate, line: usize) -> Option<u32> {
        let number = *self.numbers.get(&process)?;
        let transaction = self.open[number as usize].take()?;
        let frame = &mut self.all[transaction as usize];
        frame.fate = fate;
        frame.ended_line = u32::try_from(line).unwrap_or(0);
        if fate != Fate::Unknown {
            frame.ended = self.events;
        }
        self.events += 1;
        Some(transaction)
    }

    /// Every frame.
    pub fn all(&self) -> &[Frame] {
        &self.all
    }

    pub(crate) fn one_mut(&mut self, transaction: u32) -> Option<&mut Frame> {
        self.all.get_mut(transaction as usize)
    }

    /// The name of a process.
    pub fn process(&self, number: u32) -> i64 {
        self.processes.get(number as usize).copied().unwrap_or_default()
    }

    /// How many transactions have a fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.all.iter().filter(|frame| frame.fate == fate).count()
    }
}
