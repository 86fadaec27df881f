//! What the exchanges say: of each source, of this host's clock, and of what was done to it.

use super::asking::{Asked, Exchange};
use super::{Sources, Wish, host};
use avouch_promise::evidence::Verdict as Word;
use avouch_promise::{Interval, Nanos};
use avouch_time::interval::statistical::{Candidate, Filter, Sample, cluster, combine, select};
use avouch_time::interval::steps::{Changes, Clocks};
use avouch_time::interval::{Class, IntervalClock, Moment, Reading, Verdict};
use avouch_time::ntp::Refusal;
use std::fmt;

/// By how much a clock is ahead: between these, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Ahead {
    /// The middle, and how far off it may be.
    pub(super) fn middle(self) -> (i64, u64) {
        let middle = i64::midpoint(self.least, self.most);
        (middle, self.most.abs_diff(middle).max(self.least.abs_diff(middle)))
    }
}

/// What is thought of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// By its answers.
    By(Verdict),
    /// It answered, and does not know the time.
    Unsynchronised,
    /// It does not want to be asked.
    Refusing,
    /// What came from there was no answer.
    Unintelligible,
    /// Nothing came.
    Unreachable,
    /// Its name has no address.
    Unresolved,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(verdict) => write!(f, "{verdict}"),
            Self::Unsynchronised => f.write_str("unsynchronised"),
            Self::Refusing => f.write_str("refusing"),
            Self::Unintelligible => f.write_str("unintelligible"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Unresolved => f.write_str("unresolved"),
        }
    }
}

/// What is known of a source.
#[derive(Clone, Debug)]
pub(super) struct SourceFinding {
    pub(super) judged: Judged,
    /// By how much its clock is ahead of this host's.
    pub(super) ahead: Option<Ahead>,
    /// Of the exchange that took least.
    pub(super) delay_ns: Option<i64>,
    pub(super) jitter_ns: Option<f64>,
    /// Bit by bit, the last exchange lowest: whether it was answered.
    pub(super) reach: u8,
    /// Why it was not measured by.
    pub(super) why: Option<String>,
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) verdict: Word,
    pub(super) sources: Vec<SourceFinding>,
    pub(super) now: Moment,
    pub(super) reading: Reading,
    /// By how much this host's clock is ahead of the true time.
    pub(super) ahead: Option<Ahead>,
    /// The estimate of RFC 5905, and its jitter.
    pub(super) estimate: Option<(f64, f64)>,
    pub(super) changes: Changes,
    /// Until epsilon is what the clock may be off, without any further exchange.
    pub(super) holdover: Option<Nanos>,
}

impl Finding {
    pub(super) fn of(wish: &Wish, asked: &Sources, before: &Clocks, after: &Clocks) -> Self {
        let mut clock = IntervalClock::new(asked.len(), wish.rho);
        let changes = Changes::between(before, after);
        let mut measured: Vec<_> = asked
            .iter()
            .enumerate()
            .flat_map(|(source, asked)| asked.answers().map(move |(made, _)| (source, made)))
            .collect();
        measured.sort_by_key(|(_, made)| made.received.steady);
        for (source, made) in measured {
            // A contradiction stays with its source, and is told by the reading.
            let _ = clock.measure(source, made);
        }
        if changes.suspended.is_some() {
            clock.disrupt();
        }
        let (now, apart) = host::close_moment();
        let reading = clock.read(&now);
        let wall = |interval: Interval| {
            (interval != Interval::UNKNOWN).then(|| ahead(&interval, &now, apart))
        };
        let verdicts = clock.verdicts(&now);
        let sources = asked.iter().zip(verdicts).enumerate();
        let judge = |(source, (asked, verdict)): (usize, (&Asked, Verdict))| SourceFinding {
            judged: judged(asked, verdict),
            ahead: clock.source(source, &now).map(|interval| ahead(&interval, &now, apart)),
            delay_ns: asked.answers().map(|(made, _)| made.delay_ns()).min(),
            jitter_ns: filtered(asked, wish).map(|estimate| estimate.jitter),
            reach: reach(asked),
            why: why(asked),
        };
        let sources: Vec<SourceFinding> = sources.map(judge).collect();
        // A host that is behind is one before whom the true time is ahead.
        let own = wall(reading.interval).map(|true_time| Ahead {
            least: true_time.most.saturating_neg(),
            most: true_time.least.saturating_neg(),
        });
        Self {
            verdict: word(own, wish.within),
            estimate: estimate(asked, wish),
            holdover: wish.within.and_then(|within| reading.holdover(within, wish.rho)),
            sources,
            now,
            reading,
            ahead: own,
            changes,
        }
    }

    /// Whether there is a bound.
    pub(super) fn is_known(&self) -> bool {
        self.reading.class != Class::None
    }
}

/// By how much the true time is ahead of the wall clock, which was read up to `apart` later.
fn ahead(interval: &Interval, now: &Moment, apart: Nanos) -> Ahead {
    let apart = i64::try_from(apart.0).unwrap_or(i64::MAX);
    Ahead {
        least: interval.earliest.0.saturating_sub(now.wall.0),
        most: interval.latest.0.saturating_sub(now.wall.0).saturating_add(apart),
    }
}

/// Whether the clock is as near the true time as it has to be.
fn word(ahead: Option<Ahead>, within: Option<Nanos>) -> Word {
    match (ahead, within) {
        (None, _) => Word::Unknown,
        (Some(_), None) => Word::Holds,
        (Some(ahead), Some(within)) => {
            let within = i64::try_from(within.0).unwrap_or(i64::MAX);
            if ahead.least >= -within && ahead.most <= within {
                Word::Holds
            } else if ahead.least > within || ahead.most < -within {
                Word::Refuted
            } else {
                Word::Unknown
            }
        }
    }
}

fn judged(asked: &Asked, verdict: Verdict) -> Judged {
    if asked.answers().next().is_some() {
        return Judged::By(verdict);
    }
    if asked.unresolved.is_some() {
        return Judged::Unresolved;
    }
    match asked.exchanges.iter().rev().find_map(|exchange| match exchange {
        Exchange::Refused(refusal) => Some(refusal),
        _ => None,
    }) {
        Some(refusal) if refusal.is_final() => Judged::Refusing,
        Some(Refusal::Kiss(_) | Refusal::Unsynchronised { .. } | Refusal::Distant(_)) => {
            Judged::Unsynchronised
        }
        Some(Refusal::Malformed(_) | Refusal::NotToThis) => Judged::Unintelligible,
        None => Judged::Unreachable,
    }
}

fn why(asked: &Asked) -> Option<String> {
    if let Some(why) = &asked.unresolved {
        return Some(why.clone());
    }
    asked.exchanges.iter().rev().find_map(|exchange| match exchange {
        Exchange::Answered(..) => None,
        Exchange::Refused(refusal) => Some(refusal.to_string()),
        Exchange::Silent(why) => Some(why.clone().unwrap_or_else(|| "no answer in 1 s".to_owned())),
    })
}

fn reach(asked: &Asked) -> u8 {
    asked.exchanges.iter().fold(0, |reach, exchange| {
        (reach << 1) | u8::from(matches!(exchange, Exchange::Answered(..)))
    })
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn filtered(asked: &Asked, wish: &Wish) -> Option<avouch_time::interval::statistical::Estimate> {
    let mut filter = Filter::default();
    let mut last = Nanos::ZERO;
    for (made, answer) in asked.answers() {
        last = made.received.steady;
        filter.add(Sample {
            offset: made.offset_ns() as f64,
            delay: made.delay_ns() as f64,
            dispersion: answer.packet.root_dispersion.span().0 as f64,
            at: last,
        });
    }
    filter.estimate(last, wish.rho)
}

/// What RFC 5905 makes of all of them.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn estimate(asked: &Sources, wish: &Wish) -> Option<(f64, f64)> {
    let candidate = |asked: &Asked| {
        let estimate = filtered(asked, wish)?;
        let (_, answer) = asked.answers().last()?;
        let root = answer.packet.root_delay.span().0 as f64;
        let distance = f64::midpoint(root, estimate.delay) + estimate.dispersion + estimate.jitter;
        Some(Candidate { offset: estimate.offset, distance, jitter: estimate.jitter })
    };
    let candidates: Vec<Candidate> = asked.iter().filter_map(candidate).collect();
    combine(&candidates, &cluster(&candidates, &select(&candidates)))
}

#[cfg(test)]
mod tests {
    use super::{Ahead, word};
    use avouch_promise::Nanos;
    use avouch_promise::evidence::Verdict as Word;

    #[test]
    fn a_clock_holds_if_all_of_its_interval_does() {
        let within = Some(Nanos(100));
        for (least, most, expected) in [
            (-100, 100, Word::Holds),
            (-101, 0, Word::Unknown),
            (50, 150, Word::Unknown),
            (101, 150, Word::Refuted),
            (-150, -101, Word::Refuted),
        ] {
            assert_eq!(word(Some(Ahead { least, most }), within), expected, "{least} {most}");
        }
        assert_eq!(word(Some(Ahead { least: 5, most: 1 << 60 }), None), Word::Holds);
        assert_eq!(word(None, within), Word::Unknown);
        assert_eq!(Ahead { least: -7, most: 4 }.middle(), (-1, 6));
    }
}
