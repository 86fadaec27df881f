//! A graph that stays acyclic while a SAT solver adds edges and takes them back.
//!
//! An order of all nodes is kept that agrees with every edge. An edge that agrees already costs
//! nothing; another one moves only what lies between its ends (Pearce and Kelly, "A dynamic
//! topological sort algorithm for directed acyclic graphs", JEA 2006), or closes a cycle, whose
//! literals are the conflict. Taking edges back leaves an order that agrees with the fewer.

use super::facts::Known;
use super::overlooked::{Chosen, Views};
use super::pairs::Pair;
use super::shape::Shape;
use super::writes::Writes;
use crate::limits::{Budget, Exhausted};
use crate::progress;
use batsat::theory::{Theory, TheoryArg};
use batsat::{Lit, Var};
use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// The literal of an edge that is known: none.
pub(super) const KNOWN: u32 = u32::MAX;

/// Edges between nodes.
pub(super) type Edges = Vec<(u32, u32)>;

/// What the theory held when a level began.
#[derive(Clone, Copy, Debug)]
struct Mark {
    seen: usize,
    added: usize,
}

/// The theory.
pub(super) struct Acyclic<'a> {
    pub(super) shape: Shape,
    pub(super) writes: &'a Writes,
    pub(super) pairs: &'a [Pair],
    /// The edges of the variables behind the pairs', if they are true.
    others: &'a [Edges],
    /// Each node's rank in the order.
    pub(super) rank: Vec<u32>,
    after: Vec<Vec<(u32, u32)>>,
    pub(super) before: Vec<Vec<(u32, u32)>>,
    added: Vec<(u32, u32)>,
    marks: Vec<Mark>,
    /// How much of the solver's trail is in the graph.
    seen: usize,
    /// Whence the search forward came to a node: round, node, literal.
    pub(super) parent: Vec<(u32, u32, u32)>,
    pub(super) round: u32,
    budget: &'a mut Budget,
    held: usize,
    pub(super) spent: Option<Exhausted>,
    pub(super) stop: Rc<Cell<bool>>,
    /// What readers must not overlook, where each has a view of its own.
    views: Option<Views<'a>>,
}

impl<'a> Acyclic<'a> {
    pub(super) fn new(
        known: &Known,
        writes: &'a Writes,
        (pairs, others): (&'a [Pair], &'a [Edges]),
        order: &[u32],
        views: Option<Views<'a>>,
        budget: &'a mut Budget,
    ) -> Self {
        let mut rank = vec![0; order.len()];
        for (place, node) in (0..).zip(order) {
            rank[*node as usize] = place;
        }
        let mut after = vec![Vec::new(); order.len()];
        let mut before = vec![Vec::new(); order.len()];
        for edge in &known.edges {
            after[edge.from as usize].push((edge.to, KNOWN));
            before[edge.to as usize].push((edge.from, KNOWN));
        }
        let held = known.bytes() * 2 + size_of_val(pairs) * 2;
        Self {
            shape: known.shape,
            writes,
            pairs,
            others,
            rank,
            after,
            before,
            added: Vec::new(),
            marks: Vec::new(),
            seen: 0,
            parent: vec![(0, 0, 0); order.len()],
            round: 0,
            budget,
            held,
            spent: None,
            stop: Rc::new(Cell::new(false)),
            views,
        }
    }

    pub(super) fn step(&mut self) {
        let found: usize = self.views.as_ref().map_or(0, |views| views.found.len());
        let held = found * 64 + self.held + self.added.len() * 4 * size_of::<(u32, u32)>();
        if let Err(met) = self.budget.step(held) {
            self.spent.get_or_insert(met);
            self.stop.set(true);
        }
    }

    /// Adds an edge, or finds the literals of a cycle that it closes, its own among them.
    fn add(&mut self, from: u32, to: u32, literal: u32) -> Result<(), Vec<u32>> {
        if self.rank[from as usize] >= self.rank[to as usize] {
            let forward = self.forward(from, to, literal)?;
            self.reorder(from, forward);
        }
        self.after[from as usize].push((to, literal));
        self.before[to as usize].push((from, literal));
        self.added.push((from, to));
        Ok(())
    }

    /// What `to` reaches that stands no later than `from`; the cycle, if `from` is among it.
    fn forward(&mut self, from: u32, to: u32, literal: u32) -> Result<Vec<u32>, Vec<u32>> {
        self.round += 1;
        let bound = self.rank[from as usize];
        let mut found = vec![to];
        self.parent[to as usize] = (self.round, to, KNOWN);
        let mut queue = VecDeque::from([to]);
        while let Some(node) = queue.pop_front() {
            self.step();
            if node == from {
                return Err(self.literals(from, to, literal));
            }
            for (next, by) in &self.after[node as usize] {
                let parent = &mut self.parent[*next as usize];
                if parent.0 != self.round && self.rank[*next as usize] <= bound {
                    *parent = (self.round, node, *by);
                    found.push(*next);
                    queue.push_back(*next);
                }
            }
        }
        Ok(found)
    }

    fn literals(&self, from: u32, to: u32, literal: u32) -> Vec<u32> {
        let mut literals = vec![literal];
        let mut node = from;
        while node != to {
            let (_, before, by) = self.parent[node as usize];
            literals.push(by);
            node = before;
        }
        literals.retain(|literal| *literal != KNOWN);
        literals.sort_unstable();
        literals.dedup();
        literals
    }

    /// Moves what reaches `from` before what `to` reaches, within the ranks that they have.
    fn reorder(&mut self, from: u32, mut forward: Vec<u32>) {
        let bound = forward.iter().map(|node| self.rank[*node as usize]).min().unwrap_or(0);
        self.round += 1;
        let mut backward = vec![from];
        self.parent[from as usize].0 = self.round;
        let mut done = 0;
        while let Some(node) = backward.get(done).copied() {
            self.step();
            done += 1;
            for (next, _) in &self.before[node as usize] {
                let parent = &mut self.parent[*next as usize].0;
                if *parent != self.round && self.rank[*next as usize] > bound {
                    *parent = self.round;
                    backward.push(*next);
                }
            }
        }
        let rank = |node: &u32| self.rank[*node as usize];
        forward.sort_unstable_by_key(rank);
        backward.sort_unstable_by_key(rank);
        let nodes: Vec<u32> = backward.into_iter().chain(forward).collect();
        let mut ranks: Vec<u32> = nodes.iter().map(rank).collect();
        ranks.sort_unstable();
        for (node, rank) in nodes.into_iter().zip(ranks) {
            self.rank[node as usize] = rank;
        }
    }

    /// Adds the edges of a literal.
    fn assert(&mut self, literal: Lit) -> Result<(), Vec<u32>> {
        let number = literal.var().idx() as usize;
        let mut edges = Vec::new();
        if let Some(pair) = self.pairs.get(number) {
            pair.edges(self.shape, self.writes, literal.sign(), |from, to| edges.push((from, to)));
        } else if literal.sign() {
            let others = self.others.get(number - self.pairs.len());
            edges.extend_from_slice(others.map(Vec::as_slice).unwrap_or_default());
        }
        let code = code(number as u32, literal.sign());
        edges.into_iter().try_for_each(|(from, to)| self.add(from, to, code))
    }
}

/// A literal as a number.
pub(super) fn code(pair: u32, one_first: bool) -> u32 {
    pair * 2 + u32::from(one_first)
}

/// The literal that says the opposite of a number.
fn negated(code: u32) -> Lit {
    Lit::new(Var::unsafe_from_idx(code / 2), code.is_multiple_of(2))
}

impl Theory for Acyclic<'_> {
    fn final_check(&mut self, acts: &mut TheoryArg<'_>) {
        if self.catch_up(acts)
            && let Some(mut views) = self.views.take()
        {
            let is_true: BTreeSet<u32> =
                acts.model().iter().filter(|one| one.sign()).map(|one| one.var().idx()).collect();
            let chosen = views.choices.iter().filter(|one| is_true.contains(&one.variable));
            views.chosen = chosen.copied().collect();
            views.found = self.overlooked(&views);
            self.views = Some(views);
        }
    }

    fn create_level(&mut self) {
        self.marks.push(Mark { seen: self.seen, added: self.added.len() });
    }

    fn pop_levels(&mut self, n: usize) {
        let left = self.marks.len().saturating_sub(n);
        let Some(mark) = self.marks.get(left).copied() else { return };
        self.marks.truncate(left);
        while self.added.len() > mark.added {
            let Some((from, to)) = self.added.pop() else { break };
            self.after[from as usize].pop();
            self.before[to as usize].pop();
        }
        self.seen = mark.seen;
    }

    fn n_levels(&self) -> usize {
        self.marks.len()
    }

    fn partial_check(&mut self, acts: &mut TheoryArg<'_>) {
        self.catch_up(acts);
    }

    fn explain_propagation(&mut self, _: Lit) -> &[Lit] {
        &[] // nothing is propagated
    }
}

impl Acyclic<'_> {
    /// Adds what the solver decided since; whether no cycle came of it.
    fn catch_up(&mut self, acts: &mut TheoryArg<'_>) -> bool {
        while let Some(literal) = acts.model().get(self.seen).copied() {
            self.seen += 1;
            progress::place(self.seen, self.pairs.len() + self.others.len());
            if let Err(cycle) = self.assert(literal) {
                let clause: Vec<Lit> = cycle.into_iter().map(negated).collect();
                acts.raise_conflict(&clause, true);
                return false;
            }
        }
        true
    }

    /// Whom the last model chose to be read from.
    pub(super) fn chosen(&mut self) -> Vec<Chosen> {
        self.views.as_mut().map(|views| std::mem::take(&mut views.chosen)).unwrap_or_default()
    }

    /// Clauses that the last model breaks by what some reader overlooks.
    pub(super) fn broken(&mut self) -> Vec<Vec<Lit>> {
        let found = self.views.as_mut().map(|views| std::mem::take(&mut views.found));
        let clause = |all: Vec<u32>| all.into_iter().map(negated).collect();
        found.unwrap_or_default().into_iter().map(clause).collect()
    }
}
