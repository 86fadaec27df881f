//! The fourteen patterns of Plume (Liu, Gu, Wei, Basin: OOPSLA 2024, table 1), each by a history of
//! registers that has it, and what it is called here.

use crate::{history, same_names, table, violated};
use avouch_check::{Input, Level, Limits, Word};

/// Plume's name; what is told here; the weakest of monotonic atomic view, read atomic and causal
/// that forbids it (Plume's read committed, read atomicity and causal consistency); the history.
type Pattern = (&'static str, &'static str, Level, &'static str);

const PATTERNS: [Pattern; 14] = [
    ("ThinAirRead", "thin air", Level::MonotonicAtomicView, "0 0-1 r x 7"),
    (
        "AbortedRead",
        "G1a, aborted read",
        Level::MonotonicAtomicView,
        "0 0-1 fail w x 1 / 1 2-3 r x 1",
    ),
    ("FutureRead", "internal, future read", Level::MonotonicAtomicView, "0 0-1 r x 1, w x 1"),
    ("NotMyOwnWrite", "internal", Level::MonotonicAtomicView, "0 0-10 w x 1 / 1 0-10 w x 2, r x 1"),
    ("NotMyLastWrite", "internal", Level::MonotonicAtomicView, "0 0-1 w x 1, w x 2, r x 1"),
    (
        "IntermediateRead",
        "G1b, intermediate read",
        Level::MonotonicAtomicView,
        "0 0-1 w x 1, w x 2 / 1 0-3 r x 1",
    ),
    ("CyclicCO", "G1c", Level::MonotonicAtomicView, "0 0-10 w x 1, r y 1 / 1 1-11 w y 1, r x 1"),
    (
        "NonMonoReadCO",
        "observed transaction vanishes (OTV)",
        Level::MonotonicAtomicView,
        "0 0-1 w x 1 / 0 2-3 w x 2, w y 2 / 1 0-10 r y 2, r x 1",
    ),
    (
        "NonMonoReadCM",
        "observed transaction vanishes (OTV)",
        Level::MonotonicAtomicView,
        "0 0-10 w x 1, w y 1 / 1 0-10 w x 2, w y 2 / 2 0-10 r y 1, r x 2 / 3 0-10 r y 2, r x 1",
    ),
    (
        "NonRepeatableRead",
        "non-repeatable read (P2)",
        Level::ReadAtomic,
        "0 0-10 w x 1 / 1 0-10 w x 2 / 2 0-10 r x 1, r x 2",
    ),
    (
        "FracturedReadCO",
        "fractured read",
        Level::ReadAtomic,
        "0 0-1 w x 1 / 0 2-3 w x 2, w y 2 / 1 0-10 r x 1, r y 2",
    ),
    (
        "FracturedReadCM",
        "fractured read",
        Level::ReadAtomic,
        "0 0-10 w x 1, w y 1 / 1 0-10 w x 2, w z 2 / 2 0-10 r x 2, r y 1 / 3 0-10 r x 1, r z 2",
    ),
    (
        "COConflictCM",
        "causality violation",
        Level::Causal,
        "0 0-20 w x 1 / 1 0-20 r x 1, w y 1 / 2 0-20 r y 1 / 2 21-22 r x",
    ),
    (
        "ConflictCM",
        "causality violation",
        Level::Causal,
        "0 0-50 w x 1 / 1 0-50 w x 2 / 2 0-10 r x 1 / 2 11-20 r x 2 / 3 0-10 r x 2 / 3 11-20 r x 1",
    ),
];

#[test]
fn every_pattern_of_plume_is_found_under_its_name_here() {
    let page = table("Plume's fourteen patterns");
    let mut wrong: Vec<String> = Vec::new();
    for (plume, here, weakest, text) in PATTERNS {
        let text = history(false, text);
        let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let told = violated(&text);
        let by = |level| input.judge(Some(level), &Limits::default()).expect("a level").verdict();
        let holding: Vec<Level> =
            Level::WEAK.into_iter().filter(|level| by(*level) == Word::Holds).collect();
        let expected: Vec<Level> =
            Level::WEAK.into_iter().take_while(|level| *level != weakest).collect();
        if holding != expected {
            wrong.push(format!("{plume}: holds {holding:?}, expected {expected:?}"));
        }
        let report = input.judge(Some(weakest), &Limits::default()).expect("a level");
        if !report.to_string().contains(here) {
            wrong.push(format!("{plume} is not told as {here}: {report}{told}"));
        }
        let row = page.iter().find(|cells| cells[0] == plume).unwrap_or_else(|| panic!("{plume}"));
        if row[1..] != [here, weakest.name()] {
            wrong.push(format!("the page says {row:?}, not {here}, {weakest}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    same_names("Plume's fourteen patterns", PATTERNS.map(|(plume, ..)| plume));
}
