//! What one source says of the true time, as long as it is worth something.
//!
//! ```text
//!  true time - local time            /  latest, grows at rho
//!        |        \                 /
//!        |   ______\_____          /      an exchange: sent at t1, received at t4;
//!        |         |     \________/       the server had it from t2 to t3
//!        |         |     /        \
//!        |   ______/_____          \      at t1 the true time is at most  t2 + E
//!        |        /                 \     at t4 the true time is at least t3 - E
//!        +---------t1----t4----------\---- local time
//! ```
//!
//! E is the server's own error: half its root delay, and its root dispersion. Half the width is
//! thus half the round trip (without the server's part of it), E, and rho times the age. Since all
//! bounds grow at one rate, the tightest of many measurements is one envelope, in which each new
//! one is met with what is left of those before.
//!
//! Two envelopes are kept, of which one began later: the older one counts, and gives way to the
//! younger one after [`WINDOW`] measurements. So what a source said once is forgotten after at
//! most twice as many, even where nothing contradicts it.
//!
//! Invariants:
//! - I1 If the oscillator is off by at most rho and the source has told the truth for two windows,
//!   the true time is in the envelope, at any age.
//!
//! Deviations from Marzullo and Owicki ("Maintaining the time in a distributed system", 1983): the
//! two bounds of an exchange begin at t1 and at t4, not both at one of them.

use super::leap::{Leaps, Warning};
use super::mutant::Mutant;
use crate::calendar;
use avouch_promise::{Interval, Nanos, WallTime};
use std::fmt;

/// Measurements after which the younger envelope takes the older one's place.
pub const WINDOW: u32 = 32;

/// Readings of clocks are cut to whole nanoseconds.
const CUT: Nanos = Nanos(2);

const BILLION: u128 = 1_000_000_000;

/// By how much an oscillator may be off, in parts per billion: rho.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Drift {
    ppb: u32,
}

impl Drift {
    /// PHI of RFC 5905: 15 parts per million.
    pub const RFC_5905: Self = Self { ppb: 15_000 };

    /// So many parts per billion.
    pub const fn ppb(ppb: u32) -> Self {
        Self { ppb }
    }

    /// So many parts per million.
    pub const fn ppm(ppm: u32) -> Self {
        Self { ppb: ppm.saturating_mul(1_000) }
    }

    /// Parts per billion.
    pub const fn parts(self) -> u32 {
        self.ppb
    }

    /// By how much a clock may be off after so long, rounded up.
    #[must_use]
    pub fn after(self, age: Nanos) -> Nanos {
        let grown = (u128::from(age.0) * u128::from(self.ppb)).div_ceil(BILLION);
        Nanos(u64::try_from(grown).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ppm", f64::from(self.ppb) / 1e3)
    }
}

/// One moment on this host's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// A clock that nobody sets or slews (`CLOCK_MONOTONIC_RAW`), from any start.
    pub steady: Nanos,
    /// The clock that is set (`CLOCK_REALTIME`). What is measured is never judged by it.
    pub wall: WallTime,
}

/// One exchange with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Read before the request was sent: t1.
    pub sent: Moment,
    /// The server's clock when it had the request: t2.
    pub server_received: WallTime,
    /// The server's clock before it sent the answer: t3.
    pub server_sent: WallTime,
    /// Read after the answer had come: t4.
    pub received: Moment,
    /// By how much the server's clock may be off, as it says: E.
    pub server_error: Nanos,
    /// What the server says of a leap second at the end of this month.
    pub warning: Warning,
}

impl Measurement {
    /// The round trip without the server's part of it: delta. Negative only if somebody's clock
    /// is wrong.
    pub fn delay_ns(&self) -> i64 {
        let (here, there) =
            (self.elapsed(), self.server_sent.0.saturating_sub(self.server_received.0));
        i64::try_from(here.0).unwrap_or(i64::MAX).saturating_sub(there)
    }

    /// By how much the server's clock is ahead of this host's wall clock, if both ways take
    /// equally long: theta.
    pub fn offset_ns(&self) -> i64 {
        let out = i128::from(self.server_received.0) - i128::from(self.sent.wall.0);
        let back = i128::from(self.server_sent.0) - i128::from(self.received.wall.0);
        clamped(i128::midpoint(out, back))
    }

    fn elapsed(&self) -> Nanos {
        self.received.steady.minus(self.sent.steady)
    }
}

fn clamped(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// Two measurements of one source that no clock within rho can have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// How far apart they are at least.
    pub gap: Nanos,
    /// By how much the oscillator is off if both are right, in parts per billion.
    pub drift_least_ppb: u64,
    /// When it was found.
    pub at: Nanos,
}

impl Contradiction {
    /// By how much the oscillator is off at least; nothing, where that is more than it runs, which
    /// is a step and no drift.
    pub fn drift(&self) -> Option<Drift> {
        let ppb = u32::try_from(self.drift_least_ppb).ok()?;
        (u128::from(ppb) < BILLION).then(|| Drift::ppb(ppb))
    }
}

/// One bound: its value at the envelope's moment, and when it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    time: WallTime,
    measured: Nanos,
}

/// The true time at a moment of the steady clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Envelope {
    at: Nanos,
    earliest: Edge,
    latest: Edge,
}

/// What a source's envelopes grow by.
#[derive(Clone, Copy, Debug)]
struct Rules<'a> {
    rho: Drift,
    mutant: Mutant,
    leaps: &'a Leaps,
}

/// What one exchange says; nothing if even its own bounds exclude each other.
fn of(measurement: &Measurement, rules: Rules<'_>) -> Result<Envelope, Contradiction> {
    let Rules { rho, mutant, leaps } = rules;
    let error = match mutant {
        Mutant::IgnoresServerError => Nanos::ZERO,
        _ => measurement.server_error,
    };
    let error = error.plus(CUT);
    let (sent, received) = (aged(&measurement.sent, mutant), aged(&measurement.received, mutant));
    let elapsed = received.minus(sent);
    let mut latest = measurement.server_received.plus(error).plus(elapsed).plus(rho.after(elapsed));
    let mut earliest = measurement.server_sent.minus(error);
    if mutant == Mutant::HalfTheDelay {
        let quarter = Nanos(latest.0.saturating_sub(earliest.0).max(0).unsigned_abs() / 4);
        (earliest, latest) = (earliest.plus(quarter), latest.minus(quarter));
    }
    let envelope = Envelope {
        at: received,
        earliest: Edge { time: earliest, measured: received },
        latest: Edge { time: latest, measured: sent },
    };
    envelope.proper(rho).map(|envelope| envelope.across(leaps))
}

/// The clock by which ages are taken.
fn aged(moment: &Moment, mutant: Mutant) -> Nanos {
    match mutant {
        Mutant::AgeInWallClock => Nanos(moment.wall.0.max(0).unsigned_abs()),
        _ => moment.steady,
    }
}

impl Envelope {
    /// The same at another moment, which may be an earlier one.
    fn seen(self, at: Nanos, Rules { rho, mutant, leaps }: Rules<'_>) -> Self {
        let age = Nanos(at.0.abs_diff(self.at.0));
        let grown = if mutant == Mutant::ForgetsToGrow { Nanos::ZERO } else { rho.after(age) };
        let moved = |time: WallTime| if at >= self.at { time.plus(age) } else { time.minus(age) };
        let earliest = Edge { time: moved(self.earliest.time).minus(grown), ..self.earliest };
        let latest = Edge { time: moved(self.latest.time).plus(grown), ..self.latest };
        let grown = Self { at, earliest, latest };
        if at >= self.at {
            let end = calendar::month_end(self.earliest.time);
            return grown.spread(|all| leaps.doubt(end).spread(all));
        }
        let end = calendar::month_end(grown.earliest.time);
        if end > self.latest.time {
            return grown;
        }
        grown.spread(|all| leaps.doubt(end).spread_back(all))
    }

    /// The same where the exchange itself may have been across a leap.
    fn across(self, leaps: &Leaps) -> Self {
        let end = calendar::month_end(self.earliest.time);
        self.spread(|all| leaps.doubt(end).spread(all))
    }

    fn spread(self, wider: impl Fn(Interval) -> Interval) -> Self {
        let all = wider(Interval { earliest: self.earliest.time, latest: self.latest.time });
        Self {
            earliest: Edge { time: all.earliest, ..self.earliest },
            latest: Edge { time: all.latest, ..self.latest },
            ..self
        }
    }

    /// What both say, at the later one's moment.
    fn met(self, later: Self, rules: Rules<'_>) -> Result<Self, Contradiction> {
        let before = self.seen(later.at, rules);
        let earliest = if before.earliest.time > later.earliest.time { before } else { later };
        let latest = if before.latest.time < later.latest.time { before } else { later };
        Self { at: later.at, earliest: earliest.earliest, latest: latest.latest }.proper(rules.rho)
    }

    fn proper(self, rho: Drift) -> Result<Self, Contradiction> {
        if self.earliest.time <= self.latest.time {
            return Ok(self);
        }
        let gap = Nanos(self.earliest.time.0.abs_diff(self.latest.time.0));
        let apart = self.earliest.measured.0.abs_diff(self.latest.measured.0).max(1);
        let more = u128::from(gap.0) * BILLION / u128::from(apart);
        let least = u64::try_from(more).unwrap_or(u64::MAX).saturating_add(u64::from(rho.ppb));
        Err(Contradiction { gap, drift_least_ppb: least, at: self.at })
    }
}

/// What one source has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    rho: Drift,
    pub(super) mutant: Mutant,
    kept: Option<(Envelope, Envelope)>,
    count: u32,
}

impl Source {
    /// A source that has said nothing yet, to a host whose oscillator is off by at most `rho`.
    pub(super) fn new(rho: Drift) -> Self {
        Self { rho, mutant: Mutant::None, kept: None, count: 0 }
    }

    /// Takes in an exchange. One that contradicts those before begins anew with this one alone, if
    /// it does not contradict itself.
    pub(super) fn measure(
        &mut self,
        measurement: &Measurement,
        leaps: &Leaps,
    ) -> Result<(), Contradiction> {
        let rules = Rules { rho: self.rho, mutant: self.mutant, leaps };
        let new = match of(measurement, rules) {
            Ok(new) => new,
            Err(contradiction) => {
                self.forget();
                return Err(contradiction);
            }
        };
        let Some((older, younger)) = self.kept else {
            self.begin(new);
            return Ok(());
        };
        let met = older.met(new, rules);
        if met.is_err() && self.mutant == Mutant::AcceptsContradiction {
            return Ok(());
        }
        match met.and_then(|older| Ok((older, younger.met(new, rules)?))) {
            Ok((older, younger)) => {
                self.count += 1;
                self.kept = Some((older, younger));
                if self.count >= WINDOW {
                    (self.kept, self.count) = (Some((younger, new)), 0);
                }
                Ok(())
            }
            Err(contradiction) => {
                self.begin(new);
                Err(contradiction)
            }
        }
    }

    fn begin(&mut self, new: Envelope) {
        (self.kept, self.count) = (Some((new, new)), 0);
    }

    /// Forgets all that it said.
    pub(super) fn forget(&mut self) {
        (self.kept, self.count) = (None, 0);
    }

    /// What it says of the true time at a moment, if it has said anything.
    pub(super) fn at(&self, moment: &Moment, leaps: &Leaps) -> Option<Interval> {
        let now = aged(moment, self.mutant);
        let (older, _) = self.kept?;
        let seen = older.seen(now, Rules { rho: self.rho, mutant: self.mutant, leaps });
        Some(Interval { earliest: seen.earliest.time, latest: seen.latest.time })
    }

    /// How old the newest of what counts is.
    pub(super) fn age(&self, now: Nanos) -> Option<Nanos> {
        self.kept.map(|(older, _)| now.minus(older.at))
    }
}
