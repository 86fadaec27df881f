//! Stores of red and blue operations, right by construction, and with a bug.

use super::random::{told, written};
use super::replicas::red_and_blue;
use crate::limits::{Budget, Limits};
use crate::memory::judge::decide;
use crate::memory::red_blue;
use crate::memory::registers::Registers;
use crate::memory::{Model, mutant::Mutant, views::Found};
use crate::report::Word;
use avouch_promise::Random;

#[test]
fn a_store_of_red_and_blue_operations_is_believed_and_one_that_forgets_is_not() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let mut caught = 0;
    for case in 0..200 {
        let random = &mut root.fork(case);
        let history = written(&red_and_blue(60, false, random));
        let finding = decide(&history, Model::RedBlue, &Limits::default());
        let wrong = || format!("repro: AVOUCH_SEED={seed}, case {case}:\n{}", told(&history));
        assert_eq!(finding.word(), Word::Holds, "{}", wrong());
        let history = written(&red_and_blue(60, true, random));
        let finding = decide(&history, Model::RedBlue, &Limits::default());
        caught += u64::from(finding.word() == Word::Violated);
    }
    println!("a store that forgets is caught in {caught} of 200 runs");
    assert!(caught > 50, "{caught}");
}

/// Two thousand operations of four sites take matrices of a few MiB, and are decided; a bound on
/// memory below them says so.
#[test]
fn thousands_of_operations_are_decided_within_bounds_or_not_at_all() {
    let mut random = Random::new(Random::seed_from_environment());
    let history = written(&red_and_blue(2_000, false, &mut random));
    let from = Registers::new(&history);
    let decide = |limits| red_blue::decide(&from, &mut Budget::new(limits), Mutant::None);
    assert!(matches!(decide(Limits::default()), Ok(Found::Holds { checked: true, .. })));
    let small = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    assert!(decide(small).is_err());
    let short = Limits { steps: 10_000, ..Limits::default() };
    assert!(decide(short).is_err());
}
