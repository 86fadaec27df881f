//! NTP servers that a node asks itself, and what it heard of them.

use super::address::Place;
use super::asker::Asker;
use super::keeper::{SLEPT_LEAST, locked, pause};
use super::machine;
use super::ntp::Exchange;
use super::nts::Trust;
use avouch_promise::{Basis, Lack, Nanos, Wall};
use avouch_time::interval::{Drift, IntervalClock, Measurement, Reading, Reason};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A node that starts asks so often in short turns, so that it soon knows the time.
const QUICK: u32 = 4;
const QUICK_POLL: Duration = Duration::from_millis(250);
/// A name is looked up again after so many askings without an answer.
const SILENT_MOST: u32 = 8;

/// What was heard.
#[derive(Debug)]
pub(super) struct Heard {
    clock: IntervalClock,
    /// How long the host had slept at the last asking.
    slept: Nanos,
}

impl Heard {
    pub(super) fn new(servers: usize, drift: Drift) -> Self {
        Self { clock: IntervalClock::new(servers, drift), slept: machine::slept_closely() }
    }

    /// Takes in an exchange with a server. A contradiction is counted against it, and shows in the
    /// reading.
    pub(super) fn measured(&mut self, number: usize, measured: &Measurement) {
        let _ = self.clock.measure(number, measured);
    }

    /// Forgets what was measured before the host slept.
    fn wake(&mut self) {
        let slept = machine::slept_closely();
        if slept > self.slept.plus(SLEPT_LEAST) {
            self.clock.disrupt();
        }
        self.slept = slept;
    }
}

/// The wall clock, by what was heard; the host has slept so long so far.
pub(super) fn read(heard: &Heard, slept: Nanos) -> Wall {
    if slept > heard.slept.plus(SLEPT_LEAST) {
        return Wall::none(Lack::Disrupted);
    }
    let reading = heard.clock.read(&machine::moment());
    wall(&reading, heard.clock.rho())
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A reading as a node tells it.
fn wall(reading: &Reading, rho: Drift) -> Wall {
    let drift_ppb = rho.parts();
    let basis = match reading.reason {
        Reason::Agreed { agreeing, heard, sources, .. } => Basis::Measured {
            agreeing: small(agreeing),
            heard: small(heard),
            sources: small(sources),
            drift_ppb,
        },
        Reason::Sole => Basis::Measured { agreeing: 1, heard: 1, sources: 1, drift_ppb },
        Reason::NothingMeasured => Basis::None(Lack::Unheard),
        Reason::TooFewHeard { heard, needed } => {
            Basis::None(Lack::TooFewHeard { heard: small(heard), needed: small(needed) })
        }
        Reason::NoMajority { agreeing, needed, heard } => Basis::None(Lack::NoMajority {
            agreeing: small(agreeing),
            needed: small(needed),
            heard: small(heard),
        }),
        Reason::Contradicted(found) => {
            let drift_least_ppb = u32::try_from(found.drift_least_ppb).unwrap_or(u32::MAX);
            Basis::None(Lack::Contradicted { drift_least_ppb })
        }
        Reason::Disrupted => Basis::None(Lack::Disrupted),
    };
    Wall { interval: reading.interval, basis }
}

/// One server.
#[derive(Debug)]
struct Server {
    name: String,
    asker: Option<Asker>,
    silent: u32,
    /// It told to stay away.
    shunned: bool,
}

/// All of them, asked one after the other.
#[derive(Debug)]
pub(super) struct Servers {
    all: Vec<Server>,
    trust: Option<Trust>,
    poll: Duration,
    heard: Arc<Mutex<Heard>>,
}

impl Servers {
    pub(super) fn new(
        names: Vec<String>,
        trust: Option<Trust>,
        poll: Duration,
        heard: Arc<Mutex<Heard>>,
    ) -> Self {
        let server = |name| Server { name, asker: None, silent: 0, shunned: false };
        Self { all: names.into_iter().map(server).collect(), trust, poll, heard }
    }

    /// Asks until it is stopped.
    pub(super) fn ask(&mut self, stop: &AtomicBool) {
        let mut turns = 0_u32;
        while !stop.load(Ordering::Relaxed) {
            for (number, server) in self.all.iter_mut().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let measured = server.measure(self.trust.as_ref());
                let mut heard = locked(&self.heard);
                heard.wake();
                if let Some(measured) = measured {
                    heard.measured(number, &measured);
                }
            }
            turns = turns.saturating_add(1);
            pause(if turns < QUICK { QUICK_POLL.min(self.poll) } else { self.poll }, stop);
        }
    }
}

impl Server {
    /// One exchange; nothing where none came about.
    fn measure(&mut self, trust: Option<&Trust>) -> Option<Measurement> {
        if self.shunned {
            return None;
        }
        if self.asker.is_none() {
            let place = Place::of(&self.name).ok()?;
            self.asker = Asker::new(&place, trust).ok();
        }
        let begun = machine::slept_closely();
        let exchanged = self.asker.as_mut()?.ask();
        match exchanged {
            // Its delay is not known where the host slept meanwhile.
            Ok(Exchange::Answered(measured, _)) => {
                self.silent = 0;
                (machine::slept() <= begun.plus(SLEPT_LEAST)).then_some(measured)
            }
            Ok(Exchange::Refused(refusal)) => {
                self.shunned = refusal.is_final();
                None
            }
            Ok(Exchange::Silent(_) | Exchange::Unvouched(_)) | Err(_) => {
                self.silent += 1;
                if self.silent >= SILENT_MOST {
                    (self.asker, self.silent) = (None, 0);
                }
                None
            }
        }
    }
}
