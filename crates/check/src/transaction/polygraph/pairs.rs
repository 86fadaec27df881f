//! The pairs of writers that the graph leaves open, and what each side of one adds to it.

use super::chains::Chains;
use super::choices::Choice;
use super::facts::Known;
use super::reach::Reach;
use super::shape::Shape;
use super::writes::Writes;
use crate::limits::{Budget, Exhausted};
use crate::transaction::mutant::Mutant;
use std::collections::BTreeSet;

/// Two writers of one key or of several, and the places of their writes of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) one: u32,
    pub(super) other: u32,
    pub(super) places: Vec<(u32, u32)>,
}

impl Pair {
    /// The writers in an order, with the places of the first one's writes.
    pub(super) fn ordered(&self, one_first: bool) -> (u32, u32, impl Iterator<Item = usize>) {
        let (first, second) =
            if one_first { (self.one, self.other) } else { (self.other, self.one) };
        let first_at = move |(one, other): &(u32, u32)| if one_first { *one } else { *other };
        (first, second, self.places.iter().map(move |both| first_at(both) as usize))
    }

    /// The edges that an order of them adds.
    pub(super) fn edges(
        &self,
        shape: Shape,
        writes: &Writes,
        one_first: bool,
        mut add: impl FnMut(u32, u32),
    ) {
        let (first, second, places) = self.ordered(one_first);
        add(shape.commit(first), shape.after_commit(second));
        for place in places {
            for reader in writes.readers(place) {
                if *reader != second && writes.counts(shape, *reader, second) {
                    add(shape.start(*reader), shape.commit(second));
                }
            }
        }
    }
}

/// Every pair that is open.
pub(super) fn open(
    known: &Known,
    chains: &Chains,
    writes: &Writes,
    reach: &Reach,
    choices: &[Choice],
    (budget, mutant): (&mut Budget, Mutant),
) -> Result<Vec<Pair>, Exhausted> {
    let may_be_read: BTreeSet<usize> =
        choices.iter().filter(|one| one.asks).flat_map(|one| one.places.iter().copied()).collect();
    let shape = known.shape;
    let held = known.bytes() + writes.bytes() + reach_bytes(known, chains);
    let mut found: Vec<(u32, u32, u32, u32)> = Vec::new();
    for key in 0..writes.keys() {
        let range = writes.of(key);
        let all = writes.writers(range.clone());
        let matters = |place: usize| {
            // Of views, who writes what nobody read is seen with all that it had seen.
            shape.conflicts
                || (shape.views() && mutant != Mutant::ForgetUnread)
                || !writes.readers(place).is_empty()
                || may_be_read.contains(&place)
        };
        let chain = |writer: &u32| chains.at(*writer).0;
        for (at, one) in all.iter().enumerate() {
            budget.step(held + found.len() * size_of::<(u32, u32, u32, u32)>())?;
            let mut end = range.start;
            for group in all.chunk_by(|one, next| chain(one) == chain(next)) {
                let start = end;
                end += group.len();
                if end <= range.start + at + 1 {
                    continue;
                }
                // Those behind the first that is reached are reached, those before the last that
                // reaches do so: what is open stands between.
                let bound = reach.after(shape.decides(*one), chain(&group[0]));
                let below = group.partition_point(|other| chains.at(*other).1 < bound);
                for place in (start..start + below).rev() {
                    let other = group[place - start];
                    if reach.reaches(shape.decides(other), chains.at(*one)) {
                        break;
                    }
                    let here = range.start + at;
                    if place > here && (matters(here) || matters(place)) {
                        found.push((*one, other, here as u32, place as u32));
                    }
                }
            }
        }
    }
    found.sort_unstable();
    let mut pairs: Vec<Pair> = Vec::new();
    for (one, other, first, second) in found {
        match pairs.last_mut().filter(|last| (last.one, last.other) == (one, other)) {
            Some(last) => last.places.push((first, second)),
            None => pairs.push(Pair { one, other, places: vec![(first, second)] }),
        }
    }
    Ok(pairs)
}

fn reach_bytes(known: &Known, chains: &Chains) -> usize {
    let nodes = known.edges.iter().map(|edge| edge.from.max(edge.to) + 1).max().unwrap_or(0);
    Reach::bytes(nodes as usize, chains.width)
}
