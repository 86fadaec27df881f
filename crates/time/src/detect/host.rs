//! All detectors of one host that need no receiver, over its clocks and its exchanges.
//!
//! | of | is watched by | from |
//! |---|---|---|
//! | the host | `Steps` | its clocks, one look to the next |
//! | the host, or a source | `pause` | by how much each source gained since the poll before last |
//! | a source | `Path`, `Jumps` | one exchange to the next |
//! | a source | `Midnight`, `scale` | its distance from what is known of the true time |
//!
//! A pause in the middle of a poll is in the jumps of two, so the host is judged by both, a source
//! alone once that is past, and who was asked before the pause not by what it shows after it. Where
//! a leap was announced, what sources do at the end of the month is no jump of theirs or ours.

use super::asymmetry::{Look, Path};
use super::bump::Jumps;
use super::leap::{self, Midnight};
use super::strobe::Steps;
use super::{Alarm, Difference, Mutant, pause, scale};
use crate::calendar;
use crate::interval::steps::{Changes, Clocks};
use crate::interval::{Drift, Measurement, Warning};
use avouch_promise::{Interval, Nanos, WallTime};

/// An alarm, and the number of the source that it is about, if it is about one.
pub type Told = (Option<usize>, Alarm);

/// The last second of a month may come twice.
const NEAR: Nanos = Nanos::from_secs(2);

/// An exchange: when it was, by how much the source was ahead of the steady clock, and the end of
/// that month.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    at: Nanos,
    ahead: Difference,
    month: WallTime,
}

impl Exchange {
    fn of(made: &Measurement) -> Self {
        let at = made.received.steady;
        let half = Nanos(made.delay_ns().max(0).unsigned_abs() / 2).plus(made.server_error);
        let ahead = Difference::around(ahead_of_steady(made), half);
        Self { at, ahead, month: calendar::month_end(made.server_sent) }
    }

    /// By how much the source gained since `before`, beyond what rho explains.
    fn gained(&self, before: &Self, rho: Drift) -> Difference {
        self.ahead.since(&before.ahead).widened(rho.after(self.at.minus(before.at)))
    }
}

/// By how much the source is ahead of the steady clock, if both ways take equally long.
fn ahead_of_steady(made: &Measurement) -> i64 {
    let set = made.received.wall.0.saturating_sub_unsigned(made.received.steady.0);
    made.offset_ns().saturating_add(set)
}

/// What is kept of one source.
#[derive(Clone, Debug)]
struct Source {
    path: Path,
    jumps: Jumps,
    midnight: Option<(Midnight, i64)>,
    /// What it announced last, if it was heard.
    announced: Option<Warning>,
    last: Option<Exchange>,
    /// The last exchange of the poll before, and what was gained since; and what in that poll.
    base: Option<Exchange>,
    jump: Option<Difference>,
    jumped: Option<Difference>,
    /// The host was found to have stood still, which this source has not shown.
    is_due: bool,
}

impl Source {
    fn new(rho: Drift) -> Self {
        Self {
            path: Path::new(rho),
            jumps: Jumps::default(),
            midnight: None,
            announced: None,
            last: None,
            base: None,
            jump: None,
            jumped: None,
            is_due: false,
        }
    }

    /// Who has stepped announces nothing any more: what it said before stands until the leap is
    /// past.
    fn hear(&mut self, warning: Warning, now: WallTime) {
        let is_past = leap::midnight(now).is_some_and(|end| now >= end.minus(NEAR));
        if warning != Warning::None || !is_past || self.announced.is_none() {
            self.announced = Some(warning);
        }
    }
}

/// The detectors.
#[derive(Clone, Debug)]
pub struct Host {
    rho: Drift,
    steps: Steps,
    clocks: Option<Clocks>,
    sources: Vec<Source>,
    told: Vec<Told>,
    mutant: Mutant,
}

impl Host {
    /// Of a host whose oscillator is off by at most `rho`, and that asks so many sources.
    pub fn new(sources: usize, rho: Drift) -> Self {
        let sources = vec![Source::new(rho); sources];
        Self {
            rho,
            steps: Steps::new(rho),
            clocks: None,
            sources,
            told: Vec::new(),
            mutant: Mutant::None,
        }
    }

    /// A look at the host's clocks.
    pub fn clocks(&mut self, now: Clocks) {
        let Some(before) = self.clocks.replace(now) else { return };
        let changes = Changes::between(&before, &now);
        let since = now.raw.minus(before.raw);
        for alarm in self.steps.look(now.raw, since, &changes) {
            self.tell(None, alarm);
        }
    }

    /// An exchange with a source, and what is known of the true time at its end.
    pub fn measured(&mut self, source: usize, made: &Measurement, known: Interval) {
        let rho = self.rho;
        let Some(kept) = self.sources.get_mut(source) else { return };
        kept.hear(made.warning, made.server_sent);
        let now = Exchange::of(made);
        let look = Look {
            at: now.at,
            delay: Nanos(made.delay_ns().max(0).unsigned_abs()),
            offset_ns: ahead_of_steady(made),
        };
        let asymmetric = kept.path.look(look);
        let announced = leap::announced(&self.announced());
        let is_leap = announced != 0 && self.mutant != Mutant::LeapsAreJumps;
        let Some(kept) = self.sources.get_mut(source) else { return };
        let across = |before: &Exchange| is_leap && made.server_sent >= before.month.minus(NEAR);
        let before = kept.last.replace(now).filter(|before| !across(before));
        let step = before.map(|before| now.gained(&before, rho)).filter(|step| !step.contains(0));
        let bumped = step.and_then(|step| kept.jumps.jump(now.at, step));
        let base = *kept.base.get_or_insert(now);
        kept.jump = (!across(&base) && base.at < now.at).then(|| now.gained(&base, rho));
        let way = Nanos(look.delay.0 / 2);
        let said = Interval::around(made.server_sent.plus(way), way.plus(made.server_error));
        let missed = self.midnight(source, said, known, announced);
        for alarm in asymmetric.into_iter().chain(bumped).chain(missed) {
            self.tell(Some(source), alarm);
        }
    }

    fn announced(&self) -> Vec<Warning> {
        self.sources.iter().filter_map(|source| source.announced).collect()
    }

    /// A source's distance from what is known, around a midnight that may have a leap; by each
    /// exchange, since what a window of them says is no measure of a source of another rate.
    fn midnight(
        &mut self,
        source: usize,
        said: Interval,
        known: Interval,
        leap: i64,
    ) -> Option<Alarm> {
        let kept = self.sources.get_mut(source)?;
        let now = middle(known)?;
        let Some(end) = leap::midnight(now) else {
            kept.midnight = None;
            return None;
        };
        // Begun anew where more is announced than was when the first source was heard.
        if kept.midnight.as_ref().is_none_or(|(_, before)| *before != leap) {
            kept.midnight = Some((Midnight::new(end, leap), leap));
        }
        let (midnight, _) = kept.midnight.as_mut()?;
        midnight.look(now, &Difference::between(&said, &known))
    }

    /// Every source has been asked since the last time.
    pub fn polled(&mut self) {
        let forgets = self.mutant == Mutant::ForgetsThePollBefore;
        for source in &mut self.sources {
            // It had been asked before the host stood still, so that shows here only now.
            let is_late = std::mem::take(&mut source.is_due) && !forgets;
            source.jump = source.jump.filter(|_| !is_late);
        }
        let both = |one: &Source| one.jump.or(one.jumped.filter(|_| !forgets));
        let both: Vec<_> = self.sources.iter().map(both).collect();
        let seen = pause::judge(&both);
        let of_host = seen.iter().any(|(of, _)| of.is_none());
        let past: Vec<_> = self.sources.iter().map(|one| one.jumped).collect();
        let told = if of_host { seen } else { pause::judge(&past) };
        for (source, alarm) in told.into_iter().filter(|(of, _)| of.is_none() == of_host) {
            self.tell(source, alarm);
        }
        for (source, seen) in self.sources.iter_mut().zip(both) {
            source.is_due = of_host && seen.is_none_or(|jump| jump.contains(0));
            let jump = source.jump.take();
            source.jumped = jump.filter(|_| !of_host);
            source.base = source.last;
        }
    }

    /// What each source says at a moment, beside what is known of the true time.
    pub fn apart(&mut self, known: Interval, sources: &[Option<Interval>]) {
        let Some(now) = middle(known) else { return };
        for (source, said) in sources.iter().enumerate() {
            if let Some(alarm) = said.and_then(|said| scale::judge(&said, &known)) {
                self.tell(Some(source), alarm);
            }
        }
        if leap::midnight(now).is_some_and(|end| now < end.minus(NEAR))
            && let Some(alarm) = leap::disputed(&self.announced())
        {
            self.tell(None, alarm);
        }
    }

    /// All alarms since the last time, the newest of each kind.
    pub fn take(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    fn tell(&mut self, source: Option<usize>, alarm: Alarm) {
        self.told.retain(|(of, told)| *of != source || told.name() != alarm.name());
        self.told.push((source, alarm));
    }
}

/// The middle of what is known, if anything is.
fn middle(known: Interval) -> Option<WallTime> {
    let middle = i64::midpoint(known.earliest.0, known.latest.0);
    (known != Interval::UNKNOWN).then_some(WallTime(middle))
}

#[cfg(test)]
mod tests;
