//! The search for one order of all operations that a sequential model allows.

use super::datum::Datum;
use super::history::{NEVER, Operation};
use super::line;
use crate::dependency::Fate;
use crate::limits::Budget;
use crate::linearizability::{Verdict, decide};
use crate::model::object::{Ask, Model};
use crate::operation::{self, Moment};
use crate::report::{Finding, Line, Story, no_help};

/// Judges operations by a model; those that failed are left out.
pub(super) fn judge(all: &[Operation], model: Model, budget: &mut Budget) -> Finding {
    let mut places = Vec::new();
    let mut operations = Vec::new();
    for (place, one) in all.iter().enumerate().filter(|(_, one)| one.fate != Fate::Aborted) {
        places.push(place);
        let (takes, gives) = (model.takes(&one.function), model.gives(&one.function));
        operations.push(operation::Operation {
            input: Ask {
                function: one.function.clone(),
                value: if takes { one.asked.clone() } else { Datum::Nil },
            },
            output: one.answer().filter(|_| gives).cloned(),
            earliest: Moment(u64::from(one.began)),
            latest: (one.ended != NEVER).then(|| Moment(u64::from(one.ended))),
        });
    }
    match decide(&model, &operations, budget) {
        Verdict::Holds(order) => {
            let order = order.into_iter().map(|at| places[at]).collect();
            Finding::Holds { order, checked: true }
        }
        Verdict::Violated(violation) => {
            let core = &violation.core;
            let told = |found: &[usize]| -> Vec<Line> {
                let name = model.name();
                found.iter().filter_map(|at| line(all, places[*at], name)).collect()
            };
            let lines = told(&core.essential);
            let order: Vec<String> = told(&core.furthest)
                .into_iter()
                .map(|line| format!("{} -> {} ({})", line.action, line.answer, line.whose))
                .collect();
            let order = if order.is_empty() { "none of them".to_owned() } else { order.join(", ") };
            let mut conclusion = vec![format!("the longest order that fits: {order}")];
            if !core.optional.is_empty() {
                conclusion.push(no_help(core.optional.len(), ""));
            }
            Finding::Violated(Story {
                title: match lines.len() {
                    1 => format!("this operation fits in no order of a {}", model.name()),
                    count => {
                        format!("these {count} operations fit in no order of a {}", model.name())
                    }
                },
                lines,
                conclusion,
                order: core.furthest.iter().map(|at| places[*at]).collect(),
                minimal: core.minimal,
                ..Story::default()
            })
        }
        Verdict::Refused(error) => Finding::Unknown { reason: error.to_string(), story: None },
        Verdict::Unknown(progress) => {
            let longest = progress.furthest.len();
            let story =
                format!("the longest order placed {longest} of {} operations", places.len());
            Finding::Unknown { reason: progress.bound.to_string(), story: Some(story) }
        }
    }
}
