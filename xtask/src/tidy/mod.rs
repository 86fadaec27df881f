//! `cargo xtask tidy`: the style that a machine can hold, so that review need not.
//!
//! | rules | file |
//! |---|---|
//! | header, unfinished code, long lines and functions of Rust | `rust` |
//! | white space, paths of one machine, READMEs | `text` |
//! | what documents point at | `links` |
//! | reasons beside dependencies | `manifest` |
//! | exceptions that may only shrink | `ratchet` |

mod links;
mod manifest;
mod ratchet;
mod rust;
mod text;

use crate::finding::Findings;
use crate::tree;
use avouch_promise::Error;
use ratchet::Lengths;
use std::path::Path;

/// Checks the whole tree.
pub(crate) fn run(root: &Path, _: &[String]) -> Result<Findings, Error> {
    let files = tree::files(root)?;
    let mut findings = Findings::new();
    let mut lengths = Lengths::default();
    for file in &files {
        findings.extend(text::judge(file));
        findings.extend(manifest::judge(file));
        if file.extension() == "rs" {
            findings.extend(rust::judge(file, &mut lengths));
        }
    }
    findings.extend(text::readmes(&files));
    findings.extend(links::judge(&files));
    findings.extend(ratchet::judge(root, &lengths)?);
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_repository_is_tidy() {
        let root = crate::tree::root().expect("a root");
        let findings = super::run(&root, &[]).expect("a readable tree");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
