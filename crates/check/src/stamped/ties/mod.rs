//! The orders of equal stamps: whether one of them serves every read.
//!
//! ```text
//! history -> index (groups of equal rank, writers by group, reads)
//!         -> pieces (what can be ordered apart), clusters, the smallest first
//!         -> forced (what is settled), arrange (depth first within each)
//!         -> an order, or the reads that none serves
//!         -> those few of them that suffice, tried again apart (verify) and told (story)
//! ```
//!
//! Whether some order serves all is hard in general (it is serializability of those of one stamp),
//! so the search asks its budget and may end without a word.
//!
//! - E1: a history is left with an order if and only if each cluster has one: clusters share no key
//!   that one could settle for the other (see `pieces`).
//! - E2: where there is none, the reads told have none by themselves: each is needed, where the
//!   search for fewer ended in its bound.

mod arrange;
mod forced;
mod index;
mod pieces;
mod story;
#[cfg(test)]
mod tests;
mod verify;

use super::follow::At;
use super::history::Stamped;
use super::mutant::Mutant;
use crate::limits::{Budget, Exhausted};
use arrange::arrange;
use index::Index;
use pieces::Contradict;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

pub(super) use story::tell;
pub(super) use verify::{Checked, Tried, check};

/// What is asked of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) at: At,
    /// Whether those of a session stay in its order.
    pub(super) sessions: bool,
}

/// Reads that no order of equal stamps serves together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unserved {
    /// Each as its transaction's place and the step.
    pub(super) reads: Vec<(usize, usize)>,
    /// Whether any of them can be left out.
    pub(super) minimal: bool,
}

/// What a search found.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// An order of all, by rank.
    Order(Vec<usize>),
    None(Unserved),
    Met(Exhausted),
}

/// So many steps are spent to find fewer reads that suffice.
const STEPS_FOR_FEWER: u64 = 100_000;

/// How some reads fare.
enum Solved {
    /// By group and piece: places in their order.
    Orders(Vec<(usize, Vec<usize>)>),
    /// None; these suffice to see it.
    None(Vec<usize>),
}

/// Looks for an order of equal stamps that serves every read of a history, whose transactions stand
/// by rank in `order`.
pub(super) fn look(
    history: &Stamped,
    order: &[usize],
    plan: Plan,
    budget: &mut Budget,
    mutant: Mutant,
) -> Answer {
    let index = Index::new(history, order, plan.at);
    let all: Vec<usize> = (0..index.reads.len()).collect();
    match solve(&index, &all, (plan, mutant), budget) {
        Err(met) => Answer::Met(met),
        Ok(Solved::Orders(pieces)) => Answer::Order(merged(&index, order, pieces, plan)),
        Ok(Solved::None(reads)) => Answer::None(fewer(&index, reads, (plan, mutant), budget)),
    }
}

fn solve(
    index: &Index<'_>,
    reads: &[usize],
    (plan, mutant): (Plan, Mutant),
    budget: &mut Budget,
) -> Result<Solved, Exhausted> {
    let mut pieces = match index.pieces(reads, plan) {
        Ok(pieces) => pieces,
        Err(Contradict(reads)) => return Ok(Solved::None(reads)),
    };
    if mutant == Mutant::TiesForgetLater {
        pieces.slots.iter_mut().for_each(|slot| slot.leaves = None);
    }
    let lists = |read: usize| &index.reads[read].list[..];
    let mut orders = Vec::new();
    for cluster in &pieces.clusters {
        let Some(found) = arrange(&pieces, cluster, &lists, (plan, mutant), budget)? else {
            return Ok(Solved::None(pieces.reads(cluster)));
        };
        for (number, order) in cluster.iter().zip(found) {
            let piece = &pieces.all[*number];
            let places = order.into_iter().map(|member| piece.members[member].place);
            orders.push((piece.group, places.collect()));
        }
    }
    Ok(Solved::Orders(orders))
}

/// Leaves out what is not needed, as long as its bound allows.
fn fewer(
    index: &Index<'_>,
    mut reads: Vec<usize>,
    asked: (Plan, Mutant),
    budget: &Budget,
) -> Unserved {
    reads.sort_unstable();
    let mut own = Budget::new(budget.left());
    own.slice(STEPS_FOR_FEWER);
    let mut minimal = true;
    let mut at = 0;
    while at < reads.len() {
        let mut without = reads.clone();
        without.remove(at);
        match own.step(0).and_then(|()| solve(index, &without, asked, &mut own)) {
            Ok(Solved::Orders(_)) => at += 1,
            // What suffices keeps its order, and what was found needed is among it.
            Ok(Solved::None(mut fewer)) => {
                fewer.sort_unstable();
                reads = fewer;
            }
            Err(_) => {
                minimal = false;
                break;
            }
        }
    }
    let told = |read: usize| (index.reads[read].place, index.reads[read].step);
    Unserved { reads: reads.into_iter().map(told).collect(), minimal }
}

/// The order of all: each group by its pieces, and where sessions count by those; else as before.
fn merged(
    index: &Index<'_>,
    order: &[usize],
    pieces: Vec<(usize, Vec<usize>)>,
    plan: Plan,
) -> Vec<usize> {
    let mut of_group: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
    for (group, places) in pieces {
        of_group.entry(group).or_default().push(places);
    }
    let mut all = Vec::with_capacity(order.len());
    for group in order.chunk_by(|one, other| index.group[*one] == index.group[*other]) {
        let number = group.first().map_or(0, |first| index.group[*first]);
        let Some(mut chains) = of_group.remove(&number) else {
            all.extend(group);
            continue;
        };
        if plan.sessions {
            let mut sessions: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            for place in group {
                sessions.entry(index.transaction(*place).who.session).or_default().push(*place);
            }
            chains.extend(sessions.into_values());
        }
        let mut waits_for: BTreeMap<usize, usize> = group.iter().map(|place| (*place, 0)).collect();
        let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for pair in chains.iter().flat_map(|chain| chain.windows(2)) {
            *waits_for.entry(pair[1]).or_default() += 1;
            after.entry(pair[0]).or_default().push(pair[1]);
        }
        let ready = waits_for.iter().filter(|(_, count)| **count == 0);
        let mut ready: BinaryHeap<_> = ready.map(|(place, _)| Reverse(*place)).collect();
        while let Some(Reverse(place)) = ready.pop() {
            all.push(place);
            for next in after.remove(&place).unwrap_or_default() {
                let Some(count) = waits_for.get_mut(&next) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
    }
    all
}
