//! A history of gets and puts as the models see it: whose write each read returned, and what its
//! session did just before.
//!
//! A put whose outcome is unknown comes after what its session did before, and before nothing
//! that it did later; it took effect if somebody read it, and is left out if nobody did. Where all
//! values put are unlike, a read names its write. A value that was put twice and read leaves it
//! open, and so do other operations than gets and puts: then [`Registers::gap`] says which.

use crate::history::{Call, History};
use crate::model::key_value::{Absent, Action, Outcome, answered, asked};
use crate::operation::Moment;
use avouch_promise::Nanos;
use avouch_promise::guarantee::Guarantee;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// What a read returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Source {
    /// What was there before every write.
    Initial,
    /// What this operation wrote.
    Write(u32),
    /// What nobody wrote.
    Nowhere,
}

/// One get or put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Its place in the history's calls.
    pub(super) call: usize,
    /// Whose it is.
    pub(super) process: u64,
    pub(super) key: u32,
    /// Whether it was promised to be sequential, or more: by its answer, else as it was asked
    /// (red-blue consistency).
    pub(super) is_red: bool,
    /// What a read returned; nothing for a write.
    pub(super) read: Option<Source>,
    /// What its session did just before.
    pub(super) previous: Option<u32>,
    pub(super) began: Moment,
    /// Nothing if the outcome is unknown.
    pub(super) ended: Option<Moment>,
}

impl Operation {
    pub(super) fn is_write(&self) -> bool {
        self.read.is_none()
    }
}

/// The gets and puts of a history, by invocation; each after what its session did before.
#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    pub(super) operations: Vec<Operation>,
    pub(super) keys: usize,
    /// Writes of unknown outcome that nobody read: key and invocation.
    pub(super) unread: Vec<(u32, Moment)>,
    /// The times of all events by rank, if there are any.
    pub(super) times: Vec<Nanos>,
    /// What these models cannot judge of the history.
    pub(super) gap: Option<String>,
}

/// The writes of each value of each key.
type Writers<'a> = BTreeMap<(&'a Bytes, &'a Bytes), Vec<usize>>;

impl Registers {
    pub(super) fn new(history: &History) -> Self {
        let mut writers: Writers<'_> = BTreeMap::new();
        let mut keys: BTreeMap<&Bytes, u32> = BTreeMap::new();
        let mut gap = None;
        for (place, call) in history.calls.iter().enumerate() {
            match &call.action {
                Action::Put { key, value } => writers.entry((key, value)).or_default().push(place),
                Action::Get { .. } => {}
                other => {
                    let action = asked(other);
                    gap.get_or_insert(format!("`{action}` is neither a get nor a put of one key"));
                }
            }
            if let Action::Get { key } | Action::Put { key, .. } = &call.action {
                let next = keys.len() as u32;
                keys.entry(key).or_insert(next);
            }
        }
        let mut sources: BTreeMap<usize, Source> = BTreeMap::new();
        let mut read: BTreeSet<usize> = BTreeSet::new();
        for (place, call) in history.calls.iter().enumerate() {
            match source(history, call, &writers) {
                Some(Found::Source(source)) => {
                    sources.insert(place, source);
                    if let Source::Write(writer) = source {
                        read.insert(writer as usize);
                    }
                }
                Some(Found::Open(reason)) => {
                    gap.get_or_insert(reason);
                }
                None => {}
            }
        }
        let times = history.times.clone();
        let mut registers = Self { keys: keys.len(), gap, times, ..Self::default() };
        registers.fill(history, &keys, &sources, &read);
        registers
    }

    fn fill(
        &mut self,
        history: &History,
        keys: &BTreeMap<&Bytes, u32>,
        sources: &BTreeMap<usize, Source>,
        read: &BTreeSet<usize>,
    ) {
        let mut last: BTreeMap<u64, u32> = BTreeMap::new();
        let mut number: BTreeMap<usize, u32> = BTreeMap::new();
        for (place, call) in history.calls.iter().enumerate() {
            let (Action::Get { key } | Action::Put { key, .. }) = &call.action else { continue };
            let key = keys.get(key).copied().unwrap_or_default();
            let source = sources.get(&place).copied();
            match (call.is_write(), call.ended, source) {
                (true, None, _) if !read.contains(&place) => {
                    self.unread.push((key, call.began.moment));
                    continue;
                }
                (false, _, None) => continue,
                _ => {}
            }
            let own = self.operations.len() as u32;
            number.insert(place, own);
            self.operations.push(Operation {
                call: place,
                process: call.process,
                key,
                is_red: call.guarantee.implies(&Guarantee::Sequential),
                read: source,
                previous: last.get(&call.process).copied(),
                began: call.began.moment,
                ended: call.ended.map(|ended| ended.moment),
            });
            if call.ended.is_some() {
                last.insert(call.process, own);
            }
        }
        for operation in &mut self.operations {
            if let Some(Source::Write(writer)) = &mut operation.read {
                *writer = number.get(&(*writer as usize)).copied().unwrap_or_default();
            }
        }
    }

    /// An operation by its number.
    pub(super) fn at(&self, number: u32) -> &Operation {
        &self.operations[number as usize]
    }

    /// The sessions that read, in order.
    pub(super) fn readers(&self) -> Vec<u64> {
        let reads = self.operations.iter().filter(|one| !one.is_write());
        reads.map(|one| one.process).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// These operations alone, and those that they read from.
    pub(super) fn only(&self, kept: &BTreeSet<u32>) -> Self {
        let mut kept = kept.clone();
        for number in kept.clone() {
            if let Some(Source::Write(writer)) = self.at(number).read {
                kept.insert(writer);
            }
        }
        let place: BTreeMap<u32, u32> = kept.iter().copied().zip(0..).collect();
        let operations = kept.iter().map(|number| {
            let mut operation = self.at(*number).clone();
            if let Some(Source::Write(writer)) = &mut operation.read {
                *writer = place[writer];
            }
            let mut before = operation.previous;
            operation.previous = loop {
                match before {
                    None => break None,
                    Some(one) if place.contains_key(&one) => break Some(place[&one]),
                    Some(one) => before = self.at(one).previous,
                }
            };
            operation
        });
        let operations = operations.collect();
        Self { operations, ..Self { operations: Vec::new(), ..self.clone() } }
    }
}

/// What is known of what a call read.
enum Found {
    Source(Source),
    Open(String),
}

/// What a get that was answered returned.
fn source(history: &History, call: &Call, writers: &Writers<'_>) -> Option<Found> {
    let (Action::Get { key }, Some(answer @ Outcome::Value(value))) = (&call.action, &call.answer)
    else {
        return None;
    };
    let wrote = value.as_ref().and_then(|value| writers.get(&(key, value)));
    let is_absent = match value {
        None => true,
        Some(value) => value.is_empty() && history.model.absent == Absent::Empty,
    };
    let open = || {
        let (action, answer) = (asked(&call.action), answered(answer));
        Found::Open(format!(
            "incomplete information: what `{action}` returned, {answer}, was written twice"
        ))
    };
    Some(match (wrote.map_or(&[][..], Vec::as_slice), is_absent) {
        ([], true) => Found::Source(Source::Initial),
        ([], false) => Found::Source(Source::Nowhere),
        ([writer], false) => Found::Source(Source::Write(*writer as u32)),
        _ => open(),
    })
}
