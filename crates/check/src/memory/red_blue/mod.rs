//! Red-blue consistency: one partial order of all operations, total among the red ones, such that
//! each session's site applies them in an order that keeps it and explains what its reads returned;
//! and what a site had applied before an operation of its own comes before it for all.
//!
//! Li, Porto, Clement, Gehrke, Preguica and Rodrigues, "Making geo-replicated systems fast as
//! possible, consistent when necessary" (OSDI 2012), definitions 1 to 3. Red are the operations
//! that were promised sequential consistency or more (by their answer, else as asked), blue all
//! others: a history
//! whose operations are all red keeps it exactly if it is sequential, and one whose operations are
//! all blue keeps a little more than causal memory (there, a site may apply a write earlier than
//! what it told others of what it had seen).
//!
//! A put overwrites what stands at a site. A store whose puts are arbitrated by stamps instead, so
//! that a late one changes nothing, promises causal convergence.
//!
//! ```text
//!   relation    one order for all and one for each site that reads, closed under what they force
//!   choose      an order of the red ones: the next two that nothing orders yet, either way
//!   verify      the sites' orders again, from the definition
//!   schedule    the same by running replicas, one step after another: the oracle
//! ```

mod relation;
pub(super) mod schedule;
mod verify;

use super::model::Model;
use super::mutant::Mutant;
use super::registers::Registers;
use super::sequential;
use super::views::{Found, decide as decide_views, nowhere};
use crate::limits::{Budget, Exhausted};
use relation::{Contradiction, Mark, Relation};

/// Two red operations that nothing ordered, the first put before the second, or behind it.
struct Choice {
    mark: Mark,
    pair: (u32, u32),
    is_flipped: bool,
    /// Before which place all red operations were in one order.
    from: usize,
}

/// Decides red-blue consistency.
pub(super) fn decide(
    from: &Registers,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    if let Some(found) = nowhere(from) {
        return Ok(found);
    }
    if from.operations.iter().all(|one| one.is_red) {
        return sequential::decide(from, budget, Mutant::None);
    }
    let weaker = decide_views(from, Model::CausalMemory, budget, Mutant::None)?;
    if !matches!(weaker, Found::Holds { .. }) {
        return Ok(weaker);
    }
    let everything = || Found::Violated((0..from.operations.len() as u32).collect());
    let Some(mut relation) = Relation::new(from, budget, mutant)? else { return Ok(everything()) };
    let red: Vec<u32> =
        (0..).zip(&from.operations).filter(|(_, one)| one.is_red).map(first).collect();
    let red = if mutant == Mutant::RedIsBlue { Vec::new() } else { red };
    if !choose(&mut relation, &red, budget, mutant)? {
        return Ok(everything());
    }
    let (order, sites) = relation.orders(from);
    let is_red = |number: &u32| from.at(*number).is_red;
    let order: Vec<u32> = order.into_iter().filter(is_red).collect();
    Ok(match verify::accepts(from, &order, &sites) {
        Some(false) => Found::Fault,
        accepted => Found::Holds { order, checked: accepted.is_some() },
    })
}

fn first<A, B>((one, _): (A, B)) -> A {
    one
}

/// Orders the red operations, whichever was invoked first before the other where that can be.
fn choose(
    relation: &mut Relation,
    red: &[u32],
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<bool, Exhausted> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut from = 0;
    while let Some((place, pair)) = relation.unordered(red, from) {
        from = place;
        let mark = relation.mark();
        choices.push(Choice { mark, pair, is_flipped: false, from });
        let mut taken = relation.put(pair.0, pair.1, budget)?;
        while let Err(Contradiction) = taken {
            let Some(last) = choices.last_mut() else { return Ok(false) };
            relation.undo(&last.mark);
            if last.is_flipped || mutant == Mutant::NeverFlip {
                choices.pop();
                continue;
            }
            (last.is_flipped, from) = (true, last.from);
            let (one, other) = last.pair;
            taken = relation.put(other, one, budget)?;
        }
    }
    Ok(true)
}
