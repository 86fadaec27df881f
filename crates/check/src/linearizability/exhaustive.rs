//! A decider that tries every order, against which the search is held on small histories. It
//! knows no cleverness: no memory, no reads at once, no parts.

use crate::model::{Next, Sequential};
use crate::operation::Operation;

/// An operation to be ordered.
pub(super) struct Subject<'a, Input, Output> {
    /// The operation.
    pub(super) operation: &'a Operation<Input, Output>,
    /// Whether it may be left out of the order although its answer came.
    pub(super) optional: bool,
}

/// Whether an order exists.
pub(super) fn has_order<M: Sequential>(
    model: &M,
    subjects: &[Subject<'_, M::Input, M::Output>],
) -> bool {
    go(model, subjects, &mut vec![false; subjects.len()], &model.initial())
}

fn go<M: Sequential>(
    model: &M,
    subjects: &[Subject<'_, M::Input, M::Output>],
    placed: &mut Vec<bool>,
    state: &M::State,
) -> bool {
    let is_required = |at: usize| subjects[at].operation.is_known() && !subjects[at].optional;
    if (0..subjects.len()).all(|at| placed[at] || !is_required(at)) {
        return true;
    }
    for at in 0..subjects.len() {
        let operation = subjects[at].operation;
        let ended_before = |one: usize, other: usize| {
            let latest = subjects[one].operation.latest;
            latest.is_some_and(|latest| latest < subjects[other].operation.earliest)
        };
        let misplaced = |other: usize| {
            if placed[other] {
                ended_before(at, other)
            } else {
                is_required(other) && ended_before(other, at)
            }
        };
        if placed[at] || (0..subjects.len()).any(misplaced) {
            continue;
        }
        let next = match model.step(state, &operation.input, operation.output.as_ref()) {
            Next::Impossible => Vec::new(),
            Next::Same => vec![state.clone()],
            Next::One(next) => vec![next],
            Next::Many(next) => next,
        };
        placed[at] = true;
        if next.iter().any(|next| go(model, subjects, placed, next)) {
            return true;
        }
        placed[at] = false;
    }
    false
}
