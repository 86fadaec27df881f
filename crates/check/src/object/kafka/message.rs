//! The messages of operations.

use super::super::anomaly::{Anomaly, Kind};
use super::super::datum::Datum;
use super::super::history::Operation;
use super::super::mutant::Mutant;
use super::push;
use crate::dependency::Fate;
use crate::meter::Meter;
use std::collections::BTreeSet;

/// A message, and its offset where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message<'a> {
    pub(super) key: &'a Datum,
    pub(super) value: &'a Datum,
    pub(super) offset: Option<i64>,
}

impl<'a> Message<'a> {
    /// Its key and value: what it is known by.
    pub(super) fn name(&self) -> (&'a Datum, &'a Datum) {
        (self.key, self.value)
    }
}

/// Whether a value is a step of this workload.
pub(in super::super) fn is_step(value: &Datum) -> bool {
    match value.list() {
        Some([word, _, _]) => word.is_name("send"),
        Some([word] | [word, Datum::Map(_)]) => word.is_name("poll"),
        _ => false,
    }
}

fn steps(value: &Datum) -> impl Iterator<Item = &[Datum]> {
    value.list().unwrap_or_default().iter().filter_map(Datum::list)
}

/// The message of a sending step; its offset stands where the answer told it.
fn of_send(step: &[Datum], is_told: bool) -> Option<Message<'_>> {
    let [word, key, value] = step else { return None };
    if !word.is_name("send") {
        return None;
    }
    match value.list() {
        Some([offset, value]) if is_told => Some(Message { key, value, offset: offset.integer() }),
        _ => Some(Message { key, value, offset: None }),
    }
}

/// What an operation sent, or asked to send.
pub(super) fn sent(one: &Operation) -> Vec<Message<'_>> {
    let is_told = one.answer().is_some();
    let steps = steps(one.answer().unwrap_or(&one.asked));
    steps.filter_map(|step| of_send(step, is_told)).collect()
}

/// What an operation polled, in the order in which it came.
pub(super) fn polled(one: &Operation) -> Vec<Message<'_>> {
    let mut all = Vec::new();
    let Some(answer) = one.answer() else { return all };
    for step in steps(answer) {
        let [word, Datum::Map(keys)] = step else { continue };
        if !word.is_name("poll") {
            continue;
        }
        for (key, pairs) in keys {
            let pairs = pairs.list().unwrap_or_default().iter().filter_map(Datum::list);
            all.extend(pairs.filter_map(|pair| match pair {
                [offset, value] => Some(Message { key, value, offset: offset.integer() }),
                _ => None,
            }));
        }
    }
    all
}

/// Whether an operation polls, whatever came of it.
pub(super) fn polls(one: &Operation) -> bool {
    let is_poll = |step: &[Datum]| step.first().is_some_and(|word| word.is_name("poll"));
    one.is("poll") || (one.is("txn") && steps(&one.asked).any(is_poll))
}

/// Transactions that polled what they sent themselves: before they committed.
pub(super) fn own(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Vec<Anomaly> {
    let mut found = Vec::new();
    meter.pass("operations", all.len(), 90..95);
    for (place, one) in all.iter().enumerate() {
        if meter.next().is_err() {
            break;
        }
        if one.fate != Fate::Committed || mutant == Mutant::ForgetPrecommitted {
            continue;
        }
        let mine: BTreeSet<_> = sent(one).iter().map(Message::name).collect();
        for message in polled(one) {
            if mine.contains(&message.name()) {
                let values = [message.key, message.value];
                push(&mut found, Anomaly::new(Kind::Precommitted, &[place], &values), meter);
            }
        }
    }
    found
}
