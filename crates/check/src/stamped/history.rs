//! Transactions with the store's stamps, as they were recorded.

use crate::names::Names;
use std::fmt;
use std::sync::Arc;

/// A stamp of the store's clock, by its physical and then by its logical part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The physical part, in whatever unit the store counts.
    pub physical: i64,
    /// The logical part; 0 where stamps have none.
    pub logical: i64,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.logical {
            0 => write!(f, "{}", self.physical),
            logical => write!(f, "{}+{logical}", self.physical),
        }
    }
}

/// A value that a key holds, or nothing.
pub type Value = Option<i64>;

/// What a step does with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Writes a value, or nothing.
    Write(Value),
    /// Reads a value, or nothing: of a list, that it is empty.
    Read(Value),
    /// Appends a value to a list.
    Append(i64),
    /// Reads a whole list.
    ReadList(Box<[i64]>),
}

/// One read, write or append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key's number: [`Stamped::key`] has its name.
    pub key: u32,
    /// What is done.
    pub access: Access,
}

impl Step {
    /// Whether it changes its key.
    pub(super) fn is_write(&self) -> bool {
        matches!(self.access, Access::Write(_) | Access::Append(_))
    }
}

/// What tells a transaction from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Its name in the history.
    pub name: Box<str>,
    /// The session that ran it, numbered from 0 in the order in which they appear.
    pub session: u32,
    /// When it took its snapshot.
    pub start: Stamp,
    /// When what it wrote came to be; not before `start`.
    pub commit: Stamp,
    /// The line of the file at which it begins, from 1; 0 if it was not read from a file.
    pub line: u32,
    /// Its place in the history, from 0.
    pub place: u64,
}

impl Who {
    /// Where it stands among others: by its commit stamp, and at one stamp those that started
    /// before it first (T2).
    pub(super) fn rank(&self) -> (Stamp, bool) {
        (self.commit, self.is_instant())
    }

    /// Whether it starts and commits at one stamp.
    pub(super) fn is_instant(&self) -> bool {
        self.start == self.commit
    }
}

/// One transaction, which committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Which one it is.
    pub who: Arc<Who>,
    /// What it did, in its order.
    pub steps: Vec<Step>,
}

impl Transaction {
    /// What it leaves in a key: its last write, or its appends.
    pub(super) fn writes(&self, key: u32) -> bool {
        self.steps.iter().any(|step| step.key == key && step.is_write())
    }

    /// The last value that it writes to a key; nothing if it writes none.
    pub(super) fn last_write(&self, key: u32) -> Option<Value> {
        self.steps.iter().rev().find_map(|step| match step.access {
            Access::Write(value) if step.key == key => Some(value),
            _ => None,
        })
    }
}

/// A history of transactions with stamps, those of a session in its order.
#[derive(Clone, Debug, Default)]
pub struct Stamped {
    pub(super) all: Vec<Transaction>,
    pub(super) keys: Names,
    pub(super) sessions: Names,
    /// The smallest start stamp.
    pub(super) first: Stamp,
    /// The name of the format that it was read from.
    pub format: &'static str,
    /// What a reader of the verdict should know of how it was read.
    pub notes: Vec<String>,
}

impl Stamped {
    /// Every transaction, in the order of the history.
    pub fn transactions(&self) -> &[Transaction] {
        &self.all
    }

    /// The name of a key.
    pub fn key(&self, key: u32) -> String {
        self.keys.name(key)
    }

    /// The name of a session.
    pub fn session(&self, session: u32) -> String {
        self.sessions.name(session)
    }

    /// How many reads, writes and appends there are.
    pub fn operations(&self) -> usize {
        self.all.iter().map(|one| one.steps.len()).sum()
    }
}

/// What a key holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Register,
    List,
}

/// Why a step does not fit: its key is used as a register and as a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mixed;

/// Builds [`Stamped`], or the transactions of a stream one by one: `begin`, steps, `end`.
///
/// ```
/// use avouch_check::Limits;
/// use avouch_check::stamped::{Access, Builder, Stamp, judge};
///
/// let at = |physical| Stamp { physical, logical: 0 };
/// let mut history = Builder::default();
/// history.begin("1", "a", at(1), at(2), 0).step("x", Access::Write(Some(7))).unwrap().end();
/// history.begin("2", "b", at(2), at(2), 0).step("x", Access::Read(None)).unwrap().end();
/// let report = judge(&history.build(), None, &Limits::default()).unwrap();
/// assert!(report.to_string().contains("EXT"), "{report}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    history: Stamped,
    kinds: Vec<Kind>,
    who: Who,
    steps: Vec<Step>,
    place: u64,
}

impl Builder {
    /// Begins a transaction that stands at a line of a file.
    pub fn begin(
        &mut self,
        name: &str,
        session: &str,
        start: Stamp,
        commit: Stamp,
        line: usize,
    ) -> &mut Self {
        let session = self.history.sessions.number(session.as_bytes());
        let line = u32::try_from(line).unwrap_or(0);
        self.who = Who { name: name.into(), session, start, commit, line, place: self.place };
        self.steps.clear();
        self
    }

    /// It did something with a key.
    ///
    /// # Errors
    /// If the key is used as a register and as a list.
    pub fn step(&mut self, key: &str, access: Access) -> Result<&mut Self, Mixed> {
        let key = self.history.keys.number(key.as_bytes());
        if key as usize >= self.kinds.len() {
            self.kinds.resize(key as usize + 1, Kind::Unknown);
        }
        let kind = match &access {
            Access::Write(_) | Access::Read(Some(_)) => Kind::Register,
            Access::Append(_) | Access::ReadList(_) => Kind::List,
            Access::Read(None) => Kind::Unknown,
        };
        let known = &mut self.kinds[key as usize];
        if kind != Kind::Unknown {
            if *known != Kind::Unknown && *known != kind {
                return Err(Mixed);
            }
            *known = kind;
        }
        self.steps.push(Step { key, access });
        Ok(self)
    }

    /// The transaction begun last, whole; it is not kept here.
    pub(crate) fn take(&mut self) -> Transaction {
        self.place += 1;
        let who = Arc::new(std::mem::take(&mut self.who));
        Transaction { who, steps: std::mem::take(&mut self.steps) }
    }

    /// Ends the transaction begun last: it committed.
    pub fn end(&mut self) -> &mut Self {
        let one = self.take();
        let first = &mut self.history.first;
        *first = if one.who.place == 0 { one.who.start } else { one.who.start.min(*first) };
        self.history.all.push(one);
        self
    }

    /// The names of keys and sessions so far.
    pub(crate) fn named(&self) -> &Stamped {
        &self.history
    }

    /// The history.
    pub fn build(mut self) -> Stamped {
        if self.history.format.is_empty() {
            self.history.format = "built in code";
        }
        self.history
    }
}
