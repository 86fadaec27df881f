//! A decider that tries every order, against which the search is held on small histories. It
//! knows no cleverness: no memory, no reads at once, no parts.

use crate::model::{Next, Sequential};
use crate::operation::Operation;

/// Whether an order exists.
pub(super) fn has_order<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
) -> bool {
    go(model, operations, &mut vec![false; operations.len()], &model.initial())
}

fn go<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    placed: &mut Vec<bool>,
    state: &M::State,
) -> bool {
    let left = |placed: &[bool], at: usize| !placed[at] && operations[at].is_known();
    if !(0..operations.len()).any(|at| left(placed, at)) {
        return true;
    }
    for at in 0..operations.len() {
        let operation = &operations[at];
        let preceded = (0..operations.len()).any(|other| {
            other != at
                && left(placed, other)
                && operations[other].latest.is_some_and(|latest| latest < operation.earliest)
        });
        if placed[at] || preceded {
            continue;
        }
        let next = match model.step(state, &operation.input, operation.output.as_ref()) {
            Next::Impossible => Vec::new(),
            Next::Same => vec![state.clone()],
            Next::One(next) => vec![next],
            Next::Many(next) => next,
        };
        placed[at] = true;
        if next.iter().any(|next| go(model, operations, placed, next)) {
            return true;
        }
        placed[at] = false;
    }
    false
}
