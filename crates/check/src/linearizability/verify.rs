//! The small, independent check of a witness: is this order one that the history allows?
//!
//! It shares no code with the search. An order is valid if
//! - every known operation is in it exactly once, every unknown one at most once;
//! - no operation comes after one that started only after it had ended;
//! - run one after another, the operations give the answers recorded.

use crate::model::Sequential;
use crate::operation::{Moment, Operation};
use std::convert::Infallible;
use std::fmt;

/// Why an order is not valid, with places in the slice of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no operation at this place.
    NoSuchOperation(usize),
    /// This operation is placed twice.
    PlacedTwice(usize),
    /// This operation must take effect and is not placed.
    Missing(usize),
    /// This operation had ended before one that is placed earlier began.
    TooLate(usize),
    /// This operation cannot give its answer after those placed before it.
    WrongAnswer(usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOperation(place) => write!(f, "there is no operation {place}"),
            Self::PlacedTwice(place) => write!(f, "operation {place} is placed twice"),
            Self::Missing(place) => write!(f, "operation {place} is not placed"),
            Self::TooLate(place) => {
                write!(f, "operation {place} ended before one placed earlier began")
            }
            Self::WrongAnswer(place) => write!(f, "operation {place} cannot give its answer there"),
        }
    }
}

/// Checks an order, given as places in `operations`.
pub fn verify_order<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    order: &[usize],
) -> Result<(), Fault> {
    let Ok(verified) = verify_order_by(model, operations, order, |_| Ok::<_, Infallible>(()));
    verified
}

/// The same, asking before each operation whether to go on.
pub(crate) fn verify_order_by<M: Sequential, E>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    order: &[usize],
    mut ask: impl FnMut(&Operation<M::Input, M::Output>) -> Result<(), E>,
) -> Result<Result<(), Fault>, E> {
    let mut placed = vec![false; operations.len()];
    let (mut states, mut after) = (vec![model.initial()], Vec::new());
    let mut latest_start = Moment(0);
    for &place in order {
        let Some(operation) = operations.get(place) else {
            return Ok(Err(Fault::NoSuchOperation(place)));
        };
        ask(operation)?;
        if std::mem::replace(&mut placed[place], true) {
            return Ok(Err(Fault::PlacedTwice(place)));
        }
        latest_start = latest_start.max(operation.earliest);
        if operation.latest.is_some_and(|latest| latest < latest_start) {
            return Ok(Err(Fault::TooLate(place)));
        }
        for state in states.drain(..) {
            model.follow(state, &operation.input, operation.output.as_ref(), &mut after);
        }
        if after.is_empty() {
            return Ok(Err(Fault::WrongAnswer(place)));
        }
        std::mem::swap(&mut states, &mut after);
    }
    let missing = |place: &usize| operations[*place].is_known() && !placed[*place];
    let missing = (0..operations.len()).find(missing);
    Ok(missing.map_or(Ok(()), |place| Err(Fault::Missing(place))))
}
