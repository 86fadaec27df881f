//! Where a tour keeps its files, and what becomes of them: a tour's own cluster takes some 160 MB,
//! which nobody wants back unless he asked for it or something went wrong.
//!
//! A signal ends a tour in the middle: then the folder goes at once. It is renamed first, so that
//! the nodes, which still run, cannot put new files into it while it is removed.

use super::{End, notebook, options::Plant};
use crate::screen::Screen;
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error};
use avouch_store::host::TRUST_FILE;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};

/// How a process ends that a signal stopped: the tour's verdict is unknown.
const INTERRUPTED: i32 = Verdict::Unknown.exit_code() as i32;

/// Where a tour keeps its files.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    keep: bool,
}

impl Folder {
    /// The folder named, which must be empty or new, or one of the tour's own.
    pub(super) fn new(named: Option<PathBuf>) -> Result<Self, Error> {
        let keep = named.is_some();
        let path = named.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("avouch-tour-{}", std::process::id()))
        });
        let failed = |error: std::io::Error| {
            let expected = format!("to make the folder {}", path.display());
            Error::new(Blame::Environment, expected, error.to_string())
        };
        std::fs::create_dir_all(&path).map_err(failed)?;
        if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
            let expected = format!("an empty folder at {}", path.display());
            return Err(Error::new(Blame::Caller, expected, "one with files in it")
                .hint("name a new folder with --keep"));
        }
        let folder = Self { path, keep };
        folder.leave_on_signals()?;
        Ok(folder)
    }

    /// From now on Ctrl-C and SIGTERM end the process, and take a folder that nobody named along.
    fn leave_on_signals(&self) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::new(Blame::Environment, "to be told of signals", error.to_string())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let caught = runtime.block_on(async {
            Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        });
        let (mut interrupt, mut terminate) = caught.map_err(failed)?;
        let (path, keep) = (self.path.clone(), self.keep);
        let ending = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            let files = if keep {
                format!("what it wrote so far is in {}", path.display())
            } else {
                remove(&path);
                "its files are removed".to_owned()
            };
            eprintln!("stopped by a signal; nothing was judged, and {files}");
            std::process::exit(INTERRUPTED);
        };
        let thread = std::thread::Builder::new().name("avouch tour signals".to_owned());
        thread.spawn(ending).map_err(failed)?;
        Ok(())
    }

    /// Says where the files are, if they stay. They stay where the end was not as it should be.
    pub(super) fn leave(mut self, end: &End, plant: Option<Plant>, screen: &mut Screen) {
        let wanted = if plant.is_some() { Verdict::Refuted } else { Verdict::Holds };
        self.keep |= end.verdict != wanted;
        if !self.keep {
            return;
        }
        let shown = |path: &Path| path.display().to_string();
        let (history, evidence) =
            (self.path.join(notebook::HISTORY), self.path.join(notebook::EVIDENCE));
        let trust = self.path.join("cluster").join(TRUST_FILE);
        screen.say("judge it again:");
        screen.say(&format!("  avouch check {}", shown(&history)));
        screen.say(&format!("  avouch verify {} --trust {}", shown(&evidence), shown(&trust)));
    }
}

/// Removes a temporary folder; nothing leans on it.
fn remove(path: &Path) {
    let gone = path.with_extension("gone");
    let path = if std::fs::rename(path, &gone).is_ok() { &gone } else { path };
    let _ = std::fs::remove_dir_all(path); // what is left lies in a folder for such things
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            remove(&self.path);
        }
    }
}
