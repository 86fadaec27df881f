//! The judges of workloads and their bounds: each ends by them, keeps what it had found, and says
//! nothing else than it would without them.

use super::mutant::Mutant;
use super::played::{What, play};
use super::{Objects, Workload};
use crate::Input;
use crate::campaign::cases;
use crate::limits::{Budget, Limits};
use crate::meter::Meter;
use crate::report::{Report, Word};
use avouch_promise::Random;
use std::time::Duration;

/// What a process asked of a function and was answered.
fn done(process: usize, function: &str, asked: &str, got: &str) -> String {
    let event = |kind: &str, value: &str| {
        format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}}}\n")
    };
    event("invoke", asked) + &event("ok", got)
}

/// A hundred of something.
fn all(one: impl Fn(usize) -> String) -> String {
    (0..100).map(one).collect()
}

/// A history of each workload that is right.
fn histories() -> Vec<(Workload, String)> {
    let same = |function: &str| all(|at| done(0, function, &format!("{at}"), &format!("{at}")));
    let balances = all(|at| done(0, "read", "nil", &format!("{{0 {at}, 1 {}}}", 100 - at)));
    let list: Vec<String> = (0..100).map(|at| format!("{at}")).collect();
    let lists = done(1, "read", "nil", &format!("[{}]", list.join(" "))).repeat(20);
    let sums = done(0, "add", "1", "1").repeat(100) + &done(1, "read", "nil", "100").repeat(20);
    let dequeued = all(|at| done(1, "dequeue", "nil", &format!("{at}")));
    let ids = all(|at| done(at % 5, "generate", "nil", &format!("{at}")));
    let step = |at: usize| format!("[[:w {at} 1]]");
    let forks = all(|at| done(0, "write", &step(at), &step(at)))
        + &all(|at| done(1, "read", &format!("[[:r {at} nil]]"), &format!("[[:r {at} 1]]")));
    let send = |at: usize| format!("[[:send 0 {at}]]");
    let told = |at: usize| format!("[[:send 0 [{at} {at}]]]");
    let poll = |at: usize| format!("[[:poll {{0 [[{at} {at}]]}}]]");
    let logs = all(|at| done(0, "send", &send(at), &told(at)))
        + &done(1, "assign", "[0]", "[0]")
        + &all(|at| done(1, "poll", "[[:poll]]", &poll(at)));
    let insert = |at: usize| format!("[[:insert {at} {at}]]");
    let predicates = done(0, "init", "{:x 1}", "{:x 1}")
        + &all(|at| done(0, "txn", &insert(at), &insert(at)))
        + &done(1, "txn", "[[:rp [:= 1]]]", "[[:rp [:= 1] {:x 1, 1 1}]]");
    let locks = (done(0, "acquire", "nil", "nil") + &done(0, "release", "nil", "nil")).repeat(100);
    vec![
        (Workload::Bank, balances),
        (Workload::Set, same("add") + &lists),
        (Workload::Counter, sums),
        (Workload::Queue, same("enqueue") + &dequeued),
        (Workload::Ids, ids),
        (Workload::LongFork, forks),
        (Workload::CausalReverse, same("write") + &lists),
        (Workload::Mutex, locks),
        (Workload::Stack, same("push")),
        (Workload::Kafka, logs),
        (Workload::Predicates, predicates),
    ]
}

/// What is wrong of a workload, as it may stand before all else.
fn planted(workload: Workload) -> Option<(String, &'static str)> {
    Some(match workload {
        Workload::Bank => (done(7, "read", "nil", "{0 -5, 1 105}"), "negative balance"),
        Workload::Set => (done(7, "read", "nil", "[7 7]"), "duplicated element 7"),
        Workload::Counter => (done(7, "read", "nil", "5"), "counter too high"),
        Workload::Queue => (done(7, "dequeue", "nil", "-5"), "unexpected element -5"),
        Workload::Ids => (done(7, "generate", "nil", "-5").repeat(2), "duplicate id -5"),
        Workload::LongFork => {
            let asked = "[[:r -1 nil] [:r -2 nil]]";
            let first = done(7, "read", asked, "[[:r -1 1] [:r -2 nil]]");
            (first + &done(7, "read", asked, "[[:r -1 nil] [:r -2 1]]"), "long fork")
        }
        Workload::Kafka => {
            let first = done(7, "send", "[[:send 5 1]]", "[[:send 5 [0 1]]]");
            (first + &done(7, "send", "[[:send 5 2]]", "[[:send 5 [0 2]]]"), "inconsistent offsets")
        }
        _ => return None,
    })
}

fn judged(text: &str, workload: Workload, limits: &Limits, mutant: Mutant) -> Report {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Input::Objects(objects) = input else { panic!("not of objects: {text}") };
    assert_eq!(objects.workload, Some(workload), "{text}");
    objects.judge_with(limits, mutant).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn tables_count_against_the_bound_on_memory() {
    for (workload, text) in histories() {
        let whole = judged(&text, workload, &Limits::default(), Mutant::None);
        assert_eq!(whole.verdict(), Word::Holds, "{workload:?}: {whole}");
        let limits = Limits { memory_bytes: 500, ..Limits::default() };
        let told = judged(&text, workload, &limits, Mutant::None);
        assert_eq!(told.verdict(), Word::Unknown, "{workload:?}: {told}");
        assert!(told.to_string().contains("the memory bound of "), "{workload:?}: {told}");
        // What only an order decides has no tables but those of the search.
        let is_searched = matches!(workload, Workload::Mutex | Workload::Stack);
        let far = if is_searched { "the longest order" } else { "were looked at, with " };
        assert!(told.to_string().contains(far), "{workload:?} says how far it came: {told}");
        let blind = judged(&text, workload, &limits, Mutant::ForgetTables);
        // Those of the search count in any case; of predicates the same is asked elsewhere.
        let is_caught = match workload {
            Workload::Mutex | Workload::Stack | Workload::Predicates => true,
            Workload::Counter => blind.parts[0].finding.word() == Word::Holds,
            _ => blind.verdict() == Word::Holds,
        };
        assert!(is_caught, "{workload:?}: the planted bug is not seen: {blind}");
    }
}

#[test]
fn judges_end_by_time_and_steps_with_how_far_they_came() {
    for (workload, text) in histories() {
        for (limits, bound) in [
            (Limits { time: Duration::ZERO, ..Limits::default() }, "the time bound of 0ns"),
            (Limits { steps: 30, ..Limits::default() }, "the bound of 30 steps"),
        ] {
            let told = judged(&text, workload, &limits, Mutant::None);
            assert_eq!(told.verdict(), Word::Unknown, "{workload:?}: {told}");
            assert!(told.to_string().contains(bound), "{workload:?}: {told}");
        }
    }
}

#[test]
fn what_was_found_before_a_bound_stays_found() {
    for (workload, right) in histories() {
        let Some((wrong, name)) = planted(workload) else { continue };
        let text = wrong + &right;
        let mut count = [0; 2];
        for steps in 1..2_000 {
            let limits = Limits { steps, ..Limits::default() };
            let told = judged(&text, workload, &limits, Mutant::None);
            let text = told.to_string();
            match told.verdict() {
                Word::Unknown => count[0] += 1,
                Word::Violated if text.contains("there may be more: the bound of ") => {
                    assert!(text.contains(name), "{workload:?}: {text}");
                    count[1] += 1;
                }
                Word::Violated => break,
                Word::Holds => panic!("{workload:?} by {steps} steps: {text}"),
            }
        }
        println!("{workload:?}: unknown and violated before the end: {count:?}");
        assert!(count[1] > 20, "{workload:?}: {count:?}");
    }
}

/// The verifier looks at all operations: where no time is left for that, the witness says so.
#[test]
fn what_there_is_no_time_to_check_again_says_so() {
    let (text, name) = planted(Workload::Bank).expect("an anomaly");
    let Ok(Input::Objects(objects)) = Input::parse(text.as_bytes()) else { panic!("{text}") };
    let mut budget = Budget::default();
    let mut meter = Meter::new(&mut budget, true);
    let found = super::judged(Workload::Bank, &objects.operations, &mut meter, Mutant::None);
    let spent = Budget::new(Limits { time: Duration::ZERO, ..Limits::default() });
    let told = |budget| {
        let parts = found.parts.iter().map(|part| objects.finding(part, budget));
        let told: Vec<_> = parts.filter(|one| one.word() == Word::Violated).collect();
        format!("{told:?}")
    };
    let unchecked = told(&spent);
    assert!(unchecked.contains("not checked again: the time bound of 0ns"), "{unchecked}");
    let checked = told(&Budget::default());
    assert!(checked.contains(name) && !checked.contains("not checked again"), "{checked}");
}

/// By any bound the judges say what they say without one, or that they do not know.
#[test]
fn no_bound_makes_another_verdict() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(91);
    let mut count = [0_u64; 2];
    for case in 0..cases(2_000) {
        let mut random = root.fork(case);
        let what = [What::Set, What::Counter, What::Bag, What::Mutex, What::Stack];
        let what = *random.pick(&what).unwrap_or(&What::Set);
        let objects = Objects::new(play(what, &mut random, 12, 0.2));
        let steps = random.below(200);
        let limits = Limits { steps, ..Limits::default() };
        let (Ok(whole), Ok(told)) = (objects.judge(&Limits::default()), objects.judge(&limits))
        else {
            continue;
        };
        let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {steps} steps: {told}{whole}");
        for (part, whole) in told.parts.iter().zip(&whole.parts) {
            let (word, whole) = (part.finding.word(), whole.finding.word());
            assert!(word == Word::Unknown || word == whole, "{repro}");
            count[usize::from(word == whole)] += 1;
        }
    }
    println!("unknown, and as without a bound: {count:?}");
    assert!(count.iter().all(|count| *count > 300), "{count:?}");
}
