//! The commit order: what is known of it as a graph, and one order that agrees or what is left.
//!
//! ```text
//!   session order   implicit: a transaction and the next of its session
//!   reads           implicit: a transaction and those that it reads from
//!   inferred        one edge each: `before` must commit before `after`, for a reader's sake
//! ```

use super::history::Transactions;
use super::mutant::Mutant;
use super::sources::{INITIAL, Sources};
use crate::limits::{Budget, Exhausted};

/// What a level infers: `before` commits before `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inferred {
    pub(super) before: u32,
    /// [`INITIAL`] for what cannot be: nothing commits before the initial state.
    pub(super) after: u32,
    /// Who reads from `after` a key that `before`, seen by it, writes too.
    pub(super) reader: u32,
}

/// All edges, by where they begin.
pub(super) struct Graph {
    /// Where each transaction's edges end in `to`.
    ends: Vec<u32>,
    to: Vec<u32>,
}

impl Graph {
    /// The graph of a history; edges to the initial state are left out.
    pub(super) fn new(
        history: &Transactions,
        sources: &Sources,
        inferred: &[Inferred],
        mutant: Mutant,
    ) -> Self {
        let count = history.len();
        let mut starts = vec![0_u32; count + 1];
        each(history, sources, inferred, mutant, |from, _| starts[from as usize + 1] += 1);
        for place in 0..count {
            starts[place + 1] += starts[place];
        }
        let mut to = vec![0; starts[count] as usize];
        each(history, sources, inferred, mutant, |from, target| {
            let at = &mut starts[from as usize];
            to[*at as usize] = target;
            *at += 1;
        });
        starts.truncate(count);
        Self { ends: starts, to }
    }

    /// Where the edges of a transaction lead.
    pub(super) fn after(&self, from: u32) -> &[u32] {
        let from = from as usize;
        let start = from.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.to[start..self.ends[from] as usize]
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        (self.ends.len() + self.to.len()) * size_of::<u32>()
    }

    /// An order that agrees with every edge, or what stands on cycles and after them.
    pub(super) fn order(&self, budget: &mut Budget) -> Result<Order, Exhausted> {
        let mut waits = vec![0_u32; self.ends.len()];
        for target in &self.to {
            waits[*target as usize] += 1;
        }
        let mut order: Vec<u32> = Vec::with_capacity(waits.len());
        order.extend((0..).zip(&waits).filter(|(_, waits)| **waits == 0).map(|(place, _)| place));
        let mut done = 0;
        while let Some(next) = order.get(done).copied() {
            budget.step(self.bytes())?;
            done += 1;
            for target in self.after(next) {
                let waits = &mut waits[*target as usize];
                *waits -= 1;
                if *waits == 0 {
                    order.push(*target);
                }
            }
        }
        if done == waits.len() {
            return Ok(Order::Found(order));
        }
        let left = (0..).zip(waits).filter(|(_, waits)| *waits > 0).map(|(place, _)| place);
        Ok(Order::Cyclic(left.collect()))
    }
}

/// What came of ordering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Everything, in an order that agrees.
    Found(Vec<u32>),
    /// There is a cycle among these.
    Cyclic(Vec<u32>),
}

fn each(
    history: &Transactions,
    sources: &Sources,
    inferred: &[Inferred],
    mutant: Mutant,
    mut edge: impl FnMut(u32, u32),
) {
    let sessions = history.sessions().iter().filter(|_| mutant != Mutant::NoSessionOrder);
    for session in sessions {
        for place in session.clone().skip(1) {
            edge(place - 1, place);
        }
    }
    for reader in 0..history.len() as u32 {
        for read in sources.reads(reader) {
            if read.from != INITIAL {
                edge(read.from, reader);
            }
        }
    }
    for one in inferred {
        if one.after != INITIAL {
            edge(one.before, one.after);
        }
    }
}
