//! The verdict on each model.

use super::measure::{Measured, Worst};
use super::model::Model;
use super::mutant::Mutant;
use super::registers::Registers;
use super::views::Found;
use super::{convergence, measure, red_blue, regular, sequential, staleness, views, witness};
use crate::history::History;
use crate::limits::{Budget, Exhausted, Limits};
use crate::model::key_value::{answered, asked};
use crate::report::{About, Finding, Report, Word, settle};
use avouch_promise::Nanos;

/// Judges single operations by one model, whatever guarantees they carry. The other models are
/// told of in notes.
//= §1.4.1 each guarantee's specification as a predicate over histories
pub fn judge(history: &History, asked: Model, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let from = Registers::new(history);
    let mut findings = settle(&Model::PLAIN, Some(asked), &[], |model| {
        one(history, &from, model, &mut budget, Mutant::None)
    });
    findings.sort_by_key(|(model, _)| *model);
    let mut notes = history.notes.clone();
    if matches!(asked, Model::Versions(_) | Model::Time(_)) {
        notes.push(worst(history, &from, &mut budget));
    }
    let about = About {
        format: history.format,
        operations: history.calls.len(),
        answered: history.calls.iter().filter(|call| call.ended.is_some()).count(),
        unknown: history.calls.iter().filter(|call| call.ended.is_none()).count(),
        failed: history.failed,
        notes,
    };
    Report::of_levels(about, "operations", findings, Some(asked), &budget)
}

/// The worst staleness, in words.
fn worst(history: &History, from: &Registers, budget: &mut Budget) -> String {
    // What is linearizable is never behind, whatever was written twice and without times.
    if (from.gap.is_some() || history.times.is_empty())
        && one(history, from, Model::Linearizable, budget, Mutant::None).word() == Word::Holds
    {
        return "worst staleness measured: 0 versions (1-atomic); 0 ns".to_owned();
    }
    let versions = if let Some(gap) = &from.gap {
        format!("not measured in versions ({gap})")
    } else {
        let measured = measure::versions(history, from, budget, Mutant::None);
        told_of(history, measured, "version", |low, high| {
            let count = |count: u64| match count {
                1 => "1 version".to_owned(),
                count => format!("{count} versions"),
            };
            if low == high {
                format!("{} ({}-atomic)", count(low), low + 1)
            } else {
                format!("from {low} to {high} versions ({}- to {}-atomic)", low + 1, high + 1)
            }
        })
    };
    let time = if history.times.is_empty() {
        "not measured in time (the history does not record times)".to_owned()
    } else {
        let measured = measure::time(history, from, budget, Mutant::None);
        told_of(history, measured, "time", |low, high| {
            if low == high {
                Nanos(low).to_string()
            } else {
                format!("from {} to {}", Nanos(low), Nanos(high))
            }
        })
    };
    format!("worst staleness measured: {versions}; {time}")
}

/// A staleness in words, with the read that shows it.
fn told_of(
    history: &History,
    measured: Measured,
    unit: &str,
    told: impl FnOnce(u64, u64) -> String,
) -> String {
    let staleness = match measured.worst {
        Worst::Within(low, high) => told(low, high),
        Worst::Unbounded => format!("beyond every {unit}"),
    };
    let Some(call) = measured.shown_by.and_then(|call| history.calls.get(call)) else {
        return staleness;
    };
    let answer = call.answer.as_ref().map_or_else(|| "unknown".to_owned(), answered);
    let (asked, process, line) = (asked(&call.action), call.process, call.began.line);
    format!("{staleness}, by `{asked}` -> {answer} of process {process} at line {line}")
}

/// Decides one model of a history, and nothing else.
pub fn decide(history: &History, model: Model, limits: &Limits) -> Finding {
    one(history, &Registers::new(history), model, &mut Budget::new(*limits), Mutant::None)
}

/// The same, perhaps by a judge with a bug.
pub(super) fn one(
    history: &History,
    from: &Registers,
    model: Model,
    budget: &mut Budget,
    mutant: Mutant,
) -> Finding {
    let is_of_the_log = match model {
        Model::Linearizable | Model::Time(_) => true,
        Model::ConsistentPrefix => from.gap.is_some(),
        _ => false,
    };
    if is_of_the_log {
        return staleness::by_obligation(history, model, budget, mutant);
    }
    if let Some(gap) = &from.gap {
        return Finding::Unknown { reason: gap.clone(), story: None };
    }
    match budget.check().and_then(|()| found(from, model, budget, mutant)) {
        Ok(found) => told(history, from, model, found, budget),
        Err(met) => Finding::Unknown { reason: met.to_string(), story: None },
    }
}

/// What is found of a model by its own decider.
fn found(
    from: &Registers,
    model: Model,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    match model {
        Model::Sequential => sequential::decide(from, budget, mutant),
        Model::RedBlue => red_blue::decide(from, budget, mutant),
        Model::Regular | Model::Safe | Model::ConsistentPrefix => {
            Ok(regular::decide(from, model, mutant))
        }
        Model::Convergent => Ok(convergence::decide(from, mutant)),
        Model::CausalPlus => {
            let causal = views::decide(from, Model::CausalConvergence, budget, mutant)?;
            let settled = convergence::decide(from, mutant);
            Ok(match (&causal, &settled) {
                (Found::Holds { .. }, _) | (Found::Open(_), Found::Violated(_)) => settled,
                _ => causal,
            })
        }
        Model::Versions(bound) => staleness::versions(from, bound, budget, mutant),
        _ => views::decide(from, model, budget, mutant),
    }
}

fn told(
    history: &History,
    from: &Registers,
    model: Model,
    found: Found,
    budget: &mut Budget,
) -> Finding {
    match found {
        Found::Fault => Finding::fault("an order"),
        Found::Open(reason) => Finding::Unknown { reason, story: None },
        Found::Holds { order, checked } => {
            let order = order.into_iter().map(|number| from.at(number).call).collect();
            Finding::Holds { order, checked }
        }
        Found::Violated(operations) => {
            let (kept, minimal) = witness::least(from, operations, |part| {
                let found = self::found(part, model, budget, Mutant::None).ok()?;
                Some(matches!(found, Found::Violated(_)))
            });
            witness::finding(history, from, model, &kept, minimal)
        }
    }
}
