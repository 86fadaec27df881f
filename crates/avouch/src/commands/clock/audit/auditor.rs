//! What was heard so far, of any number of exchanges in one amount of memory, and what it says.

use super::Wish;
use super::asking::Heard;
use super::finding::{Ahead, Finding, Judged, SourceFinding, ahead, word};
use avouch_promise::{Interval, Nanos};
use avouch_store::clock::address::Place;
use avouch_store::clock::machine;
use avouch_store::clock::ntp::Exchange;
use avouch_time::detect::host::Host;
use avouch_time::interval::statistical::{
    Candidate, Estimate, Filter, STAGES, Sample, cluster, combine, select,
};
use avouch_time::interval::steps::{Changes, Clocks};
use avouch_time::interval::{Contradiction, IntervalClock, Verdict};
use avouch_time::ntp::{Answer, Refusal};
use std::collections::VecDeque;

/// What was heard of one source.
#[derive(Clone, Debug, Default)]
struct Source {
    asked: u64,
    answered: u64,
    reach: u8,
    filter: Filter,
    /// Round trips of the last answers.
    delays: VecDeque<i64>,
    last: Option<(i64, Nanos, Answer)>,
    /// Why its name has no address; then it is not asked.
    unresolved: Option<String>,
    /// Why it was not measured by, and at which asking that was.
    trouble: Option<(Exchange, u64)>,
    contradiction: Option<Contradiction>,
    contradictions: u64,
    /// Whether it was heard since the last report, and whether it is asked no more.
    fresh: bool,
    done: bool,
}

/// The state of an audit.
pub(super) struct Auditor<'a> {
    wish: &'a Wish,
    clock: IntervalClock,
    sources: Vec<Source>,
    /// This host's clocks at the last report.
    looked: Clocks,
    detectors: Host,
    polls: u64,
}

impl<'a> Auditor<'a> {
    pub(super) fn new(wish: &'a Wish) -> Self {
        let count = wish.sources.len();
        Self {
            wish,
            clock: IntervalClock::new(count, wish.rho),
            sources: wish.sources.iter().map(|(_, place)| Source::of(place)).collect(),
            looked: machine::clocks(),
            detectors: Host::new(count, wish.rho),
            polls: 0,
        }
    }

    /// Takes in an exchange.
    pub(super) fn take(&mut self, heard: Heard) {
        let Some(source) = self.sources.get_mut(heard.source) else { return };
        self.detectors.clocks(machine::clocks());
        source.asked += 1;
        source.fresh = true;
        source.done = heard.last;
        source.reach <<= 1;
        let (made, answer) = match heard.exchange {
            Exchange::Answered(made, answer) => (made, answer),
            trouble => {
                source.trouble = Some((trouble, source.asked));
                return;
            }
        };
        source.reach |= 1;
        source.answered += 1;
        if source.delays.len() == STAGES {
            source.delays.pop_front();
        }
        source.delays.push_back(made.delay_ns());
        source.last = Some((made.offset_ns(), made.received.steady, answer));
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        source.filter.add(Sample {
            offset: made.offset_ns() as f64,
            delay: made.delay_ns() as f64,
            dispersion: answer.packet.root_dispersion.span().0 as f64,
            at: made.received.steady,
        });
        let measured = self.clock.measure(heard.source, &made);
        let known = self.clock.read(&made.received).interval;
        self.detectors.measured(heard.source, &made, known);
        if let Err(contradiction) = measured {
            source.contradiction = Some(contradiction);
            source.contradictions += 1;
        }
    }

    /// How many exchanges there were.
    pub(super) fn asked(&self) -> u64 {
        self.sources.iter().map(|source| source.asked).sum()
    }

    /// Whether each source that is still asked was heard since the last report.
    pub(super) fn poll_is_complete(&self) -> bool {
        let mut left = self.sources.iter().filter(|source| !source.done || source.fresh);
        left.all(|source| source.fresh)
    }

    /// Whether any source was heard since the last report.
    pub(super) fn has_news(&self) -> bool {
        self.sources.iter().any(|source| source.fresh)
    }

    /// What all that says now. Changes of clocks and contradictions are those since the last one.
    pub(super) fn report(&mut self) -> Finding {
        let looked = machine::clocks();
        let changes = Changes::between(&self.looked, &looked);
        self.looked = looked;
        self.polls += 1;
        if changes.suspended.is_some() {
            self.clock.disrupt();
        }
        let mut finding = self.finding(changes);
        self.detectors.clocks(looked);
        // Of one report the poll that ends it is also the past one.
        (0..if self.wish.watch { 1 } else { 2 }).for_each(|_| self.detectors.polled());
        let at = |source| self.clock.source(source, &finding.now);
        let said: Vec<_> = (0..self.sources.len()).map(at).collect();
        self.detectors.apart(finding.reading.interval, &said);
        finding.alarms = self.detectors.take();
        for source in &mut self.sources {
            (source.fresh, source.contradiction) = (false, None);
        }
        finding
    }

    fn finding(&self, changes: Changes) -> Finding {
        let coarse = machine::monotonic_coarse();
        let (now, apart) = machine::close_moment();
        let reading = self.clock.read(&now);
        let verdicts = self.clock.verdicts(&now);
        let of = |(place, (source, verdict)): (usize, (&Source, Verdict))| {
            let interval = self.clock.source(place, &now);
            let ahead = interval.map(|interval| ahead(&interval, &now, apart));
            source.finding(verdict, ahead, self.wish)
        };
        let sources = self.sources.iter().zip(verdicts).enumerate().map(of).collect();
        let known = reading.interval != Interval::UNKNOWN;
        // A host that is behind is one before whom the true time is ahead.
        let own = known.then(|| ahead(&reading.interval, &now, apart)).map(|true_time| Ahead {
            least: true_time.most.saturating_neg(),
            most: true_time.least.saturating_neg(),
        });
        Finding {
            verdict: word(own, self.wish.within),
            poll: self.polls,
            sources,
            now,
            coarse,
            reading,
            ahead: own,
            estimate: self.estimate(),
            changes,
            alarms: Vec::new(),
            holdover: self.wish.within.and_then(|within| reading.holdover(within, self.wish.rho)),
            claims: Vec::new(),
            chronyd: None,
        }
    }

    /// What RFC 5905 makes of all of them.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn estimate(&self) -> Option<(f64, f64)> {
        let candidate = |source: &Source| {
            let estimate = source.filtered(self.wish)?;
            let (_, _, answer) = source.last?;
            let root = answer.packet.root_delay.span().0 as f64;
            let distance =
                f64::midpoint(root, estimate.delay) + estimate.dispersion + estimate.jitter;
            Some(Candidate { offset: estimate.offset, distance, jitter: estimate.jitter })
        };
        let candidates: Vec<Candidate> = self.sources.iter().filter_map(candidate).collect();
        combine(&candidates, &cluster(&candidates, &select(&candidates)))
    }
}

impl Source {
    fn of(place: &Result<Place, String>) -> Self {
        let unresolved = place.as_ref().err().cloned();
        Self { done: unresolved.is_some(), unresolved, ..Self::default() }
    }

    fn finding(&self, verdict: Verdict, ahead: Option<Ahead>, wish: &Wish) -> SourceFinding {
        SourceFinding {
            judged: self.judged(verdict),
            asked: self.asked,
            answered: self.answered,
            ahead,
            last_offset_ns: self.last.map(|(offset, ..)| offset),
            delay_ns: self.delays.iter().min().copied(),
            jitter_ns: self.filtered(wish).map(|estimate| estimate.jitter),
            reach: self.reach,
            answer: self.last.map(|(_, _, answer)| answer),
            contradiction: self.contradiction,
            contradictions: self.contradictions,
            why: self.why(),
        }
    }

    fn judged(&self, verdict: Verdict) -> Judged {
        let refusal = match &self.trouble {
            _ if self.answered > 0 => return Judged::By(verdict),
            _ if self.unresolved.is_some() => return Judged::Unresolved,
            Some((Exchange::Refused(refusal), _)) => refusal,
            Some((Exchange::Unvouched(_), _)) => return Judged::Unvouched,
            _ => return Judged::Unreachable,
        };
        match refusal {
            refusal if refusal.is_final() => Judged::Refusing,
            Refusal::Kiss(_) | Refusal::Unsynchronised { .. } | Refusal::Distant(_) => {
                Judged::Unsynchronised
            }
            Refusal::Malformed(_) | Refusal::NotToThis => Judged::Unintelligible,
        }
    }

    /// What the latest of its last askings that brought nothing says.
    fn why(&self) -> Option<String> {
        if self.unresolved.is_some() {
            return self.unresolved.clone();
        }
        let (trouble, _) =
            self.trouble.as_ref().filter(|(_, at)| self.asked - at < STAGES as u64)?;
        match trouble {
            Exchange::Answered(..) => None,
            Exchange::Refused(refusal) => Some(refusal.to_string()),
            Exchange::Unvouched(why) | Exchange::Silent(Some(why)) => Some(why.clone()),
            Exchange::Silent(None) => Some("no answer in 1 s".to_owned()),
        }
    }

    fn filtered(&self, wish: &Wish) -> Option<Estimate> {
        let (_, at, _) = self.last?;
        self.filter.estimate(at, wish.rho)
    }
}
