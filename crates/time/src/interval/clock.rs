//! A host's interval clock: many sources, one reading.
//!
//! ```text
//!   no measurement --measured--> hard --too many contradict--> withdrawn --8 that agree--> hard
//!        ^                        |                                |
//!        +------ disrupted -------+--------------------------------+
//! ```
//!
//! Of n sources f = (n-1)/2 may lie. Of m that have been heard, m - f at least tell the truth, so
//! the true time is where m - f of them agree. A source that is heard no longer keeps its voice:
//! its interval grows, and is right as before. That more than half of those heard agree is asked
//! besides, though the bound does not need it: where they do not, nobody knows who lies.
//!
//! A source that contradicts itself lied, or this host's oscillator is off by more than rho, or
//! its clock stood still; until eight of its measurements agree again it counts as one that may
//! lie. When more than f do, rho or the majority is broken and nothing is claimed.
//!
//! Invariants:
//! - I1 If the oscillator is off by at most rho, each disruption is told, and at most f sources lie
//!   or have lied within two windows of theirs, the true time is in every reading.
//!   At the end of a month that may bring a leap second, what [`leap`](super::leap) asks holds too.
//! - I2 A reading with class none holds every time.
//!
//! The limits: a lying majority that agrees with itself, and a sole source that lies from the
//! start, or steps and stays, are believed.

use super::agreement::agreed;
use super::envelope::{Contradiction, Drift, Measurement, Moment, Source};
use super::leap::{Doubt, Leaps};
use super::mutant::Mutant;
use crate::calendar;
use avouch_promise::{Class, Interval, Nanos, WallTime};
use std::fmt;

/// So many measurements have to agree before a source that contradicted itself is trusted again.
pub const AGAIN: u32 = 8;

/// Why a bound is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Enough sources agree.
    Agreed {
        /// How many hold one point possible.
        agreeing: usize,
        /// How many were heard.
        heard: usize,
        /// How many there are.
        sources: usize,
        /// How many of them may lie.
        lying_most: usize,
    },
    /// One source alone is believed.
    Sole,
    /// Nothing was measured.
    NothingMeasured,
    /// Too few of the sources were heard: all of those may lie.
    TooFewHeard {
        /// How many were.
        heard: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Not enough agree.
    NoMajority {
        /// How many do.
        agreeing: usize,
        /// How many it takes.
        needed: usize,
        /// How many were heard.
        heard: usize,
    },
    /// Measurements contradict rho, or more sources lie than may.
    Contradicted(Contradiction),
    /// The clock by which ages are taken was not running.
    Disrupted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreed { agreeing, heard, sources, lying_most } => write!(
                f,
                "{agreeing} of {heard} sources heard agree; of {sources} at most {lying_most} may lie"
            ),
            Self::Sole => f.write_str("one source alone, which is believed"),
            Self::NothingMeasured => f.write_str("no source was heard"),
            Self::TooFewHeard { heard, needed } => {
                write!(
                    f,
                    "{heard} sources were heard, and all of them may lie: {needed} are needed"
                )
            }
            Self::NoMajority { agreeing, needed, heard } => {
                write!(f, "{agreeing} of {heard} sources agree, {needed} must")
            }
            Self::Contradicted(found) => match found.drift() {
                Some(least) => write!(
                    f,
                    "measurements are {} apart: the clock is off by {least} at least, or sources lie",
                    found.gap
                ),
                None => write!(
                    f,
                    "measurements are {} apart: the clock was set or stood still, or sources lie",
                    found.gap
                ),
            },
            Self::Disrupted => f.write_str("the clock stood still, and nothing was measured since"),
        }
    }
}

/// What the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The true time is in here.
    pub interval: Interval,
    /// If what this class needs holds.
    pub class: Class,
    /// And why.
    pub reason: Reason,
    /// What a leap second may do to it at the end of this month, if one is not denied.
    pub leap: Option<Doubt>,
}

impl Reading {
    fn none(reason: Reason) -> Self {
        Self { interval: Interval::UNKNOWN, class: Class::None, reason, leap: None }
    }

    /// Half the width; none where nothing is known.
    pub fn epsilon(&self) -> Option<Nanos> {
        let width = self.interval.latest.0.abs_diff(self.interval.earliest.0);
        (self.class != Class::None).then(|| Nanos(width.div_ceil(2)))
    }

    /// How long it takes, without a measurement, until epsilon exceeds a budget; none where it does
    /// so already, or nothing is known.
    pub fn holdover(&self, budget: Nanos, rho: Drift) -> Option<Nanos> {
        let left = budget.0.checked_sub(self.epsilon()?.0)?;
        let parts = u128::from(rho.parts().max(1));
        let lasts = u128::from(left) * 1_000_000_000 / parts;
        Some(Nanos(u64::try_from(lasts).unwrap_or(u64::MAX)))
    }
}

/// What is thought of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It agrees with the majority.
    Truechimer,
    /// The majority holds nothing possible that it does.
    Falseticker,
    /// It contradicted itself, and has not been consistent for long enough since.
    Inconsistent,
    /// It was not heard.
    Unheard,
    /// There is no majority to judge it by.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truechimer => "truechimer",
            Self::Falseticker => "falseticker",
            Self::Inconsistent => "inconsistent",
            Self::Unheard => "unheard",
            Self::Undecided => "undecided",
        })
    }
}

#[derive(Clone, Debug)]
struct Heard {
    source: Source,
    /// The contradiction from which it has not recovered.
    suspected: Option<Contradiction>,
    consistent: u32,
}

/// The interval clock.
#[derive(Clone, Debug)]
pub struct IntervalClock {
    rho: Drift,
    sources: Vec<Heard>,
    leaps: Leaps,
    disrupted: bool,
    mutant: Mutant,
}

impl IntervalClock {
    /// A clock of so many sources, on a host whose oscillator is off by at most `rho`.
    pub fn new(sources: usize, rho: Drift) -> Self {
        Self::planted(sources, rho, Mutant::None)
    }

    /// The same with a planted bug, for tests.
    pub fn planted(sources: usize, rho: Drift, mutant: Mutant) -> Self {
        let mut source = Source::new(rho);
        source.mutant = mutant;
        let heard = Heard { source, suspected: None, consistent: 0 };
        let leaps = Leaps::new(sources, mutant);
        Self { rho, sources: vec![heard; sources], leaps, disrupted: false, mutant }
    }

    /// By how much the oscillator may be off.
    pub fn rho(&self) -> Drift {
        self.rho
    }

    /// How many sources may lie.
    pub fn lying_most(&self) -> usize {
        self.sources.len().saturating_sub(1) / 2
    }

    /// Takes in an exchange with a source. A contradiction is told, and counted against it.
    pub fn measure(&mut self, source: usize, made: &Measurement) -> Result<(), Contradiction> {
        let Some(heard) = self.sources.get_mut(source) else { return Ok(()) };
        let measured = heard.source.measure(made, &self.leaps);
        if let Some(when) = heard.source.at(&made.received, &self.leaps) {
            self.leaps.heard(source, made.warning, when);
        }
        match measured {
            Ok(()) => {
                heard.consistent = heard.consistent.saturating_add(1);
                if heard.consistent >= AGAIN {
                    heard.suspected = None;
                }
                self.disrupted = false;
            }
            Err(contradiction) => {
                heard.suspected = Some(contradiction);
                heard.consistent = 0;
            }
        }
        measured
    }

    /// A table of leap seconds (the file `leap-seconds.list`, which says until when it is known)
    /// has none between now and this time: no end of a month before it is in doubt.
    pub fn no_leap_before(&mut self, time: WallTime) {
        self.leaps.none_before(time);
    }

    /// The steady clock did not run for a while (a suspend, a machine that was paused or moved), so
    /// no age is known: whatever was measured before is forgotten.
    pub fn disrupt(&mut self) {
        if self.mutant == Mutant::IgnoresDisruption {
            return;
        }
        self.disrupted = true;
        for heard in &mut self.sources {
            heard.source.forget();
        }
    }

    /// The true time at a moment.
    pub fn read(&self, now: &Moment) -> Reading {
        let intervals: Vec<Interval> =
            self.sources.iter().filter_map(|heard| heard.source.at(now, &self.leaps)).collect();
        let (lying_most, heard) = (self.lying_most(), intervals.len());
        if heard == 0 {
            let disrupted = self.disrupted;
            return Reading::none(if disrupted {
                Reason::Disrupted
            } else {
                Reason::NothingMeasured
            });
        }
        let suspected = self.sources.iter().filter_map(|heard| heard.suspected);
        let latest = suspected.clone().max_by_key(|found| found.at);
        if let (Some(found), true) = (latest, suspected.count() > lying_most) {
            return Reading::none(Reason::Contradicted(found));
        }
        let honest_least = heard.saturating_sub(lying_most);
        if honest_least == 0 {
            return Reading::none(Reason::TooFewHeard { heard, needed: lying_most + 1 });
        }
        let (interval, agreeing) = agreed(&intervals, honest_least, self.mutant);
        let needed = honest_least.max(heard / 2 + 1);
        match interval {
            Some(interval) if agreeing >= needed => {
                let sources = self.sources.len();
                let agreed = Reason::Agreed { agreeing, heard, sources, lying_most };
                let reason = if sources == 1 { Reason::Sole } else { agreed };
                let doubt = self.leaps.doubt(calendar::month_end(interval.earliest));
                let leap = doubt.is_any().then_some(doubt);
                Reading { interval, class: Class::Hard, reason, leap }
            }
            _ => Reading::none(Reason::NoMajority { agreeing, needed, heard }),
        }
    }

    /// What is thought of each source at a moment. A majority that names others has to be more than
    /// may lie: the first that are heard may all be liars.
    pub fn verdicts(&self, now: &Moment) -> Vec<Verdict> {
        let all: Vec<Option<Interval>> =
            self.sources.iter().map(|heard| heard.source.at(now, &self.leaps)).collect();
        let known: Vec<Interval> = all.iter().flatten().copied().collect();
        let (majority, _) =
            agreed(&known, (known.len() / 2).max(self.lying_most()) + 1, Mutant::None);
        let judge = |(heard, interval): (&Heard, &Option<Interval>)| {
            let (majority, interval) = match (majority, interval) {
                (_, None) if heard.suspected.is_some() => return Verdict::Inconsistent,
                (_, None) => return Verdict::Unheard,
                (None, _) => return Verdict::Undecided,
                (Some(majority), Some(interval)) => (majority, interval),
            };
            let apart = interval.latest < majority.earliest || majority.latest < interval.earliest;
            match (apart, heard.suspected) {
                (true, _) => Verdict::Falseticker,
                (false, Some(_)) => Verdict::Inconsistent,
                (false, None) => Verdict::Truechimer,
            }
        };
        self.sources.iter().zip(&all).map(judge).collect()
    }

    /// What one source alone says at a moment.
    pub fn source(&self, source: usize, now: &Moment) -> Option<Interval> {
        self.sources.get(source)?.source.at(now, &self.leaps)
    }

    /// How old the newest measurement is, of all sources.
    pub fn age(&self, now: Nanos) -> Option<Nanos> {
        self.sources.iter().filter_map(|heard| heard.source.age(now)).min()
    }
}
