//! The judges of workloads against their oracles, on right histories and with planted anomalies.

use super::mutant::Mutant;
use super::played::{What, explained, play};
use super::{Anomaly, Datum, Judged, Kind, Operation, Workload, judged, verify};
use crate::history::jepsen::notation;
use crate::limits::Budget;
use crate::meter::Meter;
use crate::report::{Finding, Report, Word};
use crate::{Input, Limits, Model};
use avouch_promise::Random;

fn report(text: &str) -> Report {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(matches!(input, Input::Objects(_)), "{text}");
    input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn anomalies(workload: Workload, all: &[Operation], mutant: Mutant) -> Vec<Anomaly> {
    let mut budget = Budget::default();
    let Judged { parts, .. } = judged(workload, all, &mut Meter::new(&mut budget, true), mutant);
    parts.into_iter().flat_map(|part| part.anomalies).collect()
}

pub(super) fn random(fork: u64) -> (u64, Random) {
    let seed = Random::seed_from_environment();
    (seed, Random::new(seed).fork(fork))
}

/// A line of a history in EDN.
fn event(process: u64, kind: &str, function: &str, value: &str) -> String {
    format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}}}\n")
}

fn done(process: u64, function: &str, asked: &str, got: &str) -> String {
    event(process, "invoke", function, asked) + &event(process, "ok", function, got)
}

/// A history that is right, and one with each of its anomalies.
type Example = (Workload, String, Vec<(&'static str, String)>);

/// One of each workload.
fn examples() -> Vec<Example> {
    [examples_of_contents(), examples_of_orders()].concat()
}

fn examples_of_contents() -> Vec<Example> {
    let steps = |all: &[String]| all.concat();
    let bank = |second: &str| {
        steps(&[
            done(0, "read", "nil", "{0 10, 1 0}"),
            done(1, "transfer", "{:from 0, :to 1, :amount 3}", "{:from 0, :to 1, :amount 3}"),
            done(0, "read", "nil", second),
        ])
    };
    let set = |first: &str, second: &str| {
        let adds = [done(0, "add", "1", "1"), done(0, "add", "2", "2")].concat();
        adds + &done(1, "read", "nil", first) + &done(1, "read", "nil", second)
    };
    let queue = |first: &str, rest: &str| {
        let adds = [done(0, "enqueue", "1", "1"), done(0, "enqueue", "2", "2")].concat();
        adds + &done(1, "dequeue", "nil", first) + &done(1, "drain", "nil", rest)
    };
    let counter = |seen: &str| done(0, "add", "2", "2") + &done(1, "read", "nil", seen);
    vec![
        (
            Workload::Bank,
            bank("{0 7, 1 3}"),
            vec![
                ("wrong total 11", bank("{0 7, 1 4}")),
                ("negative balance of account 0", bank("{0 -1, 1 11}")),
                ("missing balance of account 1", bank("{0 10, 1 nil}")),
                ("unexpected account 5", bank("{0 7, 1 3, 5 0}")),
            ],
        ),
        (
            Workload::Set,
            set("#{1 2}", "[1 2]"),
            vec![
                ("lost element 2", set("[1 2]", "[1]")),
                ("stale read: 2", set("[1]", "[1 2]")),
                ("duplicated element 2", set("[1 2 2]", "[1 2]")),
                ("unexpected element 7", set("[1 2 7]", "[1 2 7]")),
                ("causal reverse", set("[2]", "[1 2]")),
            ],
        ),
        (
            Workload::Queue,
            queue("2", "[1]"),
            vec![
                ("lost element 1", queue("2", "[]")),
                ("unexpected element 9", queue("9", "[1 2]")),
                ("duplicated element 2", queue("2", "[1 2]")),
            ],
        ),
        (
            Workload::Counter,
            counter("2"),
            vec![("counter too low", counter("1")), ("counter too high", counter("3"))],
        ),
    ]
}

fn examples_of_orders() -> Vec<Example> {
    let ids =
        |second: &str| done(0, "generate", "nil", "\"a\"") + &done(1, "generate", "nil", second);
    let fork = |last: &str| {
        let asked = "[[:r 0 nil] [:r 1 nil]]";
        let write = |step: &str| done(0, "write", step, step);
        let writes = write("[[:w 0 1]]") + &write("[[:w 1 1]]");
        writes + &done(1, "read", asked, "[[:r 0 1] [:r 1 nil]]") + &done(2, "read", asked, last)
    };
    let reverse = |seen: &str| {
        let writes = [done(0, "write", "1", "1"), done(1, "write", "2", "2")].concat();
        event(2, "invoke", "read", "nil") + &writes + &event(2, "ok", "read", seen)
    };
    let lock = |second: &str| done(0, "acquire", "nil", "nil") + &done(0, second, "nil", "nil");
    vec![
        (Workload::Ids, ids("\"b\""), vec![("duplicate id \"a\"", ids("\"a\""))]),
        (
            Workload::LongFork,
            fork("[[:r 0 1] [:r 1 1]]"),
            vec![("long fork", fork("[[:r 0 nil] [:r 1 1]]"))],
        ),
        (Workload::CausalReverse, reverse("[1 2]"), vec![("causal reverse", reverse("[2]"))]),
        (Workload::Mutex, lock("release"), vec![("fit in no order of a mutex", lock("acquire"))]),
    ]
}

#[test]
//= §2.3.1 long fork test
//= §2.3.1 stale read test
fn every_anomaly_is_named_and_none_is_seen_where_there_is_none() {
    for (workload, right, wrong) in examples() {
        let told = report(&right);
        assert_eq!(told.verdict(), Word::Holds, "{workload:?}: {told}");
        assert!(told.format.contains(workload.name()), "{told}");
        for (title, text) in wrong {
            let told = report(&text);
            assert_eq!(told.verdict(), Word::Violated, "{title}: {told}");
            let is_it = |finding: &Finding| match finding {
                Finding::Violated(story) => {
                    story.conclusion.iter().chain([&story.title]).any(|line| line.contains(title))
                }
                _ => false,
            };
            assert!(told.parts.iter().any(|part| is_it(&part.finding)), "{title}: {told}");
        }
    }
}

/// What stands in JSON is judged as in EDN.
#[test]
fn both_notations_say_the_same() {
    let edn = done(0, "read", "nil", "{0 10, 1 0}") + &done(0, "read", "nil", "{0 9, 1 0}");
    let json = r#"[{"type":"invoke","f":"read","process":0,"value":null},
        {"type":"ok","f":"read","process":0,"value":{"0":10,"1":0}},
        {"type":"invoke","f":"read","process":0},
        {"process":0,"value":{"0":9,"1":0},"f":"read","type":"ok"}]"#;
    let (edn, json) = (report(&edn), report(json));
    assert!(edn.to_string().contains("wrong total 9"), "{edn}");
    let title = |report: &Report| match &report.parts[0].finding {
        Finding::Violated(story) => story.title.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(title(&edn), title(&json));
}

/// What is of unknown outcome explains what is missing, and what the history does not say is
/// unknown.
#[test]
fn what_is_unknown_is_never_called_lost() {
    let put = done(0, "enqueue", "1", "1");
    let taking = event(1, "invoke", "dequeue", "nil") + &event(1, "info", "dequeue", "nil");
    let drained = done(2, "drain", "nil", "[]");
    let told = report(&[put.clone(), taking, drained.clone()].concat());
    assert_eq!(told.verdict(), Word::Unknown, "{told}");
    assert_eq!(report(&(put.clone() + &drained)).verdict(), Word::Violated);
    let told = report(&put);
    assert_eq!(told.verdict(), Word::Unknown, "nobody found the queue empty: {told}");
    let order = "note: in what order elements are dequeued is not judged: --model fifo-queue";
    let swapped = put.clone()
        + &done(0, "enqueue", "2", "2")
        + &done(1, "dequeue", "nil", "2")
        + &done(1, "dequeue", "nil", "1");
    let told = report(&swapped).to_string();
    assert!(told.contains(order), "{told}");
    assert!(!report(&(put.clone() + &drained)).to_string().contains(order), "a drain has no model");
    let adding = event(0, "invoke", "add", "1") + &event(0, "info", "add", "1");
    for seen in ["[]", "[1]"] {
        let told = report(&(adding.clone() + &done(1, "read", "nil", seen)));
        assert_eq!(told.verdict(), Word::Holds, "{told}");
    }
    let failed = event(0, "invoke", "add", "1") + &event(0, "fail", "add", "1");
    let told = report(&(failed + &done(1, "read", "nil", "[1]")));
    assert!(told.to_string().contains("unexpected element 1"), "{told}");
    let told = report(&done(0, "add", "[0 1]", "[0 1]"));
    assert_eq!(told.verdict(), Word::Unknown, "a set that was never read: {told}");
}

/// Each planted bug of a judge lets something pass, or says what its verifier refuses.
#[test]
fn every_planted_bug_of_a_workload_is_caught() {
    let of = |text: &str| {
        super::history::operations(text, notation(text).expect("events")).expect("operations")
    };
    let examples = examples();
    let is_caught = |workload: Workload, mutant: Mutant| {
        let (.., wrong) = examples.iter().find(|(one, ..)| *one == workload).expect("examples");
        wrong.iter().any(|(_, text)| anomalies(workload, &of(text), mutant).is_empty())
    };
    for (workload, mutant) in [
        (Workload::Bank, Mutant::ForgetTotal),
        (Workload::Set, Mutant::ForgetMissing),
        (Workload::CausalReverse, Mutant::ForgetReverse),
        (Workload::Counter, Mutant::ForgetAdded),
        (Workload::Queue, Mutant::ForgetTwice),
        (Workload::Ids, Mutant::ForgetOthers),
        (Workload::LongFork, Mutant::ForgetPairs),
    ] {
        assert!(!is_caught(workload, Mutant::None), "{workload:?}");
        assert!(is_caught(workload, mutant), "{mutant:?} is not caught");
    }
    // Of unknown outcome: the verifier does not accept that it is lost.
    let text = done(0, "enqueue", "1", "1")
        + &event(1, "invoke", "dequeue", "nil")
        + &done(2, "drain", "nil", "[]");
    let all = of(&text);
    assert!(anomalies(Workload::Queue, &all, Mutant::None).is_empty());
    let found = anomalies(Workload::Queue, &all, Mutant::ForgetUnknown);
    assert!(!found.is_empty() && !found.iter().all(|one| verify::accepts(&all, one)));
    // Reads that contradict each other, where only every order shows it.
    let (_, root) = random(25);
    for mutant in [Mutant::ForgetForks, Mutant::ForgetMissing, Mutant::ForgetReverse] {
        let is_wrong = |case: &u64| {
            let all = play(What::Set, &mut root.fork(*case), 6, 0.3);
            anomalies(Workload::Set, &all, mutant).is_empty() != explained(What::Set, &all)
        };
        let caught = (0..20_000).find(is_wrong);
        println!("{mutant:?} is caught by case {caught:?}");
        assert!(caught.is_some(), "{mutant:?} is not caught");
    }
}

/// Reads that leave keys out contradict each other only together.
#[test]
fn a_long_fork_of_three_reads_is_found() {
    let read = |process: u64, seen: u32, missing: u32| {
        let asked = format!("[[:r {seen} nil] [:r {missing} nil]]");
        done(process, "read", &asked, &format!("[[:r {seen} 1] [:r {missing} nil]]"))
    };
    let write = |process: u64, key: u32| {
        done(process, "write", &format!("[[:w {key} 1]]"), &format!("[[:w {key} 1]]"))
    };
    let writes = write(0, 0) + &write(0, 1) + &write(0, 2);
    let of = |text: &str| {
        super::history::operations(text, notation(text).expect("events")).expect("operations")
    };
    let all = of(&(writes.clone() + &read(1, 2, 0) + &read(2, 0, 1) + &read(3, 1, 2)));
    let found = anomalies(Workload::LongFork, &all, Mutant::None);
    assert!(matches!(&found[..], [one] if one.operations.len() == 3), "{found:?}");
    assert!(verify::accepts(&all, &found[0]));
    let mut bent = found[0].clone();
    bent.values.swap(0, 1);
    assert!(!verify::accepts(&all, &bent));
    assert!(anomalies(Workload::LongFork, &all, Mutant::ForgetLongForks).is_empty());
    // Two of them fit an order.
    let all = of(&(writes + &read(1, 2, 0) + &read(2, 0, 1)));
    assert!(anomalies(Workload::LongFork, &all, Mutant::None).is_empty());
}

/// The verifier is no rubber stamp: of a right history it accepts nothing.
#[test]
fn the_verifier_of_anomalies_refuses_what_is_not_there() {
    let text = examples().into_iter().find(|(one, ..)| *one == Workload::Set).expect("a set").1;
    let all = super::history::operations(&text, notation(&text).expect("EDN")).expect("a set");
    let value = Datum::Integer(1);
    let kinds = [Kind::Lost, Kind::Stale, Kind::Duplicated, Kind::Unexpected, Kind::LongFork];
    for kind in kinds {
        for operations in [vec![0], vec![2], vec![0, 2], vec![2, 3], vec![0, 2, 3], vec![99]] {
            for values in [vec![], vec![value.clone()], vec![value.clone(), Datum::Integer(2)]] {
                let claimed = Anomaly { kind, operations: operations.clone(), values };
                assert!(!verify::accepts(&all, &claimed), "{claimed:?}");
            }
        }
    }
}

/// What is written differently is another value, except where a notation says that it is the same.
#[test]
fn values_stay_what_they_are() {
    let ids = |one: &str, other: &str| {
        report(&(done(0, "generate", "nil", one) + &done(1, "generate", "nil", other))).verdict()
    };
    for (one, other) in [
        ("\"007\"", "\"7\""),
        ("\"1\"", "1"),
        (":a", "\"a\""),
        (":a", "a"),
        ("[1 2]", "#{1 2}"),
        ("[1 2]", "[2 1]"),
        ("99999999999999999999", "\"99999999999999999999\""),
    ] {
        assert_eq!(ids(one, other), Word::Holds, "{one} is not {other}");
        assert_eq!(ids(one, one), Word::Violated, "{one}");
    }
    for (one, other) in [
        ("1N", "1"),
        ("+1", "1"),
        ("99999999999999999999N", "99999999999999999999"),
        ("[{:a 1, :b 2}]", "[{:b 2, :a 1}]"),
        ("[#{1 2}]", "[#{2 1}]"),
    ] {
        assert_eq!(ids(one, other), Word::Violated, "{one} is {other}");
    }
    assert!(Input::parse(done(0, "generate", "nil", "010").as_bytes()).is_err(), "octal, or not");
    let queue = done(0, "enqueue", "\"1\"", "\"1\"") + &done(0, "dequeue", "nil", "1");
    assert_eq!(report(&queue).verdict(), Word::Violated, "nobody enqueued the number");
}

/// What a set lost, or has twice, or was never given, fits in no order of it.
#[test]
fn what_is_wrong_of_a_set_is_not_linearizable() {
    for seen in ["#{}", "[1 1]", "[1 2]"] {
        let told = report(&(done(0, "add", "1", "1") + &done(1, "read", "nil", seen)));
        let words: Vec<Word> = told.parts.iter().map(|part| part.finding.word()).collect();
        assert_eq!(words, [Word::Violated, Word::Violated], "{seen}: {told}");
    }
}

fn refused(text: &str, model: Option<Model>) -> String {
    let Ok(Input::Objects(objects)) = Input::parse(text.as_bytes()) else { panic!("{text}") };
    let told = match model {
        Some(model) => objects.judge_by_model(model, &Limits::default()),
        None => objects.judge(&Limits::default()),
    };
    told.map_or_else(|error| error.to_string(), |report| panic!("{text}{report}"))
}

/// A balance that is no number of 64 bits is the caller's error, and totals have more bits.
#[test]
fn balances_that_cannot_be_added_up_are_refused() {
    let right = done(0, "read", "nil", "{0 10, 1 0}");
    for wrong in ["9.5", "10000000000000000000N", "\"10\""] {
        let text = right.clone() + &done(0, "read", "nil", &format!("{{0 {wrong}, 1 0}}"));
        let error = refused(&text, None);
        assert!(error.contains("line 4") && error.contains(wrong.trim_end_matches('N')), "{error}");
    }
    let most = i64::MAX;
    let bank = |one: i64, other: i64| done(0, "read", "nil", &format!("{{0 {one}, 1 {other}}}"));
    let told = report(&(bank(most, 10) + &bank(most, 11)));
    assert!(told.to_string().contains("wrong total 9223372036854775818"), "{told}");
    assert_eq!(report(&(bank(most, 10) + &bank(most - 1, 11))).verdict(), Word::Holds);
}

/// Amounts and sums of a counter are numbers, or the caller's error; sums have more bits.
#[test]
fn counters_refuse_what_is_no_number() {
    let most = i64::MAX.to_string();
    let add = |amount: &str| done(0, "add", amount, amount);
    let read = |sum: &str| done(1, "read", "nil", sum);
    for (text, line) in [
        (add("1") + &read("9.5"), 4),
        (add("1.5") + &read("1"), 1),
        (add("1") + &read("1") + &read("[]"), 6),
        (add("10000000000000000000") + &read("0"), 1),
    ] {
        for model in [None, Some(Model::Counter)] {
            let error = refused(&text, model);
            assert!(error.contains(&format!("line {line}")), "{error}");
        }
    }
    let text = [add(&most), add(&most), add(&format!("-{most}")), read(&most)].concat();
    assert_eq!(report(&text).verdict(), Word::Holds);
    let text = [add(&most), add(&most), read(&most)].concat();
    assert!(report(&text).to_string().contains("18446744073709551614"));
}

/// Of anomalies as many as reads times elements a few are kept, and the others counted.
#[test]
fn a_few_anomalies_of_a_kind_are_kept() {
    let adds: String = (0..100).map(|one| done(0, "add", &format!("{one}"), "nil")).collect();
    let text = adds + &done(1, "read", "nil", "[]").repeat(100);
    let all = super::history::operations(&text, notation(&text).expect("EDN")).expect("a set");
    assert!(anomalies(Workload::Set, &all, Mutant::None).len() < 20);
    let told = report(&text).to_string();
    assert_eq!(told.matches("9999 more of this kind").count(), 2, "{told}");
}

/// A register whose values are lists is read and written, too, and nothing here may say it holds.
#[test]
fn a_register_of_lists_is_no_set_of_writes() {
    let call = |f: &str, value: &str, answer: &str| {
        format!(
            "{{:process 0, :type :invoke, :f :{f}, :value {value}}}\n\
             {{:process 0, :type :ok, :f :{f}, :value {answer}}}\n"
        )
    };
    let lists =
        call("write", "[1]", "[1]") + &call("write", "[2]", "[2]") + &call("read", "nil", "[1]");
    assert!(!matches!(Input::parse(lists.as_bytes()), Ok(Input::Objects(_))), "a register");
    let reads_only = call("read", "nil", "[1]");
    assert!(!matches!(Input::parse(reads_only.as_bytes()), Ok(Input::Objects(_))), "nothing known");
}
