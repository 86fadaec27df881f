//! The map of models: what it says follows does follow, and what it does not say does not.

use super::{MODELS, expected, history, told};
use crate::memory::Model;
use crate::report::Word;
use avouch_promise::Random;
use std::collections::BTreeSet;

/// Where a model holds, all that it implies do; and for each pair that the map does not join, some
/// history keeps the one and breaks the other.
#[test]
fn every_edge_of_the_map_holds_and_every_other_pair_is_told_apart() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let mut apart: BTreeSet<(usize, usize)> = BTreeSet::new();
    for case in 0..20_000 {
        let history = history(&mut root.fork(case));
        let words = MODELS.map(|model| expected(&history, model));
        for (strong, held) in words.iter().enumerate().filter(|(_, word)| **word == Word::Holds) {
            for (weak, other) in words.iter().enumerate() {
                let (one, two) = (MODELS[strong], MODELS[weak]);
                if one.implies(two) {
                    assert_ne!(
                        *other,
                        Word::Violated,
                        "{one} {held}, {two} does not; AVOUCH_SEED={seed}, case {case}:\n{}",
                        told(&history)
                    );
                } else if *other == Word::Violated {
                    apart.insert((strong, weak));
                }
            }
        }
    }
    let all = (0..MODELS.len()).flat_map(|one| (0..MODELS.len()).map(move |two| (one, two)));
    let joined: Vec<String> = all
        .filter(|(one, two)| !MODELS[*one].implies(MODELS[*two]) && !apart.contains(&(*one, *two)))
        .map(|(one, two)| format!("{} and {}", MODELS[one], MODELS[two]))
        .collect();
    assert!(joined.is_empty(), "nothing tells apart: {joined:?}");
}

#[test]
fn names_are_read_as_they_are_written() {
    for model in MODELS {
        assert_eq!(model.to_string().parse(), Ok(model));
    }
    assert_eq!("k-atomic=3".parse(), Ok(Model::Versions(2)));
    assert_eq!("k-atomic=1".parse(), Ok(Model::Linearizable));
    assert_eq!("delta-atomic=2s".parse::<Model>(), "bounded-staleness=2s".parse());
    assert_eq!("ccv".parse(), Ok(Model::CausalConvergence));
    for wrong in ["k-atomic=0", "delta-atomic=3v", "bounded-staleness=0s", "strongish", ""] {
        assert!(wrong.parse::<Model>().is_err(), "{wrong}");
    }
}
