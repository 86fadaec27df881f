//! Transactions on lists to which values are appended, as they were recorded.
//!
//! A read of a list is kept as a length: that much of the longest list read of its key. A list
//! that is no such prefix is kept apart. So a history takes the memory of its appends, however
//! long the lists are that its reads return.

use crate::dependency::{Frame, Frames};
use crate::names::Names;

/// What an operation does with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Appends a value.
    Append(i64),
    /// Reads as much of the longest list read.
    Read(u32),
    /// Reads a list that is no prefix of the longest: its number among those apart.
    Apart(u32),
    /// Reads, but nobody knows what.
    Unread,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) key: u32,
    pub(crate) act: Act,
}

/// Transactions of appends and reads.
#[derive(Clone, Debug, Default)]
pub struct Appends {
    pub(crate) frames: Frames,
    pub(crate) operations: Vec<Operation>,
    pub(crate) keys: Names,
    /// The longest list read of each key.
    pub(crate) longest: Vec<Vec<i64>>,
    /// Lists that are no prefix of it.
    pub(crate) apart: Vec<Vec<i64>>,
    /// Values that are no numbers; they are numbered from the least integer on.
    pub(crate) texts: Names,
    /// The order of its events says nothing of time, but for those of one process.
    pub(crate) untimed: bool,
    /// The name of the format that it was read from.
    pub format: &'static str,
    /// What a reader of the verdict should know of how it was read.
    pub notes: Vec<String>,
}

/// Values below this stand for texts.
const TEXTS_END: i64 = i64::MIN + (1 << 40);

impl Appends {
    /// The operations of a transaction, in its order.
    pub(crate) fn operations(&self, frame: &Frame) -> &[Operation] {
        let first = frame.first as usize;
        self.operations.get(first..first + frame.count as usize).unwrap_or_default()
    }

    /// What a transaction appends to a key, in its order.
    pub(crate) fn appended(&self, transaction: u32, key: u32) -> impl Iterator<Item = i64> + '_ {
        let frame = self.frames.all().get(transaction as usize);
        let operations = frame.map_or(&[][..], |frame| self.operations(frame));
        operations.iter().filter(move |one| one.key == key).filter_map(|one| match one.act {
            Act::Append(value) => Some(value),
            _ => None,
        })
    }

    /// The number of a value that is a text.
    pub(crate) fn text(&mut self, text: &str) -> i64 {
        i64::MIN + i64::from(self.texts.number(text.as_bytes()))
    }

    /// Whether an integer of the file can be told from a text.
    pub(crate) fn is_plain(value: i64) -> bool {
        value >= TEXTS_END
    }

    /// The list that an operation read.
    pub(crate) fn list(&self, operation: &Operation) -> Option<&[i64]> {
        match operation.act {
            Act::Read(length) => self.longest.get(operation.key as usize)?.get(..length as usize),
            Act::Apart(number) => self.apart.get(number as usize).map(Vec::as_slice),
            Act::Append(_) | Act::Unread => None,
        }
    }

    /// A value in words.
    pub(crate) fn value(&self, value: i64) -> String {
        if Self::is_plain(value) {
            value.to_string()
        } else {
            self.texts.name(value.abs_diff(i64::MIN) as u32)
        }
    }

    /// A list in words: its end, if it is long.
    pub(crate) fn told_list(&self, list: &[i64]) -> String {
        const SHOWN: usize = 12;
        let skipped = list.len().saturating_sub(SHOWN);
        let mut words: Vec<String> = Vec::new();
        if skipped > 0 {
            words.push(format!("({skipped} more)"));
        }
        words.extend(list[skipped..].iter().map(|value| self.value(*value)));
        format!("[{}]", words.join(" "))
    }

    /// An operation in words.
    pub(crate) fn told(&self, operation: &Operation) -> String {
        let key = self.keys.name(operation.key);
        match operation.act {
            Act::Append(value) => format!("append {key} {}", self.value(value)),
            Act::Unread => format!("read {key}: unknown"),
            Act::Read(_) | Act::Apart(_) => {
                format!("read {key} = {}", self.told_list(self.list(operation).unwrap_or_default()))
            }
        }
    }
}
