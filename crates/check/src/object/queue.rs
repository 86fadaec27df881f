//! Queues of which only the contents count: what is enqueued is dequeued, in any order (Jepsen's
//! `queue` and `total-queue`).
//!
//! Whether an element is lost can only be said once the queue was empty: after a `drain`, or a
//! dequeue that was answered with nothing. A dequeue of unknown outcome may have taken any element
//! that is missing, a drain of unknown outcome all of them.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part};
use crate::dependency::Fate;
use std::collections::BTreeMap;

/// The elements that an operation took.
pub(super) fn taken(one: &Operation) -> &[Datum] {
    match (one.function.as_str(), one.answer()) {
        ("drain", Some(taken)) => taken.list().unwrap_or_default(),
        ("dequeue", Some(element)) if *element != Datum::Nil => std::slice::from_ref(element),
        _ => &[],
    }
}

/// Whether an operation found the queue empty when it ended.
pub(super) fn empties(one: &Operation) -> bool {
    match one.function.as_str() {
        "drain" => one.answer().is_some(),
        "dequeue" => one.answer() == Some(&Datum::Nil),
        _ => false,
    }
}

/// How many elements operations of unknown outcome may have taken.
pub(super) fn may_have_taken(all: &[Operation]) -> usize {
    let unknown = all.iter().filter(|one| one.fate == Fate::Unknown);
    unknown.fold(0, |sum: usize, one| match one.function.as_str() {
        "drain" => usize::MAX,
        "dequeue" => sum.saturating_add(1),
        _ => sum,
    })
}

/// One element: where it was enqueued and where it was taken.
#[derive(Default)]
struct Element {
    /// Those that may have taken effect.
    enqueued: Vec<usize>,
    taken: Vec<usize>,
}

/// Judges a queue.
pub(super) fn judge(all: &[Operation], mutant: Mutant) -> Judged {
    let mut elements: BTreeMap<&Datum, Element> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        if one.is("enqueue") && one.fate != Fate::Aborted {
            elements.entry(&one.asked).or_default().enqueued.push(place);
        }
        for element in taken(one) {
            elements.entry(element).or_default().taken.push(place);
        }
    }
    let empty = (0..all.len()).filter(|one| empties(&all[*one])).max_by_key(|one| all[*one].began);
    let (mut lost, mut left, mut unexpected, mut twice) = (Vec::new(), 0, Vec::new(), Vec::new());
    let mut recovered = 0;
    for (name, Element { enqueued, taken }) in &elements {
        for place in taken {
            let is_earlier = |one: &&usize| all[**one].began < all[*place].ended;
            if enqueued.iter().find(is_earlier).is_none() {
                unexpected.push(Anomaly::new(Kind::Unexpected, &[*place], &[name]));
            }
        }
        if taken.len() > enqueued.len() && !enqueued.is_empty() && mutant != Mutant::ForgetTwice {
            twice.push(Anomaly::new(Kind::Duplicated, &taken[taken.len() - 1..], &[name]));
        }
        let certain: Vec<usize> =
            enqueued.iter().copied().filter(|one| all[*one].fate == Fate::Committed).collect();
        recovered += usize::from(certain.is_empty() && !taken.is_empty());
        let before = |one: &&usize| empty.is_some_and(|empty| all[**one].is_before(&all[empty]));
        let gone = certain.iter().filter(before).count().saturating_sub(taken.len());
        if let Some(last) = certain.iter().rfind(before).filter(|_| gone > 0) {
            lost.extend(std::iter::repeat_n(Anomaly::new(Kind::Lost, &[*last], &[name]), gone));
        }
        left += certain.len().saturating_sub(taken.len() + gone);
    }
    let explained = may_have_taken(all);
    let mut reason = None;
    if lost.len() <= explained && !lost.is_empty() && mutant != Mutant::ForgetUnknown {
        let count = lost.len();
        let told = "missing, which operations of unknown outcome may have taken";
        reason = Some(format!("{count} elements are {told}"));
        lost.clear();
    } else if left > 0 {
        let told = "were not dequeued, and nobody found the queue empty after them";
        reason = Some(format!("{left} elements {told}"));
    }
    lost.append(&mut unexpected);
    let told = "elements of unknown outcome were dequeued: recovered";
    let notes = (recovered > 0).then(|| format!("{recovered} {told}")).into_iter().collect();
    let parts =
        vec![Part::new("total queue", lost, reason), Part::new("exactly once", twice, None)];
    Judged { parts, notes }
}
