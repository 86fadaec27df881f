//! `docs/ledger.md`: what was run, on which version, when, and what came out.
//!
//! A stretch of seeds that follows on the last line's, of the same campaign, version, verdict and
//! day, lengthens that line instead of adding one.

use crate::shell::prints;
use avouch_promise::{Blame, Error};
use std::path::Path;
use std::process::Command;

const LEDGER: &str = "docs/ledger.md";
const HEADER: &str = "# The ledger: campaigns that were run\n\n\
    One line for each `cargo xtask seeds`; seeds are inclusive.\n\n\
    | campaign | commit | seeds | verdict | minutes | date |\n|---|---|---|---|---|---|\n";

/// Enters what a campaign came to.
pub(super) fn enter(
    root: &Path,
    name: &str,
    seeds: (u64, u64),
    verdict: &str,
    seconds: f64,
) -> Result<(), Error> {
    let path = root.join(LEDGER);
    let failed = |what: &str, error: &std::io::Error| {
        Error::new(Blame::Environment, format!("to {what} {LEDGER}"), error.to_string())
    };
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEADER.to_owned(),
        read => read.map_err(|error| failed("read", &error))?,
    };
    let line = Line {
        name: name.to_owned(),
        commit: commit(root),
        seeds,
        verdict: verdict.to_owned(),
        minutes: seconds / 60.0,
        date: today(),
    };
    // Whole or not at all: what was measured before must not be lost with a full disk.
    let written = path.with_extension("md.new");
    std::fs::write(&written, line.entered(&text))
        .and_then(|()| std::fs::rename(&written, &path))
        .map_err(|error| failed("write", &error))
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    name: String,
    commit: String,
    seeds: (u64, u64),
    verdict: String,
    minutes: f64,
    date: String,
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let cells: Vec<_> = text.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [name, commit, seeds, verdict, minutes, date] = cells.as_slice() else { return None };
        let (first, last) = seeds.split_once("..")?;
        Some(Self {
            name: (*name).to_owned(),
            commit: (*commit).to_owned(),
            seeds: (first.parse().ok()?, last.parse().ok()?),
            verdict: (*verdict).to_owned(),
            minutes: minutes.parse().ok()?,
            date: (*date).to_owned(),
        })
    }

    fn text(&self) -> String {
        let Self { name, commit, seeds: (first, last), verdict, minutes, date } = self;
        format!("| {name} | {commit} | {first}..{last} | {verdict} | {minutes:.1} | {date} |\n")
    }

    /// The ledger with this line in it.
    fn entered(&self, ledger: &str) -> String {
        let (before, last) = match ledger.trim_end_matches('\n').rsplit_once('\n') {
            Some((before, last)) => (before, Line::parse(last)),
            None => (ledger, None),
        };
        let of = |line: &Self| {
            (line.name.clone(), line.commit.clone(), line.verdict.clone(), line.date.clone())
        };
        match last {
            Some(last) if of(&last) == of(self) && last.seeds.1 + 1 == self.seeds.0 => {
                let seeds = (last.seeds.0, self.seeds.1);
                let minutes = last.minutes + self.minutes;
                format!("{before}\n{}", Self { seeds, minutes, ..self.clone() }.text())
            }
            _ => format!("{}\n{}", ledger.trim_end_matches('\n'), self.text()),
        }
    }
}

/// The commit that ran, with a mark where the tree had changed since.
fn commit(root: &Path) -> String {
    // The ledger itself changes with every stretch that is entered.
    let changed = Command::new("git")
        .current_dir(root)
        .args(["diff", "--quiet", "HEAD", "--", ".", ":!docs/ledger.md"])
        .status()
        .is_ok_and(|status| !status.success());
    let describe = ["describe", "--always", "--exclude=*"];
    let printed = prints(Command::new("git").current_dir(root).args(describe));
    let commit = printed.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned());
    if changed { format!("{commit}+") } else { commit }
}

/// The day, as UTC has it.
#[expect(clippy::disallowed_types, reason = "a ledger has dates")]
fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let (year, month, day) = civil(now.map_or(0, |since| since.as_secs() / 86_400));
    format!("{year}-{month:02}-{day:02}")
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(first: u64, last: u64, verdict: &str) -> Line {
        let (name, commit, date) = ("far".into(), "abc".into(), "2026-11-26".into());
        Line { name, commit, seeds: (first, last), verdict: verdict.into(), minutes: 1.5, date }
    }

    #[test]
    fn a_stretch_that_follows_lengthens_the_last_line_and_any_other_is_added() {
        let once = line(1, 500, "holds").entered(HEADER);
        assert_eq!(once, format!("{HEADER}| far | abc | 1..500 | holds | 1.5 | 2026-11-26 |\n"));
        let twice = line(501, 900, "holds").entered(&once);
        assert_eq!(twice, format!("{HEADER}| far | abc | 1..900 | holds | 3.0 | 2026-11-26 |\n"));
        for other in [line(902, 903, "holds"), line(901, 902, "differs")] {
            assert_eq!(other.entered(&twice), format!("{twice}{}", other.text()));
        }
    }

    #[test]
    fn days_have_their_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_783), (2026, 11, 26));
        assert_eq!(civil(19_722), (2023, 12, 31));
    }
}
