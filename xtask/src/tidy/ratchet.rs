//! The ratchet: files and functions longer than the style allows are listed with their counts,
//! and a count may only go down.
//!
//! I1 whatever is over its limit is listed with its exact count, and nothing else is listed.
//! I2 no count is larger than in any earlier commit of the list. (A shallow clone sees fewer.)

use crate::finding::{Finding, Findings};
use crate::shell::prints;
use crate::source::Function;
use crate::tree;
use avouch_promise::{Blame, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const LIST: &str = "xtask/ratchet.toml";
const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

/// Lengths by name: those that were measured, or those that are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lengths {
    file_lines: BTreeMap<String, usize>,
    function_lines: BTreeMap<String, usize>,
}

impl Lengths {
    /// Notes a file that is too long.
    pub(super) fn file(&mut self, path: &str, lines: usize) {
        if lines > FILE_LINES {
            self.file_lines.insert(path.to_owned(), lines);
        }
    }
    /// Notes a function that is too long; of several with one name in a file, the longest.
    pub(super) fn function(&mut self, path: &str, function: &Function) {
        if function.lines > FUNCTION_LINES {
            let name = format!("{path}::{}", function.name);
            let longest = self.function_lines.entry(name).or_default();
            *longest = function.lines.max(*longest);
        }
    }
    fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            Error::new(Blame::Caller, format!("{LIST} to parse"), error.to_string())
        })
    }
}

/// Judges what was measured by the list, and the list by its own past.
pub(super) fn judge(root: &Path, measured: &Lengths) -> Result<Findings, Error> {
    let allowed = Lengths::parse(&tree::read(root, LIST)?)?;
    let mut findings = compare(measured, &allowed);
    for earlier in history(root) {
        findings.extend(grown(&earlier, &allowed));
    }
    findings.dedup();
    Ok(findings)
}

fn compare(measured: &Lengths, allowed: &Lengths) -> Findings {
    let tables = [
        (&measured.file_lines, &allowed.file_lines, FILE_LINES),
        (&measured.function_lines, &allowed.function_lines, FUNCTION_LINES),
    ];
    let mut findings = Findings::new();
    for (measured, allowed, limit) in tables {
        for (name, lines) in measured {
            let what = match allowed.get(name) {
                None => format!("{lines} lines, {limit} at most: one idea each"),
                Some(allowed) if lines > allowed => {
                    format!("{lines} lines, {allowed} in {LIST}: it may only become shorter")
                }
                Some(allowed) if lines < allowed => format!("good: now write {lines} in {LIST}"),
                Some(_) => continue,
            };
            findings.push(Finding::new(name, 0, what));
        }
        for name in allowed.keys().filter(|name| !measured.contains_key(*name)) {
            findings.push(Finding::new(name, 0, format!("good: now take it out of {LIST}")));
        }
    }
    findings
}

/// Every committed version of the list that can be read.
fn history(root: &Path) -> Vec<Lengths> {
    let git = |arguments: &[&str]| prints(Command::new("git").current_dir(root).args(arguments));
    let commits = git(&["log", "--format=%H", "--", LIST]).unwrap_or_default();
    commits
        .lines()
        .filter_map(|commit| Lengths::parse(&git(&["show", &format!("{commit}:{LIST}")])?).ok())
        .collect()
}

fn grown(earlier: &Lengths, now: &Lengths) -> Findings {
    let tables =
        [(&earlier.file_lines, &now.file_lines), (&earlier.function_lines, &now.function_lines)];
    let mut findings = Findings::new();
    for (earlier, now) in tables {
        for (name, lines) in now {
            if let Some(before) = earlier.get(name).filter(|before| *before < lines) {
                let what = format!("{name}: {lines} lines, {before} before: it may only go down");
                findings.push(Finding::new(LIST, 0, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Lengths, compare, grown};
    use crate::source::Function;

    fn lengths(file: usize, function: usize) -> Lengths {
        let mut lengths = Lengths::default();
        lengths.file("a.rs", file);
        lengths.function("a.rs", &Function { name: "f".into(), line: 1, lines: function });
        lengths
    }

    #[test]
    fn only_what_is_over_its_limit_and_not_listed_exactly_is_found() {
        let none = Lengths::default();
        assert_eq!(compare(&lengths(600, 70), &none), []);
        assert_eq!(compare(&lengths(601, 71), &none).len(), 2);
        assert_eq!(compare(&lengths(601, 71), &lengths(601, 71)), []);
        assert_eq!(compare(&lengths(602, 72), &lengths(601, 71)).len(), 2, "grown");
        assert_eq!(compare(&lengths(601, 71), &lengths(602, 72)).len(), 2, "shrunk, not written");
        assert_eq!(compare(&none, &lengths(601, 71)).len(), 2, "gone, not taken out");
    }

    #[test]
    fn the_list_itself_may_only_go_down() {
        assert_eq!(grown(&lengths(700, 80), &lengths(601, 80)), []);
        assert_eq!(grown(&lengths(601, 80), &lengths(700, 81)).len(), 2);
    }

    #[test]
    fn the_list_is_read_as_documented() {
        let text = "[file_lines]\n\"a.rs\" = 601\n[function_lines]\n\"a.rs::f\" = 71\n";
        assert_eq!(Lengths::parse(text), Ok(lengths(601, 71)));
        assert!(Lengths::parse("[lines]\n").is_err(), "an unknown table");
    }
}
