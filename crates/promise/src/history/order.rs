//! The order of events that makes a history (I1), held where it is written and where it is read.

use super::record::{Record, What};
use crate::quantity::Nanos;
use std::collections::BTreeMap;

/// A record that does not fit behind those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfOrder {
    /// The member of the line that is wrong.
    pub member: &'static str,
    /// What it should have been.
    pub expected: String,
}

/// Which operations are open, and which numbers were used.
#[derive(Clone, Debug, Default)]
pub struct Order {
    open: BTreeMap<u64, (u64, Nanos)>,
    used: Used,
}

impl Order {
    /// Admits the next record, or says why it does not fit.
    pub fn admit(&mut self, record: &Record) -> Result<(), OutOfOrder> {
        let Record { process, operation, time, what } = record;
        let wrong = |member, expected| Err(OutOfOrder { member, expected });
        match (what, self.open.get(process)) {
            (What::Invoke(_), Some((open, _))) => wrong(
                "process",
                format!("process {process}'s operation {open} to be completed before its next"),
            ),
            (What::Invoke(_), None) => {
                if !self.used.insert(*operation) {
                    return wrong(
                        "op",
                        format!("an operation other than {operation}, used before"),
                    );
                }
                self.open.insert(*process, (*operation, *time));
                Ok(())
            }
            (_, None) => wrong("process", format!("process {process} to have an operation open")),
            (_, Some((open, _))) if open != operation => {
                wrong("op", format!("operation {open}, which process {process} has open"))
            }
            (_, Some((_, invoked))) if time < invoked => {
                wrong("time", format!("a time not before the invocation's, {}", invoked.0))
            }
            _ => {
                self.open.remove(process);
                Ok(())
            }
        }
    }
}

/// A set of numbers that is small when they are used mostly in ascending order, from any on.
#[derive(Clone, Debug, Default)]
struct Used {
    /// Runs of numbers that were all used: the first of each, and the last.
    runs: BTreeMap<u64, u64>,
}

impl Used {
    /// Adds a number; false when it was there.
    fn insert(&mut self, number: u64) -> bool {
        let before = self.runs.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= number) {
            return false;
        }
        let joined = before.filter(|(_, last)| last.checked_add(1) == Some(number));
        let first = joined.map_or(number, |(first, _)| first);
        let behind = number.checked_add(1).and_then(|next| self.runs.remove(&next));
        self.runs.insert(first, behind.unwrap_or(number));
        true
    }
}
