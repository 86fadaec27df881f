//! Rules for what a document points at: a relative link leads to a file or a folder of the
//! repository, and a path or a source file named in backticks is there.
//!
//! ```text
//!   [words](../crates/world/src/link.rs)   from the document's folder
//!   `crates/world/src/link.rs`             from the root
//!   `world/src/link.rs`, `link.rs`         the end of some file's path
//! ```
//!
//! CHANGELOG.md is left out: it tells of what was.

use crate::finding::{Finding, Findings};
use crate::tree::File;
use std::collections::BTreeSet;

/// Folders of the root: what begins with one in backticks is a path of the repository.
const ROOTS: [&str; 6] = ["crates/", "docs/", "xtask/", "deploy/", "peers/", ".ci/"];

/// What a name in backticks ends with when it names a file of ours: others are often the user's.
const OURS: [&str; 2] = [".rs", ".md"];

/// Judges every document.
pub(super) fn judge(files: &[File]) -> Findings {
    let mut there: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for file in files {
        let folders = file.path.match_indices('/').map(|(at, _)| &file.path[..at]);
        there.extend(folders);
    }
    let documents = files.iter().filter(|file| file.extension() == "md");
    let documents = documents.filter(|file| file.path != "CHANGELOG.md");
    documents.flat_map(|file| document(file, &there)).collect()
}

fn document(file: &File, there: &BTreeSet<&str>) -> Findings {
    let mut findings = Findings::new();
    let mut fence = false;
    for (line, number) in file.text.lines().zip(1..) {
        fence ^= line.trim_start().starts_with("```");
        if fence || line.starts_with("    ") {
            continue;
        }
        let mut find = |what: String| findings.push(Finding::new(&file.path, number, what));
        for target in links(line).filter(|target| !leads_somewhere(&file.path, target, there)) {
            find(format!("the link to {target} leads nowhere"));
        }
        for name in line.split('`').skip(1).step_by(2).filter(|name| !is_there(name, there)) {
            find(format!("`{name}` is not in the repository"));
        }
    }
    findings
}

/// The targets of a line's links, those that leave the repository apart.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let own = |target: &&str| !target.contains("://") && !target.starts_with(['#', '<']);
    targets.map(|parts| parts.0).filter(own)
}

fn leads_somewhere(document: &str, target: &str, there: &BTreeSet<&str>) -> bool {
    let path = target.split('#').next().unwrap_or(target).trim_end_matches('/');
    let mut parts: Vec<_> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            part => parts.push(part),
        }
    }
    parts.is_empty() || there.contains(parts.join("/").as_str())
}

/// Whether what stands in backticks is there, or is no path of ours.
fn is_there(name: &str, there: &BTreeSet<&str>) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-/".contains(sign);
    if name.is_empty() || !name.chars().all(plain) {
        return true;
    }
    let path = name.trim_end_matches('/');
    if ROOTS.iter().any(|root| name.starts_with(root)) {
        return there.contains(path);
    }
    let ends = |whole: &&str| whole.strip_suffix(path).is_some_and(|rest| rest.ends_with('/'));
    !OURS.iter().any(|end| name.ends_with(end)) || there.contains(path) || there.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tree::File;

    #[test]
    fn what_a_document_points_at_is_there() {
        let cases = [
            ("docs/a.md", "[a](b.md), [b](../crates/x/src/lib.rs#L3), [c](../crates)", 0),
            ("docs/a.md", "[a](c.md)", 1),
            ("docs/a.md", "[a](../../docs/b.md)", 1),
            ("README.md", "[a](docs/b.md) and [b](b.md)", 1),
            ("README.md", "[a](https://host.example/b.md), [b](#below)", 0),
            ("README.md", "`crates/x/src/lib.rs`, `x/src/lib.rs`, `lib.rs`, `crates/x`", 0),
            ("README.md", "`crates/x/src/gone.rs` and `gone.rs`, `x/lib.rs`", 3),
            ("README.md", "`trust.json`, `avouch lab run gone.rs`, `crates/*/gone.rs`, `a::b`", 0),
            ("README.md", "```text\n`gone.rs` [a](gone.md)\n```\n`gone.rs`", 1),
            ("README.md", "    `gone.rs`", 0),
            ("CHANGELOG.md", "`gone.rs`", 0),
            ("crates/x/src/lib.rs", "//! `gone.rs`", 0),
        ];
        for (path, text, expected) in cases {
            let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
            let files = [file(path, text), file("docs/b.md", ""), file("crates/x/src/lib.rs", "")];
            let findings = judge(&files);
            assert_eq!(findings.len(), expected, "{text}: {findings:?}");
        }
    }
}
