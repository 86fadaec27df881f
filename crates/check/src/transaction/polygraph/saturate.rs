//! Every pair of writers that the graph decides: rounds of two rules, until nothing is new.
//!
//! ```text
//! rule 1   b's commit reaches r, which reads k from a, and b writes k too    =>   b before a
//! rule 2   a reaches b's commit, and both write k                            =>   a before b
//! ```
//!
//! Of each chain only its last writer that reaches and its first that is reached are looked at: the
//! others stand before or behind it anyway (I1: two writers of one key next to each other in a
//! chain are a fact of rule 2). An edge that follows from others is not added.

use super::chains::Chains;
use super::explain::{self, Proof};
use super::facts::{Because, Fact, Known, Why};
use super::overlooked::Chosen;
use super::reach::{Adjacency, Reach};
use super::shape::{Overwritten, Shape};
use super::solve::{self, Problem};
use super::writes::Writes;
use super::{atomic, choices, overlooked, pairs, replay, told, verify, viewed};
use crate::limits::{Budget, Exhausted};
use crate::progress;
use crate::report::Finding;
use crate::transaction::history::Transactions;
use crate::transaction::level::Level;
use crate::transaction::mutant::Mutant;
use crate::transaction::read_atomic;
use crate::transaction::sources::Sources;
use crate::transaction::story;
use std::ops::Range;

/// The part of the work that is rounds of inference; the others are pairs left open.
const ROUNDS: usize = 650;
const ALL: usize = 1_000;

/// Decides one level that asks for one order of the whole.
pub(in crate::transaction) fn judge(
    history: &Transactions,
    sources: &Sources,
    (level, shape): (Level, Shape),
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Finding, Exhausted> {
    let asked = shape;
    let conflicts = shape.conflicts && mutant != Mutant::ForgetConflicts;
    let shape = Shape { conflicts, ..shape };
    let chains = Chains::new(history, sources, shape, mutant);
    let writes = Writes::new(history, sources, &chains, (shape, mutant));
    let mut choices = match choices::all(history, sources, &writes, shape) {
        Ok(choices) => choices,
        Err(found) => return Ok(Finding::Violated(story::of_read(history, level, &found))),
    };
    let mut known = Known::new(history, sources, (&chains, &writes), shape, mutant);
    add_seen(&mut known, history, sources, budget, mutant)?;
    let nodes = shape.nodes(history.len());
    // Nobody knows how many rounds there are: each is a fifth of what is left of their part.
    let mut left = ROUNDS;
    loop {
        let forward = Adjacency::forward(&known, nodes);
        let order = match forward.order() {
            Ok(order) => order,
            Err(left) => {
                let proof = explain::cycle(&known, &forward, &left);
                return Ok(violated(history, level, shape, &proof));
            }
        };
        if !shape.latest && choices.is_empty() {
            return Ok(ordered(history, asked, &order, &[]));
        }
        let backward = Adjacency::backward(&known, nodes);
        let reach = Reach::new(shape, &chains, &forward, &backward, &order, budget)?;
        let held = known.bytes() + writes.bytes() + Reach::bytes(nodes, chains.width);
        let before = known.edges.len();
        let round = Round { shape, chains: &chains, writes: &writes, reach: &reach, mutant };
        let place = ROUNDS - left..ROUNDS - left + left / 5;
        left -= left / 5;
        progress::part(place, ALL, || round.infer(&mut known, held, budget))?;
        if known.edges.len() > before {
            continue;
        }
        for choice in &mut choices {
            choice.prune(shape, &chains, &writes, &reach);
            if mutant == Mutant::FirstWriterOnly {
                choice.places.truncate(1);
            }
        }
        if let Some(back) = overlooked::initial(shape, &chains, &writes, &reach) {
            let proof = explain::closed(&known, &forward, back);
            return Ok(violated(history, level, shape, &proof));
        }
        let open = pairs::open(&known, &chains, &writes, &reach, &choices, (budget, mutant))?;
        let problem =
            Problem { known: &known, sources, chains: &chains, writes: &writes, reach: &reach };
        let solved = progress::part(ROUNDS..ALL, ALL, || {
            problem.solve(history, (&open, &choices), &order, budget, mutant)
        });
        return Ok(match solved? {
            solve::Answer::Order(order, chosen) => ordered(history, asked, &order, &chosen),
            solve::Answer::Unexplained => Finding::Violated(told::of_choices(&choices)),
            solve::Answer::Impossible(core) => {
                told::of_core(history, level, shape, &known, &writes, &core)
            }
        });
    }
}

/// Adds what update atomic knows of whom sessions and reads show.
fn add_seen(
    known: &mut Known,
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<(), Exhausted> {
    if known.shape.overwritten == Overwritten::Shared {
        let seen = read_atomic::infer(history, sources, budget, mutant)?;
        atomic::direct(known, history, sources, &seen);
    }
    Ok(())
}

/// The finding on an order of nodes, once it was checked apart.
fn ordered(history: &Transactions, shape: Shape, order: &[u32], chosen: &[Chosen]) -> Finding {
    let is_right = if shape.views() {
        viewed::accepts(history, shape, order, chosen)
    } else if shape.overwritten == Overwritten::Shared {
        atomic::accepts(history, order)
    } else {
        Some(replay::accepts(history, shape, order))
    };
    match is_right {
        Some(false) => Finding::fault("an order"),
        is => Finding::Holds { order: replay::commits(shape, order), checked: is.is_some() },
    }
}

fn violated(history: &Transactions, level: Level, shape: Shape, proof: &Proof) -> Finding {
    if verify::accepts(history, shape, proof) {
        Finding::Violated(told::of_proof(history, level, shape, proof))
    } else {
        Finding::fault("a cycle")
    }
}

/// One round of inference.
struct Round<'a> {
    shape: Shape,
    chains: &'a Chains,
    writes: &'a Writes,
    reach: &'a Reach,
    mutant: Mutant,
}

/// A write, and the writers of one chain that write the same key.
struct Site<'a> {
    key: u32,
    writer: u32,
    place: usize,
    others: &'a [u32],
    /// The place of the first of them.
    start: usize,
    chain: u32,
    /// How many edges a fact found here may rest on.
    limit: u32,
}

impl Site<'_> {
    fn fact(&self, first: u32, second: u32, because: Because) -> Fact {
        Fact { first, second, key: self.key, because, edges: self.limit }
    }
}

impl Round<'_> {
    fn infer(&self, known: &mut Known, held: usize, budget: &mut Budget) -> Result<(), Exhausted> {
        let limit = known.edges.len() as u32;
        for key in 0..self.writes.keys() {
            progress::at(u64::from(key), u64::from(self.writes.keys()));
            let range = self.writes.of(key);
            let groups = self.groups(range.clone());
            for place in range {
                budget.step(held)?;
                for group in &groups {
                    let site = self.site(key, place, group, limit);
                    self.seen(known, &site);
                    self.reached(known, &site);
                }
            }
        }
        Ok(())
    }

    /// The writes of one key, parted by chain.
    fn groups(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let writers = self.writes.writers(range.clone());
        let mut last = u32::MAX;
        for (place, writer) in range.zip(writers) {
            let (chain, _) = self.chains.at(*writer);
            match groups.last_mut().filter(|_| chain == last) {
                Some(group) => group.end = place + 1,
                None => groups.push(place..place + 1),
            }
            last = chain;
        }
        groups
    }

    fn site(&self, key: u32, place: usize, group: &Range<usize>, limit: u32) -> Site<'_> {
        let writer = self.writes.writers(place..place + 1)[0];
        let others = self.writes.writers(group.clone());
        let (chain, _) = self.chains.at(others[0]);
        Site { key, writer, place, others, start: group.start, chain, limit }
    }

    /// Rule 1, for the readers of one write and the writers of one chain.
    fn seen(&self, known: &mut Known, site: &Site<'_>) {
        let Site { writer, place, others, chain, .. } = *site;
        // The latest over all readers: the earlier ones stand before it.
        let mut latest: Option<(usize, u32)> = None;
        for reader in self.writes.readers(place) {
            let bound = self.reach.before(self.shape.start(*reader), chain);
            let below = others.partition_point(|other| self.chains.at(*other).1 < bound);
            let counts = |other: u32| {
                self.shape.overwritten != Overwritten::Shared
                    || self.writes.counts(self.shape, *reader, other)
            };
            let is = |other: &u32| *other != writer && counts(*other);
            let found = others[..below].iter().rposition(is);
            if let Some(found) = found.filter(|found| latest.is_none_or(|(at, _)| *found > at)) {
                latest = Some((found, *reader));
            }
        }
        if let Some((found, reader)) = latest {
            let because = Because::Seen(reader);
            let first = others[found];
            self.conclude(known, site.fact(first, writer, because), site.start + found);
        }
    }

    /// Rule 2, for one write and the writers of one chain.
    fn reached(&self, known: &mut Known, site: &Site<'_>) {
        let Site { writer, place, others, chain, .. } = *site;
        let bound = self.reach.after(self.shape.decides(writer), chain);
        let below = others.partition_point(|other| self.chains.at(*other).1 < bound);
        // Where a read counts for some of those behind only, each is looked at.
        let is_each = self.shape.overwritten == Overwritten::Shared;
        let all = others[below..].iter().copied().filter(|other| *other != writer);
        for second in all.take(if is_each { usize::MAX } else { 1 }) {
            self.conclude(known, site.fact(writer, second, Because::Reaches), place);
        }
    }

    /// The edges of a fact that do not follow from others; `place` is that of its first write.
    fn conclude(&self, known: &mut Known, fact: Fact, place: usize) {
        let Fact { first, second, .. } = fact;
        let mut number = None;
        let after = self.shape.after_commit(second);
        if !self.reach.is_reached_by(self.chains.at(first), after) {
            let fact = *number.get_or_insert_with(|| known.fact(fact));
            known.push(self.shape.commit(first), after, Why::Before(fact));
        }
        for reader in self.writes.readers(place) {
            let from = self.shape.start(*reader);
            let is_known = *reader == second || self.reach.reaches(from, self.chains.at(second));
            let counts = || self.writes.counts(self.shape, *reader, second);
            if !is_known && counts() && self.mutant != Mutant::IgnoreOverwritten {
                let fact = *number.get_or_insert_with(|| known.fact(fact));
                known.push(from, self.shape.commit(second), Why::Overwritten(fact));
            }
        }
    }
}
