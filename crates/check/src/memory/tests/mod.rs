//! The judge of single operations against its oracle, on histories at random.

mod map;
mod promised;
mod random;
mod red_blue;
mod replicas;
mod standards;

use super::exhaustive;
use super::judge::one;
use super::measure::{self, Measured, Worst};
use super::model::Model;
use super::mutant::Mutant;
use super::registers::Registers;
use crate::campaign::{cases, counted};
use crate::limits::Budget;
use crate::report::{Finding, Word};
use crate::{History, Limits};
use avouch_promise::{Nanos, Random};
use random::{history, told};

/// Every model, with bounds that small histories can miss.
const MODELS: [Model; 20] = [
    Model::Linearizable,
    Model::Sequential,
    Model::RedBlue,
    Model::CausalPlus,
    Model::CausalConvergence,
    Model::CausalMemory,
    Model::Causal,
    Model::Pram,
    Model::ReadYourWrites,
    Model::MonotonicReads,
    Model::MonotonicWrites,
    Model::WritesFollowReads,
    Model::Regular,
    Model::Safe,
    Model::Convergent,
    Model::ConsistentPrefix,
    Model::Versions(1),
    Model::Versions(2),
    Model::Time(Nanos(20)),
    Model::Time(Nanos(40)),
];

/// The verdict of a judge, perhaps with a bug, and whether it rests on what stands.
fn judged(history: &History, model: Model, mutant: Mutant) -> (Word, Finding) {
    let mut budget = Budget::new(Limits::default());
    let finding = one(history, &Registers::new(history), model, &mut budget, mutant);
    (finding.word(), finding)
}

fn expected(history: &History, model: Model) -> Word {
    match exhaustive::holds(&Registers::new(history), model) {
        Some(true) => Word::Holds,
        Some(false) => Word::Violated,
        None if matches!(model, Model::Convergent | Model::CausalPlus) => Word::Unknown,
        None => panic!("{model} of so few operations can be tried"),
    }
}

//= §2.1.2 read-your-writes test
//= §2.1.2 monotonic-reads test
//= §2.1.2 monotonic-writes test
//= §2.1.2 writes-follow-reads test
//= §1.4.1 each guarantee as a predicate over histories test
#[test]
fn every_verdict_on_operations_is_the_exhaustive_deciders() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let count = counted(cases(10_000), |case, count: &mut [[u64; 3]; MODELS.len()]| {
        let history = history(&mut root.fork(case));
        for (place, model) in MODELS.into_iter().enumerate() {
            let expected = expected(&history, model);
            count[place][expected as usize] += 1;
            let (word, finding) = judged(&history, model, Mutant::None);
            assert_eq!(
                word,
                expected,
                "repro: AVOUCH_SEED={seed}, case {case}, {model}:\n{}\n{finding:?}",
                told(&history)
            );
        }
    });
    println!("holding, violated and open, by model: {count:?}");
    assert!(count.iter().all(|[holds, violated, _]| *holds > 100 && *violated > 100), "{count:?}");
}

/// Each planted bug gives another verdict than the oracle, or one that the verifier refuses.
#[test]
fn every_planted_bug_of_the_models_is_caught() {
    let root = Random::new(Random::seed_from_environment());
    for mutant in Mutant::ALL {
        let is_wrong = |case: &u64| {
            let history = history(&mut root.fork(*case));
            MODELS
                .into_iter()
                .any(|model| judged(&history, model, mutant).0 != expected(&history, model))
        };
        let caught = (0..20_000).find(is_wrong);
        println!("{mutant:?} is caught by case {caught:?}");
        assert!(caught.is_some(), "{mutant:?} is not caught");
    }
}

/// The least bound that the oracle finds, in versions and in time.
fn least(history: &History) -> [Worst; 2] {
    let versions = |bound| if bound == 0 { Model::Linearizable } else { Model::Versions(bound) };
    let time = |bound| if bound == 0 { Model::Linearizable } else { Model::Time(Nanos(bound)) };
    let holds = |model| expected(history, model) == Word::Holds;
    let least =
        [(0..10).find(|bound| holds(versions(*bound))), (0..400).find(|bound| holds(time(*bound)))];
    least.map(|least| least.map_or(Worst::Unbounded, |bound| Worst::Within(bound, bound)))
}

/// What is measured, perhaps with a bug, and which calls show it.
fn measured(history: &History, mutant: Mutant) -> [Measured; 2] {
    let from = Registers::new(history);
    let mut budget = Budget::new(Limits::default());
    [
        measure::versions(history, &from, &mut budget, mutant),
        measure::time(history, &from, &mut budget, mutant),
    ]
}

/// The worst staleness is the least bound that the oracle finds, and a read shows it.
#[test]
//= §2.3.3 bounded-staleness-versions test
//= §2.3.3 bounded-staleness-time test
fn the_worst_staleness_is_the_least_bound_that_holds() {
    let root = Random::new(Random::seed_from_environment());
    let mut behind = 0;
    let mut is_caught = false;
    for case in 0..1_000 {
        let history = history(&mut root.fork(case));
        let least = least(&history);
        for (found, least) in measured(&history, Mutant::None).into_iter().zip(least) {
            assert_eq!(found.worst, least, "{case}: {}", told(&history));
            let is_read = |call: usize| !history.calls[call].is_write();
            match least {
                Worst::Within(0, 0) => assert_eq!(found.shown_by, None, "{case}"),
                _ => assert!(found.shown_by.is_some_and(is_read), "{case}: {}", told(&history)),
            }
        }
        is_caught |= measured(&history, Mutant::OverlapIsLater).map(|found| found.worst) != least;
        behind += u64::from(!matches!(least[1], Worst::Unbounded | Worst::Within(0, 0)));
    }
    assert!(behind > 50, "{behind}");
    assert!(is_caught, "the planted bug of the measure is not caught");
}

/// Without any steps to search with, bounds are told, and the truth is within.
#[test]
fn what_is_not_decided_of_staleness_is_told_as_bounds() {
    let root = Random::new(Random::seed_from_environment());
    let mut wide = 0;
    for case in 0..300 {
        let history = history(&mut root.fork(case));
        let from = Registers::new(&history);
        let mut none = Budget::new(Limits { steps: 0, ..Limits::default() });
        let found = measure::versions(&history, &from, &mut none, Mutant::None).worst;
        match (found, least(&history)[0]) {
            (Worst::Within(low, high), Worst::Within(least, _)) => {
                assert!((low..=high).contains(&least), "{case}: {low}..{high} of {least}");
                wide += u64::from(low < high);
            }
            (found, least) => assert_eq!(found, least, "{case}"),
        }
    }
    assert!(wide > 0, "every case was met without a search");
}
