//! The shipped detectors of clock faults, beside a host and the grandmasters of the simulated
//! world: [`Host`] over the host's clocks and exchanges, and a receiver's and a holdover's for each
//! grandmaster. They are handed what a real host can see, and nothing of the truth.

use super::estate::{Estate, Measured};
use super::grandmaster::Grandmaster;
use super::keeper::Keeper;
use avouch_promise::{Interval, Nanos};
use avouch_time::detect::Alarm;
use avouch_time::detect::gnss::Gnss;
use avouch_time::detect::holdover::Holdover;
use avouch_time::detect::host::Host;
use avouch_time::interval::Drift;

/// Who raised an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The host itself.
    Host,
    /// One of its sources.
    Source(usize),
    /// A grandmaster.
    Grandmaster(usize),
}

/// What is kept of one grandmaster.
#[derive(Debug)]
struct Master {
    receiver: Gnss,
    holdover: Holdover,
}

/// All detectors.
#[derive(Debug)]
pub struct Watch {
    poll_s: u64,
    host: Host,
    masters: Vec<Master>,
}

impl Watch {
    /// Over the last host of an estate, and its grandmasters.
    pub fn new(estate: &Estate) -> Self {
        let (count, rho, poll_s) = estate.keepers.last().map_or((0, Drift::RFC_5905, 16), |host| {
            (host.upstreams.len(), host.clock.rho(), host.poll_s)
        });
        let master = |master: &Grandmaster| {
            let budget = master.budget();
            Master { receiver: Gnss::new(budget), holdover: Holdover::new(budget) }
        };
        let masters = estate.grandmasters.iter().map(master).collect();
        Self { poll_s, host: Host::new(count, rho), masters }
    }

    /// An exchange of the host.
    pub fn measured(&mut self, host: &Keeper, measured: &Measured) {
        let known = known(host, host.clock.read(&measured.made.received).interval);
        self.host.measured(measured.source, &measured.made, known);
    }

    /// A look at a moment of this second: what happened since the last one, and what stands.
    pub fn look(&mut self, estate: &Estate, into_ns: u64) -> Vec<(Place, Alarm)> {
        if let Some(host) = estate.keepers.last().filter(|host| !host.stands(estate.second())) {
            self.host.clocks(host.clocks(into_ns));
            if (estate.second() + 1).is_multiple_of(self.poll_s) {
                self.host.polled();
            }
            let moment = host.moment(into_ns);
            let said = (0..host.upstreams.len()).map(|source| host.clock.source(source, &moment));
            let known = known(host, host.clock.read(&moment).interval);
            self.host.apart(known, &said.collect::<Vec<_>>());
        }
        let place = |of: Option<usize>| of.map_or(Place::Host, Place::Source);
        let told = self.host.take().into_iter().map(|(of, alarm)| (place(of), alarm));
        let mut alarms: Vec<_> = told.collect();
        let now = Nanos(estate.second() * 1_000_000_000 + into_ns);
        for (at, (kept, master)) in self.masters.iter_mut().zip(&estate.grandmasters).enumerate() {
            let mut raised = kept.receiver.look(now, &master.status(), master.pulse());
            match master.corrected() {
                Some(by) => raised.extend(kept.holdover.measured(now, by)),
                None => kept.holdover.silent(),
            }
            alarms.extend(raised.into_iter().map(|alarm| (Place::Grandmaster(at), alarm)));
        }
        alarms
    }
}

/// What sources are compared with: nothing where one alone is followed.
fn known(host: &Keeper, reading: Interval) -> Interval {
    if host.follows_best { Interval::UNKNOWN } else { reading }
}
