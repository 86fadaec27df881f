//! The verifier of what the judge found: small, apart from it, looking at nothing but the history.
//!
//! It infers nothing. Of a cycle each edge names the steps that it rests on, and they must be
//! there. Of an order every read is asked whether a transaction that its reader had seen wrote the
//! same key in between.

use super::cycle::{Cycle, Edge, Why};
use super::history::{Access, Step, Transactions};
use super::level::Level;
use super::sources::INITIAL;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a cycle shows that the level is violated.
pub(super) fn accepts(history: &Transactions, level: Level, cycle: &Cycle) -> bool {
    let closes = match (cycle.edges.first(), cycle.edges.last()) {
        (Some(first), Some(last)) => last.to == first.from,
        _ => false,
    };
    closes
        && cycle.edges.windows(2).all(|pair| pair[0].to == pair[1].from)
        && cycle.edges.iter().all(|edge| is_true(history, level, edge))
}

fn is_true(history: &Transactions, level: Level, edge: &Edge) -> bool {
    match &edge.why {
        Why::Initial => edge.from == INITIAL && edge.to != INITIAL,
        Why::Session => follows(history, edge.from, edge.to),
        Why::Read(key) => sees(history, edge.to, edge.from, *key).next().is_some(),
        Why::Seen { reader, key, path } => {
            let (Some(first), Some(last)) = (path.first(), path.last()) else { return false };
            let mut reads = sees(history, *reader, edge.to, *key);
            let hops = path.windows(2).map(|pair| (pair[0], pair[1]));
            let is_seen = match level {
                Level::MonotonicAtomicView => reads.any(|place| {
                    path.len() == 2
                        && first_sight(history, *reader, *first) < Some(place)
                        && first_sight(history, *reader, *first).is_some()
                }),
                Level::ReadAtomic => path.len() == 2 && reads.next().is_some(),
                Level::Causal => path.len() >= 2 && reads.next().is_some(),
                _ => false,
            };
            let is_before = |(from, to): (u32, u32)| {
                follows(history, from, to) || first_sight(history, to, from).is_some()
            };
            (*first, *last) == (edge.from, *reader)
                && edge.from != edge.to
                && writes(history, edge.from, *key)
                && is_seen
                && hops.into_iter().all(is_before)
        }
    }
}

/// Orders of more steps than this, or of more transactions squared, are not checked again.
const STEPS_MAX: usize = 200_000;
const SQUARED_MAX: usize = 4_000_000;

/// Whether a commit order shows that the level holds; nothing for one too long to say.
pub(super) fn accepts_order(history: &Transactions, level: Level, order: &[u32]) -> Option<bool> {
    let count = history.len();
    if count.saturating_mul(count) > SQUARED_MAX || history.operations() > STEPS_MAX {
        return None;
    }
    let mut place = vec![usize::MAX; count];
    for (at, one) in (0..).zip(order) {
        place[*one as usize] = at;
    }
    let numbers = || (0..count as u32).filter(|one| history.is_committed(*one));
    let mut owners = BTreeMap::new();
    for writer in numbers() {
        let writes = history.steps(writer).iter().filter(|step| step.access == Access::Write);
        owners.extend(writes.map(|step| ((step.key, step.value), writer)));
    }
    // Whom each transaction reads from: step, key, writer.
    let reads: Vec<Vec<(usize, u32, u32)>> = (0..count as u32)
        .map(|reader| {
            let committed = history.is_committed(reader);
            let steps = history.steps(reader).iter().enumerate().filter(|_| committed);
            let seen = steps.filter_map(|(at, step)| match step.access {
                Access::Write => None,
                Access::ReadInitial => Some((at, step.key, INITIAL)),
                Access::Read => Some((at, step.key, *owners.get(&(step.key, step.value))?)),
            });
            seen.filter(|(.., writer)| *writer != reader).collect()
        })
        .collect();
    let at = |one: u32| if one == INITIAL { None } else { Some(place[one as usize]) };
    let before = |one: u32| {
        let start = history.sessions()[history.transactions()[one as usize].session as usize].start;
        start..one
    };
    Some(
        order.len() == count
            && numbers().all(|reader| {
                let mine = &reads[reader as usize];
                let mut happened: BTreeSet<u32> = before(reader).collect();
                let direct =
                    mine.iter().map(|(.., writer)| *writer).filter(|writer| *writer != INITIAL);
                happened.extend(direct);
                if level == Level::Causal {
                    let mut left: Vec<u32> = happened.iter().copied().collect();
                    while let Some(one) = left.pop() {
                        let theirs = reads[one as usize].iter().map(|(.., writer)| *writer);
                        let more = theirs.filter(|writer| *writer != INITIAL).chain(before(one));
                        left.extend(more.filter(|one| happened.insert(*one)).collect::<Vec<_>>());
                    }
                }
                happened.iter().all(|one| at(*one) < at(reader))
                    && mine.iter().all(|(step, key, writer)| {
                        let seen: Vec<u32> = match level {
                            Level::MonotonicAtomicView => {
                                let earlier = mine.iter().filter(|(at, ..)| at < step);
                                earlier
                                    .map(|(.., from)| *from)
                                    .filter(|from| *from != INITIAL)
                                    .collect()
                            }
                            _ => happened.iter().copied().collect(),
                        };
                        let mut others = seen
                            .into_iter()
                            .filter(|one| one != writer && history.is_committed(*one));
                        others.all(|one| !writes(history, one, *key) || at(one) < at(*writer))
                    })
            }),
    )
}

/// Whether one session ran both, in this order.
fn follows(history: &Transactions, from: u32, to: u32) -> bool {
    history.sessions().iter().any(|session| session.contains(&from) && session.contains(&to))
        && from < to
}

fn writes(history: &Transactions, writer: u32, key: u32) -> bool {
    let is = |step: &Step| step.access == Access::Write && step.key == key;
    history.steps(writer).iter().any(is)
}

/// The places in a reader's steps at which it reads a key from a writer.
fn sees(history: &Transactions, reader: u32, writer: u32, key: u32) -> impl Iterator<Item = usize> {
    let is = move |step: &Step| {
        let wanted = Step { access: Access::Write, ..*step };
        match step.access {
            Access::Write => false,
            Access::ReadInitial => writer == INITIAL,
            Access::Read => writer != reader && history.steps(writer).contains(&wanted),
        }
    };
    let steps = history.steps(reader).iter().enumerate();
    steps.filter(move |(_, step)| step.key == key && is(step)).map(|(place, _)| place)
}

/// The first place at which a reader reads anything from a writer.
fn first_sight(history: &Transactions, reader: u32, writer: u32) -> Option<usize> {
    let keys = history.steps(writer).iter().filter(|step| step.access == Access::Write);
    keys.filter_map(|step| sees(history, reader, writer, step.key).next()).min()
}
