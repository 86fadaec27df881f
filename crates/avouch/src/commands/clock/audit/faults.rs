//! What detectors say of this host's clocks and of its sources since the last report.

use super::Wish;
use avouch_promise::{Interval, Nanos, WallTime};
use avouch_store::clock::machine;
use avouch_time::detect::asymmetry::{Look, Path};
use avouch_time::detect::bump::Jumps;
use avouch_time::detect::leap::{self, Midnight};
use avouch_time::detect::strobe::Steps;
use avouch_time::detect::{Alarm, Difference, pause, scale};
use avouch_time::interval::Measurement;
use avouch_time::interval::steps::{Changes, Clocks};
use avouch_time::ntp::Leap;

/// An alarm, and the number of the source that it is about, if it is about one.
pub(super) type Told = (Option<usize>, Alarm);

/// All detectors of an audit.
pub(super) struct Faults {
    steps: Steps,
    looked: Clocks,
    paths: Vec<Path>,
    bumps: Vec<Jumps>,
    midnights: Vec<Midnight>,
    /// By how much each source jumped, if it was heard.
    jumps: Vec<Option<Difference>>,
    told: Vec<Told>,
}

impl Faults {
    pub(super) fn new(wish: &Wish) -> Self {
        let count = wish.sources.len();
        Self {
            steps: Steps::new(wish.rho),
            looked: machine::clocks(),
            paths: vec![Path::new(wish.rho); count],
            bumps: vec![Jumps::default(); count],
            midnights: Vec::new(),
            jumps: vec![None; count],
            told: Vec::new(),
        }
    }

    /// Looks at this host's clocks.
    pub(super) fn look(&mut self) {
        let looked = machine::clocks();
        let changes = Changes::between(&self.looked, &looked);
        let since = looked.raw.minus(self.looked.raw);
        self.looked = looked;
        for alarm in self.steps.look(looked.boot, since, &changes) {
            self.tell(None, alarm);
        }
    }

    /// A source was heard; what it said before and says now, if these contradict each other.
    pub(super) fn heard(
        &mut self,
        source: usize,
        made: &Measurement,
        jumped: Option<(Interval, Interval)>,
    ) {
        let at = made.received.steady;
        let (Some(jump), Some(path)) = (self.jumps.get_mut(source), self.paths.get_mut(source))
        else {
            return;
        };
        let steady = made.received.wall.0.saturating_sub_unsigned(at.0);
        let asymmetric = path.look(Look {
            at,
            delay: Nanos(made.delay_ns().max(0).unsigned_abs()),
            offset_ns: made.offset_ns().saturating_add(steady),
        });
        let mut bumped = None;
        match jumped {
            Some((before, now)) => {
                let by = Difference::between(&now, &before);
                *jump = Some(by);
                bumped = self.bumps.get_mut(source).and_then(|jumps| jumps.jump(at, by));
            }
            None => {
                jump.get_or_insert_default();
            }
        }
        for alarm in asymmetric.into_iter().chain(bumped) {
            self.tell(Some(source), alarm);
        }
    }

    /// All alarms since the last report; `majority` is what is known of the true time, if anything,
    /// and each source has what it says of it and announces.
    pub(super) fn report(
        &mut self,
        majority: Option<Interval>,
        sources: &[(Option<Interval>, Option<Leap>)],
    ) -> Vec<Told> {
        self.look();
        for (source, alarm) in pause::judge(&self.jumps) {
            self.tell(source, alarm);
        }
        self.jumps.fill(None);
        if let Some(majority) = majority {
            self.compare(&majority, sources);
        }
        std::mem::take(&mut self.told)
    }

    fn compare(&mut self, majority: &Interval, sources: &[(Option<Interval>, Option<Leap>)]) {
        for (source, (interval, _)) in sources.iter().enumerate() {
            let counts = interval.and_then(|interval| scale::judge(&interval, majority));
            if let Some(alarm) = counts {
                self.tell(Some(source), alarm);
            }
        }
        let now = WallTime(i64::midpoint(majority.earliest.0, majority.latest.0));
        let Some(end) = leap::midnight(now) else { return self.midnights.clear() };
        let announced: Vec<Leap> = sources.iter().filter_map(|(_, leap)| *leap).collect();
        if now < end {
            if let Some(alarm) = leap::disputed(&announced) {
                self.tell(None, alarm);
            }
            if self.midnights.is_empty() {
                let inserted = leap::announced(&announced);
                self.midnights = vec![Midnight::new(end, inserted); sources.len()];
            }
        }
        for source in 0..sources.len() {
            let (Some(midnight), Some((Some(interval), _))) =
                (self.midnights.get_mut(source), sources.get(source))
            else {
                continue;
            };
            let alarm = midnight.look(now, &Difference::between(interval, majority));
            if let Some(alarm) = alarm {
                self.tell(Some(source), alarm);
            }
        }
    }

    /// The newest of each kind is told.
    fn tell(&mut self, source: Option<usize>, alarm: Alarm) {
        self.told.retain(|(of, told)| *of != source || told.name() != alarm.name());
        self.told.push((source, alarm));
    }
}
