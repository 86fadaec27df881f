//! Registers whose values are unique, decided without a search, held against the exhaustive
//! decider and against the search; and what is not of this kind left to the search.

use super::exhaustive::{Subject, has_order};
use super::mutant::{Mutant, Shortcut};
use super::tests::{generate, searched, subjects};
use super::unambiguous::{self, Found};
use super::{Budget, Fault, Moment, Operation, Verdict, Violation, decide, verify_order};
use crate::limits::Limits;
use crate::model::key_value::{Absent, Action, KeyValue, Outcome};
use crate::model::{Register, RegisterAnswer, RegisterInput};
use avouch_promise::Random;

type Operations = Vec<Operation<RegisterInput, RegisterAnswer>>;

/// A small random history; one value in eight is another's.
fn history(random: &mut Random) -> Operations {
    let count = random.between(2, 8);
    let inputs = (0..count).map(|number| match random.below(2) {
        0 => RegisterInput::Read,
        _ if random.chance(0.125) => RegisterInput::Write(random.below(count).cast_signed()),
        _ => RegisterInput::Write(number.cast_signed()),
    });
    let inputs = inputs.collect();
    let mut made = generate::answered(&Register, random, inputs, |state, input| match *input {
        RegisterInput::Write(value) => (RegisterAnswer::Done, Some(value)),
        _ => (RegisterAnswer::Value(*state), *state),
    });
    for operation in &mut made {
        let answer = match operation.input {
            RegisterInput::Write(_) => RegisterAnswer::Done,
            _ if random.chance(0.3) => {
                let value = random.below(count).cast_signed();
                RegisterAnswer::Value(random.chance(0.8).then_some(value))
            }
            _ => continue,
        };
        operation.output = operation.output.map(|_| answer);
    }
    made
}

fn all(operations: &Operations) -> Vec<usize> {
    (0..operations.len()).collect()
}

/// Whether the way without a search says that there is an order; nothing if it says nothing, a
/// fault if the verifier refuses its order.
fn found(operations: &Operations, bug: Shortcut) -> Option<Result<bool, Fault>> {
    match unambiguous::decide(&Register, operations, &all(operations), bug)? {
        Found::Order(order) => Some(verify_order(&Register, operations, &order).map(|()| true)),
        Found::Suspects(_) => Some(Ok(false)),
    }
}

#[test]
fn without_a_search_the_verdict_is_the_same() {
    let seed = Random::seed_from_environment();
    let (mut orders, mut decided, mut others) = (0, 0, 0);
    for number in 0..100_000 {
        let operations = history(&mut Random::new(seed).fork(number));
        let repro = format!(
            "repro: AVOUCH_SEED={seed} cargo test -p avouch-check without_a_search, {number}"
        );
        let expected = has_order(&Register, &subjects(&operations));
        assert_eq!(searched(&Register, &operations, Mutant::None), expected, "{repro}");
        let whole = decide(&Register, &operations, &mut Budget::new(Limits::default()));
        assert_eq!(matches!(whole, Verdict::Holds(_)), expected, "{repro}");
        let Some(direct) = found(&operations, Shortcut::None) else {
            others += 1;
            continue;
        };
        decided += 1;
        orders += usize::from(expected);
        assert_eq!(direct, Ok(expected), "{repro}");
        if let Verdict::Violated(Violation { core, .. }) = whole {
            assert!(core.minimal && core.essential.len() <= 6, "{repro}: {core:?}");
            // I2: nothing that the core leaves out mends it.
            let rest: Vec<_> = operations
                .iter()
                .enumerate()
                .map(|(place, operation)| Subject {
                    operation,
                    optional: !core.essential.contains(&place),
                })
                .filter(|one| !one.optional || !one.operation.input.eq(&RegisterInput::Read))
                .collect();
            assert!(!has_order(&Register, &rest), "{repro}: {core:?}");
        }
    }
    println!("{decided} decided, {orders} with an order; {others} of other kinds");
    assert!(orders > decided / 4 && orders < decided * 9 / 10 && others > 5_000);
}

#[test]
fn every_bug_planted_there_is_caught() {
    let seed = Random::seed_from_environment();
    for bug in [
        Shortcut::UnknownWritesNeverAct,
        Shortcut::ReadsBeforeTheirWrite,
        Shortcut::ReadsAnyTime,
        Shortcut::TouchingIsNotConcurrent,
        Shortcut::LastWriteOfAValue,
        Shortcut::InitialStateAnyTime,
    ] {
        let mut wrong = 0;
        for number in 0..20_000 {
            let operations = history(&mut Random::new(seed).fork(number));
            let expected = has_order(&Register, &subjects(&operations));
            wrong += u64::from(found(&operations, bug).is_some_and(|said| said != Ok(expected)));
        }
        println!("{bug:?}: wrong on {wrong} of 20000 histories");
        assert!(wrong > 0, "{bug:?} is not caught");
    }
}

fn done<I, O>(input: I, output: O) -> Operation<I, O> {
    let (earliest, latest) = (Moment(0), Some(Moment(1)));
    Operation { input, output: Some(output), earliest, latest }
}

/// What the way without a search must leave alone: compare-and-swap, deletions, two keys, and a
/// text that reads as an absent key.
#[test]
fn what_is_not_of_this_kind_is_searched() {
    let swap = RegisterInput::CompareAndSwap { expected: None, value: 1 };
    let history = vec![done(swap, RegisterAnswer::Swapped(true))];
    assert_eq!(found(&history, Shortcut::None), None);
    let put = |key: &'static str, value: &'static str| {
        done(Action::Put { key: key.into(), value: value.into() }, Outcome::Done)
    };
    let delete = done(Action::Delete { key: "a".into() }, Outcome::Done);
    let (distinct, empty) = (KeyValue::default(), KeyValue { absent: Absent::Empty });
    for (model, history, is_of_this_kind) in [
        (distinct, vec![put("a", "1"), put("a", "")], true),
        (empty, vec![put("a", "1"), put("a", "2")], true),
        (empty, vec![put("a", "1"), put("a", "")], false),
        (distinct, vec![put("a", "1"), put("b", "2")], false),
        (distinct, vec![put("a", "1"), delete], false),
    ] {
        let places: Vec<usize> = (0..history.len()).collect();
        let found = unambiguous::decide(&model, &history, &places, Shortcut::None);
        assert_eq!(found.is_some(), is_of_this_kind, "{history:?}");
    }
}

/// A stale read among many operations is told by the read and the write that hid what it saw.
#[test]
fn the_witness_among_many_operations_stays_small() {
    let mut operations = Vec::new();
    for number in 0..50_000_u64 {
        let (earliest, latest) = (Moment(number * 10), Some(Moment(number * 10 + 15)));
        let (input, output) = if number % 2 == 0 {
            (RegisterInput::Write(number.cast_signed()), RegisterAnswer::Done)
        } else {
            let seen = if number == 30_001 { 29_000 } else { number - 1 };
            (RegisterInput::Read, RegisterAnswer::Value(Some(seen.cast_signed())))
        };
        operations.push(Operation { input, output: Some(output), earliest, latest });
    }
    let verdict = decide(&Register, &operations, &mut Budget::new(Limits::default()));
    let Verdict::Violated(Violation { core, part }) = verdict else { panic!("{verdict:?}") };
    assert_eq!(part.len(), 50_000);
    assert!(core.minimal && core.essential.len() <= 3, "{core:?}");
    assert!(core.essential.contains(&30_001), "{core:?}");
}
