//! The order of crates: each depends only on crates above it, its tests included.

use crate::finding::{Finding, Findings};
use crate::tree::{self, File};
use avouch_promise::Error;
use std::path::Path;

/// From the top: a crate may depend on those before it.
const ORDER: [&str; 9] =
    ["promise", "machine", "time", "state", "agreement", "world", "check", "store", "avouch"];

/// Checks every manifest below `crates/`.
pub(crate) fn run(root: &Path, _: &[String]) -> Result<Findings, Error> {
    Ok(tree::files(root)?.iter().flat_map(judge).collect())
}

fn judge(file: &File) -> Findings {
    let room = file.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"));
    let Some(room) = room else { return Findings::new() };
    let Some(place) = position(room) else {
        let what = format!("{room} has no place in the order of crates (xtask/src/order.rs)");
        return vec![Finding::new(&file.path, 0, what)];
    };
    let manifest = match file.text.parse::<toml::Table>() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(&file.path, 0, error.to_string())],
    };
    dependencies(&manifest)
        .into_iter()
        .filter_map(|(kind, package)| {
            let other =
                package.strip_prefix("avouch-").or((package == "avouch").then_some("avouch"))?;
            (position(other)? >= place).then(|| {
                let what = format!("{room} is above {other} and must not have it in {kind}");
                Finding::new(&file.path, 0, what)
            })
        })
        .collect()
}

fn position(room: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == room)
}

/// Every dependency of a manifest: the table it stands in, and the name of its package.
fn dependencies(manifest: &toml::Table) -> Vec<(String, String)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let per_target = targets.into_iter().flat_map(toml::Table::values).filter_map(|t| t.as_table());
    std::iter::once(manifest)
        .chain(per_target)
        .flat_map(|tables| {
            ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| Some((kind, tables.get(kind)?.as_table()?)))
        })
        .flat_map(|(kind, table)| table.iter().map(move |entry| (kind, entry)))
        .map(|(kind, (name, value))| {
            let renamed = value.get("package").and_then(toml::Value::as_str);
            (kind.to_owned(), renamed.unwrap_or(name).to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{judge, run};
    use crate::tree::{self, File};

    #[test]
    fn this_repository_is_in_order() {
        let root = tree::root().expect("a root");
        assert_eq!(run(&root, &[]), Ok(vec![]));
    }

    #[test]
    fn a_dependency_downward_is_found_in_every_table() {
        let cases = [
            ("[dependencies]\navouch-store.workspace = true", 1),
            ("[dev-dependencies]\navouch-world.workspace = true", 1),
            ("[build-dependencies]\navouch = { path = '../avouch' }", 1),
            ("[target.'cfg(unix)'.dependencies]\navouch-check.workspace = true", 1),
            ("[dependencies]\nfriend = { package = 'avouch-store', version = '1' }", 1),
            ("[dependencies]\navouch-agreement.workspace = true", 1),
            ("[dependencies]\navouch-state.workspace = true\nbytes = '1'", 0),
            ("not toml at all", 1),
        ];
        for (text, expected) in cases {
            let path = "crates/agreement/Cargo.toml".into();
            let findings = judge(&File { path, text: text.into() });
            assert_eq!(findings.len(), expected, "{text}: {findings:?}");
        }
        let unknown = File { path: "crates/attic/Cargo.toml".into(), text: String::new() };
        assert_eq!(judge(&unknown).len(), 1, "a crate outside the order");
    }
}
