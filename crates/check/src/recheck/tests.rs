//! Whatever is violated is confirmed through JSON, and what was changed in it is refused.

use super::{Of, Reported, read};
use crate::append;
use crate::campaign::cases;
use crate::dependency::Fate;
use crate::input::Input;
use crate::transaction::{self, Level};
use crate::{Limits, Report};
use avouch_promise::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a report says once it was written and read.
fn through_json(report: &Report) -> (Value, Reported) {
    let text = report.to_json().to_string();
    let value = serde_json::from_str(&text).expect("JSON");
    (value, read(text.as_bytes()).expect("a report").remove(0))
}

fn parsed(value: &Value) -> Reported {
    read(value.to_string().as_bytes()).expect("a report").remove(0)
}

/// The operations that a witness names, but in `operations`.
fn named(witness: &Value, found: &mut Vec<u64>) {
    const NAMES: [&str; 9] =
        ["from", "to", "shown_by", "first", "second", "reader", "writer", "against", "via"];
    match witness {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "operations") {
                let mut add = |value: &Value| found.extend(value.as_u64());
                if NAMES.contains(&name.as_str()) {
                    add(value);
                    value.as_array().into_iter().flatten().for_each(add);
                }
                named(value, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| named(one, found)),
        _ => {}
    }
}

/// One change that no history can bear; nothing if there is no room for it.
fn changed(witness: &Value, random: &mut Random) -> Option<(&'static str, Value)> {
    let mut witness = witness.clone();
    let edges = witness["cycle"].as_array().map_or(0, Vec::len);
    let at = if edges > 0 { random.below(edges as u64) as usize } else { 0 };
    let bug = match random.below(10) {
        0 => {
            let mut all = Vec::new();
            named(&witness, &mut all);
            let one = *all.get(random.below(all.len().max(1) as u64) as usize)?;
            let operations = witness["operations"].as_array_mut()?;
            operations.retain(|line| line["operation"].as_u64() != Some(one));
            "an operation is not shown"
        }
        1 => {
            let line = witness["operations"].as_array_mut()?.first_mut()?;
            line["process"] = json!(77_777);
            "another process"
        }
        2 if edges > 0 => {
            witness["title"] = json!("G-nothing, at all: a cycle");
            "another name"
        }
        3 if edges > 1 => {
            let edge = &mut witness["cycle"][at];
            (edge["from"], edge["to"]) = (edge["to"].take(), edge["from"].take());
            "an edge turned round"
        }
        4 if edges > 0 => {
            witness["cycle"].as_array_mut()?.remove(at);
            "an edge is missing"
        }
        choice => {
            let field =
                ["key", "written", "next", "read", "value", "other"][random.below(6) as usize];
            let of = match (choice, edges) {
                (5..=8, 1..) => &mut witness["cycle"][at],
                (_, 0) => witness.get_mut("fault")?,
                _ => witness.get_mut("facts")?.as_array_mut()?.first_mut()?,
            };
            *of.get_mut(field)? = json!("nothing like that");
            "another value"
        }
    };
    Some((bug, witness))
}

/// Confirms an order of those that can be run, and refuses it with one left out.
fn order(
    input: &Input,
    level: Level,
    mut value: Value,
    random: &mut Random,
    counts: &mut BTreeMap<String, u64>,
) {
    let said = parsed(&value).recheck(input);
    let part = &said.parts[0];
    assert_ne!(part.of(), Of::Refuted, "{said}\n{:#}", value["guarantees"]);
    let Some(order) = value["guarantees"][0]["order"].as_array_mut() else { return };
    if super::order::RUN.contains(&level) {
        assert_eq!(part.of(), Of::Confirmed, "{said}\n{order:?}");
        *counts.entry(format!("{level} holds")).or_default() += 1;
    }
    let at = random.below(order.len() as u64) as usize;
    let left_out = order.remove(at).as_u64().unwrap_or_default() as usize;
    if super::View::of(input).map(|view| view.fate(left_out)) == Some(Fate::Committed) {
        let said = parsed(&value).recheck(input);
        assert_eq!(said.parts[0].of(), Of::Refuted, "{said}");
    }
}

/// Confirms what is violated, and refuses it changed: how many by level and by change.
fn look(input: &Input, levels: &[Level], random: &mut Random, counts: &mut BTreeMap<String, u64>) {
    for level in levels {
        let report = input.judge(Some(*level), &Limits::default()).expect("a judgement");
        let (value, reported) = through_json(&report);
        let said = reported.recheck(input);
        if value["guarantees"][0]["verdict"] == "holds" {
            order(input, *level, value, random, counts);
            continue;
        }
        if value["guarantees"][0]["verdict"] != "violated" {
            continue;
        }
        let part = &said.parts[0];
        let witness = &value["guarantees"][0]["witness"];
        let has_no_order =
            witness["title"].as_str().is_some_and(|title| title.starts_with(NO_ORDER));
        if has_no_order || matches!(input, Input::Transactions(_)) && OWN.contains(level) {
            assert_ne!(part.of(), Of::Refuted, "{said}");
            continue;
        }
        assert_eq!(part.of(), Of::Confirmed, "{report}\n{said}\n{:#}", value["guarantees"]);
        *counts.entry(level.to_string()).or_default() += 1;
        for _ in 0..3 {
            let mut value = value.clone();
            let witness = &mut value["guarantees"][0]["witness"];
            let Some((bug, other)) = changed(witness, random) else { continue };
            *witness = other;
            let said = parsed(&value).recheck(input);
            assert_eq!(
                said.parts[0].of(),
                Of::Refuted,
                "{bug}\n{report}\n{said}\n{:#}",
                value["guarantees"]
            );
            *counts.entry(bug.to_owned()).or_default() += 1;
        }
    }
}

/// Such a violation is found by a search that tells no witness yet.
const NO_ORDER: &str = "writes that nobody read fit in no order";

/// How a cycle of registers breaks these is not looked at again yet.
const OWN: [Level; 2] = [Level::UpdateAtomic, Level::CursorStability];

const BUGS: [&str; 6] = [
    "an operation is not shown",
    "another process",
    "another name",
    "an edge turned round",
    "an edge is missing",
    "another value",
];

fn all_met(counts: &BTreeMap<String, u64>, levels: &[Level]) {
    let names = levels.iter().map(ToString::to_string).chain(BUGS.map(str::to_owned));
    for name in names {
        assert!(counts.get(&name).is_some_and(|count| *count > 5), "{name}: {counts:?}");
    }
}

#[test]
fn violations_of_appends_are_confirmed_and_changed_ones_refused() {
    let root = Random::new(Random::seed_from_environment()).fork(71);
    let mut counts = BTreeMap::new();
    for case in 0..cases(1_500) {
        let random = &mut root.fork(case);
        let input = Input::Appends(Box::new(append::at_random(random)));
        look(&input, &Level::ALL, random, &mut counts);
    }
    all_met(&counts, &Level::ALL);
}

#[test]
fn violations_of_registers_are_confirmed_and_changed_ones_refused() {
    let root = Random::new(Random::seed_from_environment()).fork(72);
    let mut counts = BTreeMap::new();
    for case in 0..cases(1_500) {
        let random = &mut root.fork(case);
        let input = Input::Transactions(transaction::at_random(random));
        look(&input, &Level::REGISTERS, random, &mut counts);
    }
    let looked: Vec<Level> =
        Level::REGISTERS.into_iter().filter(|level| !OWN.contains(level)).collect();
    all_met(&counts, &looked);
}

/// A history of appends, and the report on one level of it.
fn judged(text: &str, level: Level) -> (Input, Value) {
    let input = Input::parse(text.as_bytes()).expect("a history");
    let report = input.judge(Some(level), &Limits::default()).expect("a judgement");
    let value = report.to_json();
    let said = parsed(&value).recheck(&input);
    assert_eq!(said.parts[0].of(), Of::Confirmed, "{said}\n{value:#}");
    (input, value)
}

/// What is said of a report once its witness was changed.
fn planted(input: &Input, value: &Value, plant: impl FnOnce(&mut Value)) -> String {
    let mut value = value.clone();
    plant(&mut value["guarantees"][0]);
    let said = parsed(&value).recheck(input);
    assert_eq!(said.word(), crate::Word::Violated, "{said}\n{:#}", value["guarantees"][0]);
    said.to_string()
}

/// T1 misses the append of T0 to y, whose append to x it reads: read skew.
const SKEW: &str = "\
    {:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:append :y 1]]}\n\
    {:process 1, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]]}\n\
    {:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:append :y 1]]}\n\
    {:process 1, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y []]]}\n\
    {:process 2, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]]}\n\
    {:process 2, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y [1]]]}\n";

#[test]
fn each_planted_bug_of_a_cycle_is_refused_with_what_does_not_hold() {
    let (input, value) = judged(SKEW, Level::Serializable);
    let witness = &value["guarantees"][0]["witness"];
    assert_eq!(witness["cycle"][0]["key"], ":x", "{witness:#}");
    assert_eq!(witness["cycle"][1]["read"], Value::Null, "{witness:#}");
    let told = |expected: &str, plant: &dyn Fn(&mut Value)| {
        let said = planted(&input, &value, plant);
        assert!(said.contains(expected), "{expected}: {said}");
    };
    told("T0 does not write 1 to z", &|part| part["witness"]["cycle"][0]["key"] = json!("z"));
    told("T1 reads no list of :y of 1 up to nothing", &|part| {
        part["witness"]["cycle"][1]["length"] = json!(1);
    });
    told("T1 does not write 1 to :x", &|part| {
        let edge = &mut part["witness"]["cycle"][0];
        (edge["from"], edge["to"]) = (json!(1), json!(0));
    });
    told("do not close a cycle", &|part| {
        part["witness"]["cycle"].as_array_mut().expect("a cycle").pop();
    });
    told("do not close a cycle", &|part| part["witness"]["cycle"][1]["to"] = json!(2));
    told("it is G-single, not", &|part| {
        part["witness"]["title"] = json!("G2-item, write skew (A5B): a cycle of 2");
    });
    told("T0 is not among the operations shown", &|part| {
        part["witness"]["operations"].as_array_mut().expect("operations").remove(0);
    });
    told("T0 was asked at line 1, not", &|part| {
        part["witness"]["operations"][0]["invoked"]["line"] = json!(2);
    });
    told("there is no T9", &|part| part["witness"]["operations"][0]["operation"] = json!(9));
    told("read-committed knows no rw edges", &|part| part["guarantee"] = json!("read-committed"));
    told("no edge has the kind `xx`", &|part| {
        part["witness"]["cycle"][0]["kind"] = json!("xx");
    });
    told("violated, and no witness of it", &|part| part["witness"] = Value::Null);
}

/// Two that miss each other's append: write skew, which snapshot isolation allows.
const WRITE_SKEW: &str = "\
    {:process 0, :type :invoke, :f :txn, :value [[:r :x nil] [:append :y 1]]}\n\
    {:process 1, :type :invoke, :f :txn, :value [[:r :y nil] [:append :x 1]]}\n\
    {:process 0, :type :ok, :f :txn, :value [[:r :x []] [:append :y 1]]}\n\
    {:process 1, :type :ok, :f :txn, :value [[:r :y []] [:append :x 1]]}\n\
    {:process 2, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]]}\n\
    {:process 2, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y [1]]]}\n";

#[test]
fn a_cycle_that_a_level_allows_is_no_witness_of_it() {
    let (input, value) = judged(WRITE_SKEW, Level::Serializable);
    for (level, expected) in [
        ("snapshot-isolation", "may start before, and commit after"),
        ("consistent-view", "allows a cycle with 2 such rw edges"),
        ("causal", "nothing of what is seen is missed"),
        ("no-such-level", "is no level known here"),
    ] {
        let mut value = value.clone();
        value["guarantees"][0]["guarantee"] = json!(level);
        let said = parsed(&value).recheck(&input);
        assert_ne!(said.word(), crate::Word::Holds, "{said}");
        assert!(said.to_string().contains(expected), "{expected}: {said}");
    }
    let said = planted(&input, &value, |part| {
        part["witness"]["title"] = json!("G-single, read skew (A5A): a cycle of 2");
    });
    assert!(said.contains("it is G2-item, not"), "{said}");
}

/// T1 begins after T0 ended and misses its append; T2 shows it.
const STALE: &str = "\
    {:process 0, :type :invoke, :f :txn, :value [[:append :x 1]]}\n\
    {:process 2, :type :invoke, :f :txn, :value [[:r :x nil]]}\n\
    {:process 0, :type :ok, :f :txn, :value [[:append :x 1]]}\n\
    {:process 1, :type :invoke, :f :txn, :value [[:r :x nil]]}\n\
    {:process 1, :type :ok, :f :txn, :value [[:r :x []]]}\n\
    {:process 2, :type :ok, :f :txn, :value [[:r :x [1]]]}\n";

#[test]
fn an_edge_of_real_time_between_two_that_overlap_is_refused() {
    let (input, value) = judged(STALE, Level::StrictSerializable);
    let cycle = value["guarantees"][0]["witness"]["cycle"].as_array().expect("a cycle");
    let at = cycle.iter().position(|edge| edge["kind"] == "realtime").expect("real time");
    assert_eq!(cycle[at]["answered"]["line"], 3, "{cycle:?}");
    assert_eq!(cycle[at]["invoked"]["line"], 4, "{cycle:?}");
    let said = planted(&input, &value, |part| {
        part["witness"]["cycle"][at]["invoked"]["line"] = json!(2);
    });
    assert!(said.contains("T2 was asked at line 4"), "{said}");
    // T1 was asked before T0 was answered.
    let said = planted(&input, &value, |part| {
        let mut shown = part["witness"]["operations"][0].clone();
        (shown["operation"], shown["process"]) = (json!(1), json!(2));
        shown["invoked"]["line"] = json!(2);
        shown["answered"]["line"] = json!(6);
        part["witness"]["operations"].as_array_mut().expect("operations").push(shown);
        let edge = &mut part["witness"]["cycle"][at];
        edge["to"] = json!(1);
        edge["invoked"]["line"] = json!(2);
    });
    assert!(said.contains("T0 had not ended when T1 began"), "{said}");
}

#[test]
fn what_holds_is_confirmed_by_its_order_or_by_what_implies_it() {
    let text = SKEW.replace("[:r :y []]", "[:r :y [1]]");
    let input = Input::parse(text.as_bytes()).expect("a history");
    let report = input.judge(None, &Limits::default()).expect("a judgement");
    let (mut value, reported) = through_json(&report);
    let said = reported.recheck(&input);
    assert_eq!(said.word(), crate::Word::Holds, "{said}");
    assert!(said.to_string().contains("implies it, confirmed here"), "{said}");
    for part in value["guarantees"].as_array_mut().expect("guarantees") {
        if let Some(order) = part.get_mut("order").and_then(Value::as_array_mut) {
            order.reverse();
        }
    }
    let said = parsed(&value).recheck(&input);
    assert_eq!(said.word(), crate::Word::Violated, "{said}");
}

#[test]
fn a_report_cut_off_or_with_a_byte_changed_is_an_error_or_looked_at_and_never_a_panic() {
    let (input, value) = judged(SKEW, Level::Serializable);
    let text = value.to_string();
    for end in 0..text.len() {
        let error = read(&text.as_bytes()[..end]).expect_err("a report cut off");
        assert!(error.to_string().contains("a report"), "{error}");
    }
    let mut random = Random::new(Random::seed_from_environment()).fork(73);
    for _ in 0..cases(3_000) {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.below(256) as u8;
        }
        for reported in read(&bytes).unwrap_or_default() {
            reported.recheck(&input);
        }
    }
    for odd in ["", "null", "[]", "{}", "[{}]", "[[[[", "{\"guarantees\":7}", "[{\"history\":1}]"] {
        assert!(read(odd.as_bytes()).is_err(), "{odd}");
    }
    assert!(read("[".repeat(100_000).as_bytes()).is_err());
    let huge = text.replace("\"operation\":0", "\"operation\":18446744073709551615");
    assert_eq!(
        parsed(&serde_json::from_str(&huge).expect("JSON")).recheck(&input).word(),
        crate::Word::Violated
    );
}
