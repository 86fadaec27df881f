//! Bounded staleness: in versions (k-atomicity), and in time (Delta-atomicity).
//!
//! In versions: one order of all operations that real time allows, in which each read returns
//! one of the last k = bound + 1 writes of its key. The search for an order is that of
//! linearizability, over registers that remember so many writes; of one version (2-atomicity) it is
//! decided in polynomial time (`two_atomic`). In time: reads may begin so
//! much earlier (Golab, Li and Shah, 2011), which is how `obligation` judges it.
//!
//! Both grow weaker with their bound; `measure` finds the least that holds.

use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Registers, Source};
use super::two_atomic;
use super::views::{Found, nowhere};
use crate::history::History;
use crate::limits::{Budget, Exhausted};
use crate::linearizability::{Verdict, decide as search, merge, verify_order};
use crate::model::{Brings, Next, Sequential};
use crate::obligation;
use crate::operation::Operation;
use crate::report::Finding;
use avouch_promise::Nanos;
use std::collections::BTreeMap;

/// Registers that remember their last writes.
struct Window {
    most: usize,
}

/// A key, and the write itself; nothing for a read.
type Asked = (u32, Option<u32>);

impl Sequential for Window {
    type Input = Asked;
    type Output = Source;
    /// The last writes of each key, the oldest first.
    type State = BTreeMap<u32, Vec<u32>>;

    fn initial(&self) -> Self::State {
        BTreeMap::new()
    }

    fn step(
        &self,
        state: &Self::State,
        asked: &Asked,
        output: Option<&Source>,
    ) -> Next<Self::State> {
        let recent = state.get(&asked.0).map_or(&[][..], Vec::as_slice);
        if let (key, Some(write)) = *asked {
            let mut next = state.clone();
            let recent = next.entry(key).or_default();
            recent.push(write);
            recent.drain(..recent.len().saturating_sub(self.most));
            return Next::One(next);
        }
        let fits = match output {
            None => true,
            Some(Source::Initial) => recent.len() < self.most,
            Some(Source::Write(write)) => recent.contains(write),
            Some(Source::Nowhere) => false,
        };
        if fits { Next::Same } else { Next::Impossible }
    }

    fn is_pure(&self, asked: &Asked, _: Option<&Source>) -> bool {
        asked.1.is_none()
    }

    fn needs(&self, asked: &Asked, output: &Source) -> Option<Vec<u8>> {
        match (asked.1, output) {
            (None, Source::Write(write)) => Some(write.to_le_bytes().to_vec()),
            (None, _) => Some(asked.0.to_le_bytes().into_iter().chain([0]).collect()),
            _ => None,
        }
    }

    fn brings(&self, asked: &Asked) -> Brings {
        Brings::Only(asked.1.iter().map(|write| write.to_le_bytes().to_vec()).collect())
    }

    fn partition(&self, operations: &[Operation<Asked, Source>]) -> Vec<Vec<usize>> {
        let mut parts: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, one) in operations.iter().enumerate() {
            parts.entry(one.input.0).or_default().push(place);
        }
        parts.into_values().collect()
    }
}

/// Decides staleness of at most so many versions.
pub(super) fn versions(
    from: &Registers,
    bound: u64,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    let most = usize::try_from(bound).unwrap_or(usize::MAX).saturating_add(1);
    let most = if mutant == Mutant::OneMore { most.saturating_add(1) } else { most };
    let operations: Vec<_> = (0..)
        .zip(&from.operations)
        .map(|(number, one)| Operation {
            input: (one.key, one.is_write().then_some(number)),
            output: one.read,
            earliest: one.began,
            latest: one.ended,
        })
        .collect();
    if most == 2 {
        return two_atomic(from, &operations, budget, mutant);
    }
    Ok(match search(&Window { most }, &operations, budget) {
        Verdict::Holds(order) => {
            let order = order.into_iter().map(|place| place as u32).collect();
            Found::Holds { order, checked: true }
        }
        Verdict::Violated(violation) => {
            let core = violation.core.essential.iter().chain(&violation.core.optional);
            Found::Violated(core.map(|place| *place as u32).collect())
        }
        Verdict::Unknown(progress) => return Err(progress.bound),
        Verdict::Refused(_) => Found::Fault,
    })
}

/// Staleness of at most one version, key by key.
fn two_atomic(
    from: &Registers,
    operations: &[Operation<Asked, Source>],
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    if let Some(found) = nowhere(from) {
        return Ok(found);
    }
    let mut orders = Vec::new();
    for key in 0..from.keys as u32 {
        let Some(order) = two_atomic::order(from, key, budget, mutant)? else {
            let of_key = (0..).zip(&from.operations).filter(|(_, one)| one.key == key);
            return Ok(Found::Violated(of_key.map(|(number, _)| number).collect()));
        };
        orders.push(order.into_iter().map(|number| number as usize).collect());
    }
    let order = merge(operations, &orders);
    Ok(match verify_order(&Window { most: 2 }, operations, &order) {
        Ok(()) => {
            let order = order.into_iter().map(|place| place as u32).collect();
            Found::Holds { order, checked: true }
        }
        Err(_) => Found::Fault,
    })
}

/// Decides staleness of at most so long, or another guarantee of the one log.
pub(super) fn by_obligation(
    history: &History,
    model: Model,
    budget: &mut Budget,
    mutant: Mutant,
) -> Finding {
    if matches!(model, Model::Time(_)) && history.times.is_empty() {
        let reason = "incomplete information: the history does not record times";
        return Finding::Unknown { reason: reason.to_owned(), story: None };
    }
    let model = match model {
        Model::Time(bound) if mutant == Mutant::TwiceTheBound => Model::Time(Nanos(bound.0 * 2)),
        model => model,
    };
    match model.guarantee() {
        Some(guarantee) => obligation::judge_as(history, guarantee, budget),
        None => Finding::fault("no obligation"),
    }
}
