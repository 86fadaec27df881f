//! `cargo xtask labelled DIR`: judges every history that others published, as they lie in
//! `DIR/histories`, and writes `docs/labelled-histories.md`: their label beside our verdict.

use crate::finding::{Finding, Findings};
use crate::shell::{cargo, succeeds};
use avouch_promise::{Blame, Error};
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/labelled-histories.md";

/// Runs the test that knows the labels, which writes the page.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let data = match arguments {
        [] => std::env::var_os("AVOUCH_DATA").map(PathBuf::from),
        [folder] => Some(PathBuf::from(folder)),
        [_, more, ..] => return Err(Error::new(Blame::Caller, "one folder", more)),
    };
    let found = data.as_ref().and_then(|data| data.canonicalize().ok());
    let Some(data) = found.filter(|data| data.join("histories").is_dir()) else {
        let got = data.map_or_else(|| "none".to_owned(), |data| data.display().to_string());
        return Err(Error::new(Blame::Caller, "a folder that has a folder histories", got)
            .hint("name it, or let AVOUCH_DATA name it"));
    };
    let mut command = cargo(root);
    command.args(["test", "--quiet", "-p", "avouch-check", "--test", "labelled"]);
    command.args(["every_labelled_history", "--", "--nocapture"]);
    command.env("AVOUCH_DATA", &data).env("AVOUCH_WRITE_PAGE", "1");
    let told = format!("a label and a verdict differ: {PAGE} is not written");
    let finding = (!succeeds(&mut command)?).then(|| Finding::new(PAGE, 0, told));
    Ok(finding.into_iter().collect())
}
