//! Rules for Rust source: a header that says why the file is here, nothing left unfinished, no
//! line over 100 columns (strings, links and tables excepted); the lengths of files and functions
//! are measured for the ratchet.

use super::ratchet::Lengths;
use crate::finding::{Finding, Findings};
use crate::source::{functions, lines};
use crate::tree::File;

const COLUMNS: usize = 100;
/// A diagram in a fence may be wider: broken, it says nothing.
const COLUMNS_IN_FENCE: usize = 120;

/// What must not stay in the tree.
const UNFINISHED: [&str; 7] = [
    "todo!",
    "unimplemented!",
    "#[ignore",
    "allow(dead_code",
    "allow(unused",
    "allow(clippy::all",
    "dbg!",
];

/// Judges one file, and measures it.
pub(super) fn judge(file: &File, lengths: &mut Lengths) -> Findings {
    let mut findings = Findings::new();
    if !file.text.starts_with("//! ") {
        let what = "opens with `//!`: what it is and why it is here, in a few lines";
        findings.push(Finding::new(&file.path, 1, what));
    }
    let lines = lines(&file.text);
    // A module that several test programs share is used by each in part; it says so as a reason.
    let shared = file.path.contains("/tests/") || file.path.contains("/examples/");
    let mut fence = false;
    for (line, number) in lines.iter().zip(1..) {
        let excused =
            |left: &str| shared && left == "allow(dead_code" && line.text.contains("reason");
        let found = UNFINISHED.iter().filter(|left| line.code.contains(**left));
        for left in found.filter(|left| !excused(left)) {
            findings.push(Finding::new(
                &file.path,
                number,
                format!("{left} stays out of the tree"),
            ));
        }
        let columns = line.text.chars().count();
        let comment = line.text.trim_start();
        let table = comment.starts_with("//! |");
        fence ^= comment.starts_with("//! ```") || comment.starts_with("/// ```");
        let most = if fence { COLUMNS_IN_FENCE } else { COLUMNS };
        if columns > most && !line.string && !table && !line.text.contains("://") {
            let what = format!("{columns} columns, {most} at most");
            findings.push(Finding::new(&file.path, number, what));
        }
    }
    lengths.file(&file.path, lines.len());
    for function in functions(&lines) {
        lengths.function(&file.path, &function);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::ratchet::Lengths;
    use super::judge;
    use crate::tree::File;

    #[test]
    fn each_rule_finds_its_plant() {
        let long = "x".repeat(101);
        let wide = "x".repeat(105);
        let cases = [
            (format!("//! ```text\n//! {wide}\n//! ```"), 0),
            (format!("//! ```text\n//! {wide}{wide}\n//! ```"), 1),
            ("//! Why.\nfn a() {}".to_owned(), 0),
            ("fn a() {}".to_owned(), 1),
            ("//! Why.\nfn a() { todo!() }".to_owned(), 1),
            ("//! Why.\nfn a() { \"todo!()\" } // todo!()".to_owned(), 0),
            ("//! Why.\n#[ignore]\n#[allow(dead_code)]".to_owned(), 2),
            (format!("//! Why.\n// {long}"), 1),
            (format!("//! Why.\n\"{long}\""), 0),
            (format!("//! Why.\n// https://{long}"), 0),
            (format!("//! Why.\n//! | {long} |"), 0),
        ];
        for (text, expected) in cases {
            let file = File { path: "crates/a/src/a.rs".into(), text };
            let findings = judge(&file, &mut Lengths::default());
            assert_eq!(findings.len(), expected, "{}: {findings:?}", file.text);
        }
    }
}
