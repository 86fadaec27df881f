//! The verifier of orders of views: small, and looking at nothing but the history.
//!
//! The writers of a key come in the order given. Each read is of one that is before its reader, a
//! session's transactions come in turn, and (update serializable) who writes comes before who
//! overwrites what it read. Of all others the next writer after the one that was read must not be
//! among those that the reader depends on: by tables of bits, so many writers at a time. Whose
//! write of a value written twice was read is claimed by the solver, and asked of the history.

use super::overlooked::Chosen;
use super::shape::Shape;
use crate::transaction::history::{Access, Transactions};
use std::collections::{BTreeMap, BTreeSet};

/// Orders that take more words of bits than this are not looked at.
const WORDS_MAX: usize = 4_000_000_000;
/// Words of bits a transaction at a time.
const BLOCK: usize = 16;

/// What the order says of one transaction, by places in the order.
#[derive(Default)]
struct One {
    /// Whom it depends on directly.
    before: Vec<u32>,
    /// Whom it must not depend on.
    overlooked: Vec<u32>,
}

/// Whether an order of transactions shows that no reader overlooks anything; nothing if it is too
/// long to say.
pub(super) fn accepts(
    history: &Transactions,
    shape: Shape,
    order: &[u32],
    chosen: &[Chosen],
) -> Option<bool> {
    let Some(all) = depends(history, shape, order, chosen) else { return Some(false) };
    let edges: usize = all.iter().map(|one| one.before.len()).sum();
    let passes = all.len().div_ceil(BLOCK * 64);
    if passes.saturating_mul(edges.saturating_mul(BLOCK)) > WORDS_MAX {
        return None;
    }
    let in_pass = |pass: usize| {
        let first = pass * BLOCK * 64;
        let place = |other: u32| {
            let bit = (other as usize).checked_sub(first).filter(|bit| *bit < BLOCK * 64)?;
            Some((bit / 64, 1_u64 << (bit % 64)))
        };
        let mut seen = vec![[0_u64; BLOCK]; all.len()];
        for (at, one) in all.iter().enumerate().skip(first) {
            let mut mine = [0; BLOCK];
            for other in &one.before {
                let theirs = &seen[*other as usize];
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine |= theirs);
                if let Some((word, bit)) = place(*other) {
                    mine[word] |= bit;
                }
            }
            let is_seen = |(word, bit): (usize, u64)| mine[word] & bit != 0;
            if one.overlooked.iter().any(|other| place(*other).is_some_and(is_seen)) {
                return false;
            }
            seen[at] = mine;
        }
        true
    };
    Some((0..passes).all(in_pass))
}

/// Who left each value of each key, by places.
type Owners = BTreeMap<(u32, i64), Vec<u32>>;

/// The writers of each key in an order, and who left each value.
fn versions(history: &Transactions, order: &[u32]) -> (Vec<Vec<u32>>, Owners) {
    let mut writers: Vec<Vec<u32>> = vec![Vec::new(); history.keys()];
    let mut owners = Owners::new();
    for (at, one) in (0..).zip(order).filter(|(_, one)| history.is_committed(**one)) {
        let stored = history.steps(*one).iter().filter(|step| step.access == Access::Write);
        let last: BTreeMap<u32, i64> = stored.map(|step| (step.key, step.value)).collect();
        for (key, value) in last {
            writers[key as usize].push(at);
            owners.entry((key, value)).or_default().push(at);
        }
    }
    (writers, owners)
}

/// What each depends on; nothing if the order is none, or something stands before what it must
/// stand behind.
fn depends(
    history: &Transactions,
    shape: Shape,
    order: &[u32],
    chosen: &[Chosen],
) -> Option<Vec<One>> {
    let mut place = vec![u32::MAX; history.len()];
    for (at, one) in (0..).zip(order) {
        *place.get_mut(*one as usize)? = at;
    }
    let is_whole = order.len() == history.len() && !place.contains(&u32::MAX);
    let (writers, owners) = versions(history, order);
    let claimed = |one: &Chosen| ((one.reader, one.key, one.value), place[one.writer as usize]);
    let claims: BTreeMap<(u32, u32, i64), u32> = chosen.iter().map(claimed).collect();
    let mut all: Vec<One> = order.iter().map(|_| One::default()).collect();
    for pair in writers.iter().flat_map(|of_key| of_key.windows(2)) {
        all[pair[1] as usize].before.push(pair[0]);
    }
    for session in history.sessions().iter().filter(|_| shape.sessions) {
        for next in session.clone().skip(1) {
            all[place[next as usize] as usize].before.push(place[next as usize - 1]);
        }
    }
    for (at, one) in (0..).zip(order).filter(|(_, one)| history.is_committed(**one)) {
        let steps = history.steps(*one);
        let weighs = shape.weighs(steps.iter().any(|step| step.access == Access::Write));
        let mut own: BTreeMap<u32, i64> = BTreeMap::new();
        let mut met = BTreeSet::new();
        for step in steps {
            if step.access == Access::Write {
                own.insert(step.key, step.value);
                continue;
            }
            if let Some(own) = own.get(&step.key) {
                if step.access != Access::Read || *own != step.value {
                    return None;
                }
                continue;
            }
            if !met.insert((step.key, step.value, step.access == Access::Read)) {
                continue;
            }
            let of_key = &writers[step.key as usize];
            let later = if step.access == Access::Read {
                let left = owners.get(&(step.key, step.value))?;
                let from = match (&left[..], claims.get(&(*one, step.key, step.value))) {
                    ([from], _) => *from,
                    (all, Some(claim)) if all.contains(claim) => *claim,
                    _ => return None,
                };
                if from == at {
                    return None;
                }
                all[at as usize].before.push(from);
                of_key.partition_point(|other| *other <= from)
            } else {
                0
            };
            let next = of_key[later..].iter().copied().find(|other| *other != at);
            match next {
                Some(next) if weighs => all[at as usize].overlooked.push(next),
                Some(next) => all[next as usize].before.push(at),
                None => {}
            }
        }
    }
    let is_before = |(at, one): (u32, &One)| one.before.iter().all(|other| *other < at);
    (is_whole && (0..).zip(&all).all(is_before)).then_some(all)
}
