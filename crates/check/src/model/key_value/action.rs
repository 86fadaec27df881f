//! What a key-value store is asked and what it answers, with their one-line texts.

use bytes::Bytes;
use std::fmt;

/// What a key-value store is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// What does this key hold?
    Get {
        /// The key.
        key: Bytes,
    },
    /// Let it hold this.
    Put {
        /// The key.
        key: Bytes,
        /// Its value from then on.
        value: Bytes,
    },
    /// Add this to the end of what it holds.
    Append {
        /// The key.
        key: Bytes,
        /// What is added.
        value: Bytes,
    },
    /// Let it hold nothing.
    Delete {
        /// The key.
        key: Bytes,
    },
    /// Let every key in a range hold nothing.
    DeleteRange {
        /// The first key.
        from: Bytes,
        /// The key after the last; nothing means to the end.
        to: Option<Bytes>,
    },
    /// If it holds `expected`, let it hold `value`.
    CompareAndSwap {
        /// The key.
        key: Bytes,
        /// What it must hold; nothing means that it must hold nothing.
        expected: Option<Bytes>,
        /// What it holds then.
        value: Bytes,
    },
    /// What do the keys in a range hold, all at one point?
    Range {
        /// The first key.
        from: Bytes,
        /// The key after the last; nothing means to the end.
        to: Option<Bytes>,
        /// The most entries that the answer may hold.
        limit: Option<u64>,
    },
    /// If every compare holds, do `then`, otherwise `otherwise`, all at one point.
    Transaction {
        /// The conditions.
        compares: Vec<Compare>,
        /// What is done if they hold.
        then: Vec<Action>,
        /// What is done if they do not.
        otherwise: Vec<Action>,
    },
}

/// A condition of a transaction: `key` holds `expected`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compare {
    /// The key.
    pub key: Bytes,
    /// What it must hold; nothing means that it must hold nothing.
    pub expected: Option<Bytes>,
}

/// What a key-value store answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is done.
    Done,
    /// The key holds this.
    Value(Option<Bytes>),
    /// So many keys held something, and now hold nothing.
    Deleted(u64),
    /// Whether the key held what was expected.
    Swapped(bool),
    /// The entries of a range, in the order of their keys.
    Entries(Vec<(Bytes, Bytes)>),
    /// Which branch a transaction took, and the answers of its actions.
    Transaction {
        /// Whether every compare held.
        succeeded: bool,
        /// The answers of the branch taken, in its order.
        answers: Vec<Answer>,
    },
}

impl Action {
    /// Whether it changes no state whatever.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Get { .. } | Self::Range { .. } => true,
            Self::Transaction { then, otherwise, .. } => {
                then.iter().chain(otherwise).all(Self::only_reads)
            }
            _ => false,
        }
    }

    /// Whether this answer says that nothing was changed, whatever the state was.
    pub fn changed_nothing(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (_, Answer::Swapped(false) | Answer::Deleted(0)) => true,
            (Self::Transaction { then, otherwise, .. }, Answer::Transaction { succeeded, .. }) => {
                let branch = if *succeeded { then } else { otherwise };
                branch.iter().all(Self::only_reads)
            }
            _ => self.only_reads(),
        }
    }
}

impl Answer {
    /// Whether a history may have recorded this answer as `seen`: a bare "done" stands for the
    /// answer of any change.
    pub(super) fn is_recorded_as(&self, seen: &Self) -> bool {
        match (self, seen) {
            (Self::Deleted(_), Self::Done) => true,
            (
                Self::Transaction { succeeded, answers },
                Self::Transaction { succeeded: seen_succeeded, answers: seen_answers },
            ) => {
                succeeded == seen_succeeded
                    && answers.len() == seen_answers.len()
                    && answers.iter().zip(seen_answers).all(|(own, seen)| own.is_recorded_as(seen))
            }
            _ => self == seen,
        }
    }
}

/// The longest value that a text shows whole.
const SHOWN: usize = 40;

/// Bytes for the eye: plain text as it is, the rest escaped, the middle of long ones left out.
pub(crate) fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "\"\"".to_owned();
    }
    if bytes.len() <= SHOWN {
        return bytes.escape_ascii().to_string();
    }
    let (start, end) = (&bytes[..SHOWN / 2], &bytes[bytes.len() - SHOWN / 2..]);
    format!("{}...{} ({} bytes)", start.escape_ascii(), end.escape_ascii(), bytes.len())
}

fn shown_or_nothing(bytes: Option<&Bytes>) -> String {
    bytes.map_or_else(|| "nothing".to_owned(), |bytes| shown(bytes))
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", shown(&self.key), shown_or_nothing(self.expected.as_ref()))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |from: &Bytes, to: Option<&Bytes>| {
            format!("[{}, {})", shown(from), to.map_or_else(|| "end".to_owned(), |to| shown(to)))
        };
        match self {
            Self::Get { key } => write!(f, "get {}", shown(key)),
            Self::Put { key, value } => write!(f, "put {} = {}", shown(key), shown(value)),
            Self::Append { key, value } => write!(f, "append {} to {}", shown(value), shown(key)),
            Self::Delete { key } => write!(f, "delete {}", shown(key)),
            Self::DeleteRange { from, to } => write!(f, "delete {}", range(from, to.as_ref())),
            Self::CompareAndSwap { key, expected, value } => {
                let expected = shown_or_nothing(expected.as_ref());
                write!(f, "swap {}: {expected} for {}", shown(key), shown(value))
            }
            Self::Range { from, to, limit } => {
                write!(f, "range {}", range(from, to.as_ref()))?;
                limit.map_or(Ok(()), |limit| write!(f, " limit {limit}"))
            }
            Self::Transaction { compares, then, otherwise } => {
                write!(f, "if {} then {} else {}", list(compares), list(then), list(otherwise))
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Value(value) => write!(f, "{}", shown_or_nothing(value.as_ref())),
            Self::Deleted(count) => write!(f, "{count} deleted"),
            Self::Swapped(true) => write!(f, "swapped"),
            Self::Swapped(false) => write!(f, "not swapped"),
            Self::Entries(entries) => {
                let entry = |(key, value): &(Bytes, Bytes)| {
                    format!("{} = {}", shown(key), shown(value))
                };
                let entries: Vec<_> = entries.iter().map(entry).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
            Self::Transaction { succeeded, answers } => {
                write!(f, "{}: {}", if *succeeded { "then" } else { "else" }, list(answers))
            }
        }
    }
}
