//! A host that keeps time: its oscillator, the clock that is set, the interval clock that it runs,
//! and whom it asks.

use super::oscillator::Oscillator;
use super::path::Path;
use avouch_promise::{Interval, Nanos, WallTime};
use avouch_time::interval::steps::Clocks;
use avouch_time::interval::{IntervalClock, Moment, Published, Reading};

/// Whom a keeper asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Upstream {
    /// A server, by its number.
    Server(usize),
    /// A grandmaster, by its number.
    Grandmaster(usize),
    /// Another keeper, by its number.
    Keeper(usize),
}

/// What stands still with a host that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It alone: its clocks run on.
    Host,
    /// Its clocks too, and it is told so when it goes on.
    Clocks,
    /// Its clocks too, and nobody tells it: no bound can hold until the next exchanges.
    Unknowing,
}

/// The host.
#[derive(Debug)]
pub struct Keeper {
    pub(super) oscillator: Oscillator,
    /// By how much the wall clock was set ahead of the steady one.
    pub(super) set_ns: i64,
    /// The interval clock that is shipped.
    pub clock: IntervalClock,
    /// What it publishes to its own threads.
    pub published: Published,
    /// Whether it follows one grandmaster alone, the best of those it hears, as in PTP.
    pub(super) follows_best: bool,
    pub(super) upstreams: Vec<(Upstream, Path)>,
    pub(super) poll_s: u64,
    pub(super) burst: u64,
    /// For each source: the second of each poll, and how far into it.
    pub(super) phases: Vec<(u64, u64)>,
    /// Nobody is reached before.
    pub(super) out_until: u64,
    /// What is late by so much more, one way: out (positive) or back; and until when.
    pub(super) slanted: (i64, u64),
    /// By how much slewing has moved it and the clocks beside it, and how long it slept, as it
    /// knows.
    pub(super) slid_ns: i64,
    pub(super) slept: Nanos,
    /// The wall clock gains so many nanoseconds a second, and until when.
    pub(super) slewed: (i64, u64),
    /// It stands from the one second to before the other.
    pub(super) stands: Option<(u64, u64, Stop)>,
    /// No bound can hold before: nobody told the clock that it stood still.
    pub(super) blind_until: u64,
}

impl Keeper {
    /// Its clocks, so many nanoseconds into this second.
    pub fn moment(&self, into_ns: u64) -> Moment {
        let steady = self.oscillator.steady(into_ns);
        Moment { steady, wall: WallTime(self.set_ns.saturating_add_unsigned(steady.0)) }
    }

    /// All its clocks, so many nanoseconds into this second.
    pub fn clocks(&self, into_ns: u64) -> Clocks {
        let moment = self.moment(into_ns);
        let monotonic = Nanos(moment.steady.0.saturating_add_signed(self.slid_ns));
        Clocks {
            real: moment.wall,
            boot: monotonic.plus(self.slept),
            monotonic,
            raw: moment.steady,
            apart: Nanos(100),
        }
    }

    /// Whether it stands still in this second.
    pub fn stands(&self, second: u64) -> bool {
        self.stands.is_some_and(|(from, until, _)| (from..until).contains(&second))
    }

    /// Whether its clocks stood still in the second before this one.
    pub(super) fn stood(&self, second: u64) -> bool {
        self.stands.is_some_and(|(from, until, stop)| {
            stop != Stop::Host && second > from && second <= until
        })
    }

    /// What its clock says, so many nanoseconds into this second.
    pub fn reading(&self, into_ns: u64) -> Reading {
        self.clock.read(&self.moment(into_ns))
    }

    /// What it publishes, so many nanoseconds into this second.
    pub fn published(&self, into_ns: u64) -> Interval {
        self.published.now(self.moment(into_ns).steady)
    }

    /// What a server tells of its clock that has this reading: the middle, and by how much it may
    /// be off.
    pub(super) fn serves(reading: &Reading) -> Option<(WallTime, Nanos)> {
        let epsilon = reading.epsilon()?;
        Some((reading.interval.earliest.plus(epsilon), epsilon.plus(Nanos(1))))
    }
}
