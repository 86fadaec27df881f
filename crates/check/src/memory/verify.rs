//! The small, independent check of an order: does it explain the reads, and does it keep what the
//! model says of it?
//!
//! It shares no code with the judge. For the models with an order for each session: run one after
//! another, every read returns what it returned; and nothing stands before something of the same
//! session that the model puts before it. Causal consistency and convergence are asked
//! of every read's causal past, as sets.

use super::model::Model;
use super::registers::{Registers, Source};
use std::collections::BTreeMap;

/// Whether the order is one of all writes and the session's reads (of all operations, if there is
/// no session), run one after another.
pub(super) fn runs(from: &Registers, session: Option<u64>, order: &[u32]) -> Option<Vec<u32>> {
    let mut place = vec![u32::MAX; from.operations.len()];
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    for (at, number) in (0..).zip(order) {
        let one = from.operations.get(*number as usize)?;
        if std::mem::replace(&mut place[*number as usize], at) != u32::MAX {
            return None;
        }
        let now = last.get(&one.key).copied();
        match one.read {
            None => drop(last.insert(one.key, *number)),
            Some(Source::Initial) if now.is_none() => {}
            Some(Source::Write(writer)) if now == Some(writer) => {}
            Some(_) => return None,
        }
    }
    let is_in = |at: usize| {
        let one = &from.operations[at];
        one.is_write() || session.is_none_or(|session| one.process == session)
    };
    (0..place.len()).all(|at| is_in(at) == (place[at] != u32::MAX)).then_some(place)
}

/// What of its session an operation has to come after, as places in the order.
#[derive(Clone, Copy, Default)]
struct Floor {
    all: u32,
    reads: u32,
    writes: u32,
    sources: u32,
}

/// Whether the order is a session's view.
pub(super) fn accepts_view(
    from: &Registers,
    model: Model,
    session: Option<u64>,
    order: &[u32],
) -> bool {
    let Some(place) = runs(from, session, order) else { return false };
    let mut floors: BTreeMap<u64, Floor> = BTreeMap::new();
    for (at, one) in from.operations.iter().enumerate() {
        let floor = floors.entry(one.process).or_default();
        let here = if place[at] == u32::MAX { None } else { Some(place[at] + 1) };
        let own = session.is_none_or(|session| one.process == session);
        let lowest = match (model, one.is_write()) {
            (Model::Sequential | Model::Pram, _) => floor.all,
            (Model::CausalMemory, _) => floor.all.max(floor.sources),
            (Model::MonotonicWrites, true) => floor.writes,
            (Model::WritesFollowReads, true) => floor.sources,
            (Model::MonotonicReads | Model::MonotonicWrites | Model::WritesFollowReads, false) => {
                floor.reads
            }
            (Model::ReadYourWrites, false) if own => floor.writes,
            (Model::ReadYourWrites, _) | (Model::MonotonicReads, true) => 0,
            _ => return false,
        };
        if here.is_some_and(|here| here <= lowest) {
            return false;
        }
        if let Some(Source::Write(writer)) = one.read {
            floor.sources = floor.sources.max(place[writer as usize] + 1);
        }
        if let Some(here) = here.filter(|_| one.ended.is_some()) {
            floor.all = floor.all.max(here);
            let of_kind = if one.is_write() { &mut floor.writes } else { &mut floor.reads };
            *of_kind = (*of_kind).max(here);
        }
    }
    true
}

/// The most operations whose causal pasts are kept as sets.
const MOST: usize = 4_096;

/// Whether the order arbitrates: every read returned, of the writes of its key in its causal past,
/// the last one by this order (causal convergence) or one that causality itself puts before no
/// other of them (causal consistency). Nothing if the history is too long to ask.
pub(super) fn accepts_arbitration(from: &Registers, model: Model, order: &[u32]) -> Option<bool> {
    let count = from.operations.len();
    if count > MOST {
        return None;
    }
    let mut place = vec![usize::MAX; count];
    for (at, number) in order.iter().enumerate() {
        *place.get_mut(*number as usize)? = at;
    }
    if order.len() != count || place.contains(&usize::MAX) {
        return Some(false);
    }
    let mut pasts: Vec<Vec<bool>> = vec![Vec::new(); count];
    for number in order {
        let one = from.at(*number);
        let mut past = vec![false; count];
        let source = match one.read {
            Some(Source::Write(writer)) => Some(writer),
            Some(Source::Nowhere) => return Some(false),
            _ => None,
        };
        for before in one.previous.into_iter().chain(source) {
            if place[before as usize] >= place[*number as usize] {
                return Some(false);
            }
            past[before as usize] = true;
            for (mine, theirs) in past.iter_mut().zip(&pasts[before as usize]) {
                *mine |= *theirs;
            }
        }
        let others = (0..count).filter(|at| {
            let other = &from.operations[*at];
            past[*at] && other.is_write() && other.key == one.key && source != Some(*at as u32)
        });
        for other in others.filter(|_| one.read.is_some()) {
            let Some(source) = source else { return Some(false) };
            let is_after = match model {
                Model::CausalConvergence => place[other] > place[source as usize],
                _ => pasts[other][source as usize],
            };
            if is_after {
                return Some(false);
            }
        }
        pasts[*number as usize] = past;
    }
    Some(true)
}
