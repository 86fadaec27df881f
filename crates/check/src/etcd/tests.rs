//! Runs that are right by construction, planted faults, and the judge against every order.

use super::judge::{of_store, of_watches};
use super::log::Log;
use super::model::{Laid, Store, lay};
use super::mutant::Mutant;
use super::played::{Played, played};
use super::read;
use super::run::{Event, Got, Key, Run, Value};
use crate::campaign::{cases, counted};
use crate::limits::{Budget, Limits};
use crate::linearizability::{Verdict, decide};
use crate::meter::Meter;
use crate::report::{Finding, Word};
use avouch_promise::Random;
use serde_json::json;
use std::collections::BTreeMap;

fn random(fork: u64) -> (u64, Random) {
    let seed = Random::seed_from_environment();
    (seed, Random::new(seed).fork(fork))
}

/// What is found of the store and of the watches.
fn findings(run: &Run, mutant: Mutant) -> (Finding, Finding) {
    let mut budget = Budget::default();
    let mut meter = Meter::new(&mut budget, true);
    let log = Log::new(run, &mut meter).expect("no bound");
    (of_store(run, &log, &mut meter, mutant), of_watches(run, &log, &mut meter, mutant))
}

/// The log of a run.
fn log(run: &Run) -> Log {
    Log::new(run, &mut Meter::new(&mut Budget::default(), true)).expect("no bound")
}

fn words(run: &Run, mutant: Mutant) -> (Word, Word) {
    let (store, watches) = findings(run, mutant);
    (store.word(), watches.word())
}

fn is_violated(run: &Run, mutant: Mutant) -> bool {
    let (store, watches) = words(run, mutant);
    store == Word::Violated || watches == Word::Violated
}

/// Nothing is wrong of a run that was played; it holds where somebody tells every write.
#[test]
fn a_run_that_is_right_is_no_alarm() {
    let (seed, root) = random(71);
    let [counts] = counted(cases(5_000), |case, [counts]: &mut [[u64; 3]; 1]| {
        let mut random = root.fork(case);
        let hidden = random.chance(0.5);
        let count = random.below(30);
        let (mut files, _) = played(&mut random, count, hidden);
        let watched = random.chance(0.5);
        if !watched {
            files.pop();
        }
        if files.iter().all(|(_, text)| text.is_empty()) {
            return;
        }
        let run = read::parse(&files).unwrap_or_else(|error| panic!("{error}"));
        let (store, watch) = words(&run, Mutant::None);
        let repro =
            || format!("repro: AVOUCH_SEED={seed}, case {case}: {}", run.judge(&Limits::default()));
        assert_ne!(store, Word::Violated, "{}", repro());
        assert_ne!(watch, Word::Violated, "{}", repro());
        if watched {
            assert!(store == Word::Holds || log(&run).last < 2 || count == 0, "{}", repro());
        }
        counts[store as usize] += 1;
    });
    let (holds, unknown) = (counts[Word::Holds as usize], counts[Word::Unknown as usize]);
    println!("right runs of etcd: {holds} hold, {unknown} unknown");
    assert!(holds > 500 && unknown > 200, "{counts:?}");
}

/// The truth of a run as the exhaustive search sees it: writes that nobody at hand was answered for
/// come from what was played, not from what was read of the files.
fn searched(run: &Run, store: &Played) -> bool {
    let log = log(run);
    let written = store.written.iter().enumerate().map(|(at, all)| {
        let value = |value: &Option<String>| value.clone().map(Value::Text);
        let all = all.iter().map(|(key, one)| (key.clone(), value(one))).collect();
        (crate::etcd::count(at) + 2, all)
    });
    let written: BTreeMap<i64, Vec<(Key, Option<Value>)>> = written.collect();
    let Laid { operations, .. } = lay(run, &log.answered, written);
    match decide(&Store, &operations, &mut Budget::new(Limits::default())) {
        Verdict::Holds(_) => true,
        Verdict::Violated(_) => false,
        undecided => panic!("{undecided:?}"),
    }
}

/// Bends an answer of a read; false if there is none to bend.
fn bend(run: &mut Run, random: &mut Random) -> bool {
    let last = run.watches.first().map_or(1, |watch| *watch.covers().end()).max(1);
    let place = random.below(run.operations.len().max(1) as u64) as usize;
    let Some(one) = run.operations.get_mut(place) else { return false };
    if !super::log::writes(one).is_empty() {
        return false;
    }
    let Some(answer) = &mut one.answer else { return false };
    let found = match &mut answer.got {
        Got::Range(found) => Some(found),
        // Of transactions that wrote nothing: the range of the second branch, if they took it.
        Got::Txn(got) if got.failure => got.results.first_mut(),
        Got::Txn(_) | Got::Done => None,
    };
    match (random.below(4), found) {
        (0, _) => answer.revision = Some(1 + random.below(last.cast_unsigned()).cast_signed()),
        (1, Some(found)) if !found.entries.is_empty() => {
            let at = random.below(found.entries.len() as u64) as usize;
            found.entries.remove(at);
            found.count -= 1;
        }
        (2, Some(found)) => match found.entries.first_mut() {
            Some(entry) => {
                entry.mod_revision = 1 + random.below(last.cast_unsigned()).cast_signed();
            }
            None => return false,
        },
        (3, Some(found)) => match found.entries.first_mut() {
            Some(entry) => entry.value = Value::Text("x".to_owned()),
            None => found.count += 1,
        },
        _ => return false,
    }
    true
}

/// With every write told, the judge says what the search over all orders says.
#[test]
fn runs_are_judged_as_by_every_order() {
    let (seed, root) = random(72);
    let [counts] = counted(cases(5_000), |case, [counts]: &mut [[u64; 2]; 1]| {
        let mut random = root.fork(case);
        let count = 2 + random.below(10);
        let hidden = random.chance(0.4);
        let (files, store) = played(&mut random, count, hidden);
        let mut run = read::parse(&files).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..random.below(3) {
            bend(&mut run, &mut random);
        }
        let holds = searched(&run, &store);
        counts[usize::from(holds)] += 1;
        let repro = || {
            let told =
                |one: &super::run::Operation| (one.client, one.call, one.returned, one.told());
            let all: Vec<_> = run.operations.iter().map(told).collect();
            let report = run.judge(&Limits::default());
            format!("repro: AVOUCH_SEED={seed}, case {case}: {all:#?} {report}")
        };
        assert_eq!(!is_violated(&run, Mutant::None), holds, "{}", repro());
        if holds && !store.written.is_empty() {
            assert_eq!(words(&run, Mutant::None), (Word::Holds, Word::Holds), "{}", repro());
        }
    });
    println!("runs of etcd: violated and holding: {counts:?}");
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

fn parsed(operations: &str, watch: &str) -> Run {
    let mut files = vec![("client-1/operations.json".to_owned(), operations.as_bytes().to_vec())];
    if !watch.is_empty() {
        files.push(("client-2/watch.json".to_owned(), watch.as_bytes().to_vec()));
    }
    read::parse(&files).unwrap_or_else(|error| panic!("{error}"))
}

fn put(client: u64, (call, returned): (u64, u64), (value, revision): (&str, i64)) -> String {
    let put = json!({"Type": "put-operation", "Put": {"Key": "a", "Value": {"Value": value}}});
    json!({"ClientId": client, "Call": call, "Return": returned,
        "Input": {"Type": "txn", "Txn": {"OperationsOnSuccess": [put]}},
        "Output": {"Txn": {"Results": [{}]}, "Revision": revision}})
    .to_string()
}

fn get(
    client: u64,
    (call, returned): (u64, u64),
    (value, of, revision): (&str, i64, i64),
) -> String {
    let mut all = vec![json!({"Key": "a", "Value": {"Value": value}, "ModRevision": of})];
    all.truncate(usize::from(of > 0));
    json!({"ClientId": client, "Call": call, "Return": returned,
        "Input": {"Type": "range", "Range": {"Start": "a"}},
        "Output": {"Range": {"KVs": all, "Count": u8::from(of > 0)}, "Revision": revision}})
    .to_string()
}

fn watch(events: &[(&str, i64)]) -> String {
    let response = |(at, (value, revision)): (usize, &(&str, i64))| {
        json!({"Events": [{"Type": "put-operation", "Key": "a", "Value": {"Value": value},
            "Revision": revision, "IsCreate": *revision == 2}], "Time": 1_000 + at})
    };
    let all: Vec<_> = events.iter().enumerate().map(response).collect();
    json!({"Request": {"Key": "", "Revision": 1, "WithPrefix": true}, "Responses": all}).to_string()
}

/// Each planted fault is told by its name, and slips through where the judge forgets it.
#[test]
fn planted_faults_of_etcd_are_caught() {
    let (first, second) = (put(1, (1, 2), ("1", 2)), put(1, (3, 4), ("2", 3)));
    let both = [("1", 2), ("2", 3)];
    let cas = |expected: i64, failure: bool, revision: i64| {
        json!({"ClientId": 2, "Call": 5, "Return": 6,
            "Input": {"Type": "txn", "Txn": {
                "Conditions": [{"Key": "a", "ExpectedRevision": expected}],
                "OperationsOnSuccess": [], "OperationsOnFailure": []}},
            "Output": {"Txn": {"Failure": failure, "Results": null}, "Revision": revision}})
        .to_string()
    };
    let planted = [
        ("a stale answer", get(2, (5, 6), ("1", 2, 2)), watch(&both), Mutant::ForgetRealTime),
        ("a revision out of order", put(2, (5, 6), ("3", 3)), String::new(), Mutant::ForgetTwice),
        ("a stale value", get(2, (5, 6), ("1", 2, 3)), watch(&both), Mutant::ForgetStale),
        ("a lost write", get(2, (5, 6), ("", 0, 3)), watch(&both), Mutant::ForgetLost),
        (
            "two contents of one revision",
            String::new(),
            watch(&[("1", 2), ("9", 3)]),
            Mutant::ForgetTwice,
        ),
        ("the wrong branch", cas(3, true, 3), watch(&both), Mutant::ForgetBranch),
        ("the wrong branch", cas(2, false, 3), watch(&both), Mutant::ForgetBranch),
        (
            "a revision out of order",
            String::new(),
            watch(&[("2", 3), ("1", 2)]),
            Mutant::ForgetWatchOrder,
        ),
        (
            "a missed event",
            put(1, (5, 6), ("4", 4)),
            watch(&[("1", 2), ("2", 3), ("4", 5)]),
            Mutant::None,
        ),
    ];
    for (name, extra, watch, mutant) in planted {
        let run = parsed(&format!("{first}\n{second}\n{extra}"), &watch);
        let report = run.judge(&Limits::default());
        assert_eq!(report.verdict(), Word::Violated, "{name}: {report}");
        assert!(report.to_string().contains(name), "{name}: {report}");
        if name == "a revision out of order" && mutant == Mutant::ForgetTwice {
            // Two sequential writes of one revision are wrong in two ways.
            continue;
        }
        if mutant != Mutant::None {
            let (store, watches) = findings(&run, mutant);
            let told = [store, watches];
            let told: Vec<String> = told
                .iter()
                .filter_map(|one| {
                    if let Finding::Violated(story) = one {
                        Some(story.title.clone())
                    } else {
                        None
                    }
                })
                .collect();
            assert!(told.iter().all(|title| !title.contains(name)), "{name}: {told:?}");
        }
    }
    let missed = parsed(&format!("{first}\n{second}"), &watch(&[("1", 2), ("3", 4)]));
    assert_eq!(words(&missed, Mutant::None).1, Word::Violated);
    assert_ne!(words(&missed, Mutant::ForgetMissed).1, Word::Violated);
}

/// What nobody tells makes nothing violated, and lets nothing hold.
#[test]
fn what_nobody_tells_is_unknown() {
    let (first, third) = (put(1, (1, 2), ("1", 2)), put(1, (5, 6), ("3", 4)));
    let seen = get(2, (7, 8), ("3", 4, 4));
    let run = parsed(&format!("{first}\n{third}\n{seen}"), "");
    assert_eq!(words(&run, Mutant::None).0, Word::Unknown);
    let report = run.judge(&Limits::default()).to_string();
    assert!(report.contains("nobody tells what revision 3 wrote"), "{report}");
    assert_eq!(words(&run, Mutant::ForgetGaps).0, Word::Holds, "the planted bug");
    // A key that is gone at revision 3 may have been deleted there.
    let gone = get(2, (3, 4), ("", 0, 3));
    let run = parsed(&format!("{first}\n{gone}\n{third}"), "");
    assert_eq!(words(&run, Mutant::None).0, Word::Unknown);
    assert_eq!(words(&run, Mutant::ForgetGaps).0, Word::Violated, "the planted bug");
}

/// Files that are cut, flipped, doubled or not text are errors or runs, and never more than that.
#[test]
fn bent_files_do_not_panic() {
    let (_, root) = random(73);
    counted(cases(4_000), |case, _: &mut [[u64; 1]; 1]| {
        let mut random = root.fork(case);
        let (mut files, _) = played(&mut random, 6, false);
        let at = random.below(files.len() as u64) as usize;
        let text = &mut files[at].1;
        let place = random.below(text.len().max(1) as u64) as usize;
        match random.below(4) {
            0 => text.truncate(place),
            1 if !text.is_empty() => text[place] ^= 1 << random.below(8),
            2 => text.extend_from_within(place.min(text.len())..),
            _ => text.insert(place.min(text.len()), random.below(256) as u8),
        }
        if let Ok(run) = read::parse(&files) {
            run.judge(&Limits::default());
        }
    });
}

#[test]
fn what_is_not_in_the_format_is_placed() {
    let good = put(1, (1, 2), ("1", 2));
    let cases = [
        (good.replace("put-operation", "push-operation"), "line 2, column"),
        (good.replace("\"Call\":1", "\"Call\":\"x\""), "line 2, column"),
        (good.replace("\"Return\":2", "\"Return\":0"), "a Return that is not before its Call of 1"),
        (good.replace("\"txn\"", "\"snapshot\""), "a type of input not known: snapshot"),
        (good.replace("[{}]", "[]"), "1 results, one for each operation of the branch"),
        (good.replace("\"Call\":1", "\"Call\":1,\"Call\":1"), "duplicate field `Call`"),
    ];
    for (bad, told) in cases {
        let files = [("operations.json".to_owned(), format!("{good}\n{bad}\n").into_bytes())];
        let error = read::parse(&files).expect_err("a bad line").to_string();
        assert!(error.contains(told) && error.contains("line 2"), "{told}: {error}");
    }
    let long: Value =
        serde_json::from_str("{\"Value\":\"0123456789abcdefghij\"}").expect("a value");
    let hash: Value = serde_json::from_str("{\"Hash\":1234}").expect("a value");
    assert!(matches!(long, Value::Hash(_)), "long texts are compared by hash");
    assert_eq!(hash, Value::Hash(1234));
    let event = "{\"Type\":\"delete-operation\",\"Key\":\"a\",\"Revision\":3}";
    let event: Event = serde_json::from_str(event).expect("an event");
    assert_eq!(event.holds(), None);
}
