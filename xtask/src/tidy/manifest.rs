//! Rules for manifests: every dependency is named once, in the workspace, with its reason beside
//! it; a crate only refers to it.

use crate::finding::{Finding, Findings};
use crate::tree::File;

/// Judges one file; only manifests have anything to answer for.
pub(super) fn judge(file: &File) -> Findings {
    match file.path.as_str() {
        "Cargo.toml" => reasons(file),
        // A workspace of its own has nowhere else to give its reasons.
        path if path.ends_with("/Cargo.toml") && file.text.contains("\n[workspace]") => {
            reasons(file)
        }
        path if path.ends_with("/Cargo.toml") => references(file),
        _ => Findings::new(),
    }
}

/// Lines with the table they stand in, from 1; comments and empty lines are kept.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut table = "";
    text.lines().zip(1..).map(move |(line, number)| {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_end_matches(']');
        }
        (number, table, line)
    })
}

fn named(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_alphanumeric()) && line.contains('=')
}

/// A dependency of the workspace has a comment at its end or right above it. Our own crates need
/// none.
fn reasons(file: &File) -> Findings {
    let mut findings = Findings::new();
    let mut above = false;
    for (number, table, line) in entries(&file.text) {
        let own = line.contains("path = ");
        if table.ends_with("dependencies") && named(line) && !own && !above && !line.contains('#') {
            let what = "a dependency has its reason in a comment beside it";
            findings.push(Finding::new(&file.path, number, what));
        }
        above = line.starts_with('#');
    }
    findings
}

fn references(file: &File) -> Findings {
    entries(&file.text)
        .filter(|(_, table, line)| table.ends_with("dependencies") && named(line))
        .filter(|(_, _, line)| !line.contains("workspace = true"))
        .map(|(number, _, _)| {
            let what = "depends through the workspace, where the reason stands";
            Finding::new(&file.path, number, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tree::File;

    #[test]
    fn each_rule_finds_its_plant() {
        let root = "[workspace.dependencies]\n";
        let cases = [
            ("Cargo.toml", format!("{root}a = \"1\" # why"), 0),
            ("Cargo.toml", format!("{root}# why\na = \"1\"\nb = \"1\""), 1),
            ("Cargo.toml", format!("{root}a = {{ path = \"a\" }}"), 0),
            ("crates/a/Cargo.toml", "[dependencies]\nb.workspace = true".into(), 0),
            ("crates/a/Cargo.toml", "[dev-dependencies]\nb = \"1\"".into(), 1),
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"".into(), 0),
        ];
        for (path, text, expected) in cases {
            let findings = judge(&File { path: path.into(), text: text.clone() });
            assert_eq!(findings.len(), expected, "{text}: {findings:?}");
        }
    }
}
