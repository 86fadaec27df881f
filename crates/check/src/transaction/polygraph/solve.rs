//! The pairs and choices left open, by a SAT solver with an acyclic graph for its theory.

use super::chains::Chains;
use super::choices::Choice;
use super::facts::Known;
use super::overlooked::{Chosen, Views};
use super::pairs::Pair;
use super::reach::Reach;
use super::theory::{Acyclic, Edges};
use super::writes::Writes;
use crate::limits::{Budget, Exhausted};
use crate::transaction::history::Transactions;
use crate::transaction::mutant::Mutant;
use crate::transaction::sources::Sources;
use batsat::{Callbacks, Lit, Solver, SolverInterface, SolverOpts, Var, lbool};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the solver found.
pub(super) enum Answer {
    /// An order of all nodes, and whom the readers of what was written twice read from, where each
    /// has a view of its own.
    Order(Vec<u32>, Vec<Chosen>),
    /// Pairs of which every choice closes a cycle.
    Impossible(Vec<Pair>),
    /// No order, whoever is read from where a value was written twice.
    Unexplained,
}

/// Stops the solver once a bound is met.
struct Stop(Rc<Cell<bool>>);

impl Callbacks for Stop {
    fn stop(&self) -> bool {
        self.0.get()
    }
}

/// What is known when nothing more can be inferred.
pub(super) struct Problem<'a> {
    pub(super) known: &'a Known,
    pub(super) sources: &'a Sources,
    pub(super) chains: &'a Chains,
    pub(super) writes: &'a Writes,
    pub(super) reach: &'a Reach,
}

impl Problem<'_> {
    /// Decides the pairs and choices; `order` is one of what is known.
    pub(super) fn solve(
        &self,
        history: &Transactions,
        (open, choices): (&[Pair], &[Choice]),
        order: &[u32],
        budget: &mut Budget,
        mutant: Mutant,
    ) -> Result<Answer, Exhausted> {
        let Self { known, writes, .. } = *self;
        let has_views = known.shape.views() && mutant != Mutant::ForgetOverlooked;
        let likely = likely(history, known, order);
        let mut rank = vec![0; likely.len()];
        for (place, node) in (0..).zip(&likely) {
            rank[*node as usize] = place;
        }
        let pairs: Vec<Pair> = open.iter().map(|pair| oriented(pair, known, &rank)).collect();
        let more = self.more(&pairs, choices);
        let asked = if mutant == Mutant::ForgetChosen { &[][..] } else { &more.chosen };
        let views = has_views.then(|| self.views((&pairs, asked), true));
        match decided(known, writes, (&pairs, &more), &likely, views, budget)? {
            Some(Found { rank, chosen }) => Ok(Answer::Order(by_rank(&rank), chosen)),
            None if mutant == Mutant::BelieveOpen => Ok(Answer::Order(order.to_vec(), Vec::new())),
            None if choices.is_empty() => {
                let core = self.core(pairs, &likely, has_views, budget);
                Ok(Answer::Impossible(core))
            }
            None => Ok(Answer::Unexplained),
        }
    }

    /// For each choice a variable a writer, of which one is true, and with it the reader is before
    /// whoever overwrites.
    fn more(&self, pairs: &[Pair], choices: &[Choice]) -> More {
        let Self { known, chains, writes, reach, .. } = *self;
        let shape = known.shape;
        let numbers: BTreeMap<(u32, u32), u32> =
            (0..).zip(pairs).map(|(number, pair)| ((pair.one, pair.other), number)).collect();
        let mut more = More::default();
        let literal = |number: usize, sign| (number as u32, sign);
        for choice in choices {
            let start = shape.start(choice.reader);
            let mut one_of = Vec::new();
            for place in &choice.places {
                let writer = writes.writers(*place..*place + 1)[0];
                let seen = pairs.len() + more.edges.len();
                one_of.push(literal(seen, true));
                more.chosen.push(Chosen {
                    reader: choice.reader,
                    key: choice.key,
                    value: choice.value,
                    writer,
                    variable: seen as u32,
                });
                let mut edges = vec![(shape.commit(writer), start)];
                let mut open = Vec::new();
                let all = writes.writers(writes.of(choice.key)).iter().filter(|_| choice.asks);
                for other in all.copied() {
                    let counts = || writes.counts(shape, choice.reader, other);
                    if other == writer || other == choice.reader || !counts() {
                        continue;
                    }
                    let edge = (start, shape.commit(other));
                    let first = numbers.get(&(writer, other)).map(|pair| (*pair, true));
                    let before =
                        first.or_else(|| numbers.get(&(other, writer)).map(|pair| (*pair, false)));
                    if let Some(before) = before {
                        open.push((before, edge));
                    } else if !reach.reaches(shape.decides(other), chains.at(writer)) {
                        edges.push(edge);
                    }
                }
                more.edges.push(edges);
                for ((pair, sign), edge) in open {
                    let both = pairs.len() + more.edges.len();
                    more.clauses.push(vec![
                        literal(seen, false),
                        (pair, !sign),
                        literal(both, true),
                    ]);
                    more.edges.push(vec![edge]);
                }
            }
            more.clauses.push(one_of);
        }
        more
    }
}

/// Variables behind those of the pairs, and clauses over all of them.
#[derive(Clone, Debug, Default)]
struct More {
    /// The edges of each, if it is true.
    edges: Vec<Edges>,
    /// Variables and their signs.
    clauses: Vec<Vec<(u32, bool)>>,
    /// What the variables of reads say.
    chosen: Vec<Chosen>,
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

/// A model: the ranks of an order that decides every pair, and what was chosen.
struct Found {
    rank: Vec<u32>,
    chosen: Vec<Chosen>,
}

/// A model of pairs and choices, or nothing if there is none.
fn decided(
    known: &Known,
    writes: &Writes,
    (pairs, more): (&[Pair], &More),
    likely: &[u32],
    views: Option<Views<'_>>,
    budget: &mut Budget,
) -> Result<Option<Found>, Exhausted> {
    let mut theory = Acyclic::new(known, writes, (pairs, &more.edges), likely, views, budget);
    let mut solver = Solver::new(SolverOpts::default(), Stop(Rc::clone(&theory.stop)));
    let variables: Vec<Var> =
        (0..pairs.len() + more.edges.len()).map(|_| solver.new_var(lbool::UNDEF, true)).collect();
    for clause in &more.clauses {
        let literal = |(number, sign): &(u32, bool)| Lit::new(variables[*number as usize], *sign);
        if !solver.add_clause_reuse(&mut clause.iter().map(literal).collect()) {
            return Ok(None);
        }
    }
    loop {
        let answer = solver.solve_limited_th(&mut theory, &[]);
        if let Some(met) = theory.spent {
            return Err(met);
        }
        if answer != lbool::TRUE {
            return Ok(None);
        }
        let broken = theory.broken();
        if broken.is_empty() {
            let chosen = theory.chosen();
            return Ok(Some(Found { rank: std::mem::take(&mut theory.rank), chosen }));
        }
        for mut clause in broken {
            if !solver.add_clause_reuse(&mut clause) {
                return Ok(None);
            }
        }
    }
}

/// How many tries to leave pairs out a witness is worth.
const TRIES: usize = 400;

/// How many steps of them all.
const STEPS: u64 = 50_000_000;

impl Problem<'_> {
    fn views<'b>(&'b self, asked: (&[Pair], &'b [Chosen]), complete: bool) -> Views<'b> {
        Views::new((self.sources, self.chains, self.reach), asked, complete)
    }

    /// Fewer pairs that are impossible still: halves, quarters and so on are left out where they
    /// can.
    fn core(
        &self,
        mut pairs: Vec<Pair>,
        likely: &[u32],
        has_views: bool,
        budget: &mut Budget,
    ) -> Vec<Pair> {
        let Self { known, writes, .. } = *self;
        let mut size = pairs.len().div_ceil(2);
        let mut tries = 0;
        budget.slice(STEPS);
        while size > 0 && tries < TRIES {
            let mut start = 0;
            while start < pairs.len() && tries < TRIES {
                tries += 1;
                let end = (start + size).min(pairs.len());
                let fewer: Vec<Pair> = [&pairs[..start], &pairs[end..]].concat();
                let views = has_views.then(|| self.views((&fewer, &[]), false));
                match decided(known, writes, (&fewer, &More::default()), likely, views, budget) {
                    Ok(None) => pairs = fewer,
                    Ok(Some(_)) => start = end,
                    // The verdict stands, its witness is larger.
                    Err(_) => tries = TRIES,
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        budget.slice(u64::MAX);
        pairs
    }
}
