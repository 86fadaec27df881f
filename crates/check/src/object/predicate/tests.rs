//! Reads by predicate against every order of a few transactions, and the anomalies by name.

use super::super::history;
use super::super::{Datum, Objects, Operation, Workload};
use super::replay::runs;
use super::steps::{Transaction, transactions};
use super::{Mutant, judge_with};
use crate::campaign::{cases, counted};
use crate::dependency::Fate;
use crate::history::jepsen::notation;
use crate::report::{Report, Word};
use crate::transaction::Level;
use crate::{Input, Limits};
use avouch_promise::Random;
use std::collections::BTreeMap;

fn word(text: &str) -> Datum {
    Datum::Word(text.to_owned())
}

fn step(name: &str, rest: Vec<Datum>) -> Datum {
    let all = [vec![word(name)], rest].concat();
    Datum::List(all)
}

type State = BTreeMap<Datum, Datum>;

/// Runs the steps of a transaction on a state; with its answers.
fn run(steps: &[Datum], state: &mut State) -> Vec<Datum> {
    let mut done = Vec::new();
    for one in steps {
        let all = one.list().unwrap_or_default();
        let (name, key) = (&all[0], &all[1]);
        done.push(if name.is_name("rp") {
            let holds = |value: &Datum| match key.list() {
                None => true,
                Some([_, divisor, of]) => {
                    let divisor = divisor.integer().unwrap_or(1);
                    value.integer().map(|value| value.rem_euclid(divisor)) == of.integer()
                }
                Some(list) => list.last() == Some(value),
            };
            let found = state.iter().filter(|(_, value)| holds(value));
            let found = found.map(|(key, value)| (key.clone(), value.clone())).collect();
            step(":rp", vec![key.clone(), Datum::Map(found)])
        } else if name.is_name("r") {
            let value = state.get(key).cloned().unwrap_or(Datum::Nil);
            step(":r", vec![key.clone(), value])
        } else {
            match all.get(2) {
                Some(value) => state.insert(key.clone(), value.clone()),
                None => state.remove(key),
            };
            one.clone()
        });
    }
    done
}

fn condition(random: &mut Random, values: i64) -> Datum {
    let number = |random: &mut Random, most: i64| {
        Datum::Integer(random.below(most.unsigned_abs()).cast_signed())
    };
    match random.below(4) {
        0 => word(":true"),
        1 => step(":=", vec![number(random, values + 1)]),
        _ => {
            let divisor = 2 + random.below(2).cast_signed();
            let of = number(random, divisor);
            step(":mod", vec![Datum::Integer(divisor), of])
        }
    }
}

fn operation(process: i64, function: &str, asked: Datum, began: u32) -> Operation {
    Operation {
        process: Some(process),
        function: function.to_owned(),
        asked,
        got: None,
        fate: Fate::Unknown,
        rebalanced: Vec::new(),
        began,
        ended: u32::MAX,
        line: 0,
        ended_line: 0,
    }
}

fn steps(random: &mut Random, next: &mut i64) -> Vec<Datum> {
    let count = 1 + random.below(4);
    let one = |_| {
        let key = word([":x", ":y", ":z"][random.below(3) as usize]);
        match random.below(6) {
            0 => step(":delete", vec![key]),
            1 | 2 => {
                *next += 1;
                let name = if random.chance(0.5) { ":w" } else { ":insert" };
                step(name, vec![key, Datum::Integer(*next - 1)])
            }
            3 => step(":r", vec![key]),
            _ => step(":rp", vec![condition(random, *next)]),
        }
    };
    (0..count).map(one).collect()
}

/// A history: transactions that each read the state of a moment that may be past, and write to the
/// newest one, if it is stale; now and then an answer is bent.
fn play(random: &mut Random, is_founded: bool) -> Vec<Operation> {
    let (mut all, mut rank, mut next): (Vec<Operation>, u32, i64) = (Vec::new(), 0, 1);
    let mut states: Vec<State> = vec![State::new()];
    if is_founded {
        let mut first = State::new();
        for key in [":x", ":y", ":z"] {
            if random.chance(0.6) {
                first.insert(word(key), Datum::Integer(next));
                next += 1;
            }
        }
        let value = Datum::Map(first.clone().into_iter().collect());
        let mut init = operation(0, "init", value.clone(), 0);
        (init.fate, init.got, init.ended) = (Fate::Committed, Some(value), 1);
        states.push(first);
        all.push(init);
        rank = 2;
    }
    let oldest = states.len() - 1;
    let stale = if random.chance(0.3) { 0.0 } else { 0.8 };
    for number in 0..3 + random.below(3) {
        let steps = steps(random, &mut next);
        let mut one = operation(number.cast_signed() % 3, "txn", Datum::List(steps.clone()), rank);
        let mut seen = states.len() - 1;
        if random.chance(stale) {
            seen = oldest + random.below((states.len() - oldest) as u64) as usize;
        }
        let mut done = run(&steps, &mut states[seen].clone());
        let fate = random.below(12);
        if fate > 0 {
            let mut newest = states.last().cloned().unwrap_or_default();
            run(&steps, &mut newest);
            states.push(newest);
        }
        if random.chance(0.05)
            && let Some(Datum::List(last)) = done.last_mut()
            && let Some(Datum::Map(map)) = last.get_mut(2)
        {
            map.pop();
        }
        // Some end after the next ones began.
        let ended = rank + 1 + if random.chance(0.4) { 2 } else { 0 };
        match fate {
            0 => (one.fate, one.ended) = (Fate::Aborted, ended),
            1 => {}
            _ => (one.fate, one.got, one.ended) = (Fate::Committed, Some(Datum::List(done)), ended),
        }
        rank += 2;
        all.push(one);
    }
    ranked(all)
}

/// Gives every event a rank of its own.
fn ranked(mut all: Vec<Operation>) -> Vec<Operation> {
    let mut events: Vec<(u32, usize, bool)> = Vec::new();
    for (place, one) in all.iter().enumerate() {
        events.push((one.began, place, false));
        if one.ended != u32::MAX {
            events.push((one.ended, place, true));
        }
    }
    events.sort_unstable();
    for (rank, (_, place, is_end)) in (0..).zip(events) {
        if is_end {
            all[place].ended = rank;
        } else {
            all[place].began = rank;
        }
    }
    all
}

/// Whether some order, of those that committed and perhaps of some of unknown outcome, explains
/// all; in real time if that counts. Every order is tried.
fn is_serializable(all: &[Transaction<'_>], in_time: bool) -> bool {
    fn goes_on<'a>(
        all: &[Transaction<'a>],
        in_time: bool,
        done: &mut Vec<usize>,
        state: &BTreeMap<&'a Datum, &'a Datum>,
    ) -> bool {
        let is_left = |place: &usize| !done.contains(place) && all[*place].of.fate != Fate::Aborted;
        let left: Vec<usize> = (0..all.len()).filter(is_left).collect();
        if left.iter().all(|place| all[*place].of.fate == Fate::Unknown) {
            return true;
        }
        let must_wait = |place: usize| {
            in_time
                && left.iter().any(|other| {
                    all[*other].of.fate == Fate::Committed
                        && all[*other].of.is_before(all[place].of)
                })
        };
        for place in left.iter().copied().filter(|place| !must_wait(*place)) {
            // The universe begins with what founds it.
            if done.is_empty() && all[0].of.is("init") && place != 0 {
                continue;
            }
            let mut next = state.clone();
            if runs(&all[place], &mut next) {
                done.push(place);
                if goes_on(all, in_time, done, &next) {
                    return true;
                }
                done.pop();
            }
        }
        false
    }
    goes_on(all, in_time, &mut Vec::new(), &BTreeMap::new())
}

fn word_of(report: &Report, level: Level) -> Word {
    let found = report.parts.iter().find(|part| part.guarantee == level.name());
    found.unwrap_or_else(|| panic!("{level}: {report}")).finding.word()
}

const LEVELS: [(Level, bool); 2] =
    [(Level::Serializable, false), (Level::StrictSerializable, true)];

/// A history at random that reads by predicate, if it came out as one.
fn history_of(random: &mut Random) -> Option<Objects> {
    let is_founded = random.chance(0.8);
    let objects = Objects::new(play(random, is_founded));
    (objects.workload == Some(Workload::Predicates)).then_some(objects)
}

fn judged(objects: &Objects, mutant: Mutant) -> Report {
    judge_with(objects, None, &Limits::default(), mutant).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said to hold has an order, what is said to be violated has none; little is left open.
#[test]
fn predicates_are_judged_as_by_every_order() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(71);
    let [counts] = counted(cases(6_000), |case, [counts]: &mut [[u64; 3]; 1]| {
        let Some(objects) = history_of(&mut root.fork(case)) else { return };
        let report = judged(&objects, Mutant::None);
        let steps = transactions(&objects.operations).expect("steps");
        for (level, in_time) in LEVELS {
            let repro = || format!("repro: AVOUCH_SEED={seed}, case {case}, {level}: {report}");
            let (said, truth) = (word_of(&report, level), is_serializable(&steps, in_time));
            assert!(said != Word::Holds || truth, "no order: {}", repro());
            assert!(said != Word::Violated || !truth, "there is an order: {}", repro());
            counts[said as usize] += 1;
        }
    });
    let [holds, violated, unknown] =
        [Word::Holds, Word::Violated, Word::Unknown].map(|word| counts[word as usize]);
    println!("predicates: {holds} hold, {violated} are violated, {unknown} unknown");
    assert!(holds > 1_000 && violated > 1_000, "{counts:?}");
    assert!(unknown * 10 < holds + violated, "{counts:?}");
}

/// Each planted bug says something else of some history than the judge.
#[test]
fn every_planted_bug_of_predicates_is_caught() {
    let root = Random::new(Random::seed_from_environment()).fork(72);
    for mutant in [Mutant::ForgetAbsences, Mutant::TrustOrders, Mutant::ForgetFlaws] {
        let differs = |case: &u64| {
            let Some(objects) = history_of(&mut root.fork(*case)) else { return false };
            let of = |mutant| {
                let report = judged(&objects, mutant);
                LEVELS.map(|(level, _)| word_of(&report, level))
            };
            of(Mutant::None) != of(mutant)
        };
        let caught = (0..2_000).find(differs);
        println!("{mutant:?} is caught by case {caught:?}");
        assert!(caught.is_some(), "{mutant:?} is not caught");
    }
}

/// Some bound is met only if the tables of this judge count beside those of the levels' own.
#[test]
fn tables_count_against_the_bound_on_memory() {
    let step = |at: u64| format!("[[:insert {at} {at}]]");
    let of = |at: u64| event(0, "invoke", "txn", &step(at)) + &event(0, "ok", "txn", &step(at));
    let text = (0..100).map(of).collect::<String>();
    let operations = history::operations(&text, notation(&text).expect("events"));
    let objects = Objects::new(operations.expect("operations"));
    let word = |memory_bytes, mutant| {
        let limits = Limits { memory_bytes, ..Limits::default() };
        judge_with(&objects, None, &limits, mutant).expect("steps").verdict()
    };
    assert_eq!(word(1 << 20, Mutant::None), Word::Holds);
    assert_eq!(word(500, Mutant::None), Word::Unknown);
    let is_caught = |kib: usize| {
        let both = [Mutant::None, Mutant::ForgetTables].map(|mutant| word(kib << 10, mutant));
        both == [Word::Unknown, Word::Holds]
    };
    assert!((1..100).any(is_caught), "the planted bug is not seen");
}

/// By any bound each level is decided as without one, or unknown.
#[test]
fn no_bound_makes_another_verdict() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(73);
    let mut count: BTreeMap<(Word, Word), u64> = BTreeMap::new();
    for case in 0..600 {
        let mut random = root.fork(case);
        let is_founded = random.chance(0.8);
        let objects = Objects::new(play(&mut random, is_founded));
        if objects.workload != Some(Workload::Predicates) {
            continue;
        }
        let judge = |limits| judge_with(&objects, None, &limits, Mutant::None).expect("steps");
        let whole = judge(Limits::default());
        let (steps, memory_bytes) = (random.below(300), random.below(6_000) as usize);
        for limits in
            [Limits { steps, ..Limits::default() }, Limits { memory_bytes, ..Limits::default() }]
        {
            let told = judge(limits);
            for (part, whole) in told.parts.iter().zip(&whole.parts) {
                let (word, whole) = (part.finding.word(), whole.finding.word());
                let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {limits:?}: {told}");
                assert!(word == Word::Unknown || word == whole, "{repro}");
                *count.entry((word, whole)).or_default() += 1;
            }
        }
    }
    println!("with a bound, and without: {count:?}");
    assert!(count.len() >= 4 && count.values().all(|count| *count > 20), "{count:?}");
}

fn event(process: u64, kind: &str, function: &str, value: &str) -> String {
    format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}}}\n")
}

fn report(text: &str) -> Report {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(matches!(&input, Input::Objects(one) if one.workload == Some(Workload::Predicates)));
    input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Two that both see no even number, and each insert one: write skew over a predicate.
const PHANTOM: [&str; 2] =
    ["[[:rp [:mod 2 0] {}] [:insert :y 2]]", "[[:rp [:mod 2 0] {}] [:insert :z 4]]"];

#[test]
//= §2.3.1 phantom P3 test
fn a_phantom_is_named_and_told() {
    let init = event(0, "invoke", "init", "{:x 1}") + &event(0, "ok", "init", "{:x 1}");
    let asked = PHANTOM.map(|text| text.replace(" {}", ""));
    let both = event(1, "invoke", "txn", &asked[0])
        + &event(2, "invoke", "txn", &asked[1])
        + &event(1, "ok", "txn", PHANTOM[0])
        + &event(2, "ok", "txn", PHANTOM[1]);
    let told = report(&(init.clone() + &both));
    assert_eq!(told.verdict(), Word::Violated, "{told}");
    assert_eq!(word_of(&told, Level::Serializable), Word::Violated);
    assert_eq!(word_of(&told, Level::SnapshotIsolation), Word::Holds);
    assert!(told.to_string().contains("phantom: G2, write skew"), "{told}");
    assert!(told.to_string().contains("read :y: nothing yet"), "{told}");

    let missed =
        event(1, "invoke", "txn", "[[:rp :true]]") + &event(1, "ok", "txn", "[[:rp :true {}]]");
    let told = report(&(init.clone() + &missed));
    assert!(told.to_string().contains("predicate-read-miss: :x"), "{told}");
    let gave = missed.replace(":true {}", "[:= 2] {:x 1}").replace("[:rp :true]", "[:rp [:= 2]]");
    let told = report(&(init + &gave));
    assert!(told.to_string().contains("predicate-read-mismatch: :x"), "{told}");
}

/// Histories that begin like registers are found, and bad steps are refused where they stand.
#[test]
fn steps_are_read_in_both_notations_and_refused_where_they_stand() {
    let text = event(1, "invoke", "txn", "[[:w :x 2] [:rp :true]]")
        + &event(1, "ok", "txn", "[[:w :x 2] [:rp :true {:x 2}]]");
    assert_eq!(report(&text).verdict(), Word::Holds);
    let json = r#"[{"type":"invoke","f":"txn","process":0,"value":[["insert","x",2],["rp",["mod",2,0]]]},
        {"type":"ok","f":"txn","process":0,"value":[["insert","x",2],["rp",["mod",2,0],{"x":2}]]}]"#;
    assert_eq!(report(json).verdict(), Word::Holds);
    let bad = text.replace(":true {:x 2}", "[:mod 0 0] {:x 2}");
    let objects = history::operations(&bad, notation(&bad).expect("events")).expect("operations");
    let error = Objects::new(objects).judge(&Limits::default()).expect_err("a divisor of zero");
    assert!(error.to_string().contains("at line 2"), "{error}");
}
