//! Published histories: what is told of them beyond the verdict of their label, which `labelled`
//! looks at. They lie in a folder named by `AVOUCH_DATA`; without it these tests skip with a line.

use avouch_check::report::Word;
use avouch_check::{Level, Limits, judge_file};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("AVOUCH_DATA").map(|data| PathBuf::from(data).join(name));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no folder {name} in AVOUCH_DATA");
    }
    found
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Cobra's published violations of serializability: all are found, and the write skews among them
/// are snapshot isolation.
#[test]
fn cobras_violations_are_found() {
    let Some(folder) = folder("histories/cobra") else { return };
    for (name, level, expected) in [
        ("cock-G2", Level::Serializable, Word::Violated),
        ("cock-G2", Level::StrongSessionSnapshotIsolation, Word::Holds),
        ("yuga-G2-b", Level::Serializable, Word::Violated),
        ("yuga-G2-b", Level::StrongSessionSerializable, Word::Violated),
        ("yuga-G2-b", Level::StrongSessionSnapshotIsolation, Word::Holds),
        ("cock-blog", Level::Serializable, Word::Violated),
    ] {
        let report = judge_file(&folder.join(name), &Limits::default()).expect("logs");
        let part = report.parts.iter().find(|part| part.guarantee == level.name()).expect("a part");
        assert_eq!(part.finding.word(), expected, "{level} of {name}: {report}");
    }
}

/// Runs of CockroachDB and Galera: no published verdicts, but each level is decided and checked.
#[test]
fn dbcops_runs_are_decided() {
    let Some(folder) = folder("histories/dbcop") else { return };
    let (mut holding, mut violated) = (0, 0);
    for path in files(&folder.join("ser")).into_iter().chain(files(&folder.join("si"))) {
        let report = judge_file(&path, &Limits::default()).expect("a run");
        match report.verdict() {
            Word::Holds => holding += 1,
            Word::Violated => violated += 1,
            Word::Unknown => panic!("{}: {report}", path.display()),
        }
        assert!(report.parts.iter().all(|part| part.finding.word() != Word::Unknown), "{report}");
    }
    // Benchmarks run on PostgreSQL, with values written up to eleven times.
    for name in ["RH-10k", "BL-10k"] {
        for path in files(&folder.join(name)) {
            let report = judge_file(&path, &Limits::default()).expect("a run");
            assert_eq!(report.verdict(), Word::Holds, "{name}: {report}");
        }
    }
    println!("{holding} hold, {violated} are violated");
    assert!(holding > 0 && violated > 0);
}

/// A read of a value that nobody wrote is no level's.
#[test]
fn register_examples_are_what_they_were_published_as() {
    let Some(folder) = folder("histories/elle-cli") else { return };
    for name in ["elle/rw-register.edn", "elle/rw-register.json"] {
        let report = judge_file(&folder.join(name), &Limits::default()).expect("a history");
        assert_eq!(report.verdict(), Word::Violated, "{name}: {report}");
        assert!(report.to_string().contains("thin air"), "{name}: {report}");
    }
}

/// What Elle's own examples are published as: write skew (its issue 30), and the cycle that its
/// paper explains.
#[test]
fn list_append_examples_are_what_they_were_published_as() {
    let Some(folder) = folder("histories/elle-cli/elle") else { return };
    for (name, strongest, weakest, title) in [
        ("list-append-gh-30.edn", Level::StrongSnapshotIsolation, Level::Serializable, "G2-item"),
        ("paper-example.edn", Level::ReadCommitted, Level::SnapshotIsolation, "G-single"),
        ("paper-example.json", Level::ReadCommitted, Level::SnapshotIsolation, "G-single"),
    ] {
        let by = |level| {
            let path = folder.join(name);
            avouch_check::judge_file_by(&path, Some(level), &Limits::default()).expect("a history")
        };
        assert_eq!(by(strongest).verdict(), Word::Holds, "{name}");
        for level in [weakest, Level::StrictSerializable] {
            let report = by(level);
            assert_eq!(report.verdict(), Word::Violated, "{name}: {report}");
        }
        assert!(by(weakest).to_string().contains(title), "{name}: {}", by(weakest));
    }
}

/// What elle-cli's own checkers say of its examples of Jepsen's workloads.
#[test]
fn workloads_get_the_verdicts_that_they_were_published_with() {
    let Some(folder) = folder("histories/elle-cli") else { return };
    for (name, expected, told) in [
        ("jepsen/bank.edn", Word::Holds, "168 reads"),
        ("jepsen/bank.json", Word::Holds, "168 reads"),
        ("jepsen/bank-neg.edn", Word::Holds, "1 read of"),
        ("jepsen/bank-negative-balances.json", Word::Violated, "negative balance of account 7"),
        ("jepsen/bank-tidb.edn", Word::Violated, "1730 more of this kind: wrong total"),
        ("jepsen/counter.edn", Word::Holds, "never read"),
        ("jepsen/counter.json", Word::Holds, "never read"),
        ("jepsen/set.edn", Word::Holds, "linearizable"),
        ("jepsen/set_full.edn", Word::Violated, "292 more of this kind: lost element [0 1]"),
        ("jepsen/set_full.json", Word::Violated, "292 more of this kind: lost element [0 1]"),
        ("jepsen/long-fork.edn", Word::Violated, "long fork"),
        ("custom/comments.edn", Word::Violated, "causal reverse"),
    ] {
        let report = judge_file(&folder.join(name), &Limits::default()).expect("a history");
        assert_eq!(report.verdict(), expected, "{name}: {report}");
        assert!(report.to_string().contains(told), "{name}: {report}");
    }
}

/// Its two watches of everything tell every write; of one client alone too little is known. What
/// stands beside others' is judged with them, and that is said.
#[test]
fn a_run_of_etcd_holds_and_a_part_of_it_is_unknown() {
    let Some(folder) = folder("histories/etcd-robustness") else { return };
    let whole = judge_file(&folder, &Limits::default()).expect("a run");
    assert_eq!(whole.verdict(), Word::Holds, "{whole}");
    let of_one = judge_file(&folder.join("client-8/operations.json"), &Limits::default());
    let of_one = of_one.expect("a run");
    let of_folder = judge_file(&folder.join("client-8"), &Limits::default()).expect("a run");
    for part in [of_one, of_folder] {
        assert_eq!((part.verdict(), part.operations), (Word::Holds, whole.operations), "{part}");
        assert!(part.notes[0].contains("is a part of a run, and all of the run"), "{part}");
    }
    assert!(!whole.notes[0].contains("a part of a run"), "{whole}");
    let alone = std::env::temp_dir().join(format!("avouch-client-8-{}", std::process::id()));
    std::fs::create_dir_all(&alone).expect("a folder");
    for name in ["operations.json", "watch.json"] {
        let file = folder.join("client-8").join(name);
        std::fs::copy(file, alone.join(name)).expect("a copy");
    }
    let part = judge_file(&alone, &Limits::default()).expect("a part");
    assert_eq!(part.verdict(), Word::Unknown, "{part}");
    std::fs::remove_dir_all(&alone).expect("the folder");
}
