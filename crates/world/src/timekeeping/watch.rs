//! The detectors of clock faults, beside a host and the grandmasters of the simulated world.
//!
//! | who | is watched by | of |
//! |---|---|---|
//! | the host | `Steps`, `pause` | its clocks against each other; all sources' jumps |
//! | each source | `Path`, `scale`, `Midnight`, `Jumps` | delays, distance from the reading, midnight, jumps |
//! | each grandmaster | `Gnss`, `Holdover` | its receiver beside an oscillator that does not follow it |
//!
//! They are handed what a real host can see, and nothing of the truth.

use super::estate::{Estate, Measured};
use super::grandmaster::Grandmaster;
use super::keeper::Keeper;
use avouch_promise::{Interval, Nanos, WallTime};
use avouch_time::calendar;
use avouch_time::detect::asymmetry::{Look, Path};
use avouch_time::detect::bump::Jumps;
use avouch_time::detect::gnss::Gnss;
use avouch_time::detect::holdover::Holdover;
use avouch_time::detect::leap::{self, Midnight};
use avouch_time::detect::strobe::Steps;
use avouch_time::detect::{Alarm, Difference, pause, scale};
use avouch_time::interval::steps::{Changes, Clocks};
use avouch_time::interval::{Drift, Verdict, Warning};
use avouch_time::ntp::Leap;

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

/// What is kept of one source.
#[derive(Debug)]
struct Source {
    path: Path,
    jumps: Jumps,
    midnight: Option<(Midnight, i64)>,
    /// What it announced last.
    announced: Leap,
    /// When it was heard last, its distance from the steady clock then, and the end of that month.
    last: Option<(Nanos, Difference, WallTime)>,
    /// By how much that grew since the sources were last judged together.
    jump: Option<Difference>,
    /// The same of the poll before.
    jumped: Option<Difference>,
}

impl Source {
    /// What it announced, if it says nothing now: as long as the leap is just over.
    fn announced_at(&self, now: WallTime) -> Leap {
        let near = Nanos::from_secs(2);
        let is_near = leap::midnight(now).is_some_and(|end| now >= end.minus(near));
        if is_near { self.announced } else { Leap::None }
    }
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
    rho: Drift,
    poll_s: u64,
    steps: Steps,
    clocks: Option<Clocks>,
    sources: Vec<Source>,
    masters: Vec<Master>,
    /// What happened since the last look.
    alarms: Vec<(Place, Alarm)>,
}

impl Watch {
    /// Over the last host of an estate, and its grandmasters.
    pub fn new(estate: &Estate) -> Self {
        let (rho, poll_s, count) = estate.keepers.last().map_or((Drift::RFC_5905, 16, 0), |host| {
            (host.clock.rho(), host.poll_s, host.upstreams.len())
        });
        let source = |_| Source {
            path: Path::new(rho),
            jumps: Jumps::default(),
            midnight: None,
            announced: Leap::None,
            last: None,
            jump: None,
            jumped: None,
        };
        let master = |master: &Grandmaster| {
            let budget = master.class().budget();
            Master { receiver: Gnss::new(budget), holdover: Holdover::new(budget) }
        };
        Self {
            rho,
            poll_s,
            steps: Steps::new(rho),
            clocks: None,
            sources: (0..count).map(source).collect(),
            masters: estate.grandmasters.iter().map(master).collect(),
            alarms: Vec::new(),
        }
    }

    /// An exchange of the host.
    pub fn measured(&mut self, host: &Keeper, measured: &Measured) {
        let made = &measured.made;
        let rho = self.rho;
        let Some(source) = self.sources.get_mut(measured.source) else { return };
        source.announced = match made.warning {
            Warning::None => source.announced_at(made.server_sent),
            Warning::Insertion => Leap::Inserted,
            Warning::Deletion => Leap::Deleted,
        };
        let at = made.received.steady;
        let out = i128::from(made.server_received.0) - i128::from(made.sent.steady.0);
        let back = i128::from(made.server_sent.0) - i128::from(at.0);
        let offset_ns = i64::try_from(i128::midpoint(out, back)).unwrap_or(i64::MAX);
        let delay = Nanos(made.delay_ns().max(0).unsigned_abs());
        let place = Place::Source(measured.source);
        self.alarms.extend(source.path.look(Look { at, delay, offset_ns }).map(|a| (place, a)));
        let half = Nanos(delay.0 / 2).plus(made.server_error);
        let now = Difference::around(offset_ns, half);
        let month = calendar::month_end(made.server_sent);
        // The last second of a month may come twice.
        let near = Nanos::from_secs(2);
        let passed = |end: WallTime| made.server_sent >= end.minus(near);
        let before = source.last.replace((at, now, month));
        self.midnight(host, measured, half);
        let announced = leap::announced(&self.announced()) != 0;
        let Some(source) = self.sources.get_mut(measured.source) else { return };
        // Where a leap was announced, what sources do at midnight is no jump of theirs or ours.
        if let Some((before, last, _)) = before.filter(|last| !announced || !passed(last.2)) {
            let jump = now.since(&last).widened(rho.after(at.minus(before)));
            source.jump = Some(jump);
            if !jump.contains(0) {
                self.alarms.extend(source.jumps.jump(at, jump).map(|alarm| (place, alarm)));
            }
        }
    }

    fn announced(&self) -> Vec<Leap> {
        self.sources.iter().map(|source| source.announced).collect()
    }

    /// The source's distance from the reading, around a midnight that may have a leap. What a whole
    /// window of exchanges says is no measure of a source whose rate is another one's.
    fn midnight(&mut self, host: &Keeper, measured: &Measured, half: Nanos) {
        let made = &measured.made;
        let reading = host.clock.read(&made.received).interval;
        if reading == Interval::UNKNOWN || host.follows_best {
            return;
        }
        let announced = leap::announced(&self.announced());
        let Some(source) = self.sources.get_mut(measured.source) else { return };
        let back = made.delay_ns().max(0).unsigned_abs() / 2;
        let said = Interval::around(made.server_sent.plus(Nanos(back)), half);
        let now = reading.earliest.plus(Nanos(reading.earliest.0.abs_diff(reading.latest.0) / 2));
        let Some(end) = leap::midnight(now) else {
            source.midnight = None;
            return;
        };
        // Begun anew where more is announced than was when the first source was heard.
        if source.midnight.as_ref().is_none_or(|(_, leap)| *leap != announced) {
            source.midnight = Some((Midnight::new(end, announced), announced));
        }
        let Some((midnight, _)) = &mut source.midnight else { return };
        let seen = midnight.look(now, &Difference::between(&said, &reading));
        self.alarms.extend(seen.map(|alarm| (Place::Source(measured.source), alarm)));
    }

    /// A look at a moment of this second: what happened since the last one, and what stands.
    pub fn look(&mut self, estate: &Estate, into_ns: u64) -> Vec<(Place, Alarm)> {
        if let Some(host) = estate.keepers.last().filter(|host| !host.stands(estate.second())) {
            self.host(host, into_ns);
            if (estate.second() + 1).is_multiple_of(self.poll_s) {
                self.together();
            }
            self.apart(host, into_ns);
        }
        let now = Nanos(estate.second() * 1_000_000_000 + into_ns);
        for (at, (kept, master)) in self.masters.iter_mut().zip(&estate.grandmasters).enumerate() {
            let (status, pulse) = (master.status(), master.pulse());
            let place = Place::Grandmaster(at);
            let raised = kept.receiver.look(now, &status, pulse);
            self.alarms.extend(raised.into_iter().map(|alarm| (place, alarm)));
            match master.corrected() {
                Some(by) => {
                    let measured = kept.holdover.measured(now, by);
                    self.alarms.extend(measured.map(|alarm| (place, alarm)));
                }
                None => kept.holdover.silent(),
            }
        }
        std::mem::take(&mut self.alarms)
    }

    /// What all sources did together since the poll before last: a pause in the middle of a poll is
    /// in the jumps of both. A source alone is judged once that is past.
    fn together(&mut self) {
        let both: Vec<_> = self.sources.iter().map(|one| one.jump.or(one.jumped)).collect();
        let seen = pause::judge(&both);
        if seen.iter().any(|(of, _)| of.is_none()) {
            self.alarms.extend(seen.into_iter().map(|(_, alarm)| (Place::Host, alarm)));
            self.sources.iter_mut().for_each(|one| (one.jump, one.jumped) = (None, None));
            return;
        }
        let past: Vec<_> = self.sources.iter().map(|one| one.jumped).collect();
        let alone = pause::judge(&past).into_iter();
        self.alarms.extend(alone.filter_map(|(of, alarm)| Some((Place::Source(of?), alarm))));
        for source in &mut self.sources {
            source.jumped = source.jump.take();
        }
    }

    fn host(&mut self, host: &Keeper, into_ns: u64) {
        let now = host.clocks(into_ns);
        if let Some(before) = self.clocks.replace(now) {
            let changes = Changes::between(&before, &now);
            let since = now.raw.minus(before.raw);
            let seen = self.steps.look(now.raw, since, &changes);
            self.alarms.extend(seen.into_iter().map(|alarm| (Place::Host, alarm)));
        }
    }

    /// Each source's distance from the reading.
    fn apart(&mut self, host: &Keeper, into_ns: u64) {
        let moment = host.moment(into_ns);
        let reading = host.clock.read(&moment).interval;
        if reading == Interval::UNKNOWN || host.follows_best {
            return;
        }
        let verdicts = host.clock.verdicts(&moment);
        for (at, verdict) in verdicts.into_iter().enumerate() {
            let Some(interval) = host.clock.source(at, &moment) else { continue };
            if verdict == Verdict::Falseticker {
                let scale = scale::judge(&interval, &reading);
                self.alarms.extend(scale.map(|alarm| (Place::Source(at), alarm)));
            }
        }
    }
}
