//! The verdict on each model.

use super::model::Model;
use super::mutant::Mutant;
use super::registers::Registers;
use super::staleness::Worst;
use super::views::Found;
use super::{convergence, red_blue, regular, sequential, staleness, views, witness};
use crate::history::History;
use crate::limits::{Budget, Exhausted, Limits};
use crate::report::{About, Finding, Report, settle};

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
    let versions = match staleness::worst_versions(from, budget) {
        _ if from.gap.is_some() => "not measured in versions".to_owned(),
        Worst::Least(1) => "1 version".to_owned(),
        Worst::Least(count) => format!("{count} versions"),
        Worst::None => "beyond every number of versions".to_owned(),
        Worst::Open => "not decided in versions".to_owned(),
    };
    let time = match staleness::worst_time(history, budget) {
        Worst::Least(span) => span.to_string(),
        Worst::None => "beyond every time".to_owned(),
        Worst::Open => "not decided in time".to_owned(),
    };
    format!("worst staleness measured: {versions}; {time}")
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
    match found(from, model, budget, mutant) {
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
