//! Running until told to stop: Ctrl-C or SIGTERM end the nodes cleanly, and a node that ends by
//! itself ends the command with its error.

use crate::screen::Screen;
use avouch_promise::{Blame, Error};
use avouch_store::host::Host;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often the nodes are looked after.
const LOOK: Duration = Duration::from_millis(250);

/// The signals that ask to stop, caught from now on.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Catches the signals; inside the runtime.
    pub(super) fn catch() -> Result<Self, Error> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                let expected = "to be told of signals";
                Error::new(Blame::Environment, expected, error.to_string())
            })
        };
        let (interrupt, terminate) =
            (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Returns when one came.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits until a signal comes or a node ends, telling what an operator may want to know.
pub(super) async fn watch(hosts: &[Host], stop: &mut Stop, screen: &mut Screen) {
    loop {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        for host in hosts {
            for note in host.handle().take_notes() {
                screen.say(&format!("{}: {note}", host.identity().node));
            }
        }
        if !hosts.iter().all(Host::is_running) {
            return;
        }
    }
}
