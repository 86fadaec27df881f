//! Running until told to stop: Ctrl-C, SIGTERM or a terminal that closes end the nodes cleanly, and
//! a node that ends by itself ends the command with its error.

use crate::screen::Screen;
use avouch_promise::{Blame, Error, NodeId};
use avouch_store::host::Host;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// How often the nodes are looked after.
const LOOK: Duration = Duration::from_millis(250);
/// How long a node may be without a leader before that is told.
const LEADERLESS: Duration = Duration::from_secs(3);
/// How long the same note is not told again.
const QUIET: Duration = Duration::from_secs(60);

/// The signals that ask to stop, caught from now on.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    /// None where whoever started this wants it to outlive its terminal, as `nohup` does.
    hangup: Option<Signal>,
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
        let hangup = if hangups_are_ignored() { None } else { Some(catch(SignalKind::hangup())?) };
        let (interrupt, terminate) =
            (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, hangup })
    }

    /// Returns when one came.
    pub(super) async fn asked(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Whether SIGHUP, signal 1, is ignored; where nobody can say it is not caught either.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

/// Tells what an operator may want to know of running nodes, and nothing twice in a row.
pub(super) struct Watch {
    /// When a note of this sort was told, and how many came since.
    told: BTreeMap<String, (Instant, u32)>,
    leaderless: Option<Instant>,
    waiting: bool,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { told: BTreeMap::new(), leaderless: None, waiting: false }
    }

    /// Looks after the nodes once.
    pub(super) fn look(&mut self, hosts: &[Host], screen: &mut Screen) {
        for host in hosts {
            for note in host.handle().take_notes() {
                self.note(&format!("{}: {note}", host.identity().node), screen);
            }
        }
        if let [host] = hosts {
            self.leader(host, screen);
        }
    }

    /// Notes that differ in numbers only, such as ports, are of one sort.
    fn note(&mut self, note: &str, screen: &mut Screen) {
        let sort: String = note.chars().filter(|c| !c.is_ascii_digit()).collect();
        let now = Instant::now();
        match self.told.get_mut(&sort) {
            Some((since, more)) if now.duration_since(*since) < QUIET => *more += 1,
            earlier => {
                let more = earlier.map_or(0, |(_, more)| *more);
                let again =
                    if more > 0 { format!(" ({more} more like it)") } else { String::new() };
                screen.say(&format!("{note}{again}"));
                self.told.insert(sort, (now, 0));
            }
        }
    }

    /// A node alone with its process tells whether it is part of a majority.
    fn leader(&mut self, host: &Host, screen: &mut Screen) {
        let (status, me) = (host.status(), host.identity().node);
        let Some(leader) = status.leader else {
            let since = *self.leaderless.get_or_insert_with(Instant::now);
            if !self.waiting && since.elapsed() >= LEADERLESS {
                self.waiting = true;
                screen.say(&format!(
                    "{me}: no leader: waiting until a majority of the voters runs and can be reached"
                ));
            }
            return;
        };
        self.leaderless = None;
        if std::mem::take(&mut self.waiting) {
            screen.say(&format!("{me}: {} leads", name(leader, me)));
        }
    }
}

fn name(leader: NodeId, me: NodeId) -> String {
    if leader == me { "this node".to_owned() } else { leader.to_string() }
}

/// Waits until a signal comes or a node ends.
pub(super) async fn watch(hosts: &[Host], stop: &mut Stop, screen: &mut Screen) {
    let mut watch = Watch::new();
    loop {
        tokio::select! {
            () = stop.asked() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        watch.look(hosts, screen);
        if !hosts.iter().all(Host::is_running) {
            return;
        }
    }
}
