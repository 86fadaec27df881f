//! Anomalies by the store's own stamps (Chronos' JSON): what a snapshot taken at the start stamp
//! would not have shown. Adya's G-SIa reads what had not committed by then, his G-SIb misses what
//! had.

use crate::{report, same_names};
use avouch_check::{Level, Word};

/// A transaction: session, start and commit, steps.
type Transaction = (u32, u32, u32, &'static [(char, u32, u32)]);

/// The name; the weakest level of those by stamps that forbids it; the transactions.
type Row = (&'static str, Level, &'static [Transaction]);

const ROWS: [Row; 5] = [
    ("EXT", Level::SnapshotIsolation, &[(0, 10, 20, &[('w', 7, 5)]), (1, 15, 25, &[('r', 7, 5)])]),
    ("EXT", Level::SnapshotIsolation, &[(0, 10, 20, &[('w', 7, 5)]), (1, 30, 35, &[('r', 7, 0)])]),
    (
        "INT",
        Level::SnapshotIsolation,
        &[(0, 10, 20, &[('w', 7, 5)]), (1, 30, 35, &[('w', 7, 6), ('r', 7, 5)])],
    ),
    (
        "NOCONFLICT",
        Level::SnapshotIsolation,
        &[(0, 10, 20, &[('w', 7, 5)]), (1, 15, 25, &[('w', 7, 6)])],
    ),
    (
        "SESSION",
        Level::StrongSessionSnapshotIsolation,
        &[(0, 10, 20, &[('w', 7, 5)]), (0, 15, 25, &[('w', 8, 6)])],
    ),
];

fn history(all: &[Transaction]) -> String {
    let of = |(number, (session, start, commit, steps)): (usize, &Transaction)| {
        let steps: Vec<String> = steps
            .iter()
            .map(|(kind, key, value)| {
                format!("{{\"t\": \"{kind}\", \"k\": {key}, \"v\": {value}}}")
            })
            .collect();
        let stamp = |at: &u32| format!("{{\"p\": {at}, \"l\": 0}}");
        format!(
            "{{\"tid\": {}, \"sid\": \"{session}\", \"sts\": {}, \"cts\": {}, \"ops\": [{}]}}",
            number + 1,
            stamp(start),
            stamp(commit),
            steps.join(", ")
        )
    };
    let all: Vec<String> = all.iter().enumerate().map(of).collect();
    format!("[{}]", all.join(",\n"))
}

#[test]
fn every_anomaly_by_stamps_is_named_and_forbidden_from_its_level() {
    for (name, weakest, all) in ROWS {
        let text = history(all);
        let told = report(&text, Some(weakest));
        assert_eq!(told.verdict(), Word::Violated, "{name}: {told}");
        assert!(told.to_string().contains(&format!("{name}: ")), "{name}: {told}");
        let whole = report(&text, None);
        let is_weaker = |part: &&avouch_check::report::Part| {
            let level = part.guarantee.parse::<Level>();
            level.is_ok_and(|level| weakest.implies(level) && level != weakest)
        };
        for part in whole.parts.iter().filter(is_weaker) {
            assert_eq!(part.finding.word(), Word::Holds, "{name}: {whole}");
        }
    }
    same_names("By the store's own stamps", ROWS.map(|(name, ..)| name));
}
