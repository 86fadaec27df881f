//! The verdict on each level.

use super::cycle;
use super::history::{Outcome, Transaction, Transactions};
use super::level::Level;
use super::mutant::Mutant;
use super::order::{Graph, Inferred, Order};
use super::polygraph::{self, Shape};
use super::sources::{INITIAL, Sources, Unsourced};
use super::writers::{THIN_AIR, Writers};
use super::{
    causal, monotonic, read_atomic, story, uncommitted, verify, verify_claims, verify_order,
};
use crate::limits::{Budget, Exhausted, Limits};
use crate::report::{About, Finding, Report, Story, Word, settle};
use avouch_promise::quantity::counted;

/// Judges a history: by one level, or by all of them.
///
/// Asked for one, it tells of the others in a note; the verdict is that of the one.
pub fn judge(history: &Transactions, asked: Option<Level>, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let levels = levels(history);
    let findings = match Sources::find(history, &mut budget, Mutant::None) {
        Ok(sources) => {
            let mut same = Same::default();
            by_level(levels, asked, |level, trial| {
                same.decide(level, trial, || {
                    if trial {
                        return tried(history, &sources, level, &mut budget);
                    }
                    one(history, &sources, level, &mut budget, Mutant::None)
                })
            })
        }
        Err(unsourced) => {
            by_level(levels, asked, |level, _| unsourced_finding(history, level, &unsourced))
        }
    };
    Report::of_levels(about(history), "transactions", findings, asked, &budget)
}

/// The levels of which a history says enough, in the order in which they are tried.
fn levels(history: &Transactions) -> &'static [Level] {
    if history.spans().is_some() { &Level::TIMED_REGISTERS } else { &Level::REGISTERS }
}

/// Every level, or the one asked for and what it tells of the others. `decide` is told whether a
/// level is only tried, for the sake of the one asked for.
fn by_level(
    levels: &[Level],
    asked: Option<Level>,
    mut decide: impl FnMut(Level, bool) -> Finding,
) -> Vec<(Level, Finding)> {
    let first = first(levels, asked);
    let mut trials = if asked.is_some() { first.len() } else { 0 };
    let mut found = settle(levels, asked, &first, |level| {
        let trial = trials > 0 && first.contains(&level);
        trials = if trial { trials - 1 } else { 0 };
        decide(level, trial)
    });
    found.sort_by_key(|(level, _)| *level);
    found
}

/// The stronger levels that are tried first.
///
/// They usually hold where what is asked does, and are decided faster: of two transactions of one
/// session, or of which one ended before the other began, nothing is left to search for. Without
/// sessions and times every pair of writers is open.
fn first(levels: &[Level], asked: Option<Level>) -> Vec<Level> {
    let strict = Level::StrictSerializable;
    let sessions = [Level::StrongSessionSerializable, Level::StrongSessionSnapshotIsolation];
    let mut first = vec![strict];
    first.extend(sessions.into_iter().filter(|_| asked.is_some()));
    let is_open = |asked: Level| Shape::of(asked).is_some_and(|shape| shape.latest);
    first.retain(|level| {
        let of_asked = |asked| *level != asked && is_open(asked) && level.implies(asked);
        levels.contains(level) && asked.is_none_or(of_asked)
    });
    first
}

/// Tries a stronger level than the one asked for, by a third of the time and steps that are left.
fn tried(history: &Transactions, sources: &Sources, level: Level, budget: &mut Budget) -> Finding {
    let left = budget.left();
    let mut own = Budget::new(Limits { time: left.time / 3, steps: left.steps / 3, ..left });
    let finding = one(history, sources, level, &mut own, Mutant::None);
    // What it took of the whole; that more than all is gone is told by the next step.
    let _ = budget.steps(own.taken(), 0);
    finding
}

/// What was found of levels that are the same of registers, so that each is decided once.
#[derive(Default)]
struct Same(Vec<(Shape, Finding)>);

impl Same {
    fn decide(&mut self, level: Level, trial: bool, decide: impl FnOnce() -> Finding) -> Finding {
        let Some(shape) = Shape::of(level) else { return decide() };
        if let Some((_, found)) = self.0.iter().find(|(one, _)| *one == shape) {
            return found.clone();
        }
        let found = decide();
        // A violation is told in the words of its level, and a trial has a part of the budget.
        if found.word() == Word::Holds || found.word() == Word::Unknown && !trial {
            self.0.push((shape, found.without_order()));
        }
        found
    }
}

/// Decides one level of a history, and nothing else.
pub fn decide(history: &Transactions, level: Level, limits: &Limits) -> Finding {
    decide_with(history, level, limits, Mutant::None)
}

/// The same, perhaps by a judge with a bug.
pub(super) fn decide_with(
    history: &Transactions,
    level: Level,
    limits: &Limits,
    mutant: Mutant,
) -> Finding {
    let mut budget = Budget::new(*limits);
    match Sources::find(history, &mut budget, mutant) {
        Ok(sources) => one(history, &sources, level, &mut budget, mutant),
        Err(unsourced) => unsourced_finding(history, level, &unsourced),
    }
}

fn one(
    history: &Transactions,
    sources: &Sources,
    level: Level,
    budget: &mut Budget,
    mutant: Mutant,
) -> Finding {
    // What is built before the first question asks nobody.
    let found = budget.check().and_then(|()| decided(history, sources, level, budget, mutant));
    found.unwrap_or_else(bound_met)
}

/// Of a level that needs more than the reads of a history tell.
fn undecided(level: Level) -> Finding {
    let reason = if Level::TIMED_REGISTERS.contains(&level) {
        format!("{level} is not decided of registers without times")
    } else {
        format!("{level} is not decided of registers, whose order of versions is not known")
    };
    Finding::Unknown { reason, story: None }
}

fn bound_met(met: Exhausted) -> Finding {
    Finding::Unknown { reason: met.to_string(), story: None }
}

fn unsourced_finding(history: &Transactions, level: Level, unsourced: &Unsourced) -> Finding {
    match unsourced {
        // A dirty read is one of what somebody wrote.
        Unsourced::Impossible(found) if level.reads_dirty() => {
            match Writers::new(history).thin_air(history) {
                Some(read) => Finding::Violated(story::of_read(history, level, &read)),
                None if found.title.starts_with(THIN_AIR) => Finding::fault("a read"),
                None => uncommitted::judge(history, level).unwrap_or_else(|| undecided(level)),
            }
        }
        Unsourced::Impossible(found) => Finding::Violated(story::of_read(history, level, found)),
        Unsourced::Exhausted(met) => bound_met(*met),
    }
}

/// Decides one level.
fn decided(
    history: &Transactions,
    sources: &Sources,
    level: Level,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Finding, Exhausted> {
    if level.reads_dirty() {
        return Ok(uncommitted::judge(history, level).unwrap_or_else(|| undecided(level)));
    }
    let shape = Shape::of(level).filter(|shape| !shape.timed || history.spans().is_some());
    if level == Level::UpdateAtomic {
        let weaker = decided(history, sources, Level::ReadAtomic, budget, mutant)?;
        if weaker.word() != Word::Holds {
            let is_violated = weaker.word() == Word::Violated;
            let of_weaker = || Finding::Violated(Story::of_weaker(Level::ReadAtomic));
            return Ok(if is_violated { of_weaker() } else { weaker });
        }
    }
    let is_open = |shape: &Shape| shape.needs_sources() && !sources.ambiguous.is_empty();
    if let Some(shape) = shape.filter(|shape| !is_open(shape)) {
        return polygraph::judge(history, sources, (level, shape), budget, mutant);
    }
    if let Some((_, step)) = sources.ambiguous.first() {
        let step = history.told(step);
        let reason = format!("incomplete information: what is read as `{step}` was written twice");
        return Ok(Finding::Unknown { reason, story: None });
    }
    let inferred = match level {
        Level::MonotonicAtomicView => {
            monotonic::infer(sources, history.len() as u32, budget, mutant)?
        }
        Level::ReadAtomic => read_atomic::infer(history, sources, budget, mutant)?,
        Level::Causal => causal::infer(history, sources, budget, mutant)?,
        stronger => return Ok(undecided(stronger)),
    };
    let graph = Graph::new(history, sources, &inferred, mutant);
    let left = match graph.order(budget)? {
        Order::Found(order) if may_be(&inferred, mutant) => {
            return Ok(match verified(history, sources, (level, &order), budget) {
                Some(false) => Finding::fault("an order"),
                checked => Finding::Holds {
                    order: order.into_iter().map(|place| place as usize).collect(),
                    checked: checked.is_some(),
                },
            });
        }
        Order::Found(_) => Vec::new(),
        Order::Cyclic(left) => left,
    };
    let found = cycle::find(history, sources, level, &inferred, &graph, &left);
    Ok(match found.filter(|cycle| verify::accepts(history, level, cycle)) {
        Some(cycle) => Finding::Violated(story::of_cycle(history, level, &cycle)),
        None => Finding::fault("a cycle"),
    })
}

/// Steps that the verifier may take for each operation, so that it leaves something for others.
const VERIFIED: u64 = 100;

/// What the verifier says of an order; nothing if it does not end within its budget.
fn verified(
    history: &Transactions,
    sources: &Sources,
    (level, order): (Level, &[u32]),
    budget: &mut Budget,
) -> Option<bool> {
    let left = budget.left();
    let steps = VERIFIED.saturating_mul(1_000 + history.operations() as u64);
    let mut own = Budget::new(Limits { steps: left.steps.min(steps), ..left });
    let claims = sources
        .accepted
        .get()
        .copied()
        .map_or_else(|| verify_claims::accepts_claims(history, sources, &mut own), Ok);
    let accepted = claims.and_then(|are_true| {
        let _ = sources.accepted.set(are_true);
        Ok(are_true && verify_order::accepts_order(history, sources, (level, order), &mut own)?)
    });
    let _ = budget.steps(own.taken(), 0); // whoever asks next is told
    accepted.ok()
}

/// Whether nothing has to commit before the initial state.
fn may_be(inferred: &[Inferred], mutant: Mutant) -> bool {
    mutant == Mutant::InitialAnyTime || inferred.iter().all(|one| one.after != INITIAL)
}

fn about(history: &Transactions) -> About<'_> {
    let mut notes = history.notes.clone();
    let aborted = |one: &&Transaction| one.outcome == Outcome::Aborted;
    notes.push(format!(
        "{} in {} on {}",
        counted(history.len(), "transaction"),
        counted(history.sessions().len(), "session"),
        counted(history.keys(), "key")
    ));
    About {
        format: history.format,
        operations: history.operations(),
        answered: history.len() - history.transactions().iter().filter(aborted).count(),
        unknown: history.unknown,
        failed: history.transactions().iter().filter(aborted).count(),
        notes,
    }
}
