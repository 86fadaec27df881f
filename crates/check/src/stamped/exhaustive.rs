//! The oracle: every order of commits that the stamps allow, and the axioms as they are defined.
//!
//! It knows no versions and follows nothing: of each order it asks each transaction which others
//! its snapshot contains, and each read which of those wrote the key last.

use super::follow::At;
use super::history::{Access, Stamped, Transaction, Value};

/// What is true of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Truth {
    /// Whether an order of equal stamps makes every axiom but SESSION true.
    pub(super) plain: bool,
    /// Whether one makes all of them true.
    pub(super) of_sessions: bool,
    /// Whether every single read is right in some order, and no other axiom speaks against it.
    pub(super) possible: bool,
}

/// Extends an order by each of those that may come next.
fn extend(
    order: &mut Vec<usize>,
    left: &mut Vec<usize>,
    same: &dyn Fn(usize, usize) -> bool,
    each: &mut dyn FnMut(&[usize]),
) {
    let Some(first) = left.first().copied() else { return each(order) };
    for place in 0..left.len() {
        if !same(first, left[place]) {
            break;
        }
        let one = left.remove(place);
        order.push(one);
        extend(order, left, same, each);
        order.pop();
        left.insert(place, one);
    }
}

/// Every order of commits in which stamps grow, and T2 holds.
fn orders(history: &Stamped, mut each: impl FnMut(&[usize])) {
    let all = history.transactions();
    let rank = |one: usize| (all[one].who.commit, all[one].who.start == all[one].who.commit);
    let mut left: Vec<usize> = (0..all.len()).collect();
    left.sort_by_key(|one| rank(*one));
    let same = |one: usize, other: usize| rank(one) == rank(other);
    extend(&mut Vec::new(), &mut left, &same, &mut each);
}

/// What a key holds after these transactions, as it is read: a list, or a value.
fn held(seen: &[&Transaction], key: u32) -> (Vec<i64>, Option<Value>) {
    let steps = seen.iter().flat_map(|one| one.steps.iter()).filter(|step| step.key == key);
    let (mut list, mut value) = (Vec::new(), None);
    for step in steps {
        match step.access {
            Access::Append(one) => list.push(one),
            Access::Write(one) => value = Some(one),
            Access::Read(_) | Access::ReadList(_) => {}
        }
    }
    (list, value)
}

fn is_list(history: &Stamped, key: u32) -> bool {
    let mut steps = history.transactions().iter().flat_map(|one| one.steps.iter());
    let is = |access: &Access| matches!(access, Access::Append(_) | Access::ReadList(_));
    steps.any(|step| step.key == key && is(&step.access))
}

/// A read as a list, or as a value.
fn read(access: &Access) -> Option<(Vec<i64>, Option<i64>)> {
    match access {
        Access::Read(value) => Some((Vec::new(), *value)),
        Access::ReadList(list) => Some((list.to_vec(), None)),
        Access::Write(_) | Access::Append(_) => None,
    }
}

/// INT and EXT of one read, its snapshot being these transactions.
fn is_right(history: &Stamped, seen: &[&Transaction], one: &Transaction, place: usize) -> bool {
    let step = &one.steps[place];
    let Some((list, value)) = read(&step.access) else { return true };
    let before: Vec<_> =
        one.steps[..place].iter().enumerate().filter(|(_, own)| own.key == step.key).collect();
    if is_list(history, step.key) {
        // The first read's list, or that of the snapshot, and what was appended since.
        let first = before.iter().find_map(|(at, own)| Some((*at, read(&own.access)?.0)));
        let (since, mut expected) = match first {
            Some((at, list)) => (at, list),
            None => (0, held(seen, step.key).0),
        };
        expected.extend(before.iter().filter(|(at, _)| *at >= since).filter_map(|(_, own)| {
            match own.access {
                Access::Append(value) => Some(value),
                _ => None,
            }
        }));
        return list == expected;
    }
    let own = before.last().map(|(_, own)| match own.access {
        Access::Write(value) | Access::Read(value) => value,
        Access::Append(_) | Access::ReadList(_) => None,
    });
    match (own, held(seen, step.key).1) {
        (Some(own), _) => value == own,
        (None, Some(held)) => value == held,
        (None, None) => matches!(value, None | Some(0)),
    }
}

/// What is true of a history by snapshots at starts or at commits.
pub(super) fn truth(history: &Stamped, at: At) -> Truth {
    let all = history.transactions();
    let mut truth = Truth::default();
    let reads = all.iter().map(|one| one.steps.len()).sum::<usize>();
    let mut right_in_some = vec![false; reads];
    let mut others_in_some = false;
    orders(history, |order| {
        let mut is_plain = true;
        let (mut is_of_sessions, mut conflicts) = (true, false);
        let mut number = 0;
        let mut answers = vec![(0, false); 0];
        for (place, one) in order.iter().map(|one| &all[*one]).enumerate() {
            let before: Vec<&Transaction> = order[..place].iter().map(|one| &all[*one]).collect();
            let is_instant = one.who.start == one.who.commit;
            let seen: Vec<&Transaction> = match at {
                At::Start if !is_instant => before
                    .iter()
                    .filter(|other| other.who.commit <= one.who.start)
                    .copied()
                    .collect(),
                _ => before.clone(),
            };
            let contains =
                |other: &Transaction| seen.iter().any(|it| it.who.place == other.who.place);
            for step in 0..one.steps.len() {
                let is = is_right(history, &seen, one, step);
                is_plain &= is;
                answers.push((one.who.place as usize * 64 + step, is));
                number += 1;
            }
            if at == At::Start {
                let same = |other: &&Transaction| {
                    one.steps.iter().any(|step| step.is_write() && other.writes(step.key))
                };
                conflicts |=
                    before.iter().filter(|other| same(other)).any(|other| !contains(other));
            }
            let mine = all.iter().filter(|other| other.who.session == one.who.session);
            let mut earlier = mine.filter(|other| other.who.place < one.who.place);
            is_of_sessions &= earlier.all(contains);
        }
        assert_eq!(number, reads);
        answers.sort_unstable();
        for (slot, (_, is)) in right_in_some.iter_mut().zip(&answers) {
            *slot |= is;
        }
        others_in_some |= !conflicts;
        truth.plain |= is_plain && !conflicts;
        truth.of_sessions |= is_plain && !conflicts && is_of_sessions;
    });
    truth.possible = others_in_some && right_in_some.iter().all(|is| *is);
    truth
}

/// Whether two of one rank touch a key that one of them writes.
pub(super) fn has_ties(history: &Stamped) -> bool {
    let all = history.transactions();
    all.iter().enumerate().any(|(place, one)| {
        all[..place].iter().any(|other| {
            let touches = |a: &Transaction, b: &Transaction| {
                a.steps
                    .iter()
                    .any(|step| step.is_write() && b.steps.iter().any(|it| it.key == step.key))
            };
            one.who.rank() == other.who.rank() && (touches(one, other) || touches(other, one))
        })
    })
}
