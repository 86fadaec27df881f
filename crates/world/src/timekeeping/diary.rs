//! What a fault did to one host: looked at once a second, and what changed is written down.

use super::estate::Estate;
use super::scenario::Scenario;
use super::watch::{Place, Watch};
use avouch_promise::{Interval, Nanos, Random};
use avouch_time::detect::Alarm;
use avouch_time::interval::{Reason, Verdict};
use std::collections::BTreeSet;

/// More than so many changes are counted and not kept.
pub const EVENTS_MAX: usize = 10_000;

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The clock claims a bound again, of this half width.
    Claims(Nanos, Reason),
    /// It claims nothing any more.
    Withdrawn(Reason),
    /// A source is judged otherwise than before.
    Judged(usize, Verdict),
    /// The true time is outside the reading, by so much.
    Wrong(Nanos),
    /// It is inside again.
    Right,
    /// A detector raised an alarm that did not stand a second ago.
    Alarm(Place, Alarm),
    /// An alarm of this name stands no longer.
    Ended(Place, &'static str),
}

/// What a grandmaster was like at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By how much its clock was off.
    pub error_ns: i64,
    /// By how much it said that it may be.
    pub claims: Nanos,
    /// For how long it had had no pulse.
    pub holdover_s: u64,
}

/// When a second is looked at.
const AT: u64 = 999_999_999;

/// The diary of a scenario's last host.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    /// Looks; of these nothing was claimed in some, and some were wrong.
    pub looks: u64,
    /// Looks to which nothing was claimed.
    pub silent: u64,
    /// Looks at a reading without the true time.
    pub wrong: u64,
    /// Half the width of each second's reading; none where nothing was claimed, or the host stood.
    pub halves: Vec<Option<Nanos>>,
    /// What changed, by the second.
    pub events: Vec<(u64, Event)>,
    /// Changes that were not kept.
    pub more: u64,
    /// The grandmasters at the end.
    pub ended: Vec<Ended>,
}

impl Diary {
    /// Plays a scenario; `then` is told each second that is over, and ends it by false.
    pub fn write(scenario: &Scenario, random: Random, mut then: impl FnMut(u64) -> bool) -> Self {
        let mut diary = Self::default();
        let mut estate = Estate::new(scenario, random);
        let mut last: Option<(bool, Vec<Verdict>, bool)> = None;
        let (mut watch, mut standing) = (Watch::new(&estate), BTreeSet::new());
        let host = estate.keepers.len().saturating_sub(1);
        for second in 0..scenario.seconds {
            estate.begin(second);
            estate.arrive(1_000_000_000, |estate, measured| {
                if let Some(keeper) = estate.keepers.last()
                    && measured.keeper == host
                {
                    watch.measured(keeper, measured);
                }
            });
            diary.look(&estate, &mut last);
            diary.alarms(second, watch.look(&estate, AT), &mut standing);
            if !then(second) {
                break;
            }
        }
        diary.ended = estate
            .grandmasters
            .iter()
            .map(|master| Ended {
                error_ns: master.error_ns(0),
                claims: master.claims(),
                holdover_s: master.holdover_s(),
            })
            .collect();
        diary
    }

    fn look(&mut self, estate: &Estate, last: &mut Option<(bool, Vec<Verdict>, bool)>) {
        let (second, truth) = (estate.second(), estate.now(AT));
        let Some(keeper) = estate.keepers.last() else { return };
        if keeper.stands(second) {
            self.halves.push(None);
            return;
        }
        let now = keeper.moment(AT);
        let reading = keeper.clock.read(&now);
        let epsilon = reading.epsilon();
        let right = reading.interval.contains(truth);
        let verdicts = keeper.clock.verdicts(&now);
        self.looks += 1;
        self.silent += u64::from(reading.interval == Interval::UNKNOWN);
        self.wrong += u64::from(!right);
        self.halves.push(epsilon);
        let (claimed, judged, was_right) =
            last.take().unwrap_or_else(|| (false, vec![Verdict::Unheard; verdicts.len()], true));
        if let (Some(half), false) = (epsilon, claimed) {
            self.note(second, Event::Claims(half, reading.reason));
        }
        if epsilon.is_none() && claimed {
            self.note(second, Event::Withdrawn(reading.reason));
        }
        for (source, (verdict, before)) in verdicts.iter().zip(&judged).enumerate() {
            if verdict != before {
                self.note(second, Event::Judged(source, *verdict));
            }
        }
        if right != was_right {
            let Interval { earliest, latest } = reading.interval;
            let off = Nanos(earliest.0.abs_diff(truth.0).min(latest.0.abs_diff(truth.0)));
            self.note(second, if right { Event::Right } else { Event::Wrong(off) });
        }
        *last = Some((epsilon.is_some(), verdicts, right));
    }

    /// Alarms that are new, and those that ended.
    fn alarms(
        &mut self,
        second: u64,
        alarms: Vec<(Place, Alarm)>,
        standing: &mut BTreeSet<(Place, &'static str)>,
    ) {
        let now: BTreeSet<_> = alarms.iter().map(|(place, alarm)| (*place, alarm.name())).collect();
        for (place, alarm) in alarms {
            if !standing.contains(&(place, alarm.name())) {
                self.note(second, Event::Alarm(place, alarm));
            }
        }
        // Only a receiver's alarms stand; others are of a moment.
        for (place, name) in standing.difference(&now) {
            if matches!(place, Place::Grandmaster(_)) {
                self.note(second, Event::Ended(*place, name));
            }
        }
        *standing = now;
    }

    fn note(&mut self, second: u64, event: Event) {
        if self.events.len() < EVENTS_MAX {
            self.events.push((second, event));
        } else {
            self.more += 1;
        }
    }

    /// The half widths that were claimed: the middle one, and the most.
    pub fn half_widths(&self) -> Option<(Nanos, Nanos)> {
        let mut all: Vec<Nanos> = self.halves.iter().flatten().copied().collect();
        all.sort_unstable();
        Some((*all.get(all.len() / 2)?, *all.last()?))
    }
}
