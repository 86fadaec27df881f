//! The pairs left open, by a SAT solver with an acyclic graph for its theory.

use super::facts::Known;
use super::pairs::Pair;
use super::theory::Acyclic;
use super::writes::Writes;
use crate::limits::{Budget, Exhausted};
use crate::transaction::history::Transactions;
use crate::transaction::mutant::Mutant;
use batsat::{Callbacks, Solver, SolverInterface, SolverOpts, lbool};
use std::cell::Cell;
use std::rc::Rc;

/// What the solver found.
pub(super) enum Answer {
    /// An order of all nodes.
    Order(Vec<u32>),
    /// Pairs of which every choice closes a cycle.
    Impossible(Vec<Pair>),
}

/// Stops the solver once a bound is met.
struct Stop(Rc<Cell<bool>>);

impl Callbacks for Stop {
    fn stop(&self) -> bool {
        self.0.get()
    }
}

/// Decides the pairs; `order` is one of what is known.
pub(super) fn solve(
    history: &Transactions,
    known: &Known,
    writes: &Writes,
    open: &[Pair],
    order: &[u32],
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Answer, Exhausted> {
    let likely = likely(history, known, order);
    let mut rank = vec![0; likely.len()];
    for (place, node) in (0..).zip(&likely) {
        rank[*node as usize] = place;
    }
    let pairs: Vec<Pair> = open.iter().map(|pair| oriented(pair, known, &rank)).collect();
    match decided(known, writes, &pairs, &likely, budget)? {
        Some(rank) => Ok(Answer::Order(by_rank(&rank))),
        None if mutant == Mutant::BelieveOpen => Ok(Answer::Order(order.to_vec())),
        None => Ok(Answer::Impossible(core(known, writes, pairs, &likely, budget))),
    }
}

fn by_rank(rank: &[u32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rank.len() as u32).collect();
    order.sort_unstable_by_key(|node| rank[*node as usize]);
    order
}

/// An order of what is known in which sessions advance side by side, as they are likely to have.
fn likely(history: &Transactions, known: &Known, order: &[u32]) -> Vec<u32> {
    let shape = known.shape;
    // How far in its session a transaction stands, in 2^-32.
    let progress = |node: u32| {
        let transaction = shape.transaction(node);
        let session = history.transactions()[transaction as usize].session;
        let range = &history.sessions()[session as usize];
        (u64::from(transaction - range.start) << 32) / u64::from(range.end - range.start)
    };
    let mut after = vec![Vec::new(); order.len()];
    let mut waits = vec![0_u32; order.len()];
    for edge in &known.edges {
        after[edge.from as usize].push(edge.to);
        waits[edge.to as usize] += 1;
    }
    let mut ready: std::collections::BTreeSet<(u64, u32)> = (0..order.len() as u32)
        .filter(|node| waits[*node as usize] == 0)
        .map(|node| (progress(node), node))
        .collect();
    let mut found = Vec::with_capacity(order.len());
    while let Some((_, node)) = ready.pop_first() {
        found.push(node);
        for next in &after[node as usize] {
            waits[*next as usize] -= 1;
            if waits[*next as usize] == 0 {
                ready.insert((progress(*next), *next));
            }
        }
    }
    found
}

/// A pair whose `other` is likely first: the solver tries that first.
fn oriented(pair: &Pair, known: &Known, rank: &[u32]) -> Pair {
    let commit = |one: u32| rank[known.shape.commit(one) as usize];
    if commit(pair.other) < commit(pair.one) {
        return pair.clone();
    }
    let places = pair.places.iter().map(|(one, other)| (*other, *one)).collect();
    Pair { one: pair.other, other: pair.one, places }
}

/// The ranks of an order that decides every pair, or nothing if there is none.
fn decided(
    known: &Known,
    writes: &Writes,
    pairs: &[Pair],
    likely: &[u32],
    budget: &mut Budget,
) -> Result<Option<Vec<u32>>, Exhausted> {
    let mut theory = Acyclic::new(known, writes, pairs, likely, budget);
    let mut solver = Solver::new(SolverOpts::default(), Stop(Rc::clone(&theory.stop)));
    for _ in pairs {
        solver.new_var(lbool::UNDEF, true);
    }
    let answer = solver.solve_limited_th(&mut theory, &[]);
    if let Some(met) = theory.spent {
        return Err(met);
    }
    Ok((answer == lbool::TRUE).then(|| std::mem::take(&mut theory.rank)))
}

/// How many tries to leave pairs out a witness is worth.
const TRIES: usize = 400;

/// Fewer pairs that are impossible still: halves, quarters and so on are left out where they can.
fn core(
    known: &Known,
    writes: &Writes,
    mut pairs: Vec<Pair>,
    likely: &[u32],
    budget: &mut Budget,
) -> Vec<Pair> {
    let mut size = pairs.len().div_ceil(2);
    let mut tries = 0;
    while size > 0 && tries < TRIES {
        let mut start = 0;
        while start < pairs.len() && tries < TRIES {
            tries += 1;
            let end = (start + size).min(pairs.len());
            let fewer: Vec<Pair> = [&pairs[..start], &pairs[end..]].concat();
            match decided(known, writes, &fewer, likely, budget) {
                Ok(None) => pairs = fewer,
                Ok(Some(_)) => start = end,
                Err(_) => return pairs, // the verdict stands, its witness is larger
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    pairs
}
