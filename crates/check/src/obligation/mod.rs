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
//! log has one order for all; but for puts that were promised to be sequential. Those operations
//! are bound to no moment, but to their session's order (`memory::promised`). Every other read
//! that is not eventual sees the state at one point of it, all keys together.
//!
//! - I1: a weaker guarantee never makes a history fail that holds with a stronger one: its span is
//!   wider. (But for a sequential read that shows what was written after its answer: its order
//!   knows no time, and consistent prefix does.)
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
use crate::memory;
use crate::memory::promised::{self, Whose};
use crate::model::key_value::{Action, KeyValue, Outcome};
use crate::operation::{Moment, Operation};
use crate::report::{Finding, Part, Report, Story, Word};
use avouch_promise::guarantee::Guarantee;
use span::Obligation;
use std::collections::BTreeMap;

pub use evidence::judge_by_evidence;
pub(crate) use span::earliest;

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
pub(crate) fn is_ordered(call: &Call) -> bool {
    !matches!(Obligation::of(call), None | Some(Obligation::Written))
}

fn is_strong(call: &Call) -> bool {
    Obligation::of(call) == Some(Obligation::Latest)
}

/// Judges a history by the obligations that its operations carry.
//= §2.3.2 linearizability
pub fn judge(history: &History, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let parts = if has_sequential(history) {
        with_sequential(history, &mut budget)
    } else {
        let mut parts = ordered(history, &mut budget);
        parts.extend(unordered(history));
        parts
    };
    Report::new(history, parts, &budget)
}

/// Whether operations were promised to be sequential, all of them gets and puts.
fn has_sequential(history: &History) -> bool {
    let mut promised =
        history.calls.iter().filter(|call| call.guarantee == Guarantee::Sequential).peekable();
    let is_simple = |call: &Call| matches!(call.action, Action::Get { .. } | Action::Put { .. });
    promised.peek().is_some() && promised.all(is_simple)
}

/// Sequential operations are bound to no moment, but to what their sessions did (`promised`): the
/// others are judged first with their puts at any moment, and then all in one order.
//= §2.3.2 sequential-consistency
fn with_sequential(history: &History, budget: &mut Budget) -> Vec<Part> {
    let is_sequential = |call: &Call| call.guarantee == Guarantee::Sequential;
    let mut others = history.clone();
    for call in others.calls.iter_mut().filter(|call| is_sequential(call)) {
        // A put that may take effect whenever it will, or last of all, where nobody sees it.
        call.began.moment = Moment(0);
        (call.ended, call.answer) = (None, None);
    }
    let mut parts = ordered(&others, budget);
    for part in parts.iter_mut().filter(|part| part.guarantee == STRONG) {
        part.operations -=
            others.calls.iter().filter(|call| is_sequential(call) && is_strong(call)).count();
    }
    let hold = parts.iter().all(|part| part.finding.word() == Word::Holds);
    let whose = if hold { Whose::All } else { Whose::Sequential };
    let mut finding = promised::judge(history, whose, budget);
    if !hold && finding.word() == Word::Holds {
        let reason = "without an order of the others nobody knows whether one serves all";
        finding = Finding::Unknown { reason: reason.to_owned(), story: None };
    }
    parts.retain(|part| part.operations > 0 || part.finding.word() != Word::Holds);
    let operations = history.calls.iter().filter(|call| is_sequential(call)).count();
    parts.push(Part { guarantee: Guarantee::Sequential.to_string(), operations, finding });
    parts.extend(unordered(history).into_iter().filter(|part| part.guarantee != "sequential"));
    parts
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
            Finding::Unknown { reason: not_judged(guarantee), story: None }
        };
        Part { guarantee: guarantee.to_string(), operations, finding }
    };
    counts.into_iter().map(part).collect()
}

/// Why a guarantee is not judged beside others.
fn not_judged(guarantee: Guarantee) -> String {
    let name = guarantee.to_string();
    if guarantee == Guarantee::Sequential {
        return "beside other operations than gets and puts it is not judged".to_owned();
    }
    match name.parse::<memory::Model>() {
        Ok(_) => format!("it is not judged beside others: --model {name} judges all by it"),
        Err(_) => "this judge does not know the guarantee".to_owned(),
    }
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
            Verdict::Refused(error) => Self::Unknown { reason: error.to_string(), story: None },
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
