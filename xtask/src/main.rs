//! `cargo xtask`: the one entry to every check that holds this house together.
//!
//! Exit codes as everywhere here: 0 clean, 1 findings, 3 usage or our own error.

mod bench;
mod check;
mod finding;
mod labelled;
mod order;
mod seeds;
mod shell;
mod source;
mod tidy;
mod trace;
mod tree;

use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use finding::Findings;
use std::path::Path;
use std::process::ExitCode;

/// One subcommand: its name, what it does, and how.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&Path, &[String]) -> Result<Findings, Error>,
}

const TASKS: [Task; 7] = [
    Task { name: "check", about: "everything below, fmt, clippy, deny and tests", run: check::run },
    Task { name: "order", about: "crates depend only on crates above them", run: order::run },
    Task { name: "tidy", about: "the style, with a ratchet", run: tidy::run },
    Task { name: "trace", about: "outline item -> code -> test, and the gaps", run: trace::run },
    Task { name: "bench", about: "NAME [-- ...]: one benchmark", run: bench::run },
    Task { name: "seeds", about: "NAME FIRST..LAST: one long campaign", run: seeds::run },
    Task {
        name: "labelled",
        about: "DIR: published histories, label and verdict",
        run: labelled::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                eprintln!("{finding}");
            }
            eprintln!("{} finding(s)", findings.len());
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<Findings, Error> {
    let Some((name, rest)) = arguments.split_first() else {
        println!("cargo xtask TASK, one of:");
        for task in &TASKS {
            println!("  {:<8} {}", task.name, task.about);
        }
        return Ok(Findings::new());
    };
    let task = named("task", name, &TASKS, |task| task.name)?;
    (task.run)(&tree::root()?, rest)
}

/// The one of `known` that is called `asked`; an unknown one is the caller's error, which names
/// those that exist.
fn named<'a, T>(
    what: &str,
    asked: &str,
    known: &'a [T],
    name: fn(&T) -> &'static str,
) -> Result<&'a T, Error> {
    if let Some(found) = known.iter().find(|item| name(item) == asked) {
        return Ok(found);
    }
    let names: Vec<_> = known.iter().map(name).collect();
    let hint = match nearest(asked, names.iter().copied()) {
        Some(near) => format!("did you mean {near}? There are: {}", names.join(" ")),
        None => format!("there are: {}", names.join(" ")),
    };
    Err(Error::new(Blame::Caller, format!("the name of a {what}"), format!("{asked:?}")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::{dispatch, named};
    use avouch_promise::Blame;

    #[test]
    fn an_unknown_name_is_the_callers_error_and_names_those_that_exist() {
        let error = dispatch(&["tydi".into()]).expect_err("no such task");
        assert_eq!(error.blame, Blame::Caller);
        assert!(error.hint.contains("did you mean tidy?"), "{error}");
        for task in ["bench", "seeds"] {
            let error = dispatch(&[task.into(), "nonesuch".into()]).expect_err("no such name");
            assert_eq!(error.blame, Blame::Caller);
            assert!(error.hint.contains("there are:"), "{error}");
        }
        assert!(named("letter", "a", &["a"], |letter| letter).is_ok());
    }
}
