//! Sequential consistency: one order of all operations that keeps each session's own.
//!
//! It is serializability with the order of sessions, of transactions of one operation each, and so
//! the polygraph decides it (`transaction`). Most violations are seen before: by causal memory or
//! causal convergence, which it implies.

use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Registers, Source};
use super::verify;
use super::views::{Found, decide as decide_views, nowhere};
use crate::limits::{Budget, Exhausted};
use crate::report::Finding;
use crate::transaction::{Builder, Level, Transactions, decide as decide_transactions};
use std::collections::{BTreeMap, BTreeSet};

/// Decides sequential consistency.
pub(super) fn decide(
    from: &Registers,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    if let Some(found) = nowhere(from) {
        return Ok(found);
    }
    for weaker in [Model::CausalMemory, Model::CausalConvergence] {
        let found = decide_views(from, weaker, budget, Mutant::None)?;
        if !matches!(found, Found::Holds { .. }) {
            return Ok(found);
        }
    }
    if mutant == Mutant::BelieveParts {
        return Ok(Found::Holds { order: Vec::new(), checked: true });
    }
    let (transactions, places) = transactions(from);
    let found =
        decide_transactions(&transactions, Level::StrongSessionSerializable, &budget.left());
    Ok(told_by(found, &places, |order| verify::accepts_view(from, Model::Sequential, None, order)))
}

/// What the judge of transactions found, as told of operations: the one of each place.
pub(super) fn told_by(
    found: Finding,
    places: &[u32],
    accepts: impl FnOnce(&[u32]) -> bool,
) -> Found {
    match found {
        Finding::Holds { order, .. } => {
            let order: Vec<u32> =
                order.iter().filter_map(|place| places.get(*place)).copied().collect();
            if accepts(&order) { Found::Holds { order, checked: true } } else { Found::Fault }
        }
        Finding::Violated(story) => {
            let lines = story.lines.iter().filter_map(|line| places.get(line.call));
            let told: BTreeSet<u32> = lines.copied().collect();
            if told.is_empty() {
                Found::Violated(places.iter().copied().collect())
            } else {
                Found::Violated(told)
            }
        }
        Finding::Unknown { reason, .. } => Found::Open(reason),
    }
}

/// Each operation as a transaction, and the operation of each place.
///
/// A write of unknown outcome is in a session of its own; that it comes after what its session did
/// before is said by a key of its own, which the one writes and the other reads.
fn transactions(from: &Registers) -> (Transactions, Vec<u32>) {
    let mut followed: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, one) in (0..).zip(&from.operations) {
        if let (None, Some(previous)) = (one.ended, one.previous) {
            followed.entry(previous).or_default().push(number);
        }
    }
    let mut sessions: BTreeMap<(u64, Option<u32>), u64> = BTreeMap::new();
    let mut places = Vec::new();
    let mut builder = Builder::default();
    let own = |number: u32| format!("after {number}");
    for (number, one) in (0..).zip(&from.operations) {
        let next = sessions.len() as u64;
        let alone = one.ended.is_none().then_some(number);
        let session = *sessions.entry((one.process, alone)).or_insert(next);
        builder.begin(session);
        places.push((session, number));
        let key = format!("key {}", one.key);
        match one.read {
            None => builder.write(key, i64::from(number)),
            Some(Source::Write(writer)) => builder.read(key, i64::from(writer)),
            Some(_) => builder.read_initial(key),
        };
        if one.ended.is_none() && one.previous.is_some() {
            builder.read(own(number), 1);
        }
        for later in followed.get(&number).into_iter().flatten() {
            builder.write(own(*later), 1);
        }
    }
    // The builder puts the transactions of a session together.
    places.sort_by_key(|(session, _)| *session);
    (builder.build(), places.into_iter().map(|(_, number)| number).collect())
}
