//! Transactions whose reads may name a predicate, from the operations of a history.

use super::super::datum::Datum;
use super::super::history::Operation;
use super::condition::Condition;
use crate::dependency::Fate;
use avouch_promise::{Blame, Error};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// `[:insert k v]` and `[:w k v]`: from then on the key has the value.
    Write(&'a Datum, &'a Datum),
    /// `[:delete k]`.
    Delete(&'a Datum),
    /// `[:r k v]`; nothing if the key was not there.
    Read(&'a Datum, Option<&'a Datum>),
    /// `[:rp predicate {k v, ...}]`: all keys of which it holds, with their values.
    ReadWhere(Condition, &'a [(Datum, Datum)]),
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transaction<'a> {
    /// Where its operation stands.
    pub(super) place: usize,
    /// Its operation.
    pub(super) of: &'a Operation,
    /// What it did; of one that did not commit, what it writes.
    pub(super) steps: Vec<Step<'a>>,
}

impl<'a> Transaction<'a> {
    /// Whether it founds the universe: what it writes was there before all.
    pub(super) fn founds(&self) -> bool {
        self.place == 0 && self.of.is("init") && self.of.fate == Fate::Committed
    }

    /// What it leaves of a key; nothing if it does not touch it.
    pub(super) fn last(&self, key: &Datum) -> Option<Left<'a>> {
        last(&self.steps, key)
    }
}

/// What is left of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left<'a> {
    /// A value.
    Value(&'a Datum),
    /// It is not there.
    Nothing,
}

impl<'a> Left<'a> {
    /// The value.
    pub(super) fn value(self) -> Option<&'a Datum> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

/// What steps leave of a key; nothing if they do not touch it.
pub(super) fn last<'a>(steps: &[Step<'a>], key: &Datum) -> Option<Left<'a>> {
    steps.iter().rev().find_map(|step| match step {
        Step::Write(one, value) if *one == key => Some(Left::Value(value)),
        Step::Delete(one) if *one == key => Some(Left::Nothing),
        _ => None,
    })
}

/// The transaction that founds the universe, if there is one.
pub(super) fn founding<'a, 'b>(all: &'b [Transaction<'a>]) -> Option<&'b Transaction<'a>> {
    all.first().filter(|one| one.founds())
}

/// Whether a value is a step that only such histories have.
pub(in super::super) fn is_step(value: &Datum) -> bool {
    let first = value.list().and_then(<[Datum]>::first);
    first.is_some_and(|word| ["insert", "delete", "rp"].iter().any(|name| word.is_name(name)))
}

/// The transactions of a history, in the order of their invocations. The first may be the one that
/// founds the universe: `{:f :init, :value {k v, ...}}`.
pub(super) fn transactions(all: &[Operation]) -> Result<Vec<Transaction<'_>>, Error> {
    let mut found = Vec::new();
    for (place, one) in all.iter().enumerate() {
        let value = one.answer().unwrap_or(&one.asked);
        let line = if one.answer().is_some() { one.ended_line } else { one.line };
        let wrong = |expected: &str, got: &Datum| {
            let at = if line == 0 { String::new() } else { format!(" at line {line}") };
            Error::new(Blame::Corrupt, expected, format!("`{got}`{at}"))
                .hint("steps are [:insert k v], [:w k v], [:delete k], [:r k v] and [:rp predicate {k v}]")
        };
        let is_known = one.fate == Fate::Committed;
        let mut steps = Vec::new();
        if one.is("init") {
            let Some(map) = value.map() else {
                return Err(wrong("a map of keys to their first values", value));
            };
            steps.extend(map.iter().map(|(key, value)| Step::Write(key, value)));
        } else if *value != Datum::Nil {
            let Some(list) = value.list() else {
                return Err(wrong("a transaction: a list of steps", value));
            };
            for datum in list {
                let step = step(datum, is_known).ok_or_else(|| wrong("a step", datum))?;
                let writes = matches!(step, Step::Write(..) | Step::Delete(_));
                if is_known || writes {
                    steps.push(step);
                }
            }
        }
        found.push(Transaction { place, of: one, steps });
    }
    Ok(found)
}

/// One step; of one that is not known to have been answered, reads have no answer.
fn step(datum: &Datum, is_known: bool) -> Option<Step<'_>> {
    let (word, rest) = datum.list()?.split_first()?;
    match rest {
        [key, value] if word.is_name("insert") || word.is_name("w") => {
            (*value != Datum::Nil).then_some(Step::Write(key, value))
        }
        [key] if word.is_name("delete") => Some(Step::Delete(key)),
        [key] | [key, Datum::Nil] if word.is_name("r") => Some(Step::Read(key, None)),
        [key, value] if word.is_name("r") => Some(Step::Read(key, Some(value))),
        [condition, Datum::Map(found)] if word.is_name("rp") => {
            Some(Step::ReadWhere(Condition::of(condition)?, found))
        }
        [condition] | [condition, Datum::Nil] if word.is_name("rp") && !is_known => {
            Some(Step::ReadWhere(Condition::of(condition)?, &[]))
        }
        _ => None,
    }
}
