//! Histories whose operations carry different guarantees, each judged by its own obligation.
//!
//! An obligation says within which span an operation takes effect, and the spans make every mix of
//! guarantees one question of order:
//!
//! ```text
//! linearizable                   |invocation ===== answer|
//! bounded staleness d      |- d -|invocation ===== answer|
//! consistent prefix   |start ============= answer|           any earlier state of the one log
//! eventual             not in the order: for each key a value that some write gave it before the
//! answer
//! ```
//!
//! All writes are in the order with the span of a linearizable operation, whatever they ask: the
//! log has one order for all. Every read that is not eventual sees the state at one point of it,
//! all keys together.
//!
//! - I1: a weaker guarantee never makes a history fail that holds with a stronger one: its span is
//!   wider.
//! - I2: a guarantee that this judge does not know is never called held: its verdict is unknown.

pub mod eventual;
pub mod evidence;
mod span;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use crate::history::{Call, History};
use crate::limits::{Budget, Limits};
use crate::linearizability::{Verdict, decide};
use crate::model::key_value::{Action, KeyValue, Outcome};
use crate::operation::Operation;
use crate::report::{Finding, Part, Report, Story};
use avouch_promise::guarantee::Guarantee;
use span::Obligation;
use std::collections::BTreeMap;

pub use evidence::judge_by_evidence;

/// Places in a history's calls, with the operations that the judge makes of them.
pub(crate) struct Selection {
    pub(crate) places: Vec<usize>,
    pub(crate) operations: Vec<Operation<Action, Outcome>>,
}

impl Selection {
    pub(crate) fn new(history: &History, select: impl Fn(&Call) -> bool) -> Self {
        let mut selection = Self::with_room(history.calls.len());
        for (place, call) in history.calls.iter().enumerate().filter(|(_, call)| select(call)) {
            selection.places.push(place);
            selection.operations.push(span::operation(call, history));
        }
        selection
    }

    /// Nothing yet, with room for so many.
    fn with_room(count: usize) -> Self {
        Self { places: Vec::with_capacity(count), operations: Vec::with_capacity(count) }
    }

    fn judge(&self, model: KeyValue, budget: &mut Budget) -> Verdict {
        decide(&model, &self.operations, budget)
    }
}

/// Whether the call stands in the one order of the log.
fn is_ordered(call: &Call) -> bool {
    !matches!(Obligation::of(call), None | Some(Obligation::Written))
}

fn is_strong(call: &Call) -> bool {
    Obligation::of(call) == Some(Obligation::Latest)
}

/// Judges a history by the obligations that its operations carry.
//= §2.3.2 linearizability
pub fn judge(history: &History, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let mut parts = ordered(history, &mut budget);
    parts.extend(unordered(history));
    Report::new(history, parts, &budget)
}

/// Judges every operation by one guarantee of the one order, whatever it was promised.
pub(crate) fn judge_as(history: &History, guarantee: Guarantee, budget: &mut Budget) -> Finding {
    let calls = history.calls.iter().map(|call| Call { guarantee, ..call.clone() }).collect();
    let history = History { calls, ..history.clone() };
    let all = Selection::new(&history, is_ordered);
    Finding::of(&history, &all.places, &all.judge(history.model, budget))
}

/// The guarantees whose operations stand in no order: eventual reads, and what is not known here.
fn unordered(history: &History) -> Vec<Part> {
    let mut counts: BTreeMap<Guarantee, usize> = BTreeMap::new();
    for call in history.calls.iter().filter(|call| !is_ordered(call)) {
        *counts.entry(call.guarantee).or_default() += 1;
    }
    let part = |(guarantee, operations): (Guarantee, usize)| {
        let finding = if guarantee == Guarantee::Eventual {
            eventual::judge(history)
        } else {
            let reason = "this judge does not know the guarantee".to_owned();
            Finding::Unknown { reason, story: None }
        };
        Part { guarantee: guarantee.to_string(), operations, finding }
    };
    counts.into_iter().map(part).collect()
}

const STRONG: &str = "linearizable";

/// The guarantees that put their operations into the one order: all at once, and if that fails,
/// each alone with the strong ones, to name the one that is broken.
fn ordered(history: &History, budget: &mut Budget) -> Vec<Part> {
    let mut weaker: BTreeMap<Guarantee, usize> = BTreeMap::new();
    let mut strong = 0;
    for call in history.calls.iter().filter(|call| is_ordered(call)) {
        if is_strong(call) {
            strong += 1;
        } else {
            *weaker.entry(call.guarantee).or_default() += 1;
        }
    }
    let part = |guarantee: &str, operations, finding| Part {
        guarantee: guarantee.to_owned(),
        operations,
        finding,
    };
    let all = Selection::new(history, is_ordered);
    let together = all.judge(history.model, budget);
    if let Verdict::Holds(order) = &together {
        let order: Vec<usize> = order.iter().map(|at| all.places[*at]).collect();
        let mut parts = vec![part(STRONG, strong, Finding::Holds { order, checked: true })];
        for (guarantee, count) in weaker {
            let kept = Finding::Holds { order: Vec::new(), checked: true };
            parts.push(part(&guarantee.to_string(), count, kept));
        }
        return parts;
    }
    let alone = Selection::new(history, is_strong);
    let verdict =
        if weaker.is_empty() { together.clone() } else { alone.judge(history.model, budget) };
    let strong_holds = matches!(verdict, Verdict::Holds(_));
    let mut parts = vec![part(STRONG, strong, Finding::of(history, &alone.places, &verdict))];
    let mut named = !strong_holds;
    for (guarantee, count) in weaker {
        let finding = if strong_holds {
            let with =
                Selection::new(history, |call| is_strong(call) || call.guarantee == guarantee);
            let verdict = with.judge(history.model, budget);
            named |= !matches!(verdict, Verdict::Holds(_));
            Finding::of(history, &with.places, &verdict)
        } else {
            let reason = "without an order of the writes there is no prefix to compare with";
            Finding::Unknown { reason: reason.to_owned(), story: None }
        };
        parts.push(part(&guarantee.to_string(), count, finding));
    }
    if !named {
        // Each holds alone, but no one order serves them all.
        let finding = Finding::of(history, &all.places, &together);
        parts.push(part("all of these in one order", all.places.len(), finding));
    }
    parts
}

impl Finding {
    /// The finding that a verdict on some of a history's calls amounts to.
    pub(crate) fn of(history: &History, places: &[usize], verdict: &Verdict) -> Self {
        let calls = |found: &[usize]| found.iter().map(|at| places[*at]).collect::<Vec<_>>();
        match verdict {
            Verdict::Holds(order) => Self::Holds { order: calls(order), checked: true },
            Verdict::Violated(violation) => {
                let core = &violation.core;
                Self::Violated(Story::tell(
                    history,
                    &calls(&core.essential),
                    &calls(&core.optional),
                    &calls(&core.furthest),
                    core.minimal,
                ))
            }
            Verdict::Unknown(progress) => {
                let story = format!(
                    "{} of {} parts decided; in the next one, of {} operations, the longest order placed {}",
                    progress.parts.0,
                    progress.parts.1,
                    progress.part.len(),
                    progress.furthest.len()
                );
                Self::Unknown { reason: progress.bound.to_string(), story: Some(story) }
            }
        }
    }
}
