//! Building a history of appends, from a file or by a test of one's own.

use super::history::{Act, Appends, Operation};
use crate::dependency::{Fate, Frame};

/// Builds [`Appends`]: events in the order in which they happened.
///
/// ```
/// use avouch_check::append::{Builder, judge};
/// use avouch_check::{Level, Limits};
///
/// let mut history = Builder::default();
/// history.append("x", 1).invoke(0).append("x", 1).ok(0);
/// history.read("x", &[]).invoke(1).read("x", &[]).ok(1);
/// let history = history.build();
/// let by = |level| judge(&history, Some(level), &Limits::default()).to_string();
/// assert!(by(Level::Serializable).starts_with("holds"));
/// assert!(by(Level::StrictSerializable).starts_with("violated"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    history: Appends,
    /// The operations of the event to come.
    next: Vec<Operation>,
}

/// Why an event does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// The process has a transaction open.
    Open(Frame),
    /// The process has none open.
    NotOpen,
    /// These are not the operations that were invoked.
    Others,
}

impl Builder {
    /// The event to come appends a value.
    pub fn append(&mut self, key: &str, value: i64) -> &mut Self {
        let key = self.key(key.as_bytes());
        self.operation(key, Act::Append(value))
    }

    /// The event to come reads a list; as invoked, what is read does not matter.
    pub fn read(&mut self, key: &str, list: &[i64]) -> &mut Self {
        let key = self.key(key.as_bytes());
        let act = self.matched(key, list);
        self.operation(key, act)
    }

    /// A process asks for a transaction of these operations.
    ///
    /// # Panics
    ///
    /// If it has one open: a history built in code is its author's.
    pub fn invoke(&mut self, process: i64) -> &mut Self {
        let done = self.begin(process, 0);
        assert!(done.is_ok(), "process {process} has a transaction open");
        self
    }

    /// It committed, with these operations.
    ///
    /// # Panics
    ///
    /// If it has none open, or one of other operations.
    pub fn ok(&mut self, process: i64) -> &mut Self {
        let done = self.end(process, Fate::Committed, 0);
        assert!(done.is_ok(), "process {process}: {done:?}");
        self
    }

    /// It aborted.
    pub fn fail(&mut self, process: i64) -> &mut Self {
        let _ = self.end(process, Fate::Aborted, 0);
        self
    }

    /// Nobody knows whether it committed.
    pub fn info(&mut self, process: i64) -> &mut Self {
        let _ = self.end(process, Fate::Unknown, 0);
        self
    }

    /// The history.
    pub fn build(mut self) -> Appends {
        if self.history.format.is_empty() {
            self.history.format = "built in code";
        }
        self.history
    }

    pub(crate) fn history(&mut self) -> &mut Appends {
        &mut self.history
    }

    pub(crate) fn key(&mut self, name: &[u8]) -> u32 {
        let key = self.history.keys.number(name);
        if key as usize >= self.history.longest.len() {
            self.history.longest.push(Vec::new());
        }
        key
    }

    pub(crate) fn operation(&mut self, key: u32, act: Act) -> &mut Self {
        self.next.push(Operation { key, act });
        self
    }

    /// A list as a read of a key: the longest one read grows with it.
    pub(crate) fn matched(&mut self, key: u32, list: &[i64]) -> Act {
        let longest = &mut self.history.longest[key as usize];
        let common = longest.len().min(list.len());
        if longest[..common] != list[..common] {
            self.history.apart.push(list.to_vec());
            return Act::Apart(self.history.apart.len() as u32 - 1);
        }
        longest.extend_from_slice(&list[common..]);
        Act::Read(list.len() as u32)
    }

    /// Forgets the operations of the event to come.
    pub(crate) fn clear(&mut self) {
        self.next.clear();
    }

    pub(crate) fn begin(&mut self, process: i64, line: usize) -> Result<(), Misfit> {
        let range = (self.history.operations.len(), self.next.len());
        self.history.frames.invoke(process, line, range).map_err(Misfit::Open)?;
        let unread = |one: Operation| match one.act {
            Act::Append(_) => one,
            _ => Operation { act: Act::Unread, ..one },
        };
        self.history.operations.extend(self.next.drain(..).map(unread));
        Ok(())
    }

    pub(crate) fn end(&mut self, process: i64, fate: Fate, line: usize) -> Result<(), Misfit> {
        let next = std::mem::take(&mut self.next);
        let Appends { frames, operations, .. } = &mut self.history;
        let number = frames.end(process, fate, line).ok_or(Misfit::NotOpen)?;
        let Some(frame) = frames.one_mut(number) else { return Err(Misfit::NotOpen) };
        if fate == Fate::Committed {
            if frame.count == 0 {
                (frame.first, frame.count) = (operations.len() as u32, next.len() as u32);
                operations.extend_from_slice(&next);
            } else {
                let first = frame.first as usize;
                let invoked = &mut operations[first..first + frame.count as usize];
                let is_same = |(a, b): (&Operation, &Operation)| {
                    let appended = |one: &Operation| match one.act {
                        Act::Append(value) => Some(value),
                        _ => None,
                    };
                    a.key == b.key && appended(a) == appended(b)
                };
                if invoked.len() != next.len() || !invoked.iter().zip(&next).all(is_same) {
                    return Err(Misfit::Others);
                }
                invoked.copy_from_slice(&next);
            }
        }
        self.next = next;
        self.next.clear();
        Ok(())
    }
}
