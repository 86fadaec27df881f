//! What the histories were published as, and by whom.

use avouch_check::{Level, Word};
use std::path::Path;

/// What a label is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// Whatever is judged of such a history.
    Whole,
    /// A level of transactions.
    Level(Level),
}

/// A label: in words, and what it claims.
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) claims: Vec<(Asked, Word)>,
}

/// Who published it.
pub(crate) fn sources(name: &str) -> &'static str {
    match name.split('/').next().unwrap_or_default() {
        "porcupine-etcd" | "porcupine-kv" => "Porcupine",
        "awdit" => "AWDIT",
        "cobra" => "Cobra",
        "elle-cli" => "elle-cli",
        "dbcop" => "VeriStrong's artifact",
        "etcd-robustness" => "etcd",
        other => panic!("nobody is known to have published {other}"),
    }
}

fn whole(text: &str, word: Word) -> Label {
    Label { text: text.to_owned(), claims: vec![(Asked::Whole, word)] }
}

fn levels(text: &str, claims: &[(Level, Word)]) -> Label {
    let claims = claims.iter().map(|(level, word)| (Asked::Level(*level), *word)).collect();
    Label { text: text.to_owned(), claims }
}

/// The label of a history.
pub(crate) fn of(folder: &Path, name: &str) -> Label {
    let parts: Vec<&str> = name.split('/').collect();
    match parts[..] {
        ["porcupine-etcd", file] => of_etcd_log(folder, file),
        ["porcupine-kv", file] if file.contains("-ok") => whole("linearizable", Word::Holds),
        ["porcupine-kv", file] if file.contains("-bad") => {
            whole("not linearizable", Word::Violated)
        }
        ["awdit", strongest, ..] => of_strongest(strongest),
        ["cobra", _] => levels("not serializable", &[(Level::Serializable, Word::Violated)]),
        ["elle-cli", _, file] => of_elle(file),
        ["dbcop", ..] | ["etcd-robustness"] => {
            Label { text: "none".to_owned(), claims: Vec::new() }
        }
        _ => panic!("a history of a kind that has no label here: {name}"),
    }
}

/// Porcupine's test expects a verdict of each log, which stand together in a file.
fn of_etcd_log(folder: &Path, file: &str) -> Label {
    let expected = std::fs::read_to_string(folder.join("porcupine-etcd/EXPECTED"));
    let expected = expected.expect("a readable EXPECTED");
    let line = expected.lines().find_map(|line| line.strip_prefix(file));
    match line.map(str::trim) {
        Some("linearizable") => whole("linearizable", Word::Holds),
        Some("violated") => whole("not linearizable", Word::Violated),
        other => panic!("{file} is expected to be {other:?}"),
    }
}

/// The folder is named after the strongest level that holds, as Biswas and Enea call them: their
/// read committed is monotonic atomic view.
fn of_strongest(strongest: &str) -> Label {
    let holding = match strongest {
        "none" => 0,
        "read-committed" => 1,
        "read-atomic" => 2,
        "causal" => 3,
        other => panic!("a folder of a level that is not known: {other}"),
    };
    let word = |place| if place < holding { Word::Holds } else { Word::Violated };
    let claims: Vec<(Level, Word)> =
        Level::WEAK.into_iter().enumerate().map(|(at, level)| (level, word(at))).collect();
    levels(&format!("strongest level: {strongest}"), &claims)
}

/// What elle-cli's own tests expect of its checkers.
fn of_elle(file: &str) -> Label {
    use Level::{
        ConsistentView, RepeatableRead, Serializable, SnapshotIsolation, StrictSerializable,
        StrongSnapshotIsolation, UpdateSerializable,
    };
    let not = |levels: &[Level]| -> Vec<(Level, Word)> {
        levels.iter().map(|level| (*level, Word::Violated)).collect()
    };
    match file {
        "comments.edn" => whole("not valid: a read misses 425", Word::Violated),
        "list-append-gh-30.edn" => {
            let violated = not(&[RepeatableRead, Serializable, StrictSerializable]);
            levels("G2-item: not repeatable-read, hence not serializable", &violated)
        }
        "paper-example.edn" | "paper-example.json" => {
            let violated = not(&[
                ConsistentView,
                RepeatableRead,
                UpdateSerializable,
                SnapshotIsolation,
                StrongSnapshotIsolation,
                Serializable,
                StrictSerializable,
            ]);
            levels("G-single-item: not consistent-view, not repeatable-read", &violated)
        }
        "rw-register.edn" | "rw-register.json" => whole("valid", Word::Holds),
        "bank.edn" | "bank.json" => whole("valid, 168 reads", Word::Holds),
        "bank-neg.edn" => whole("valid, 1 read", Word::Holds),
        "bank-negative-balances.json" => whole("not valid: negative value", Word::Violated),
        "bank-tidb.edn" => whole("not valid: wrong total, 1731 times", Word::Violated),
        "counter.edn" | "counter.json" => whole("valid, never read", Word::Holds),
        "long-fork.edn" => whole("not valid: a fork", Word::Violated),
        "set.edn" => whole("valid, nothing lost", Word::Holds),
        "set_full.edn" | "set_full.json" => whole("not valid: 293 lost", Word::Violated),
        other => panic!("no label is known of {other}"),
    }
}
