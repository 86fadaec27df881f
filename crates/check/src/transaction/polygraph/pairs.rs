//! The pairs of writers that the graph leaves open, and what each side of one adds to it.

use super::chains::Chains;
use super::choices::Choice;
use super::facts::Known;
use super::reach::Reach;
use super::shape::Shape;
use super::writes::Writes;
use crate::limits::{Budget, Exhausted};
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
                if *reader != second {
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
    budget: &mut Budget,
) -> Result<Vec<Pair>, Exhausted> {
    let may_be_read: BTreeSet<usize> =
        choices.iter().flat_map(|choice| choice.places.iter().copied()).collect();
    let shape = known.shape;
    let held = known.bytes() + writes.bytes() + reach_bytes(known, chains);
    let mut found: Vec<(u32, u32, u32, u32)> = Vec::new();
    for key in 0..writes.keys() {
        let range = writes.of(key);
        let all = writes.writers(range.clone());
        for (at, one) in all.iter().enumerate() {
            budget.step(held + found.len() * size_of::<(u32, u32, u32, u32)>())?;
            for (next, other) in all.iter().enumerate().skip(at + 1) {
                let places = (range.start + at, range.start + next);
                let matters = shape.conflicts
                    || [places.0, places.1].into_iter().any(|place| {
                        !writes.readers(place).is_empty() || may_be_read.contains(&place)
                    });
                let is_open = matters
                    && !reach.reaches(shape.decides(*one), chains.at(*other))
                    && !reach.reaches(shape.decides(*other), chains.at(*one));
                if is_open {
                    found.push((*one, *other, places.0 as u32, places.1 as u32));
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
