//! The search held against the exhaustive decider, and its planted bugs caught.

use super::exhaustive::{Subject, has_order};
use super::mutant::Mutant;
use super::{Budget, Fault, Ground, Moment, Operation, Parts, Search, States, Verdict, Violation};
use super::{decide, merge, search_parts, verify_order};

use crate::campaign::{cases, counted};
use crate::limits::{Exhausted, Limits};
use crate::model::key_value::{Absent, Action, Compare, KeyValue, Outcome};
use crate::model::{Next, Register, RegisterAnswer, RegisterInput, Sequential};
use avouch_promise::Random;
use bytes::Bytes;
use std::sync::Mutex;

/// Small random histories, of which about half have an order.
pub(super) mod generate {
    use super::*;

    /// Spans of a random history of `count` operations by a few processes.
    fn spans(random: &mut Random, count: usize) -> Vec<(Moment, Option<Moment>)> {
        let processes = random.between(1, 5);
        let known = [0.5, 0.8, 0.95][random.below(3) as usize];
        let mut free_at = vec![0; processes as usize];
        let mut spans = Vec::new();
        for _ in 0..count {
            let process = random.below(processes) as usize;
            let start = free_at[process] + random.below(3);
            let end = start + random.below(5);
            free_at[process] = end + 1;
            spans.push((Moment(start), random.chance(known).then_some(Moment(end))));
        }
        spans
    }

    /// A random history of `inputs` on `model`: answers come from running the operations in a
    /// random order that their spans allow, and then a few are made wrong by giving them another's.
    pub(in super::super) fn answered<M: Sequential>(
        model: &M,
        random: &mut Random,
        inputs: Vec<M::Input>,
        answer: impl Fn(&M::State, &M::Input) -> (M::Output, M::State),
    ) -> Vec<Operation<M::Input, M::Output>>
    where
        M::Output: Clone,
    {
        let spans = spans(random, inputs.len());
        let point = |random: &mut Random, (from, to): (Moment, Option<Moment>)| {
            random.between(from.0, to.map_or(from.0 + 8, |to| to.0))
        };
        let mut order: Vec<(u64, usize)> =
            spans.iter().enumerate().map(|(at, span)| (point(random, *span), at)).collect();
        order.sort_unstable();
        let mut state = model.initial();
        let mut outputs: Vec<Option<M::Output>> = inputs.iter().map(|_| None).collect();
        for (_, at) in order {
            if spans[at].1.is_none() && random.chance(0.5) {
                continue;
            }
            let (output, next) = answer(&state, &inputs[at]);
            outputs[at] = spans[at].1.map(|_| output);
            state = next;
        }
        let mut operations: Vec<_> = inputs
            .into_iter()
            .zip(outputs)
            .zip(spans)
            .map(|((input, output), (earliest, latest))| Operation {
                input,
                output,
                earliest,
                latest,
            })
            .collect();
        for _ in 0..random.below(4) {
            let from = random.below(operations.len() as u64) as usize;
            let to = random.below(operations.len() as u64) as usize;
            if let Some(other) = operations[from].output.clone()
                && operations[to].output.is_some()
            {
                operations[to].output = Some(other);
            }
        }
        operations
    }

    pub(in super::super) fn register(
        random: &mut Random,
    ) -> Vec<Operation<RegisterInput, RegisterAnswer>> {
        let count = random.between(2, 8) as usize;
        let inputs = (0..count)
            .map(|_| {
                let value = random.below(3).cast_signed();
                match random.below(3) {
                    0 => RegisterInput::Read,
                    1 => RegisterInput::Write(value),
                    _ => RegisterInput::CompareAndSwap {
                        expected: random.chance(0.8).then(|| random.below(3).cast_signed()),
                        value,
                    },
                }
            })
            .collect();
        answered(&Register, random, inputs, |state, input| match *input {
            RegisterInput::Read => (RegisterAnswer::Value(*state), *state),
            RegisterInput::Write(value) => (RegisterAnswer::Done, Some(value)),
            RegisterInput::CompareAndSwap { expected, value } if *state == expected => {
                (RegisterAnswer::Swapped(true), Some(value))
            }
            RegisterInput::CompareAndSwap { .. } => (RegisterAnswer::Swapped(false), *state),
        })
    }

    fn text(random: &mut Random, of: &[&'static str]) -> Bytes {
        Bytes::from_static(random.pick(of).copied().unwrap_or_default().as_bytes())
    }

    fn action(random: &mut Random, depth: u32) -> Action {
        let key = text(random, &["a", "b", "c"]);
        let value = text(random, &["1", "2"]);
        let expected = random.chance(0.7).then(|| text(random, &["1", "2"]));
        let (from, to) = (key.clone(), random.chance(0.7).then(|| text(random, &["b", "c"])));
        match random.below(if depth == 0 { 9 } else { 7 }) {
            0 | 1 => Action::Get { key },
            2 => Action::Put { key, value },
            3 => Action::Append { key, value },
            4 => Action::Delete { key },
            5 => Action::CompareAndSwap { key, expected, value },
            6 if random.chance(0.3) => Action::DeleteRange { from, to },
            6 | 7 => Action::Range { from, to, limit: random.chance(0.3).then_some(1) },
            _ => Action::Transaction {
                compares: vec![Compare { key, expected }],
                then: (0..random.below(3)).map(|_| action(random, 1)).collect(),
                otherwise: (0..random.below(2)).map(|_| action(random, 1)).collect(),
            },
        }
    }

    pub(in super::super) fn key_value(random: &mut Random) -> Vec<Operation<Action, Outcome>> {
        let count = random.between(2, 8) as usize;
        let inputs = (0..count).map(|_| action(random, 0)).collect();
        let model = KeyValue::default();
        answered(&model, random, inputs, |state, input| {
            let mut next = state.clone();
            let answer = model.apply(&mut next, input);
            (answer, next)
        })
    }
}

pub(super) fn subjects<I, O>(operations: &[Operation<I, O>]) -> Vec<Subject<'_, I, O>> {
    operations.iter().map(|operation| Subject { operation, optional: false }).collect()
}

/// What the search with a planted bug says.
pub(super) fn searched<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    mutant: Mutant,
) -> bool {
    let parts = (model.partition(operations), Vec::new());
    match search_parts(model, operations, parts, &mut Budget::new(Limits::default()), mutant) {
        Parts::Ordered(orders) => {
            if mutant == Mutant::None {
                let order = merge(operations, &orders);
                assert_eq!(verify_order(model, operations, &order), Ok(()), "a wrong witness");
            }
            true
        }
        Parts::Disordered(..) => false,
        Parts::Undecided(progress) => panic!("no bound was set, but {}", progress.bound),
    }
}

/// On how many of `count` random histories the search and the exhaustive decider disagree, and on
/// how many there is an order.
fn disagreements<M: Sequential + Sync>(
    model: &M,
    count: u64,
    mutant: Mutant,
    generate: impl Fn(&mut Random) -> Vec<Operation<M::Input, M::Output>> + Sync,
) -> (Vec<u64>, u64) {
    let seed = Random::seed_from_environment();
    let wrong = Mutex::new(Vec::new());
    let [[orders]] = counted(count, |number, orders: &mut [[u64; 1]; 1]| {
        let operations = generate(&mut Random::new(seed).fork(number));
        let expected = has_order(model, &subjects(&operations));
        orders[0][0] += u64::from(expected);
        if searched(model, &operations, mutant) != expected {
            wrong.lock().expect("the others are well").push(number);
        }
    });
    (wrong.into_inner().expect("all are well"), orders)
}

/// The same, where any operations may be left out: of those two of three, drawn.
fn optional_disagreements<M: Sequential + Sync>(
    model: &M,
    count: u64,
    mutant: Mutant,
    generate: impl Fn(&mut Random) -> Vec<Operation<M::Input, M::Output>> + Sync,
) -> (Vec<u64>, u64) {
    let seed = Random::seed_from_environment();
    let wrong = Mutex::new(Vec::new());
    let [[orders]] = counted(count, |number, orders: &mut [[u64; 1]; 1]| {
        let mut random = Random::new(seed).fork(number);
        let operations = generate(&mut random);
        let optional: Vec<bool> = operations.iter().map(|_| random.chance(0.6)).collect();
        let drawn = operations.iter().zip(&optional);
        let subjects: Vec<_> =
            drawn.map(|(operation, optional)| Subject { operation, optional: *optional }).collect();
        let expected = has_order(model, &subjects);
        orders[0][0] += u64::from(expected);
        if searched_with(model, &operations, &optional, mutant) != expected {
            wrong.lock().expect("the others are well").push(number);
        }
    });
    (wrong.into_inner().expect("all are well"), orders)
}

/// Whether the search finds an order where some operations may be left out.
fn searched_with<M: Sequential>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
    optional: &[bool],
    mutant: Mutant,
) -> bool {
    let places: Vec<usize> = (0..operations.len()).collect();
    let ground = Ground::new(model, operations, &places, mutant);
    let numbered = ground.facts.iter().zip(0..);
    let subjects: Vec<_> = numbered
        .map(|(fact, number)| super::Subject { number, optional: optional[fact.place] })
        .collect();
    let mut states = States::new(model);
    let search = Search::new(&ground, &mut states, &subjects, mutant);
    let order = search.run(&mut Budget::new(Limits::default())).order;
    order.is_ok_and(|order| order.is_some())
}

fn assert_agreement(name: &str, (wrong, orders): (Vec<u64>, u64), count: u64) {
    if !wrong.is_empty() {
        let seed = Random::seed_from_environment();
        eprintln!("repro: AVOUCH_SEED={seed} cargo test -p avouch-check {name}");
    }
    assert_eq!(wrong, [0; 0], "histories on which the deciders disagree");
    println!("{name}: {count} histories, {orders} with an order, 0 disagreements");
    assert!(orders > count / 4 && orders < count * 9 / 10, "one-sided histories: {orders}");
}

/// Of each model, in a test or for each seed of a campaign.
const HISTORIES: u64 = 50_000;

#[test]
fn agrees_with_the_exhaustive_decider_on_registers() {
    let count = cases(HISTORIES);
    let result = disagreements(&Register, count, Mutant::None, generate::register);
    assert_agreement("agrees_with_the_exhaustive_decider_on_registers", result, count);
}

#[test]
fn agrees_with_the_exhaustive_decider_on_key_value_stores() {
    let model = KeyValue::default();
    let count = cases(HISTORIES);
    let result = disagreements(&model, count, Mutant::None, generate::key_value);
    assert_agreement("agrees_with_the_exhaustive_decider_on_key_value_stores", result, count);
}

#[test]
fn agrees_with_the_exhaustive_decider_where_operations_may_be_left_out() {
    let name = "agrees_with_the_exhaustive_decider_where_operations_may_be_left_out";
    let count = cases(HISTORIES);
    let result = optional_disagreements(&Register, count, Mutant::None, generate::register);
    assert_agreement(name, result, count);
    let model = KeyValue::default();
    let result = optional_disagreements(&model, count, Mutant::None, generate::key_value);
    assert_agreement(name, result, count);
}

/// A register of which a write of 2 may leave any of 0, 1, 2.
struct Slippery;

impl Sequential for Slippery {
    type Input = RegisterInput;
    type Output = RegisterAnswer;
    type State = Option<i64>;
    fn initial(&self) -> Option<i64> {
        None
    }
    fn step(
        &self,
        state: &Option<i64>,
        input: &RegisterInput,
        output: Option<&RegisterAnswer>,
    ) -> Next<Option<i64>> {
        match input {
            RegisterInput::Write(2) if output.is_none_or(|o| *o == RegisterAnswer::Done) => {
                Next::Many(vec![Some(0), Some(1), Some(2)])
            }
            _ => Register.step(state, input, output),
        }
    }
    fn is_pure(&self, input: &RegisterInput, output: Option<&RegisterAnswer>) -> bool {
        Register.is_pure(input, output)
    }
}

#[test]
fn agrees_with_the_exhaustive_decider_on_models_that_are_not_deterministic() {
    let result = disagreements(&Slippery, 20_000, Mutant::None, generate::register);
    assert_eq!(result.0, [0; 0], "histories on which the deciders disagree");
}

/// Two unknown operations lead to the state that was read, but only one of them can do so again: an
/// order exists only if the other one is used first.
fn two_ways_to_one_state() -> Vec<Operation<RegisterInput, RegisterAnswer>> {
    let known = |input, output, at| Operation {
        input,
        output: Some(output),
        earliest: Moment(at),
        latest: Some(Moment(at)),
    };
    let unknown = |input| Operation { input, output: None, earliest: Moment(0), latest: None };
    let read = |value, at| known(RegisterInput::Read, RegisterAnswer::Value(Some(value)), at);
    vec![
        unknown(RegisterInput::Write(1)),
        unknown(RegisterInput::CompareAndSwap { expected: None, value: 1 }),
        read(1, 1),
        known(RegisterInput::Write(0), RegisterAnswer::Done, 2),
        read(0, 3),
        read(1, 4),
    ]
}

/// The same with answers and ends, of operations that may be left out.
fn two_optional_ways_to_one_state(mutant: Mutant) -> bool {
    let mut operations = two_ways_to_one_state();
    let answers = [RegisterAnswer::Done, RegisterAnswer::Swapped(true)];
    for (operation, answer) in operations.iter_mut().zip(answers) {
        (operation.output, operation.latest) = (Some(answer), Some(Moment(10)));
    }
    let optional = [true, true, false, false, false, false];
    searched_with(&Register, &operations, &optional, mutant)
}

/// Of two writes that may be left out, the one that ends first begins too late for the swap that
/// must follow.
fn a_twin_that_closes_out(mutant: Mutant) -> bool {
    let swap = |from, value| RegisterInput::CompareAndSwap { expected: Some(from), value };
    let write = || (RegisterInput::Write(1), RegisterAnswer::Done);
    let swapped = RegisterAnswer::Swapped(true);
    let read = (RegisterInput::Read, RegisterAnswer::Value(Some(2)));
    let drawn = [
        (write(), 0, 10, true),
        (write(), 5, 6, true),
        ((swap(1, 3), swapped), 0, 20, false),
        ((swap(3, 2), swapped), 0, 3, true),
        (read, 0, 20, false),
    ];
    let operation = |((input, output), from, to, _): (_, u64, u64, bool)| Operation {
        input,
        output: Some(output),
        earliest: Moment(from),
        latest: Some(Moment(to)),
    };
    let optional = drawn.map(|(.., optional)| optional);
    searched_with(&Register, &drawn.map(operation), &optional, mutant)
}

/// What is read at last grew from the second write, not from the first.
fn grown_from_a_write() -> Vec<Operation<Action, Outcome>> {
    let key = || Bytes::from_static(b"k");
    let value = |text: &'static str| Bytes::from_static(text.as_bytes());
    let read = Outcome::Value(Some(value("12")));
    [
        (Action::Put { key: key(), value: value("2") }, Outcome::Done),
        (Action::Put { key: key(), value: value("1") }, Outcome::Done),
        (Action::Append { key: key(), value: value("2") }, Outcome::Done),
        (Action::Get { key: key() }, read),
    ]
    .into_iter()
    .zip(0..)
    .map(|((input, output), at)| Operation {
        input,
        output: Some(output),
        earliest: Moment(at),
        latest: Some(Moment(at)),
    })
    .collect()
}

#[test]
fn every_planted_bug_of_the_search_is_caught() {
    for mutant in [
        Mutant::None,
        Mutant::UnknownNeverActs,
        Mutant::UnknownActsSoon,
        Mutant::NoRealTime,
        Mutant::NothingGrows,
        Mutant::NothingGrowsFromWrites,
        Mutant::MemoWithoutState,
        Mutant::MemoWithoutUnknown,
        Mutant::IdleNowIsIdleForever,
        Mutant::AllUnknownAreTwins,
        Mutant::UnknownBringsNothing,
        Mutant::ReadsSeeNothing,
        Mutant::AllOptionalAreClosed,
        Mutant::TwinsCloseNothing,
    ] {
        let (wrong, _) = match mutant {
            Mutant::NothingGrows | Mutant::NothingGrowsFromWrites => {
                disagreements(&KeyValue::default(), 20_000, mutant, generate::key_value)
            }
            Mutant::AllOptionalAreClosed | Mutant::TwinsCloseNothing => {
                optional_disagreements(&Register, 20_000, mutant, generate::register)
            }
            _ => disagreements(&Register, 20_000, mutant, generate::register),
        };
        let misled = !searched(&Register, &two_ways_to_one_state(), mutant)
            || !searched(&KeyValue::default(), &grown_from_a_write(), mutant)
            || !two_optional_ways_to_one_state(mutant)
            || !a_twin_that_closes_out(mutant);
        println!("{mutant:?}: wrong on {} of 20000 histories, misled: {misled}", wrong.len());
        let caught = misled || !wrong.is_empty();
        assert_eq!(caught, mutant != Mutant::None, "{mutant:?}: caught or not");
    }
}

#[test]
fn the_core_of_a_violation_is_violated_and_minimal() {
    let seed = Random::seed_from_environment();
    let model = KeyValue::default();
    let mut cores = 0;
    let mut sizes = [0; 9];
    for number in 0..20_000 {
        let operations = generate::key_value(&mut Random::new(seed).fork(number));
        let verdict = decide(&model, &operations, &mut Budget::new(Limits::default()));
        let Verdict::Violated(Violation { core, .. }) = verdict else { continue };
        let holds = |essential: &[usize], optional: &[usize]| {
            let required = essential.iter().map(|place| (place, false));
            let all = required.chain(optional.iter().map(|place| (place, true)));
            let subjects: Vec<_> = all
                .map(|(place, optional)| Subject { operation: &operations[*place], optional })
                .collect();
            has_order(&model, &subjects)
        };
        let repro = format!("AVOUCH_SEED={seed}, history {number}");
        assert!(core.minimal, "{repro}: a bound on histories this small");
        assert!(
            !holds(&core.essential, &core.optional),
            "{repro}: the core has an order {core:?} {operations:#?}"
        );
        for at in 0..core.essential.len() {
            let mut kept = core.essential.clone();
            let mut optional = core.optional.clone();
            optional.push(kept.remove(at));
            assert!(holds(&kept, &optional), "{repro}: operation {at} of the core is not needed");
        }
        cores += 1;
        sizes[core.essential.len()] += 1;
    }
    println!("{cores} cores, by size {sizes:?}");
    assert!(cores > 1_000);
}

#[test]
fn a_bound_gives_unknown_with_the_way_come_so_far() {
    // Appends of one text in any order reach few states; of different texts, n! ones.
    let appends = (0..12).map(|number| Operation {
        input: Action::Append { key: "k".into(), value: number.to_string().into() },
        output: Some(Outcome::Done),
        earliest: Moment(0),
        latest: Some(Moment(1)),
    });
    let read = Operation {
        // Of a range nothing is known ahead.
        input: Action::Range { from: "k".into(), to: None, limit: None },
        output: Some(Outcome::Entries(vec![("k".into(), "never".into())])),
        earliest: Moment(2),
        latest: Some(Moment(3)),
    };
    let operations: Vec<_> = appends.chain([read]).collect();
    let judge = |limits| decide(&KeyValue::default(), &operations, &mut Budget::new(limits));
    let minute = Limits::default();
    for (limits, bound) in [
        (Limits { steps: 5_000, ..minute }, Exhausted::Steps(5_000)),
        (Limits { memory_bytes: 1 << 20, ..minute }, Exhausted::Memory(1 << 20)),
        (
            Limits { time: std::time::Duration::from_millis(5), ..minute },
            Exhausted::Time(std::time::Duration::from_millis(5)),
        ),
    ] {
        let Verdict::Unknown(progress) = judge(limits) else { panic!("decided within {bound}") };
        assert_eq!(progress.bound, bound);
        assert_eq!(progress.parts, (0, 1));
        // How far it came in so little time depends on the machine.
        let is_timed = matches!(bound, Exhausted::Time(_));
        assert!(is_timed || progress.furthest.len() == 12, "all appends fit, the read does not");
    }
}

#[test]
fn following_in_place_leads_where_stepping_does() {
    let mut random = Random::new(Random::seed_from_environment());
    let (mut refused, mut followed) = (0, 0);
    for _ in 0..4_000 {
        for absent in [Absent::Distinct, Absent::Empty] {
            let model = KeyValue { absent };
            let operations = generate::key_value(&mut random);
            let mut state = model.initial();
            for operation in &operations {
                // An answer of its own, one of another operation, or none at all.
                let outputs = [operation.output.as_ref(), operations[0].output.as_ref(), None];
                for output in outputs {
                    let stepped = match model.step(&state, &operation.input, output) {
                        Next::Impossible => Vec::new(),
                        Next::Same => vec![state.clone()],
                        Next::One(next) => vec![next],
                        Next::Many(next) => next,
                    };
                    let mut after = Vec::new();
                    model.follow(state.clone(), &operation.input, output, &mut after);
                    assert_eq!(after, stepped, "{:?} as {output:?}", operation.input);
                    followed += after.len();
                    refused += usize::from(after.is_empty());
                }
                model.apply(&mut state, &operation.input);
            }
        }
    }
    assert!(refused > 1_000 && followed > 10_000, "{refused} refused, {followed} followed");
}

#[test]
fn the_verifier_refuses_every_wrong_order() {
    let at = |input, output, from, to| Operation {
        input,
        output: Some(output),
        earliest: Moment(from),
        latest: Some(Moment(to)),
    };
    let operations = [
        at(RegisterInput::Write(1), RegisterAnswer::Done, 0, 1),
        at(RegisterInput::Write(2), RegisterAnswer::Done, 2, 5),
        at(RegisterInput::Read, RegisterAnswer::Value(Some(1)), 3, 4),
    ];
    let verify = |order: &[usize]| verify_order(&Register, &operations, order);
    assert_eq!(verify(&[0, 2, 1]), Ok(()));
    assert_eq!(verify(&[0, 1, 2]), Err(Fault::WrongAnswer(2)));
    assert_eq!(verify(&[1, 0, 2]), Err(Fault::TooLate(0)));
    assert_eq!(verify(&[0, 2]), Err(Fault::Missing(1)));
    assert_eq!(verify(&[0, 2, 2, 1]), Err(Fault::PlacedTwice(2)));
    assert_eq!(verify(&[0, 2, 3]), Err(Fault::NoSuchOperation(3)));
}
