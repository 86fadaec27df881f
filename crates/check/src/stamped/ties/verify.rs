//! The verifier of reads that no order of equal stamps serves: it tries every order of those that
//! have a say, one by one, and knows nothing of the search.

use super::{Plan, Unserved};
use crate::stamped::follow::{At, Content};
use crate::stamped::history::{Access, Stamp, Stamped, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// So many transactions are looked at in all orders together, at most.
const WORK_MAX: usize = 1_000_000;
/// So many orders are kept, to be told.
const TOLD: usize = 6;

/// An order of equal stamps, and the read that it does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::stamped) struct Tried {
    /// Places of those whose order is open.
    pub(in crate::stamped) order: Vec<usize>,
    /// The transaction's place and the step that reads.
    pub(in crate::stamped) read: (usize, usize),
    /// What is there.
    pub(in crate::stamped) found: Content,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::stamped) enum Checked {
    /// So many orders, none of which serves the reads; the first few of them.
    Refused(usize, Vec<Tried>),
    /// There are too many to try.
    TooMany,
    /// One serves them.
    Served,
}

type Rank = (Stamp, bool);

fn rank(one: &Transaction) -> Rank {
    (one.who.commit, one.who.start == one.who.commit)
}

/// Whether a transaction's snapshot lies within its own rank.
fn is_among(one: &Transaction, at: At) -> bool {
    at == At::Commit || one.who.start == one.who.commit
}

/// Whether what a transaction of another rank wrote is in a snapshot.
fn is_before(other: &Transaction, one: &Transaction, at: At) -> bool {
    if is_among(one, at) { rank(other) < rank(one) } else { other.who.commit <= one.who.start }
}

/// Those that have a say in the reads, by rank.
fn involved(
    history: &Stamped,
    at: At,
    reads: &[(usize, usize)],
) -> Option<BTreeMap<Rank, Vec<usize>>> {
    let all = history.transactions();
    let mut found: BTreeMap<Rank, BTreeSet<usize>> = BTreeMap::new();
    for (place, step) in reads.iter().copied() {
        let one = all.get(place)?;
        let key = one.steps.get(step)?.key;
        let is_list = all.iter().flat_map(|one| &one.steps).any(|step| {
            step.key == key && matches!(step.access, Access::Append(_) | Access::ReadList(_))
        });
        let mut visible: BTreeMap<Rank, Vec<usize>> = BTreeMap::new();
        for (other_place, other) in all.iter().enumerate().filter(|(_, other)| other.writes(key)) {
            if other_place == place {
                continue;
            }
            if is_among(one, at) && rank(other) == rank(one) {
                found.entry(rank(one)).or_default().extend([place, other_place]);
            } else if is_before(other, one, at) {
                visible.entry(rank(other)).or_default().push(other_place);
            }
        }
        let kept = if is_list { visible.len() } else { 1 };
        for (rank, places) in visible.into_iter().rev().take(kept) {
            found.entry(rank).or_default().extend(places);
        }
    }
    Some(found.into_iter().map(|(rank, places)| (rank, places.into_iter().collect())).collect())
}

/// What a read finds after these; nothing if it is what it read.
fn unlike(
    history: &Stamped,
    at: At,
    order: &[usize],
    (place, step): (usize, usize),
) -> Option<Content> {
    let all = history.transactions();
    let one = &all[place];
    let key = one.steps[step].key;
    let own = order.iter().position(|other| *other == place).unwrap_or(order.len());
    let seen = order.iter().enumerate().filter(|(position, other)| {
        let other = &all[**other];
        is_before(other, one, at)
            || is_among(one, at) && rank(other) == rank(one) && *position < own
    });
    let (mut list, mut value) = (Vec::new(), None);
    for step in seen.flat_map(|(_, other)| &all[*other].steps).filter(|step| step.key == key) {
        match step.access {
            Access::Append(element) => list.push(element),
            Access::Write(written) => value = Some(written),
            Access::Read(_) | Access::ReadList(_) => {}
        }
    }
    let mine = one.steps[..step].iter().filter(|step| step.key == key);
    let mine = mine.filter_map(|step| match step.access {
        Access::Append(element) => Some(element),
        _ => None,
    });
    let is = match (&one.steps[step].access, value) {
        (Access::ReadList(read), _) => list.iter().copied().chain(mine).eq(read.iter().copied()),
        (Access::Read(read), Some(value)) => *read == value,
        (Access::Read(read), None) => {
            list.is_empty() && mine.count() == 0 && matches!(read, None | Some(0))
        }
        _ => false,
    };
    let found = match (value, list.is_empty()) {
        (Some(value), _) => Content::Value(value),
        (None, false) => Content::List(list),
        (None, true) => Content::Initial,
    };
    (!is).then_some(found)
}

/// Whether those of a session stand in its order.
fn keeps_sessions(history: &Stamped, order: &[usize]) -> bool {
    let all = history.transactions();
    let mut last: BTreeMap<(Rank, u32), usize> = BTreeMap::new();
    order.iter().all(|place| {
        let one = &all[*place];
        last.insert((rank(one), one.who.session), *place).is_none_or(|before| before < *place)
    })
}

/// The next order of a slice, by size of its elements; false after the last.
fn next_order(places: &mut [usize]) -> bool {
    let Some(at) = places.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        places.sort_unstable();
        return false;
    };
    let larger = places.iter().rposition(|place| *place > places[at]).unwrap_or(at);
    places.swap(at, larger);
    places[at + 1..].reverse();
    true
}

/// Tries every order of those that have a say in the reads.
pub(in crate::stamped) fn check(history: &Stamped, plan: Plan, unserved: &Unserved) -> Checked {
    let Some(involved) = involved(history, plan.at, &unserved.reads) else {
        return Checked::Served;
    };
    let mut groups: Vec<Vec<usize>> = involved.into_values().collect();
    let count: usize = groups.iter().map(Vec::len).sum();
    let mut work = count * unserved.reads.len();
    for factor in groups.iter().flat_map(|group| 2..=group.len()) {
        work = work.saturating_mul(factor);
    }
    if work > WORK_MAX {
        return Checked::TooMany;
    }
    let (mut orders, mut told) = (0, Vec::new());
    loop {
        let order = groups.concat();
        if !plan.sessions || keeps_sessions(history, &order) {
            orders += 1;
            let wrong = unserved.reads.iter().find_map(|read| {
                let found = unlike(history, plan.at, &order, *read)?;
                Some((*read, found))
            });
            let Some((read, found)) = wrong else { return Checked::Served };
            if told.len() < TOLD {
                let open = groups.iter().filter(|group| group.len() > 1).flatten().copied();
                told.push(Tried { order: open.collect(), read, found });
            }
        }
        // The last group whose orders are not all tried goes on; those after it begin anew.
        if !groups.iter_mut().rev().any(|group| next_order(group)) {
            return Checked::Refused(orders, told);
        }
    }
}
