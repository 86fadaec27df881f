//! The verifier of anomalies: small, apart from what found them, and looking at nothing but the
//! operations that the anomaly names, or at all of them where it says that something is nowhere.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::{bank, counter, kafka, long_fork, queue, set};
use crate::dependency::Fate;
use std::collections::BTreeMap;

fn list(one: &Operation) -> &[Datum] {
    let answer = one.answer().filter(|_| one.is("read"));
    answer.and_then(Datum::list).unwrap_or_default()
}

fn is_read(one: &Operation) -> bool {
    one.is("read") && one.answer().and_then(Datum::list).is_some()
}

fn adds(one: &Operation, element: &Datum) -> bool {
    set::ADDS.contains(&one.function.as_str()) && one.asked == *element && one.fate != Fate::Aborted
}

/// Whether an element was certainly there when an operation ended.
fn shows(one: &Operation, element: &Datum) -> bool {
    one.fate == Fate::Committed && (adds(one, element) || list(one).contains(element))
}

/// Whether an anomaly is one.
pub(super) fn accepts(all: &[Operation], anomaly: &Anomaly) -> bool {
    if anomaly.kind.is_of_logs() {
        return kafka::accepts(all, anomaly);
    }
    let mut operations = Vec::new();
    for place in &anomaly.operations {
        let Some(one) = all.get(*place) else { return false };
        operations.push(one);
    }
    match (&operations[..], &anomaly.values[..]) {
        (reads, keys) if anomaly.kind == Kind::LongFork => is_fork(reads, keys),
        ([one], [value]) => of_one(all, anomaly.kind, one, value),
        ([one, other], [value]) => of_two(all, anomaly.kind, (one, other), value),
        ([one, other], [first, second]) => of_both(anomaly.kind, (one, other), (first, second)),
        ([known, read, later], [value]) => {
            anomaly.kind == Kind::Stale
                && is_missing(known, read, value)
                && later.ended > read.began
                && list(later).contains(value)
        }
        ([first, second, read], [missing, seen]) => {
            let is_first = |one: &Operation| !adds(one, seen) || first.is_before(one);
            anomaly.kind == Kind::CausalReverse
                && first.fate == Fate::Committed
                && adds(first, missing)
                && adds(second, seen)
                && all.iter().all(is_first)
                && is_read(read)
                && list(read).contains(seen)
                && !list(read).contains(missing)
        }
        _ => false,
    }
}

/// Whether each read sees its key and not the next one, around.
fn is_fork(reads: &[&Operation], keys: &[Datum]) -> bool {
    let sees = |one: &Operation, key: &Datum| {
        let steps = long_fork::steps(one.answer()?, "r");
        match steps.iter().find(|(name, _)| *name == key) {
            Some((_, value)) => Some(**value != Datum::Nil),
            None if steps.is_empty() => is_read(one).then(|| list(one).contains(key)),
            None => None,
        }
    };
    let around = keys.iter().cycle().skip(1);
    let mut all = reads.iter().zip(keys).zip(around);
    keys.len() > 1
        && reads.len() == keys.len()
        && all.all(|((read, key), next)| {
            sees(read, key) == Some(true) && sees(read, next) == Some(false)
        })
}

fn is_missing(known: &Operation, read: &Operation, value: &Datum) -> bool {
    shows(known, value) && known.is_before(read) && is_read(read) && !list(read).contains(value)
}

fn of_one(all: &[Operation], kind: Kind, one: &Operation, value: &Datum) -> bool {
    let balance = || bank::balances(one).into_iter().flatten().find(|(name, _)| name == value);
    let taken: Vec<&Datum> =
        all.iter().flat_map(queue::taken).filter(|one| *one == value).collect();
    let puts = |one: &&Operation| {
        adds(one, value) || (one.is("enqueue") && one.asked == *value && one.fate != Fate::Aborted)
    };
    let counted = |is: fn(i128, (i128, i128)) -> bool| {
        let seen = one.answer().and_then(Datum::integer).filter(|_| one.is("read"));
        seen.is_some_and(|seen| is(i128::from(seen), counter::bounds(all, one)))
    };
    match kind {
        Kind::Duplicated if is_read(one) => {
            list(one).iter().filter(|other| *other == value).count() > 1
        }
        Kind::Duplicated => {
            queue::taken(one).contains(value) && taken.len() > all.iter().filter(puts).count()
        }
        Kind::Unexpected => {
            let has = list(one).contains(value) || queue::taken(one).contains(value);
            has && !all.iter().filter(puts).any(|put| put.began < one.ended)
        }
        Kind::Lost => {
            // More were put there before it was empty than were ever taken. Whatever was put there
            // before it was empty once was so before it was empty last.
            let is_empty = |empty: &&Operation| queue::empties(empty) && one.is_before(empty);
            let last = all.iter().filter(is_empty).max_by_key(|empty| empty.began);
            let is_put = |put: &&Operation, empty: &Operation| {
                puts(put) && put.fate == Fate::Committed && put.is_before(empty)
            };
            let more = |empty: &Operation| {
                all.iter().filter(|put| is_put(put, empty)).count() > taken.len()
            };
            let is_one = puts(&one) && one.fate == Fate::Committed;
            is_one && last.is_some_and(|empty| more(empty) && is_short(all, empty))
        }
        Kind::NegativeBalance => {
            balance().is_some_and(|(_, balance)| balance.is_some_and(|it| it < 0))
        }
        Kind::MissingBalance => balance().is_some_and(|(_, balance)| balance.is_none()),
        Kind::TooLow => counted(|seen, (low, _)| seen < low),
        Kind::TooHigh => counted(|seen, (_, high)| seen > high),
        _ => false,
    }
}

/// Whether more is missing when the queue was empty than operations of unknown outcome can have
/// taken.
fn is_short(all: &[Operation], empty: &Operation) -> bool {
    let mut counts: BTreeMap<&Datum, (usize, usize)> = BTreeMap::new();
    for one in all {
        if one.is("enqueue") && one.fate == Fate::Committed && one.is_before(empty) {
            counts.entry(&one.asked).or_default().0 += 1;
        }
        for element in queue::taken(one) {
            counts.entry(element).or_default().1 += 1;
        }
    }
    let missing: usize = counts.values().map(|(put, taken)| put.saturating_sub(*taken)).sum();
    missing > queue::may_have_taken(all)
}

fn of_two(
    all: &[Operation],
    kind: Kind,
    (one, other): (&Operation, &Operation),
    value: &Datum,
) -> bool {
    match kind {
        Kind::Lost => {
            let sees = |later: &Operation| later.ended > other.began && list(later).contains(value);
            is_missing(one, other, value) && !all.iter().any(sees)
        }
        Kind::UnexpectedAccount => {
            let knows = |one: &Operation| {
                bank::balances(one).map(|all| all.iter().any(|(name, _)| name == value))
            };
            knows(one) == Some(false) && knows(other) == Some(true)
        }
        Kind::DuplicateId => {
            let given = |one: &Operation| one.is("generate") && one.answer() == Some(value);
            one.began != other.began && given(one) && given(other)
        }
        _ => false,
    }
}

fn of_both(
    kind: Kind,
    (one, other): (&Operation, &Operation),
    (first, second): (&Datum, &Datum),
) -> bool {
    match kind {
        Kind::WrongTotal => {
            let adds_up = |one: &Operation, to: &Datum| {
                let total = bank::balances(one).and_then(|all| bank::total(&all));
                total.is_some_and(|total| Datum::number(total) == *to)
            };
            first != second && adds_up(one, first) && adds_up(other, second)
        }
        _ => false,
    }
}
