//! docs/labelled-histories.md: every history that others published, with their label and what is
//! said of it here. Where the two differ the page gives the reason, or this fails.
//!
//! The histories lie in the folder that `AVOUCH_DATA` names; without it nothing is judged, and the
//! page alone is looked at. `cargo xtask labelled DIR` writes the page.

mod labels;

use avouch_check::report::Finding;
use avouch_check::{Level, Limits, Report, Word, judge_file, judge_file_by};
use labels::{Asked, Label};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../../docs/labelled-histories.md");

/// Labels that are not those given here, and why.
const REBUTTALS: [(&str, &str); 2] = [
    (
        "elle-cli/elle/rw-register.edn",
        "its second transaction reads 3 of x, and in the whole history, without failed or open \
         transactions, nobody writes 3: no level lets a read give what was never written. Elle looks \
         for no such reads of registers",
    ),
    ("elle-cli/elle/rw-register.json", "the same history in JSON"),
];

/// Files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The histories below a folder: files, or folders that are one history.
fn histories(folder: &Path) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for path in files(folder) {
        let below = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
        let mut parts = below.split('/');
        let name = match (parts.next(), parts.next()) {
            (Some("etcd-robustness"), _) => "etcd-robustness".to_owned(),
            (Some("cobra"), Some(run)) => format!("cobra/{run}"),
            _ if below.ends_with("EXPECTED") => continue,
            _ => below,
        };
        if all.last() != Some(&name) {
            all.push(name);
        }
    }
    all
}

/// What was found of a level, in the report of all or by judging it alone.
fn of_level(path: &Path, report: &Report, level: Level) -> Word {
    let part = report.parts.iter().find(|part| part.guarantee == level.name());
    match part {
        Some(part) => part.finding.word(),
        None => judge_file_by(path, Some(level), &Limits::default()).expect("a level").verdict(),
    }
}

/// What is told of a history in a few words.
fn told(report: &Report, label: &Label, words: &[Word]) -> String {
    let by_level = |((asked, _), word): (&(Asked, Word), &Word)| match asked {
        Asked::Whole => None,
        Asked::Level(level) => Some(format!("{level} {word}")),
    };
    let of_levels: Vec<String> = label.claims.iter().zip(words).filter_map(by_level).collect();
    let title = report.parts.iter().find_map(|part| match &part.finding {
        Finding::Violated(story) => Some(story.title.clone()),
        _ => None,
    });
    let note = |name: &str| report.notes.iter().find_map(|note| note.strip_prefix(name));
    let strongest = note("strongest that hold: ");
    let weakest = note("weakest that are violated: ");
    if !of_levels.is_empty() {
        of_levels.join(", ")
    } else if let (Word::Violated, Some(weakest)) = (report.verdict(), weakest) {
        format!("violated: {weakest}")
    } else if let (Word::Holds, Some(strongest)) = (report.verdict(), strongest) {
        format!("holds: {strongest}")
    } else {
        let title = title.map_or_else(String::new, |title| format!(": {title}"));
        format!("{}{title}", report.verdict())
    }
}

/// The row of a history.
fn row(folder: &Path, name: &str) -> String {
    let label = labels::of(folder, name);
    let path = folder.join(name);
    let report = judge_file(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let words: Vec<Word> = label
        .claims
        .iter()
        .map(|(asked, _)| match asked {
            Asked::Whole => report.verdict(),
            Asked::Level(level) => of_level(&path, &report, *level),
        })
        .collect();
    let agrees = label.claims.iter().zip(&words).all(|((_, claimed), word)| claimed == word);
    let rebuttal = REBUTTALS.iter().find(|(of, _)| *of == name).map(|(_, reason)| *reason);
    let said = match (label.claims.is_empty(), agrees, rebuttal) {
        (true, ..) => "no label".to_owned(),
        (_, true, None) => "agrees".to_owned(),
        (_, false, Some(reason)) => format!("rebutted: {reason}"),
        (_, true, Some(_)) => panic!("{name} agrees with its label: take the rebuttal out"),
        (_, false, None) => {
            panic!("{name} is labelled {}, and nothing is said why not: {report}", label.text)
        }
    };
    let ours = told(&report, &label, &words);
    let by = labels::sources(name);
    format!("| {name} | {by}: {} | {ours} | {said} |", label.text)
}

fn page(rows: &[String]) -> String {
    let count = |end: &str| rows.iter().filter(|row| row.contains(end)).count();
    let mut text = format!(
        "# Labelled histories\n\n\
         What others said of histories that they published, and what `avouch check` says. Written by\n\
         `cargo xtask labelled DIR`, which judges all that is in `DIR/histories`; a test fails where a label\n\
         and a verdict differ and no reason is written down, and where this page is not what is said today.\n\n\
         Of {} histories {} have the verdict of their label, {} have another one with the reason why, and {}\n\
         were published without a label. The histories are not part of this repository.\n\n\
         | history | label | verdict here | |\n|---|---|---|---|\n",
        rows.len(),
        count("| agrees |"),
        count("| rebutted: "),
        count("| no label |"),
    );
    for row in rows {
        let _ = writeln!(text, "{row}");
    }
    text
}

/// All rows, judged on every core.
fn judged(folder: &Path, names: &[String]) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut rows = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(name) = names.get(at) else { return rows };
            rows.push((at, row(folder, name)));
        }
    };
    let mut rows = std::thread::scope(|scope| {
        let running: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let join = |one: std::thread::ScopedJoinHandle<'_, Vec<(usize, String)>>| {
            one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

#[test]
fn every_labelled_history_has_its_verdict_or_the_reason_why_not() {
    let data = std::env::var_os("AVOUCH_DATA").map(|data| PathBuf::from(data).join("histories"));
    let Some(folder) = data.filter(|folder| folder.is_dir()) else {
        println!("skipped: no folder histories in AVOUCH_DATA");
        return;
    };
    let rows = judged(&folder, &histories(&folder));
    if std::env::var_os("AVOUCH_WRITE_PAGE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/labelled-histories.md");
        std::fs::write(path, page(&rows)).expect("a page that can be written");
        return;
    }
    let name = |row: &str| row.split(" | ").next().unwrap_or_default().to_owned();
    let on_page: Vec<&str> = PAGE.lines().filter(|line| line.contains("| ")).skip(1).collect();
    let mut wrong: Vec<String> = Vec::new();
    for row in &rows {
        match on_page.iter().find(|line| name(line) == name(row)) {
            Some(line) if *line == row => {}
            Some(line) => wrong.push(format!("the page says\n{line}\nand today it is\n{row}")),
            None => println!("not on the page: {row}"),
        }
    }
    let is_gone = |line: &&&str| rows.iter().all(|row| name(row) != name(line));
    wrong.extend(on_page.iter().filter(is_gone).map(|line| format!("not judged: {line}")));
    let hint = "write it anew with `cargo xtask labelled DIR`";
    assert!(wrong.is_empty(), "{}\n{hint}", wrong.join("\n"));
    println!("{} histories", rows.len());
}

/// Whoever reads the page finds no label that was passed over in silence.
#[test]
fn the_page_leaves_no_label_open() {
    let rows: Vec<String> = PAGE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| history |"))
        .map(str::to_owned)
        .collect();
    assert!(rows.len() > 100, "{} rows", rows.len());
    for row in &rows {
        let said = row.rsplit(" | ").next().unwrap_or_default().trim_end_matches(" |");
        let is_known = said == "agrees" || said == "no label" || said.starts_with("rebutted: ");
        assert!(is_known, "{row}");
    }
    for (name, reason) in REBUTTALS {
        let has = |row: &&String| row.contains(name) && row.contains(reason);
        assert!(rows.iter().any(|row| has(&row)), "the rebuttal of {name} is not on the page");
    }
    assert_eq!(page(&rows), PAGE, "its head counts other rows than it has");
}
