//! The verifier of sources against the definition of what it verifies.

use super::Builder;
use super::history::{Access, Outcome, Transactions};
use super::mutant::Mutant;
use super::sources::{INITIAL, Sources};
use super::verify_claims::accepts_claims;
use crate::limits::Budget;
use avouch_promise::Random;
use std::collections::{BTreeMap, BTreeSet};

/// The last value that a transaction writes to a key, among its first so many steps.
fn last(history: &Transactions, writer: u32, key: u32, before: usize) -> Option<i64> {
    let steps = history.steps(writer).iter().take(before);
    let mut mine = steps.filter(|step| step.access == Access::Write && step.key == key);
    mine.next_back().map(|step| step.value)
}

/// By definition, of one transaction: each read of others has its claim, and it is true; one that
/// aborted has none.
fn is_true(history: &Transactions, sources: &Sources, reader: u32) -> bool {
    if !history.is_committed(reader) {
        return sources.reads(reader).is_empty() && sources.writes(reader).is_empty();
    }
    let mut claims = sources.reads(reader).iter();
    let mut keys = BTreeSet::new();
    for (at, step) in history.steps(reader).iter().enumerate() {
        let value = (step.access != Access::ReadInitial).then_some(step.value);
        if step.access == Access::Write {
            keys.insert(step.key);
            continue;
        }
        let is_right = match last(history, reader, step.key, at) {
            Some(mine) => value == Some(mine),
            None => claims.next().is_some_and(|claim| {
                let from = claim.from;
                let is_left = || last(history, from, step.key, usize::MAX) == value;
                claim.key == step.key
                    && match value {
                        None => from == INITIAL,
                        Some(_) => from != reader && history.is_committed(from) && is_left(),
                    }
            }),
        };
        if !is_right {
            return false;
        }
    }
    claims.next().is_none() && keys.iter().eq(sources.writes(reader))
}

/// Transactions of at most so many steps, one after another, of which some abort.
fn executed(random: &mut Random, longest: u64) -> Transactions {
    let mut made = Builder::default();
    let mut store = BTreeMap::new();
    for transaction in 0..12 {
        made.begin(random.below(3));
        let before = random.chance(0.1).then(|| store.clone());
        for step in 0..=random.below(longest) {
            let key = random.below(6);
            match (random.chance(0.5), store.get(&key)) {
                (true, _) => {
                    let value = (transaction * 100 + step).cast_signed() + 1;
                    store.insert(key, value);
                    made.write(key.to_string(), value);
                }
                (false, Some(value)) => _ = made.read(key.to_string(), *value),
                (false, None) => _ = made.read_initial(key.to_string()),
            }
        }
        if let Some(before) = before {
            made.abort();
            store = before;
        }
    }
    made.build()
}

/// The sources of one history, asked of another one that differs in a step or an outcome.
#[test]
fn claims_are_accepted_exactly_where_they_are_true() {
    let root = Random::new(Random::seed_from_environment());
    let mut count = [[0_u32; 2]; 2];
    for case in 0..4_000 {
        let random = &mut root.fork(case);
        let is_long = random.chance(0.5);
        let history = executed(random, if is_long { 40 } else { 8 });
        let sources = Sources::find(&history, &mut Budget::default(), Mutant::None);
        let sources = sources.expect("possible reads");
        let mut bent = history.clone();
        if random.chance(0.1) {
            let at = random.below(bent.all.len() as u64) as usize;
            bent.all[at].outcome = Outcome::Aborted;
        } else if random.chance(0.8) {
            let at = random.below(bent.steps.len() as u64) as usize;
            let like = bent.steps[random.below(bent.steps.len() as u64) as usize];
            let step = &mut bent.steps[at];
            match random.below(3) {
                0 => step.value = like.value,
                1 => step.key = like.key,
                _ => *step = like,
            }
        }
        let expected = (0..bent.len() as u32).all(|reader| is_true(&bent, &sources, reader));
        let accepted = accepts_claims(&bent, &sources, &mut Budget::default());
        assert_eq!(accepted, Ok(expected), "case {case}");
        count[usize::from(is_long)][usize::from(expected)] += 1;
    }
    assert!(count.iter().flatten().all(|count| *count > 300), "{count:?}");
}
