//! `cargo xtask trace`: which item of the outline is discharged by which code, tested by which
//! test; and what is still open.
//!
//! ```text
//!   docs/outline.toml --items--+
//!                              +--match--> item -> code -> test, gaps
//!   //= §3.3.1 update rules  --+           a citation of no item: a finding with the nearest one
//! ```
//!
//! A gap is no finding: the outline is larger than any one version of avouch.

mod citation;
mod matching;
mod outline;

use crate::finding::{Finding, Findings};
use crate::tree;
use avouch_promise::Error;
use citation::{Citation, Kind};
use outline::Outline;
use std::collections::BTreeMap;
use std::path::Path;

/// Where one item is cited.
#[derive(Default)]
struct Places {
    code: Vec<String>,
    test: Vec<String>,
}

struct Trace {
    outline: Outline,
    /// By the index of the item in the outline.
    places: BTreeMap<usize, Places>,
    findings: Findings,
}

/// Prints section -> code -> test, then the counts.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let trace = trace(root)?;
    let only = arguments.first().map(|section| section.trim_start_matches('§'));
    let mut section = "";
    for (index, item) in trace.outline.items.iter().enumerate() {
        if only.is_some_and(|only| !outline::within(&item.section, only)) {
            continue;
        }
        if item.section != section {
            section = &item.section;
            println!("§{section} {}", item.title);
        }
        println!("  {:<34} {}", item.id, trace.places.get(&index).map_or("-".into(), shown));
    }
    println!("{}", trace.counts());
    Ok(trace.findings)
}

/// Prints the counts only.
pub(crate) fn summary(root: &Path) -> Result<Findings, Error> {
    let trace = trace(root)?;
    println!("{}", trace.counts());
    Ok(trace.findings)
}

fn trace(root: &Path) -> Result<Trace, Error> {
    let outline = Outline::read(root)?;
    let mut places: BTreeMap<usize, Places> = BTreeMap::new();
    let mut findings = Findings::new();
    let files = tree::files(root)?;
    let sources = files.iter().filter(|file| file.path.starts_with("crates/"));
    for citation in sources.flat_map(citation::citations) {
        match matching::find(&outline, &citation) {
            Ok(items) => {
                for item in items {
                    let places = places.entry(item).or_default();
                    let list = match citation.kind {
                        Kind::Code => &mut places.code,
                        Kind::Test => &mut places.test,
                    };
                    list.push(place(&citation));
                }
            }
            Err(hint) => {
                let what = format!("§{} {}: {hint}", citation.section, citation.words);
                findings.push(Finding::new(citation.path, citation.line, what));
            }
        }
    }
    Ok(Trace { outline, places, findings })
}

fn place(citation: &Citation) -> String {
    let path = citation.path.trim_start_matches("crates/").replace("/src/", "/");
    format!("{path}:{}", citation.line)
}

fn shown(places: &Places) -> String {
    let list = |name: &str, places: &[String]| match places {
        [] => format!("{name} -"),
        some => format!("{name} {}", some.join(" ")),
    };
    format!("{}  {}", list("code", &places.code), list("test", &places.test))
}

impl Trace {
    fn counts(&self) -> String {
        let count = |wanted: fn(&Places) -> bool| {
            self.places.values().filter(|places| wanted(places)).count()
        };
        let both = count(|places| !places.code.is_empty() && !places.test.is_empty());
        let code = count(|places| places.test.is_empty());
        let test = count(|places| places.code.is_empty());
        let items = self.outline.items.len();
        let open = items - self.places.len();
        format!(
            "{items} items: {both} with code and test, {code} code only, {test} test only, {open} open"
        )
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_citation_of_this_repository_names_an_item() {
        let root = crate::tree::root().expect("a root");
        let findings = super::trace(&root).expect("a readable outline").findings;
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
