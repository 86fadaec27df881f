//! Leap seconds: what may happen to a bound at the end of a month.
//!
//! ```text
//!   POSIX time      insertion: the last second of the month twice      deletion: not at all
//!       |        T ......./                                          T ......../
//!       |         /      /                                            |       /
//!       |        /|     /                                             |      |
//!       |       / |    /                                       T - 1s |.....(
//!       |      /  |   /                                               |    /
//!       |     /   |  /                                                |   /
//!       +---------+--- true seconds                                   +--- true seconds
//! ```
//!
//! The true time here is POSIX time: it jumps by a second where a leap is, and has one value at
//! each moment. An interval that was measured before the end of a month, and has grown to it, is
//! spread over what either case would make of it until something is measured after it.
//!
//! A server that knows of a leap says so in the day before (RFC 5905, figure 9). So one that says
//! "none" within [`LEAD`] of a month's end, and before its last two seconds, denies it, and where
//! more sources deny it than may lie there is none. A deletion, which there has never been, is
//! thought of only where as many announce it as must; an insertion wherever it is not denied, also
//! where nobody was heard that day.
//!
//! - I1 If every honest source that is heard within [`LEAD`] of a leap announces it, and a source
//!   is measured at least once between two leaps, the true time is in every reading across it.
//!
//! Deviation from RFC 5905, which has the leap of a majority of survivors: there a source that was
//! last heard before the announcement counts as if it denied the leap.

//= §3.1.1 leap-second

use super::mutant::Mutant;
use crate::calendar;
use avouch_promise::{Interval, Nanos, WallTime};

/// So long before a leap every honest server announces it.
pub const LEAD: Nanos = Nanos::from_secs(12 * 3_600);

pub(super) const SECOND: Nanos = Nanos::from_secs(1);

/// What a server says of the end of this month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// No leap.
    #[default]
    None,
    /// A second is inserted.
    Insertion,
    /// A second is left out.
    Deletion,
}

/// What one source said last within [`LEAD`] of a month's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    end: WallTime,
    warning: Warning,
}

/// What may happen at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The end of the month: where the next one begins.
    pub end: WallTime,
    /// A second may be inserted before it.
    pub insertion: bool,
    /// A second may be left out before it.
    pub deletion: bool,
}

/// What all sources said of leaps.
#[derive(Clone, Debug)]
pub(super) struct Leaps {
    said: Vec<Option<Said>>,
    lying_most: usize,
    /// No leap is before: a table says so.
    none_before: WallTime,
    mutant: Mutant,
}

impl Leaps {
    pub(super) fn new(sources: usize, mutant: Mutant) -> Self {
        let lying_most = sources.saturating_sub(1) / 2;
        Self { said: vec![None; sources], lying_most, none_before: WallTime(i64::MIN), mutant }
    }

    pub(super) fn none_before(&mut self, time: WallTime) {
        self.none_before = self.none_before.max(time);
    }

    /// A source's word, and when it was given.
    pub(super) fn heard(&mut self, source: usize, warning: Warning, when: Interval) {
        let end = calendar::month_end(when.earliest);
        // The last second comes twice: in the second one, whoever has stepped announces nothing.
        let is_before = match self.mutant {
            Mutant::HearsTheRepeatedSecond => when.latest < end,
            _ => when.latest < end.minus(SECOND).minus(SECOND),
        };
        let is_close = when.earliest >= end.minus(LEAD) && is_before;
        if let (Some(said), true) = (self.said.get_mut(source), is_close) {
            *said = Some(Said { end, warning });
        }
    }

    /// What may happen at the end of a month.
    pub(super) fn doubt(&self, end: WallTime) -> Doubt {
        let none = Doubt { end, insertion: false, deletion: false };
        if end < self.none_before || self.mutant == Mutant::KnowsNoLeaps {
            return none;
        }
        let count = |warning: Warning| {
            self.said.iter().filter(|said| **said == Some(Said { end, warning })).count()
        };
        let most = if self.mutant == Mutant::DeniesWhatOneDenies { 0 } else { self.lying_most };
        let denied = count(Warning::None) > most;
        let needed = self.said.len().saturating_sub(self.lying_most).max(1);
        let unsaid = self.said.len() - count(Warning::None) - count(Warning::Insertion);
        let deletion = count(Warning::Deletion) > 0 && unsaid >= needed;
        Doubt { insertion: !denied, deletion: !denied && deletion, ..none }
    }
}

impl Doubt {
    /// Whether anything may happen.
    pub fn is_any(self) -> bool {
        self.insertion || self.deletion
    }

    /// What an interval may be that has grown from before the end of a month.
    #[must_use]
    pub fn spread(self, interval: Interval) -> Interval {
        let end = self.end;
        let Interval { mut earliest, mut latest } = interval;
        if self.insertion && interval.latest >= end {
            earliest = earliest.min(earliest.max(end).minus(SECOND));
        }
        if self.deletion && interval.latest >= end.minus(SECOND) {
            latest = latest.plus(SECOND);
        }
        Interval { earliest, latest }
    }

    /// What an interval may be that has shrunk back from after the end of a month.
    #[must_use]
    pub fn spread_back(self, interval: Interval) -> Interval {
        let end = self.end;
        let Interval { mut earliest, mut latest } = interval;
        if self.insertion && interval.earliest < end {
            latest = latest.plus(SECOND);
        }
        if self.deletion && interval.earliest < end {
            earliest = earliest.minus(SECOND);
        }
        Interval { earliest, latest }
    }
}
