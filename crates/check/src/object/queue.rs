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
use super::{Judged, Part, push};
use crate::dependency::Fate;
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use crate::model::object::Model;
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

/// What is wrong of the elements, and what of them stays open.
#[derive(Default)]
struct Queue {
    lost: Vec<Anomaly>,
    unexpected: Vec<Anomaly>,
    twice: Vec<Anomaly>,
    left: usize,
    recovered: usize,
}

impl Queue {
    fn look(
        &mut self,
        all: &[Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        let mut elements: BTreeMap<&Datum, Element> = BTreeMap::new();
        let (of_element, of_place) = (entry::<(&Datum, Element)>(), size_of::<usize>());
        let mut empty: Option<usize> = None;
        meter.pass("operations", all.len(), 0..50);
        for (place, one) in all.iter().enumerate() {
            meter.next()?;
            let took = taken(one);
            meter.look(took.len())?;
            let is_put = one.is("enqueue") && one.fate != Fate::Aborted;
            let before = elements.len();
            if is_put {
                elements.entry(&one.asked).or_default().enqueued.push(place);
            }
            for element in took {
                elements.entry(element).or_default().taken.push(place);
            }
            meter.hold((elements.len() - before) * of_element);
            meter.hold((took.len() + usize::from(is_put)) * of_place);
            if empties(one) && empty.is_none_or(|empty| all[empty].began <= one.began) {
                empty = Some(place);
            }
        }
        let empty = empty.map(|empty| &all[empty]);
        meter.pass("elements", elements.len(), 50..100);
        for (name, element) in &elements {
            meter.next()?;
            meter.look(element.enqueued.len() + element.taken.len())?;
            self.element(all, (name, element), empty, meter, mutant);
        }
        Ok(())
    }

    fn element(
        &mut self,
        all: &[Operation],
        (name, Element { enqueued, taken }): (&Datum, &Element),
        empty: Option<&Operation>,
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) {
        let first = enqueued.iter().map(|one| all[*one].began).min();
        for place in taken.iter().filter(|place| first.is_none_or(|it| it >= all[**place].ended)) {
            let one = Anomaly::new(Kind::Unexpected, &[*place], &[name]);
            push(&mut self.unexpected, one, meter);
        }
        if taken.len() > enqueued.len() && !enqueued.is_empty() && mutant != Mutant::ForgetTwice {
            let one = Anomaly::new(Kind::Duplicated, &taken[taken.len() - 1..], &[name]);
            push(&mut self.twice, one, meter);
        }
        let certain: Vec<usize> =
            enqueued.iter().copied().filter(|one| all[*one].fate == Fate::Committed).collect();
        self.recovered += usize::from(certain.is_empty() && !taken.is_empty());
        let before = |one: &&usize| empty.is_some_and(|empty| all[**one].is_before(empty));
        let gone = certain.iter().filter(before).count().saturating_sub(taken.len());
        if let Some(last) = certain.iter().rfind(before).filter(|_| gone > 0) {
            for _ in 0..gone {
                push(&mut self.lost, Anomaly::new(Kind::Lost, &[*last], &[name]), meter);
            }
        }
        self.left += certain.len().saturating_sub(taken.len() + gone);
    }
}

/// Judges a queue.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut queue = Queue::default();
    // The bound that it may have met is asked of the meter.
    let _ = queue.look(all, meter, mutant);
    let Queue { mut lost, mut unexpected, twice, left, recovered } = queue;
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
    let mut notes: Vec<String> =
        (recovered > 0).then(|| format!("{recovered} {told}")).into_iter().collect();
    // What drains took, in what order, says none of these models.
    if all.iter().all(|one| Model::FifoQueue.has(&one.function)) {
        let (fifo, priority) = (Model::FifoQueue, Model::PriorityQueue);
        notes.push(format!(
            "in what order elements are dequeued is not judged: --model {fifo} or {priority} does"
        ));
    }
    let parts = vec![
        Part::new("total queue", lost, reason, meter),
        Part::new("exactly once", twice, None, meter),
    ];
    Judged { parts, notes }
}
