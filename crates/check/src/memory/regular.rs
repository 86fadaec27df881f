//! Regular and safe registers, and consistent prefix of single keys: each read judged by the
//! writes of its key around it, in real time.
//!
//! ```text
//!   |--- w ---|   |--- w' ---|   |--- r ---|     r must not return w: w' lies between
//!   |--- w ---|          |--- w' ---|
//!                              |--- r ---|       r may return either
//! ```
//!
//! With several writers a read is regular if it alone fits into some order of all the writes that
//! real time allows (Shao, Welch, Pierce and Lee, 2011: the weakest of their forms, `MWRegWeak`).
//! A safe read may return anything while a write is going on, also what nobody wrote (Lamport,
//! 1986). A read keeps consistent prefix if what it returned had been asked for before it was
//! answered: one key alone shows no order. O(n log n).

use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Operation, Registers, Source};
use super::views::Found;
use crate::operation::Moment;

/// The writes of one key.
#[derive(Clone, Debug, Default)]
struct Key {
    /// All invocations, sorted.
    began: Vec<Moment>,
    /// Answers, sorted, each with the latest invocation among those answered by then, and whose it
    /// is.
    ended: Vec<(Moment, Moment, u32)>,
}

impl Key {
    /// The write answered before a moment that began last.
    fn latest_before(&self, moment: Moment) -> Option<(Moment, u32)> {
        let before = self.ended.partition_point(|(ended, ..)| *ended < moment);
        before.checked_sub(1).map(|last| (self.ended[last].1, self.ended[last].2))
    }

    /// Whether a write was going on at some time in a span.
    fn overlaps(&self, began: Moment, ended: Option<Moment>) -> bool {
        let before_its_end = match ended {
            Some(ended) => self.began.partition_point(|one| *one < ended),
            None => self.began.len(),
        };
        before_its_end > self.ended.partition_point(|(one, ..)| *one < began)
    }
}

fn keys(from: &Registers) -> Vec<Key> {
    let mut keys = vec![Key::default(); from.keys];
    for (key, began) in &from.unread {
        keys[*key as usize].began.push(*began);
    }
    for (number, one) in (0..).zip(&from.operations).filter(|(_, one)| one.is_write()) {
        let key = &mut keys[one.key as usize];
        key.began.push(one.began);
        key.ended.extend(one.ended.map(|ended| (ended, one.began, number)));
    }
    for key in &mut keys {
        key.began.sort_unstable();
        key.ended.sort_unstable();
        let mut latest = None;
        for (_, began, number) in &mut key.ended {
            latest = latest.max(Some((*began, *number)));
            (*began, *number) = latest.unwrap_or((*began, *number));
        }
    }
    keys
}

/// Decides regular, safe, or consistent prefix.
pub(super) fn decide(from: &Registers, model: Model, mutant: Mutant) -> Found {
    let keys = keys(from);
    for (number, one) in (0..).zip(&from.operations) {
        let Some(source) = one.read else { continue };
        let key = &keys[one.key as usize];
        let overlaps = mutant == Mutant::AllOverlap || key.overlaps(one.began, one.ended);
        if model == Model::Safe && overlaps {
            continue;
        }
        let broken = match model {
            Model::ConsistentPrefix => too_early(from, one, source, mutant),
            _ => too_early(from, one, source, mutant)
                .or_else(|| between(from, one, source, key, mutant)),
        };
        if let Some(others) = broken {
            return Found::Violated(others.into_iter().chain([number]).collect());
        }
    }
    Found::Holds { order: Vec::new(), checked: false }
}

/// What was returned before anybody asked for it.
fn too_early(
    from: &Registers,
    read: &Operation,
    source: Source,
    mutant: Mutant,
) -> Option<Vec<u32>> {
    match source {
        Source::Nowhere => Some(Vec::new()),
        Source::Write(writer) if read.ended.is_some_and(|ended| from.at(writer).began > ended) => {
            (mutant != Mutant::FromTheFuture).then(|| vec![writer])
        }
        _ => None,
    }
}

/// A write that was answered before the read began, and began after what it returned was answered.
fn between(
    from: &Registers,
    read: &Operation,
    source: Source,
    key: &Key,
    mutant: Mutant,
) -> Option<Vec<u32>> {
    let (began, other) = key.latest_before(read.began)?;
    match source {
        Source::Initial => Some(vec![other]),
        Source::Write(writer) => {
            let is_older = from.at(writer).ended.is_some_and(|ended| ended < began);
            (is_older && mutant != Mutant::ForgetBetween).then(|| vec![writer, other])
        }
        Source::Nowhere => None,
    }
}
