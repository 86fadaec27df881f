//! Each operation by what it was promised, where some were promised to be sequential.
//!
//! ```text
//! sequential           |-------------------------------->   at any moment, in its session's order
//! linearizable                  |invocation == answer|      and in its session's order
//! consistent prefix    |start ================ answer|      in no session's order, as `obligation`
//! bounded staleness         |- d -|invocation = answer|     has it; other writes as linearizable
//! ```
//!
//! One order of all operations, each within its span, keeps the order of a session among those that
//! were promised to be sequential or more: a guarantee that says nothing of sessions asks nothing
//! of them. Where all operations are sequential this is sequential consistency, where none is it is
//! what `obligation` judges. Eventual reads, and reads of other guarantees, are not in the order.
//!
//! It is strict serializability of transactions of one operation each, with those spans, and so the
//! polygraph decides it; what a session did just before is a key of its own, which the one writes
//! and the other reads.
//!
//! Reference: Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
//! programs" (1979).

use super::exhaustive;
use super::registers::{Registers, Source};
use super::sequential::told_by;
use super::views::{Found, nowhere};
use super::{verify, witness};
use crate::history::{Call, History};
use crate::limits::{Budget, Exhausted};
use crate::obligation::{earliest, is_ordered};
use crate::operation::Moment;
use crate::report::Finding;
use crate::transaction::{Builder, Level, Span, decide as decide_transactions};
use avouch_promise::guarantee::Guarantee;
use std::collections::BTreeMap;

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    #[default]
    None,
    /// Sessions order nothing.
    #[cfg(test)]
    ForgetSessions,
    /// Sessions order every operation, whatever it was promised.
    #[cfg(test)]
    EverySession,
    /// A sequential operation takes effect between invocation and answer.
    #[cfg(test)]
    InRealTime,
    /// No operation is bound to its span.
    #[cfg(test)]
    ForgetSpans,
}

/// Whose operations are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// All.
    All,
    /// Those that were promised to be sequential, with the writes of the others at any moment.
    Sequential,
}

/// Judges the one order of a history's operations.
pub(crate) fn judge(history: &History, whose: Whose, budget: &mut Budget) -> Finding {
    judge_with(history, whose, budget, Mutant::None)
}

pub(super) fn judge_with(
    history: &History,
    whose: Whose,
    budget: &mut Budget,
    mutant: Mutant,
) -> Finding {
    let from = registers(history, whose, mutant);
    if let Some(gap) = &from.gap {
        return Finding::Unknown { reason: gap.clone(), story: None };
    }
    match decide(&from, budget, mutant) {
        Err(met) => Finding::Unknown { reason: met.to_string(), story: None },
        Ok(Found::Fault) => Finding::fault("an order"),
        Ok(Found::Open(reason)) => Finding::Unknown { reason, story: None },
        Ok(Found::Holds { order, checked }) => {
            let order = order.into_iter().map(|number| from.at(number).call).collect();
            Finding::Holds { order, checked }
        }
        Ok(Found::Violated(operations)) => {
            let (kept, minimal) = witness::least(&from, operations, |part| {
                let found = decide(part, budget, mutant).ok()?;
                Some(matches!(found, Found::Violated(_)))
            });
            let alone = from.only(&kept);
            let again = exhaustive::promised(&alone);
            let says = "no order that keeps to what each was promised explains";
            match witness::story(history, &alone, &kept, (minimal, again), says) {
                Some(story) => Finding::Violated(story),
                None => Finding::fault("operations that break what they were promised"),
            }
        }
    }
}

/// The operations in the order, with their spans in the place of invocations and answers.
pub(super) fn registers(history: &History, whose: Whose, mutant: Mutant) -> Registers {
    let spanned = |call: &Call| {
        let mut call = call.clone();
        let is_sequential = call.guarantee == Guarantee::Sequential;
        let is_free = match mutant {
            #[cfg(test)]
            Mutant::InRealTime => false,
            #[cfg(test)]
            Mutant::ForgetSpans => true,
            _ => is_sequential || whose == Whose::Sequential,
        };
        let is_in = is_sequential || call.is_write() || whose == Whose::All && is_ordered(&call);
        if !is_in {
            // What returned nothing is in no order.
            call.answer = None;
        }
        call.began.moment = if is_free { Moment(0) } else { earliest(&call, history) };
        if let Some(ended) = call.ended.as_mut().filter(|_| is_free) {
            ended.moment = NEVER;
        }
        call
    };
    let calls = history.calls.iter().map(spanned).collect();
    Registers::new(&History { calls, ..history.clone() })
}

/// After every event.
const NEVER: Moment = Moment(u64::MAX);

/// What each operation's session did just before, of those whose order counts.
pub(super) fn before(from: &Registers, every: bool) -> Vec<Option<u32>> {
    let mut last: BTreeMap<u64, u32> = BTreeMap::new();
    let mut all = Vec::with_capacity(from.operations.len());
    for (number, one) in (0..).zip(&from.operations) {
        if !(every || one.is_red) {
            all.push(None);
            continue;
        }
        all.push(last.get(&one.process).copied());
        if one.ended.is_some() {
            last.insert(one.process, number);
        }
    }
    all
}

fn decide(from: &Registers, budget: &mut Budget, mutant: Mutant) -> Result<Found, Exhausted> {
    budget.step(from.operations.len() * 64)?;
    if let Some(found) = nowhere(from) {
        return Ok(found);
    }
    let before = match mutant {
        #[cfg(test)]
        Mutant::ForgetSessions => vec![None; from.operations.len()],
        #[cfg(test)]
        Mutant::EverySession => self::before(from, true),
        _ => self::before(from, false),
    };
    let mut builder = Builder::default();
    builder.timed();
    let mut followed: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, previous) in (0..).zip(&before) {
        if let Some(previous) = previous {
            followed.entry(*previous).or_default().push(number);
        }
    }
    let rank = |moment: Moment| u32::try_from(moment.0).unwrap_or(Span::NEVER);
    let own = |number: u32| format!("after {number}");
    for (number, one) in (0..).zip(&from.operations) {
        builder.begin(u64::from(number)).ran(rank(one.began), one.ended.map_or(Span::NEVER, rank));
        let key = format!("key {}", one.key);
        match one.read {
            None => builder.write(key, i64::from(number)),
            Some(Source::Write(writer)) => builder.read(key, i64::from(writer)),
            Some(_) => builder.read_initial(key),
        };
        if before[number as usize].is_some() {
            builder.read(own(number), 1);
        }
        for later in followed.get(&number).into_iter().flatten() {
            builder.write(own(*later), 1);
        }
    }
    let found = decide_transactions(&builder.build(), Level::StrictSerializable, &budget.left());
    // Each is in a session of its own, and stands at its number.
    let places: Vec<u32> = (0..from.operations.len() as u32).collect();
    Ok(told_by(found, &places, |order| accepts(from, order)))
}

/// Whether an order explains every read and keeps spans and sessions; apart from the judge.
fn accepts(from: &Registers, order: &[u32]) -> bool {
    let Some(place) = verify::runs(from, None, order) else { return false };
    let mut latest_began = Moment(0);
    for number in order {
        let one = from.at(*number);
        if one.ended.is_some_and(|ended| ended < latest_began) {
            return false;
        }
        latest_began = latest_began.max(one.began);
    }
    let mut last: BTreeMap<u64, u32> = BTreeMap::new();
    for (at, one) in from.operations.iter().enumerate().filter(|(_, one)| one.is_red) {
        let floor = last.get(&one.process).copied();
        if floor.is_some_and(|floor| place[at] < floor) {
            return false;
        }
        if one.ended.is_some() {
            last.insert(one.process, place[at]);
        }
    }
    true
}
