//! Linearizability: is there one order of all operations that gives every answer recorded, with
//! each operation at one moment of its span?
//!
//! ```text
//! partition by object -> a register whose values are unique: sort (unambiguous)
//!                     -> any other part: search it, small quotas first
//!                        |                          |
//!                        no order: shrink to a core  merge the orders -> verify
//! ```
//!
//! Merging: the moment of an operation in its part's order is the latest start up to it. Sorting
//! all operations by moment gives one order of the whole history, because linearizability composes
//! over objects (Herlihy and Wing, 1990).
//!
//! - I1: an order handed out has passed the independent verifier against the whole history.
//! - I2: a violation that was found without a search is one for the search too; where a bound lets
//!   it not say, the part is searched as any other.
//!
//! - I3: a violation of one part is one of the whole: no operation of another part touches an
//!   object of it, or, where a model does not say which object it touches, helps the core.
//!
//! A model may break each, by what it says beside `step`: its verdict is refused, as its user's
//! fault (`parted`).

mod ground;
mod memo;
mod mutant;
mod needs;
mod parted;
mod placed;
mod search;
mod shrink;
mod states;
mod timeline;
mod unambiguous;
mod verify;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_parted;
#[cfg(test)]
mod tests_unambiguous;

use crate::limits::{Budget, Exhausted};
use crate::model::Sequential;
use crate::operation::{Moment, Operation};
use crate::progress;
use avouch_promise::Error;
use ground::Ground;
use mutant::{Mutant, Parting, Shortcut};
use search::{Outcome, Search, Subject};
use states::States;
use unambiguous::Found;

pub use shrink::Core;
pub(crate) use verify::verify_order_by;
pub use verify::{Fault, verify_order};

/// What the judge found; places are places in the slice of operations given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This order holds every known operation, and the unknown ones that took effect.
    Holds(Vec<usize>),
    /// There is no order.
    Violated(Violation),
    /// A bound was met before there was an answer.
    Unknown(Progress),
    /// The model contradicts itself: its parts are none, its state does not hold them all, or what
    /// it says to spare the search work is not what its `step` does. Blamed on the caller.
    Refused(Error),
}

/// Why there is no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The operations of the part of the history that has no order.
    pub part: Vec<usize>,
    /// The smallest reason found in it.
    pub core: Core,
}

/// How far a search came before it met a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The bound.
    pub bound: Exhausted,
    /// The operations of the part that was not decided.
    pub part: Vec<usize>,
    /// The longest start of an order of that part.
    pub furthest: Vec<usize>,
    /// How many parts had been decided, and how many there are.
    pub parts: (usize, usize),
}

/// The steps that a part may take in each round; a part that needs more waits for the next round,
/// so that a violation that is easy to find is found even beside a part that never ends.
const QUOTAS: [u64; 3] = [10_000, 1_000_000, u64::MAX];

/// Judges whether `operations` have an order that `model` allows.
///
/// NP-complete: time and memory grow exponentially with the number of operations that overlap.
pub fn decide<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    budget: &mut Budget,
) -> Verdict {
    decide_with(model, operations, budget, Parting::None)
}

/// The same, perhaps with a bug.
fn decide_with<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    budget: &mut Budget,
    mutant: Parting,
) -> Verdict {
    let (mut open, mut orders) = (Vec::new(), Vec::new());
    // What is ordered without a search takes about this much of all; a search, most of it.
    let mut ordered = 0;
    let share = |ordered: usize| 15 + 40 * ordered / operations.len().max(1);
    let parts = match parted::parts(model, operations) {
        Ok(parts) => parts,
        Err(error) => return Verdict::Refused(error),
    };
    for part in parts {
        progress::at(share(ordered) as u64, 100);
        match unambiguous::decide(model, operations, &part, Shortcut::None) {
            Some(Found::Order(order)) => {
                ordered += part.len();
                orders.push(order);
            }
            Some(Found::Suspects(suspects)) => {
                // I2.
                match search(model, operations, &suspects, budget, Mutant::None).order {
                    Ok(None) => {
                        let found = (part, &suspects[..], &[][..]);
                        return violated(model, operations, found, budget, mutant);
                    }
                    Ok(Some(_)) => return Verdict::Refused(parted::not_a_register()),
                    Err(_) => open.push(part),
                }
            }
            None => open.push(part),
        }
    }
    let start = share(ordered);
    let end = if open.is_empty() { start } else { 90 };
    let searched = progress::part(start..end, 100, || {
        search_parts(model, operations, (open, orders), budget, Mutant::None)
    });
    match searched {
        Parts::Ordered(orders) => {
            let order = merge(operations, &orders);
            // I1. Who asked has a report to make and a history to leave.
            let verified = progress::part(end..end + (100 - end) / 2, 100, || {
                parted::verified(model, operations, &orders, order)
            });
            verified.map_or_else(Verdict::Refused, Verdict::Holds)
        }
        Parts::Disordered(part, furthest) => {
            let whole = part.clone();
            violated(model, operations, (whole, &part, &furthest), budget, mutant)
        }
        Parts::Undecided(progress) => Verdict::Unknown(progress),
    }
}

/// The verdict on a part without an order, of which these suspects have none.
fn violated<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    (part, suspects, furthest): (Vec<usize>, &[usize], &[usize]),
    budget: &mut Budget,
    mutant: Parting,
) -> Verdict {
    let core = shrink::shrink(model, operations, (suspects, furthest), budget);
    let alone = match mutant {
        Parting::None => parted::stands_alone(model, operations, (&part, &core), budget),
        #[cfg(test)]
        Parting::BelieveParts => Ok(()),
    };
    match alone {
        Ok(()) => Verdict::Violated(Violation { part, core }),
        Err(error) => Verdict::Refused(error),
    }
}

/// Searches one part.
fn search<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    part: &[usize],
    budget: &mut Budget,
    mutant: Mutant,
) -> Outcome {
    let ground = Ground::new(model, operations, part, mutant);
    let mut states = States::new(model);
    let subjects: Vec<_> =
        (0..part.len() as u32).map(|number| Subject { number, optional: false }).collect();
    Search::new(&ground, &mut states, &subjects, mutant).run(budget)
}

enum Parts {
    Ordered(Vec<Vec<usize>>),
    /// A part, and the longest start of an order of it.
    Disordered(Vec<usize>, Vec<usize>),
    Undecided(Progress),
}

/// Searches the parts that are open, and adds their orders to those of the others.
fn search_parts<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    (mut open, mut orders): (Vec<Vec<usize>>, Vec<Vec<usize>>),
    budget: &mut Budget,
    mutant: Mutant,
) -> Parts {
    let all = open.len() + orders.len();
    let mut progress = None;
    open.sort_by_key(Vec::len);
    for quota in QUOTAS {
        let mut waiting = Vec::new();
        let count = open.len();
        for (number, part) in open.into_iter().enumerate() {
            // Of the first round: the later ones are of a few that take long.
            progress::at(number as u64, count as u64);
            budget.slice(quota);
            let Outcome { order, furthest } = search(model, operations, &part, budget, mutant);
            match order {
                Ok(Some(order)) => orders.push(order),
                Ok(None) => {
                    budget.slice(u64::MAX);
                    return Parts::Disordered(part, furthest);
                }
                Err(bound) => {
                    let parts = (orders.len(), all);
                    progress = Some(Progress { bound, part: part.clone(), furthest, parts });
                    waiting.push(part);
                }
            }
        }
        open = waiting;
        if open.is_empty() || budget.is_spent() {
            break;
        }
    }
    budget.slice(u64::MAX);
    match progress {
        Some(mut progress) if !open.is_empty() => {
            progress.parts.0 = orders.len();
            Parts::Undecided(progress)
        }
        _ => Parts::Ordered(orders),
    }
}

/// One order of the whole history from the orders of its parts.
pub(crate) fn merge<I, O>(operations: &[Operation<I, O>], orders: &[Vec<usize>]) -> Vec<usize> {
    let mut placed: Vec<(Moment, usize)> = Vec::with_capacity(operations.len());
    for order in orders {
        let mut moment = Moment(0);
        for place in order {
            moment = moment.max(operations[*place].earliest);
            placed.push((moment, *place));
        }
    }
    // Stable: operations of one part at one moment keep their order.
    placed.sort_by_key(|(moment, _)| *moment);
    placed.into_iter().map(|(_, place)| place).collect()
}
