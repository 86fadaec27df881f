//! Every anomaly of docs/anomalies.md by a history that has it: named so, forbidden from the level
//! that the page gives, and by none that is weaker.
//!
//! A history is written as transactions apart by `/`: process, span of time, steps.

use avouch_check::transaction::Level;
use avouch_check::{Input, Limits, Report};
use std::fmt::Write;

/// Lists that are appended to, or registers; the name on the page and in the verdict; the weakest
/// level that forbids it; the history.
type Row = (char, &'static str, Level, &'static str);

const PAGE: &str = include_str!("../../../docs/anomalies.md");

use Level::{
    Causal, ConsistentView, MonotonicAtomicView, MonotonicView, Prefix, ReadAtomic, ReadCommitted,
    ReadUncommitted, StrictSerializable, StrongReadCommitted, StrongSessionReadCommitted,
    StrongSessionSerializable, StrongSnapshotIsolation, UpdateAtomic, UpdateSerializable,
};

/// Cycles of dependencies, plain and by way of a session or of real time.
const CYCLES: [Row; 15] = [
    (
        'L',
        "G0, dirty write",
        ReadUncommitted,
        "0 0-10 a x 1, a y 1 / 1 1-11 a x 2, a y 2 / 2 12-13 r x 1 2, r y 2 1",
    ),
    (
        'L',
        "G1c, circular information flow",
        ReadCommitted,
        "0 0-10 a x 1, r y 1 / 1 1-11 a y 1, r x 1",
    ),
    ('L', "G-single, read skew (A5A)", MonotonicView, "0 0-10 a x 1, a y 1 / 1 1-11 r x 1, r y"),
    (
        'L',
        "G-single, lost update (P4)",
        UpdateAtomic,
        "0 0-10 r x, a x 1 / 1 1-11 r x, a x 2 / 2 12-13 r x 1 2",
    ),
    (
        'L',
        "G-nonadjacent, long fork",
        Prefix,
        "0 0-10 a x 1 / 1 0-10 a y 1 / 2 0-10 r x 1, r y / 3 0-10 r y 1, r x",
    ),
    (
        'L',
        "G2-item, write skew (A5B)",
        UpdateSerializable,
        "0 0-10 r x, r y, a x 1 / 1 1-11 r x, r y, a y 1",
    ),
    ('L', "G0-process", StrongSessionReadCommitted, "0 0-1 a x 1 / 0 2-3 a x 2 / 1 4-5 r x 2 1"),
    ('L', "G1c-process", StrongSessionReadCommitted, "0 0-1 r x 1 / 0 2-3 a x 1"),
    ('L', "G-single-process", ReadAtomic, "0 0-1 a x 1 / 0 2-3 r x / 1 4-5 r x 1"),
    (
        'L',
        "G-nonadjacent-process",
        Prefix,
        "0 0-5 a x 1 / 0 6-30 r y / 1 0-5 a y 1 / 1 6-30 r x / 2 40-41 r x 1, r y 1",
    ),
    (
        'L',
        "G2-item-process",
        StrongSessionSerializable,
        "0 0-1 a y 1 / 0 2-20 r x / 1 0-10 a x 1, r y / 2 40-41 r x 1, r y 1",
    ),
    ('L', "G0-realtime", StrongReadCommitted, "0 0-1 a x 1 / 1 2-3 a x 2 / 2 4-5 r x 2 1"),
    ('L', "G1c-realtime", StrongReadCommitted, "0 0-1 r x 1 / 1 2-3 a x 1"),
    ('L', "G-single-realtime", StrongSnapshotIsolation, "0 0-1 a x 1 / 1 2-3 r x / 2 4-5 r x 1"),
    (
        'L',
        "G2-item-realtime",
        StrictSerializable,
        "0 0-1 a y 1 / 3 2-20 r x / 1 0-10 a x 1, r y / 2 40-41 r x 1, r y 1",
    ),
];

/// What no order of transactions can mend.
const FLAWS: [Row; 14] = [
    ('L', "thin air", ReadUncommitted, "0 0-1 r x 7"),
    ('L', "duplicate elements", ReadUncommitted, "0 0-1 a x 1 / 1 2-3 r x 1 1"),
    ('L', "reordered appends", ReadUncommitted, "0 0-1 a x 1, a x 2 / 1 2-3 r x 2 1"),
    ('L', "G1a, aborted read", ReadCommitted, "0 0-1 fail a x 1 / 1 2-3 r x 1"),
    ('L', "G1b, intermediate read", ReadCommitted, "0 0-1 a x 1, a x 2 / 1 0-3 r x 1"),
    ('L', "dirty update", ReadCommitted, "0 0-1 fail a x 1 / 1 2-3 a x 2 / 2 4-5 r x 1 2"),
    (
        'L',
        "incompatible order",
        ReadCommitted,
        "0 0-10 a x 1 / 1 0-10 a x 2 / 2 11-12 r x 1 2 / 3 11-12 r x 2 1",
    ),
    ('L', "internal", ReadCommitted, "0 0-1 a x 1, r x / 1 2-3 r x 1"),
    ('L', "internal, future read", ReadCommitted, "0 0-1 r x 1, a x 1"),
    ('R', "thin air", ReadUncommitted, "0 0-1 r x 7"),
    ('R', "G1a, aborted read", ReadCommitted, "0 0-1 fail w x 1 / 1 2-3 r x 1"),
    ('R', "G1b, intermediate read", ReadCommitted, "0 0-1 w x 1, w x 2 / 1 0-3 r x 1"),
    ('R', "internal", ReadCommitted, "0 0-1 w x 1, w x 2, r x 1"),
    ('R', "internal, future read", ReadCommitted, "0 0-1 r x 1, w x 1"),
];

/// Of lists, whom a transaction sees.
const VIEWS: [Row; 3] = [
    (
        'L',
        "G-single, read skew (A5A): a cycle of 3",
        MonotonicView,
        "0 0-10 a x 1 / 1 0-10 r x 1, a y 1 / 2 1-11 r y 1, r x",
    ),
    ('L', "G-single, read skew (A5A)", ReadAtomic, "0 0-10 a x 1, a y 1 / 1 1-11 r x, r y 1"),
    (
        'L',
        "G-single-process: a cycle of 4",
        Causal,
        "0 0-10 a x 1 / 1 0-10 r x 1, a y 1 / 2 1-11 r y 1 / 2 12-13 r x",
    ),
];

/// Registers, of whose order of writes only reads tell.
const REGISTERS: [Row; 12] = [
    (
        'R',
        "G1c, circular information flow",
        ReadCommitted,
        "0 0-10 w x 1, r y 1 / 1 1-11 w y 1, r x 1",
    ),
    (
        'R',
        "observed transaction vanishes (OTV)",
        MonotonicAtomicView,
        "0 0-10 w x 1, w y 1 / 1 0-10 r x 1, r y",
    ),
    ('R', "fractured read", ReadAtomic, "0 0-10 w x 1, w y 1 / 1 0-10 r y, r x 1"),
    ('R', "non-repeatable read (P2)", ReadAtomic, "0 0-10 w x 1 / 1 0-10 r x, r x 1"),
    (
        'R',
        "causality violation",
        Causal,
        "0 0-20 w x 1 / 1 0-20 r x 1, w y 1 / 2 0-20 r y 1 / 2 21-22 r x",
    ),
    (
        'R',
        "G-nonadjacent, long fork",
        Prefix,
        "0 0-10 w x 1 / 1 0-10 w y 1 / 2 0-10 r x 1, r y / 3 0-10 r y 1, r x",
    ),
    ('R', "G-single, lost update (P4)", ConsistentView, "0 0-10 r x, w x 1 / 1 0-10 r x, w x 2"),
    (
        'R',
        "G2-item, write skew (A5B)",
        UpdateSerializable,
        "0 0-10 r x, r y, w x 1 / 1 0-10 r x, r y, w y 1",
    ),
    ('R', "G-single-realtime", StrongSnapshotIsolation, "0 0-1 w x 1 / 1 2-3 r x"),
    ('R', "G1c-realtime", StrongReadCommitted, "0 0-1 r x 1 / 1 2-3 w x 1"),
    (
        'R',
        "G0, dirty write",
        StrongSnapshotIsolation,
        "0 0-10 w x 1, w y 1 / 1 1-11 w x 2, w y 2 / 2 12-13 r x 2 / 2 14-15 r y 1",
    ),
    (
        'R',
        "G-single-realtime: a cycle of 3",
        StrongSnapshotIsolation,
        "0 0-1 w x 1 / 1 2-3 w y 1 / 2 0-10 r y 1, r x",
    ),
];

/// A history in EDN.
fn history(lists: bool, text: &str) -> String {
    let mut events: Vec<(u32, String)> = Vec::new();
    for one in text.split(" / ") {
        let mut words = one.splitn(3, ' ');
        let (process, span) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let rest = words.next().unwrap_or("");
        let (fate, steps) = match rest.strip_prefix("fail ") {
            Some(steps) => ("fail", steps),
            None => ("ok", rest),
        };
        let (mut asked, mut got) = (String::new(), String::new());
        for step in steps.split(", ") {
            let words: Vec<&str> = step.split(' ').collect();
            let (name, key, values) = (words[0], words[1], words[2..].join(" "));
            if name == "r" {
                let _ = write!(asked, "[:r :{key} nil] ");
                let _ = match (lists, values.as_str()) {
                    (true, values) => write!(got, "[:r :{key} [{values}]] "),
                    (false, "") => write!(got, "[:r :{key} nil] "),
                    (false, value) => write!(got, "[:r :{key} {value}] "),
                };
                continue;
            }
            let name = if name == "a" { "append" } else { name };
            for text in [&mut asked, &mut got] {
                let _ = write!(text, "[:{name} :{key} {values}] ");
            }
        }
        let (began, ended) = span.split_once('-').unwrap_or(("0", "0"));
        let event = |kind: &str, value: &str| {
            format!("{{:type :{kind}, :f :txn, :process {process}, :value [{value}]}}\n")
        };
        events.push((began.parse().unwrap_or(0), event("invoke", &asked)));
        events.push((ended.parse().unwrap_or(0), event(fate, &got)));
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

fn report(text: &str, level: Option<Level>) -> Report {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    input.judge(level, &Limits::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
//= §2.3.1 fractured-reads test
//= §2.3.1 dirty write G0 test
//= §2.3.1 circular information flow G1c test
//= §2.3.1 read skew A5A, G-single test
//= §2.3.1 G-nonadjacent test
fn every_anomaly_of_the_page_is_named_and_forbidden_from_its_level() {
    let mut wrong: Vec<String> = Vec::new();
    for (kind, name, weakest, text) in CYCLES.iter().chain(&FLAWS).chain(&VIEWS).chain(&REGISTERS) {
        let history = history(*kind == 'L', text);
        let told = report(&history, None);
        assert!(told.to_string().contains(name), "{name}: {told}");
        let weakest_told = "weakest that are violated: ";
        let told_levels = told.notes.iter().find_map(|note| note.strip_prefix(weakest_told));
        // Levels that know no sessions are a column of their own: the first is the page's.
        if told_levels.and_then(|all| all.split(", ").next()) != Some(weakest.name()) {
            wrong.push(format!("{name} of {kind}: {told_levels:?}, not {weakest}"));
        }
        let row = name.split(": ").next().unwrap_or(name);
        assert!(PAGE.contains(&format!("| {row}")), "{row} is not on the page");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
