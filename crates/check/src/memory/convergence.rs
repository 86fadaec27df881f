//! Convergence, as far as a history of some length can show it: once the writes of a key have
//! all been answered, the last read of each session returns one and the same value.
//!
//! That replicas *will* agree is a promise that no finite history breaks. What is judged is
//! whether they had agreed by the end, by sessions that read a key after its last write. A key with
//! a write of unknown outcome that somebody read never comes to rest, and is left out. Where no
//! two sessions read a key at rest, nothing can be said.

use super::mutant::Mutant;
use super::registers::{Operation, Registers, Source};
use super::views::{Found, nowhere};
use crate::operation::Moment;
use std::collections::BTreeMap;

/// Since when no write of a key was going on; nothing if that never came.
fn rest(from: &Registers) -> Vec<Option<Moment>> {
    let mut rest = vec![Some(Moment(0)); from.keys];
    for one in from.operations.iter().filter(|one| one.is_write()) {
        let rest = &mut rest[one.key as usize];
        *rest = match (*rest, one.ended) {
            (Some(rest), Some(ended)) => Some(rest.max(ended)),
            _ => None,
        };
    }
    rest
}

/// Decides convergence.
pub(super) fn decide(from: &Registers, mutant: Mutant) -> Found {
    if let Some(found) = nowhere(from) {
        return found;
    }
    let rest = rest(from);
    let is_at_rest = |one: &Operation| rest[one.key as usize].is_some_and(|rest| rest < one.began);
    let mut last: BTreeMap<(u32, u64), (Source, u32)> = BTreeMap::new();
    for (number, one) in (0..).zip(&from.operations) {
        let Some(source) = one.read.filter(|_| is_at_rest(one)) else { continue };
        if mutant == Mutant::FirstIsLast {
            last.entry((one.key, one.process)).or_insert((source, number));
        } else {
            last.insert((one.key, one.process), (source, number));
        }
    }
    let mut first: BTreeMap<u32, (Source, u32)> = BTreeMap::new();
    let mut compared = false;
    for ((key, _), (source, number)) in last {
        match first.get(&key) {
            None => drop(first.insert(key, (source, number))),
            Some((other, before)) if *other != source => {
                return Found::Violated([*before, number].into());
            }
            Some(_) => compared = true,
        }
    }
    if compared {
        return Found::Holds { order: Vec::new(), checked: false };
    }
    let reason =
        "incomplete information: no two sessions read a key after its last write was answered";
    Found::Open(reason.to_owned())
}
