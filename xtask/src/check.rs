//! `cargo xtask check`: every check in order, each timed; all run even when one fails.

use crate::finding::{Finding, Findings};
use crate::shell::{Watch, cargo, prints, succeeds};
use crate::{named, order, tidy, trace};
use avouch_promise::{Blame, Error};
use std::path::Path;

struct Step {
    name: &'static str,
    run: fn(&Path) -> Result<Findings, Error>,
}

const STEPS: [Step; 8] = [
    Step { name: "locks", run: |root| Ok(locks(root)) },
    Step { name: "fmt", run: |root| cargo_step(root, "fmt", &["fmt", "--all", "--check"]) },
    Step { name: "order", run: |root| order::run(root, &[]) },
    Step { name: "tidy", run: |root| tidy::run(root, &[]) },
    Step { name: "trace", run: |root| trace::summary(root) },
    Step { name: "deny", run: deny },
    Step { name: "clippy", run: |root| cargo_step(root, "clippy", &CLIPPY) },
    Step { name: "tests", run: |root| cargo_step(root, "tests", &["test", "--workspace"]) },
];

const CLIPPY: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// Runs every step, or all `--except` those named.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let mut skipped = Vec::new();
    for pair in arguments.chunks(2) {
        match pair {
            [flag, name] if flag == "--except" => {
                skipped.push(named("step", name, &STEPS, |step| step.name)?.name);
            }
            other => {
                let got = format!("{:?}", other.join(" "));
                return Err(Error::new(Blame::Caller, "nothing or --except STEP", got));
            }
        }
    }
    let mut findings = Findings::new();
    let mut times = Vec::new();
    for step in STEPS.iter().filter(|step| !skipped.contains(&step.name)) {
        eprintln!("== {}", step.name);
        let watch = Watch::start();
        let found = (step.run)(root)?;
        let verdict = if found.is_empty() { "ok" } else { "FAILED" };
        times.push(format!("{:>8.1} s  {:<7} {verdict}", watch.seconds(), step.name));
        findings.extend(found);
    }
    for line in times {
        eprintln!("{line}");
    }
    Ok(findings)
}

fn cargo_step(root: &Path, name: &str, arguments: &[&str]) -> Result<Findings, Error> {
    let failed = !succeeds(cargo(root).args(arguments))?;
    let finding = Finding::new(name, 0, format!("cargo {} failed", arguments.join(" ")));
    Ok(failed.then_some(finding).into_iter().collect())
}

/// Every workspace: ours, and those apart, which take ours by path.
const WORKSPACES: [&str; 6] = [
    "Cargo.toml",
    "examples/tested-map/Cargo.toml",
    "peers/Cargo.toml",
    "peers/clockbound/Cargo.toml",
    "peers/madsim/Cargo.toml",
    "peers/turmoil/Cargo.toml",
];

/// Whether every lock file names what is built; a new dependency of ours changes those of the
/// workspaces apart, too.
fn locks(root: &Path) -> Findings {
    WORKSPACES.iter().filter_map(|manifest| unlocked(root, manifest)).collect()
}

fn unlocked(root: &Path, manifest: &str) -> Option<Finding> {
    let arguments = ["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest];
    let said = || {
        let update = format!("cargo metadata --format-version 1 --manifest-path {manifest}");
        Finding::new(
            manifest,
            0,
            format!("its lock file does not name what is built: run {update}"),
        )
    };
    prints(cargo(root).args(arguments)).is_none().then(said)
}

/// Bans, licences and sources of dependencies. Advisories are left out: they need the network, and
/// their answer changes while the tree does not.
fn deny(root: &Path) -> Result<Findings, Error> {
    if prints(cargo(root).args(["deny", "--version"])).is_none() {
        eprintln!("skipped: cargo-deny is not installed");
        return Ok(Findings::new());
    }
    cargo_step(root, "deny", &["deny", "check", "bans", "licenses", "sources"])
}

#[cfg(test)]
mod tests {
    use super::{WORKSPACES, run, unlocked};
    use avouch_promise::Blame;
    use std::path::Path;

    #[test]
    fn a_workspace_whose_lock_file_does_not_name_what_is_built_is_found() {
        let root = crate::tree::root().expect("the repository");
        assert_eq!(unlocked(&root, WORKSPACES[1]), None);
        let folder = std::env::temp_dir().join(format!("avouch-unlocked-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("src")).expect("a folder");
        let manifest = "[package]\nname = \"unlocked\"\nedition = \"2024\"\n[workspace]\n";
        std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
        std::fs::write(folder.join("src/lib.rs"), "").expect("a source");
        let found = unlocked(&folder, "Cargo.toml").expect("there is no lock file");
        assert!(found.what.contains("lock file"), "{found}");
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }

    #[test]
    fn an_unknown_step_or_flag_is_the_callers_error() {
        for arguments in [["--except", "moon"], ["--moon", "fmt"]] {
            let arguments = arguments.map(String::from);
            let error = run(Path::new("."), &arguments).expect_err("nothing ran");
            assert_eq!(error.blame, Blame::Caller, "{error}");
        }
    }
}
