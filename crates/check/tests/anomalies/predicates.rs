//! Anomalies of reads by predicate, in Elle's closed universe.

use crate::{report, same_names};
use avouch_check::{Level, Word};
use std::fmt::Write;

/// A transaction: process, when it began and ended, what it was asked and answered.
type Transaction = (u32, u32, u32, &'static str);

/// The name; the weakest of the levels judged that forbids it; the transactions.
type Row = (&'static str, Level, &'static [Transaction]);

const ROWS: [Row; 9] = [
    ("predicate-read-miss", Level::ReadCommitted, &[(1, 2, 3, "[:rp :true {}]")]),
    ("predicate-read-mismatch", Level::ReadCommitted, &[(1, 2, 3, "[:rp [:= 2] {:x 1}]")]),
    (
        "phantom: fractured read",
        Level::ReadAtomic,
        &[(1, 2, 10, "[:insert :y 2] [:insert :z 3]"), (2, 3, 11, "[:rp [:mod 2 0] {}] [:r :z 3]")],
    ),
    (
        "phantom: observed transaction vanishes (OTV)",
        Level::MonotonicAtomicView,
        &[(1, 2, 10, "[:insert :y 2] [:insert :z 3]"), (2, 3, 11, "[:r :z 3] [:rp [:mod 2 0] {}]")],
    ),
    (
        "phantom: G-nonadjacent, long fork",
        Level::Prefix,
        &[
            (1, 2, 10, "[:insert :y 2]"),
            (2, 3, 11, "[:insert :z 4]"),
            (3, 4, 12, "[:rp [:mod 2 0] {:y 2}]"),
            (4, 5, 13, "[:rp [:mod 2 0] {:z 4}]"),
        ],
    ),
    (
        "phantom: G2, write skew",
        Level::Serializable,
        &[
            (1, 2, 10, "[:rp [:mod 2 0] {}] [:insert :y 2]"),
            (2, 3, 11, "[:rp [:mod 2 0] {}] [:insert :z 4]"),
        ],
    ),
    (
        "phantom: fractured read",
        Level::ReadAtomic,
        &[(1, 2, 3, "[:insert :y 2]"), (1, 4, 5, "[:rp [:mod 2 0] {}]")],
    ),
    (
        "phantom: G-single-realtime",
        Level::StrongSnapshotIsolation,
        &[(1, 2, 3, "[:insert :y 2]"), (2, 4, 5, "[:rp [:mod 2 0] {}]")],
    ),
    (
        "phantom: G2-realtime",
        Level::StrictSerializable,
        &[
            (1, 2, 3, "[:insert :y 2]"),
            (3, 4, 20, "[:rp [:mod 3 1] {:x 1}]"),
            (2, 2, 10, "[:rp [:mod 2 0] {}] [:insert :z 4]"),
        ],
    ),
];

/// The answers of reads are not asked for.
fn asked(steps: &str) -> String {
    let mut asked = steps.to_owned();
    while let Some(at) = asked.find(" {") {
        let end = asked[at..].find('}').map_or(asked.len(), |end| at + end + 1);
        asked.replace_range(at..end, "");
    }
    let words = |step: &str| match step.strip_prefix("[:r ") {
        Some(rest) => format!("[:r {} nil]", rest.split([' ', ']']).next().unwrap_or_default()),
        None => step.to_owned(),
    };
    if let Some(at) = asked.find("[:r :") {
        let end = asked[at..].find(']').map_or(asked.len(), |end| at + end + 1);
        let step = words(&asked[at..end]);
        asked.replace_range(at..end, &step);
    }
    asked
}

fn history(all: &[Transaction]) -> String {
    let mut events = vec![
        (0, "{:type :invoke, :f :init, :process 0, :value {:x 1}}".to_owned()),
        (1, "{:type :ok, :f :init, :process 0, :value {:x 1}}".to_owned()),
    ];
    for (process, began, ended, steps) in all {
        let event = |kind: &str, steps: &str| {
            format!("{{:type :{kind}, :f :txn, :process {process}, :value [{steps}]}}")
        };
        events.push((*began, event("invoke", &asked(steps))));
        events.push((*ended, event("ok", steps)));
    }
    events.sort_by_key(|(at, _)| *at);
    let mut text = String::new();
    for (_, event) in events {
        let _ = writeln!(text, "{event}");
    }
    text
}

#[test]
//= §2.3.1 phantom P3 test
fn every_anomaly_of_predicates_is_named_and_forbidden_from_its_level() {
    let mut wrong: Vec<String> = Vec::new();
    for (name, weakest, all) in ROWS {
        let text = history(all);
        let told = report(&text, None);
        let by_weakest = report(&text, Some(weakest));
        if told.verdict() != Word::Violated || !by_weakest.to_string().contains(name) {
            wrong.push(format!("{name} is not told by {weakest}: {by_weakest}{told}"));
        }
        let of = |part: &&avouch_check::report::Part| {
            let level = part.guarantee.parse::<Level>();
            level.is_ok_and(|level| weakest.implies(level) && level != weakest)
        };
        for part in told.parts.iter().filter(of) {
            if part.finding.word() == Word::Violated {
                wrong.push(format!("{name}: {} is violated, too: {told}", part.guarantee));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_and_the_tests_of_predicates_name_the_same() {
    same_names("Reads by predicate", ROWS.map(|(name, ..)| name));
}
