//! Ctrl-C in the lab. While many seeds run, the first asks the campaign to end with the seeds that
//! are done, so that what was found is told; the second ends the process at once, and so does the
//! first where there is nothing to tell of a part. Either leaves a clean line on the terminal.

use avouch_promise::{Blame, Error};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a process that SIGINT ended, as shells count.
const INTERRUPTED: i32 = 130;

/// What the first Ctrl-C does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// It is noted, and whoever works looks for it.
    IsNoted,
    /// It ends the process.
    Ends,
}

/// Whether Ctrl-C came.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches Ctrl-C and SIGTERM from now on.
    pub fn catch(first: First) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            Error::new(Blame::Environment, "to be told of signals", error.to_string())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let caught = runtime.block_on(async {
            Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        });
        let (mut interrupt, mut terminate) = caught.map_err(failed)?;
        let came = Arc::new(AtomicBool::new(false));
        let told = came.clone();
        let listening = move || {
            let mut next = || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                });
            };
            if first == First::IsNoted {
                next();
                told.store(true, Ordering::SeqCst);
            }
            next();
            if std::io::stderr().is_terminal() {
                eprint!("\r\x1b[K"); // the bar's line
            }
            eprintln!("interrupted: what was being written may be incomplete");
            std::process::exit(INTERRUPTED);
        };
        let thread = std::thread::Builder::new().name("avouch lab signals".to_owned());
        thread.spawn(listening).map_err(failed)?;
        Ok(Self(came))
    }

    /// Whether it came.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
