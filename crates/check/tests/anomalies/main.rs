//! Every anomaly of docs/anomalies.md by a history that has it, judged as a user would: named so,
//! and forbidden from the level that the page gives, by none that is weaker. What the page names
//! and what stands here are held to be the same.
//!
//! A history of lists or registers is written as transactions apart by `/`: process, span of time,
//! steps.

mod objects;
mod plume;
mod predicates;
mod stamped;
mod transactions;

use avouch_check::{Input, Level, Limits, Report, Word};
use std::collections::BTreeSet;
use std::fmt::Write;
use transactions::{CYCLES, FLAWS, PHENOMENA, REGISTERS, VIEWS};

/// Lists that are appended to, or registers; the name on the page and in the verdict; the weakest
/// level that forbids it; the history.
type Row = (char, &'static str, Level, &'static str);

const PAGE: &str = include_str!("../../../../docs/anomalies.md");

/// The rows of the tables below a heading of the page, cell by cell.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let mut rows = Vec::new();
    let below = PAGE.lines().skip_while(|line| *line != format!("## {heading}")).skip(1);
    for line in below.take_while(|line| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", cells @ .., ""] if !cells[0].starts_with("---") => rows.push(cells.to_vec()),
            _ => {}
        }
    }
    assert!(!rows.is_empty(), "no table below `## {heading}`");
    rows.retain(|cells| cells[0] != "name");
    rows
}

/// The page's table and the tests name the same.
fn same_names<'a>(heading: &str, tested: impl IntoIterator<Item = &'a str>) {
    let page: BTreeSet<&str> = table(heading).into_iter().map(|cells| cells[0]).collect();
    let tested: BTreeSet<&str> = tested.into_iter().collect();
    let untested: Vec<_> = page.difference(&tested).collect();
    let untold: Vec<_> = tested.difference(&page).collect();
    assert!(untested.is_empty(), "without a test, below `## {heading}`: {untested:?}");
    assert!(untold.is_empty(), "not on the page, below `## {heading}`: {untold:?}");
}

/// The name of a row without what only the verdict adds.
fn row(name: &'static str) -> &'static str {
    let name = name.split(": a cycle of").next().unwrap_or(name);
    name.split(", G-SI").next().unwrap_or(name)
}

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

/// What is told of a history that has an anomaly: violated, whatever is judged of it.
fn violated(text: &str) -> String {
    let told = report(text, None);
    assert_eq!(told.verdict(), Word::Violated, "{told}\n{text}");
    told.to_string()
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
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_page_and_the_tests_of_transactions_name_the_same() {
    let names = |rows: &[&[Row]]| -> Vec<&'static str> {
        rows.iter().flat_map(|rows| rows.iter().map(|(_, name, ..)| row(name))).collect()
    };
    same_names("Transactions: cycles of dependencies", names(&[&CYCLES, &VIEWS]));
    same_names("Transactions: what no order can mend", names(&[&FLAWS]));
    // What lists have, too, stands where it stands of them.
    let of_lists = names(&[&CYCLES, &VIEWS]);
    let only = names(&[&REGISTERS]).into_iter().filter(|name| !of_lists.contains(name));
    same_names("Registers without known orders of writes", only);
}

/// The page gives each level from which a history of that name is forbidden.
#[test]
fn the_page_gives_the_levels_that_the_histories_violate() {
    let [cycles, flaws, registers] = [
        "Transactions: cycles of dependencies",
        "Transactions: what no order can mend",
        "Registers without known orders of writes",
    ]
    .map(table);
    let lists = CYCLES.iter().chain(&VIEWS).map(|row| (row, &cycles));
    let all = lists.chain(FLAWS.iter().map(|row| (row, &flaws)));
    for ((_, name, weakest, _), page) in all.chain(REGISTERS.iter().map(|row| (row, &registers))) {
        let Some(cells) = page.iter().find(|cells| cells[0] == row(name)) else { continue };
        let level = weakest.name().replace('-', " ");
        let told = cells.last().is_some_and(|told| told.contains(&level));
        assert!(
            told,
            "{name}: the page gives {:?}, and the history violates {level}",
            cells.last()
        );
    }
}

/// Each of Elle's names is told here as a row of this page that has its test.
#[test]
fn elles_names_are_rows_of_the_page() {
    let headings = [
        "Transactions: cycles of dependencies",
        "Transactions: what no order can mend",
        "Registers without known orders of writes",
        "Reads by predicate",
        "By the store's own stamps",
    ];
    let rows: BTreeSet<&str> =
        headings.iter().flat_map(|heading| table(heading)).map(|cells| cells[0]).collect();
    let elle = table("Elle's names");
    for cells in &elle {
        for here in cells[1].split("; ").filter(|here| !here.starts_with('(')) {
            assert!(rows.contains(here), "{}: `{here}` is no row of the page", cells[0]);
        }
    }
    let named: BTreeSet<&str> = elle.iter().flat_map(|cells| cells[0].split(", ")).collect();
    let plain = ["G0", "G1c", "G-single", "G-nonadjacent", "G2"];
    let item = ["G-single-item", "G-nonadjacent-item", "G2-item"];
    for cycle in plain.into_iter().chain(item) {
        for form in ["", "-process", "-realtime"] {
            assert!(named.contains(format!("{cycle}{form}").as_str()), "Elle's {cycle}{form}");
        }
    }
}

#[test]
//= §2.3.1 G-SI test
fn each_levels_own_phenomenon_is_named() {
    for (kind, name, level, text) in PHENOMENA {
        let told = report(&history(kind == 'L', text), Some(level)).to_string();
        assert!(told.contains(&format!("{name}: a cycle of ")), "{kind} {level}: {name}: {told}");
    }
}
