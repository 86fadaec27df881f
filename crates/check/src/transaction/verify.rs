//! The verifier of what the judge found: small, apart from it, looking at nothing but the history.
//!
//! It infers nothing. Of a cycle each edge names the steps that it rests on, and they must be
//! there. Orders are for `verify_order`.

use super::cycle::{Cycle, Edge, Why};
use super::history::{Access, Step, Transactions};
use super::level::Level;
use super::sources::INITIAL;

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
