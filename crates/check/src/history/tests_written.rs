//! Values in whatever way they are written, and registers in whatever notation.

use super::notation::Notation;
use super::{History, maps};
use crate::report::Word;
use crate::{Input, Limits, object};
use avouch_promise::Random;
use std::fmt::Write;

fn parse(text: &str) -> Result<History, avouch_promise::Error> {
    History::parse(text.as_bytes())
}

/// A whole number may be written in more ways than one, in each notation in its own.
#[test]
fn whole_numbers_are_read_as_each_notation_means_them() {
    let judged = |text: &str| match Input::parse(text.as_bytes()) {
        Ok(input) => {
            let report = input.judge(None, &Limits::default()).expect("a report");
            Ok(report.verdict())
        }
        Err(error) => Err(error.expected),
    };
    let edn = |read: &str| {
        judged(&format!(
            "{{:type :invoke, :f :txn, :value [[:w 1 7]], :process 0}}\n\
             {{:type :ok, :f :txn, :value [[:w 1 7]], :process 0}}\n\
             {{:type :invoke, :f :txn, :value [[:r 1 nil]], :process 0}}\n\
             {{:type :ok, :f :txn, :value [[:r 1 {read}]], :process 0}}\n"
        ))
    };
    let json = |read: &str| {
        judged(&format!(
            "{{\"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"w\", 1, 7]], \"process\": 0}}\n\
             {{\"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"w\", 1, 7]], \"process\": 0}}\n\
             {{\"type\": \"invoke\", \"f\": \"txn\", \"value\": [[\"r\", 1, null]], \"process\": 0}}\n\
             {{\"type\": \"ok\", \"f\": \"txn\", \"value\": [[\"r\", 1, {read}]], \"process\": 0}}\n"
        ))
    };
    for same in ["7", "+7", "7N", "+7N"] {
        assert_eq!(edn(same), Ok(Word::Holds), "{same}");
    }
    for same in ["7", "7.0", "7.00", "0.7e1", "70E-1"] {
        assert_eq!(json(same), Ok(Word::Holds), "{same}");
    }
    for (found, expected) in [
        (edn("7.0"), "line 4, column 36: a whole number"),
        (edn("07"), "line 4, column 36: a whole number"),
        (edn("--7"), "line 4, column 36: a whole number"),
        (edn("99999999999999999999"), "line 4, column 36: a number of 64 bits"),
        (json("7.5"), "line 4, column 47: a whole number"),
        (json("+7"), "line 4, column 47: a whole number"),
        (json("1e30"), "line 4, column 47: a"),
    ] {
        assert!(matches!(&found, Err(told) if told.starts_with(expected)), "{found:?}");
    }
}

/// A map within a value has each key once, in whatever way it is written.
#[test]
fn a_key_that_stands_twice_in_a_value_is_refused() {
    let bank = "{:process 0, :type :invoke, :f :transfer, :value {:from 0, :to 1, :amount 3}}\n";
    let twice = bank.replace(":to 1", ":from 1");
    let error = Input::parse(twice.as_bytes()).expect_err("from twice");
    assert!(error.expected.starts_with("line 1, column 60: a key that the map"), "{error}");
    let read = "{\"process\": 0, \"type\": \"ok\", \"f\": \"read\", \"value\": {\"a\": 1, \"\\u0061\": 2}}";
    let error = Input::parse(read.as_bytes()).expect_err("a twice");
    assert!(error.expected.contains("a key that the map does not have yet"), "{error}");
}

/// Registers in JSON, in one list or by lines; each key alone where it stands beside the value.
#[test]
fn registers_are_read_in_json_and_with_independent_keys() {
    let events = [
        r#"{"process": 0, "type": "invoke", "f": "write", "value": 1, "time": 10}"#,
        r#"{"process": 0, "type": "ok", "f": "write", "value": 1, "time": 20}"#,
        r#"{"process": "nemesis", "type": "info", "f": "start", "value": null, "time": 25}"#,
        r#"{"process": 1, "type": "invoke", "f": "cas", "value": [1, 2], "time": 30}"#,
        r#"{"process": 1, "type": "ok", "f": "cas", "value": [1, 2], "time": 40}"#,
        r#"{"process": 2, "type": "invoke", "f": "read", "value": null, "time": 50}"#,
        r#"{"process": 2, "type": "ok", "f": "read", "value": 2, "time": 60}"#,
    ];
    let judged = |text: &str| {
        let history = parse(text).unwrap_or_else(|error| panic!("{error}"));
        crate::judge(&history, &Limits::default()).verdict()
    };
    let lines = events.join("\n");
    assert_eq!(judged(&lines), Word::Holds);
    assert_eq!(judged(&format!("[{}]", events.join(",\n"))), Word::Holds);
    assert_eq!(
        judged(&lines.replace(r#""read", "value": 2"#, r#""read", "value": 1"#)),
        Word::Violated
    );
    // Two keys, which have nothing to do with each other.
    let independent = "\
        {:process 0, :type :invoke, :f :write, :value [7 1]}\n\
        {:process 0, :type :ok, :f :write, :value [7 1]}\n\
        {:process 1, :type :invoke, :f :cas, :value [8 [1 2]]}\n\
        {:process 1, :type :fail, :f :cas, :value [8 [1 2]]}\n\
        {:process 1, :type :invoke, :f :read, :value [8 nil]}\n\
        {:process 1, :type :ok, :f :read, :value [8 nil]}\n";
    assert_eq!(judged(independent), Word::Holds);
    assert_eq!(judged(&independent.replace('8', "7")), Word::Violated);
    // One value, however it is written.
    let written = lines.replace(r#""read", "value": 2"#, r#""read", "value": 2.0"#);
    assert_eq!(judged(&written), Word::Holds);
    let error = parse(&lines.replace("[1, 2]", "[1, [2]]")).expect_err("no pair of values");
    assert!(error.expected.starts_with("line 4, column 55: a pair as :value"), "{error}");
}

/// An answer that says again what was asked says the same; what a pair means depends on `:key`.
#[test]
fn an_answer_of_something_else_is_refused() {
    let call = |invoked: &str, ok: &str| {
        parse(&format!(
            "{{:process 0, :type :invoke, {invoked}}}\n{{:process 0, :type :ok, {ok}}}\n"
        ))
    };
    for (invoked, ok) in [
        (":f :read, :value [3 nil]", ":f :read, :value [4 1]"),
        (":f :read, :value nil", ":f :read, :value [1 2]"),
        (":f :put, :key \"a\", :value 1", ":f :put, :key \"b\", :value 1"),
        (":f :write, :value [3 1]", ":f :write, :value [3 2]"),
        (":f :write, :key \"a\", :value [5 1]", ":f :write, :key \"a\", :value [5 1]"),
        (":f :cas, :value [[1 2] 3]", ":f :cas, :value [[1 2] 3]"),
        (":f :cas, :value [1 2]", ":f :cas, :value [1 3]"),
    ] {
        let error = call(invoked, ok).expect_err(ok);
        assert!(error.expected.starts_with("line "), "{invoked}, {ok}: {error}");
    }
    for (invoked, ok) in [
        (":f :read, :value [3 nil]", ":f :read, :value [3 1]"),
        (":f :write, :value [3 1]", ":f :write, :value [3 1]"),
        (":f :write, :value [3 1]", ":f :write"),
        (":f :put, :key \"a\", :value 1", ":f :put, :value 1"),
        (":f :cas, :value [nil 2]", ":f :cas, :value [nil 2]"),
        (":f :delete, :key 7", ":f :delete, :key 7"),
    ] {
        call(invoked, ok).unwrap_or_else(|error| panic!("{invoked}, {ok}: {error}"));
    }
}

/// Nothing is left out in silence: only the nemesis has a name. A number is not the text of it.
#[test]
fn a_client_with_a_name_is_refused_and_a_number_is_no_text() {
    let call = |process: &str, read: &str| {
        parse(&format!(
            "{{:process :nemesis, :type :info, :f :start}}\n\
             {{:process 0, :type :invoke, :f :write, :value 1}}\n\
             {{:process 0, :type :ok, :f :write, :value 1}}\n\
             {{:process {process}, :type :invoke, :f :read, :value nil}}\n\
             {{:process {process}, :type :ok, :f :read, :value {read}}}\n"
        ))
    };
    for name in [":client", "\"1\"", "client"] {
        let error = call(name, "1").expect_err(name);
        assert!(error.expected.starts_with("line 4, column 11: the number of a client"), "{error}");
    }
    let verdict = |read: &str| {
        let history = call("1", read).unwrap_or_else(|error| panic!("{error}"));
        crate::judge(&history, &Limits::default()).verdict()
    };
    assert_eq!(verdict("1"), Word::Holds);
    assert_eq!(verdict("\"1\""), Word::Violated);
}

/// What is of unknown outcome comes after what its process did before.
#[test]
fn a_transaction_of_unknown_outcome_stays_in_its_session() {
    use crate::Level;
    let text = "\
        {:process 0, :type :invoke, :f :txn, :value [[:r 0 nil]]}\n\
        {:process 0, :type :ok, :f :txn, :value [[:r 0 1]]}\n\
        {:process 0, :type :invoke, :f :txn, :value [[:w 0 1]]}\n\
        {:process 0, :type :info, :f :txn, :value [[:w 0 1]]}\n";
    let input = Input::parse(text.as_bytes()).expect("registers");
    let word = |level| input.judge(Some(level), &Limits::default()).expect("a report").verdict();
    assert_eq!(word(Level::StrongSessionSerializable), Word::Violated);
    assert_eq!(word(Level::Causal), Word::Violated);
    assert_eq!(word(Level::Serializable), Word::Holds);
}

/// A level that is not decided of lists may follow from one that is.
#[test]
fn a_level_that_follows_is_told() {
    use crate::Level;
    let word = |read: &str| {
        let text = format!(
            "{{:process 0, :type :invoke, :f :txn, :value [[:append 0 1]]}}\n\
             {{:process 0, :type :ok, :f :txn, :value [[:append 0 1]]}}\n\
             {{:process 1, :type :invoke, :f :txn, :value [[:r 0 nil]]}}\n\
             {{:process 1, :type :ok, :f :txn, :value [[:r 0 {read}]]}}\n"
        );
        let input = Input::parse(text.as_bytes()).expect("lists");
        input.judge(Some(Level::Causal), &Limits::default()).expect("a report").verdict()
    };
    assert_eq!((word("[1]"), word("[7]")), (Word::Holds, Word::Violated));
    assert_eq!("PL-2+".parse(), Ok(Level::ConsistentView));
    assert_eq!("PL-CS".parse(), Ok(Level::CursorStability));
    assert!("PL-MSR".parse::<Level>().is_err_and(|why| why.hint.contains("starts")));
}

/// What is read as registers at once is nothing that another reader would have known.
#[test]
fn registers_read_at_once_are_no_workload() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(81);
    let functions = ["read", "write", "cas", "get", "put", ":read"];
    let values = ["nil", "1", "[1 2]", "[1 nil]", "[[:r 0 nil]]", "[[:w 0 1]]", "\"a\"", "#{1}"];
    let mut count = [0; 3];
    for case in 0..20_000 {
        let mut random = root.fork(case);
        let mut text = String::new();
        let few = 1 + random.below(2);
        for _ in 0..=random.below(3) {
            let most = few + random.below(5);
            let function = functions[random.below(most) as usize];
            let mut value = || random.pick(&values).copied().unwrap_or("nil");
            let (asked, got) = (value(), value());
            let got = if function == "write" { asked } else { got };
            let happened = if random.chance(0.8) { "ok" } else { "info" };
            let _ = write!(
                text,
                "{{:type :invoke, :f :{function}, :value {asked}, :process 0}}\n\
                 {{:type :{happened}, :f :{function}, :value {got}, :process 0}}\n"
            );
        }
        let at_once = maps::alone(&text, Notation::Edn).is_some();
        let objects = object::parse(&text, Notation::Edn).ok();
        let is_known = objects.is_some_and(|objects| objects.workload.is_some());
        assert!(!(at_once && is_known), "repro: AVOUCH_SEED={seed}, case {case}\n{text}");
        let is_read = maps::parse(&text, Notation::Edn).is_ok();
        count[if at_once { 0 } else { 1 + usize::from(is_read) }] += 1;
    }
    println!("at once, not of registers, of registers or another: {count:?}");
    assert!(count.iter().all(|count| *count > 100), "{count:?}");
}
