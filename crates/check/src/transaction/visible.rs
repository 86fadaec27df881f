//! The oracle of update atomic: every order of all, and for each transaction every set of those
//! that it may see (Cerone, Bernardi and Gotsman, CONCUR 2015). Values alone tell whose write was
//! read.

use super::exhaustive::writes;
use super::history::{Access, Step, Transactions};

/// Whether some order and some views explain every read.
pub(super) fn holds(history: &Transactions) -> bool {
    goes_on(history, &mut Vec::new())
}

fn goes_on(history: &Transactions, order: &mut Vec<usize>) -> bool {
    if order.len() == history.len() {
        return true;
    }
    let session = |at: usize| history.transactions()[at].session;
    (0..history.len()).any(|one| {
        let in_turn = |before: usize| session(before) != session(one) || order.contains(&before);
        if order.contains(&one) || !(0..one).all(in_turn) || !sees(history, order, one) {
            return false;
        }
        order.push(one);
        let found = goes_on(history, order);
        order.pop();
        found
    })
}

/// Whether it may see a set of those before it that explains its reads.
fn sees(history: &Transactions, before: &[usize], one: usize) -> bool {
    let session = |at: usize| history.transactions()[at].session;
    if !history.is_committed(one as u32) {
        return true;
    }
    let keys = || 0..history.keys() as u32;
    let must = |other: usize| {
        let shares = keys().any(|key| writes(history, one, key) && writes(history, other, key));
        let is_committed = history.is_committed(other as u32);
        is_committed && (session(other) == session(one) || shares)
    };
    (0..1_u32 << before.len()).any(|set| {
        let is_in = |at: usize| set >> at & 1 == 1;
        let has_all = before.iter().enumerate().all(|(at, other)| is_in(at) || !must(*other));
        has_all && explains(history, before, one, is_in)
    })
}

/// Whether each read is of the last that is seen, or of the transaction's own write.
fn explains(
    history: &Transactions,
    before: &[usize],
    one: usize,
    is_in: impl Fn(usize) -> bool,
) -> bool {
    let steps = history.steps(one as u32);
    let last_of = |steps: &[Step], key: u32| {
        let is = |step: &&Step| step.access == Access::Write && step.key == key;
        steps.iter().rev().find(is).map(|step| step.value)
    };
    steps.iter().enumerate().all(|(place, step)| {
        let seen = || {
            let all = before.iter().enumerate().rev();
            let mut all =
                all.filter(|(at, other)| is_in(*at) && history.is_committed(**other as u32));
            all.find_map(|(_, other)| last_of(history.steps(*other as u32), step.key))
        };
        let expected = last_of(&steps[..place], step.key).or_else(seen);
        match step.access {
            Access::Write => true,
            Access::Read => expected == Some(step.value),
            Access::ReadInitial => expected.is_none(),
        }
    })
}
