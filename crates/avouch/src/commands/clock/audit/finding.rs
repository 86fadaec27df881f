//! What the exchanges say: of each source, of this host's clock, and of what was done to it.

use super::claims::Claim;
use avouch_promise::evidence::Verdict as Word;
use avouch_promise::{Interval, Nanos};
use avouch_store::clock::chronyd::Chronyd;
use avouch_time::detect::host::Told;
use avouch_time::interval::steps::Changes;
use avouch_time::interval::{Class, Contradiction, Moment, Reading, Verdict};
use avouch_time::ntp::Answer;
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
    /// What came from there was not vouched for, as it should be.
    Unvouched,
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
            Self::Unvouched => f.write_str("unvouched"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Unresolved => f.write_str("unresolved"),
        }
    }
}

/// What is known of a source.
#[derive(Clone, Debug)]
pub(super) struct SourceFinding {
    pub(super) judged: Judged,
    pub(super) asked: u64,
    pub(super) answered: u64,
    /// By how much its clock is ahead of this host's.
    pub(super) ahead: Option<Ahead>,
    /// The same of its last answer alone, if both ways take equally long.
    pub(super) last_offset_ns: Option<i64>,
    /// Of the one of the last answers that took least.
    pub(super) delay_ns: Option<i64>,
    pub(super) jitter_ns: Option<f64>,
    /// Bit by bit, the last exchange lowest: whether it was answered.
    pub(super) reach: u8,
    pub(super) answer: Option<Answer>,
    /// Since the last report: its clock was set, or drifts beyond what is possible.
    pub(super) contradiction: Option<Contradiction>,
    /// How often that was.
    pub(super) contradictions: u64,
    /// Why it was not measured by.
    pub(super) why: Option<String>,
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) verdict: Word,
    /// The first report is 1.
    pub(super) poll: u64,
    pub(super) sources: Vec<SourceFinding>,
    pub(super) now: Moment,
    /// The clock by which segments are dated, before that.
    pub(super) coarse: Nanos,
    pub(super) reading: Reading,
    /// By how much this host's clock is ahead of the true time.
    pub(super) ahead: Option<Ahead>,
    /// The estimate of RFC 5905, and its jitter.
    pub(super) estimate: Option<(f64, f64)>,
    pub(super) changes: Changes,
    /// What detectors say.
    pub(super) alarms: Vec<Told>,
    /// Until epsilon is what the clock may be off, without any further exchange.
    pub(super) holdover: Option<Nanos>,
    /// What others say of this host's clock.
    pub(super) claims: Vec<Claim>,
    /// What chronyd says, or why it says nothing, if it was asked.
    pub(super) chronyd: Option<Result<Chronyd, String>>,
}

impl Finding {
    /// Whether there is a bound.
    pub(super) fn is_known(&self) -> bool {
        self.reading.class != Class::None
    }
}

/// By how much the true time is ahead of the wall clock, which was read up to `apart` later.
pub(super) fn ahead(interval: &Interval, now: &Moment, apart: Nanos) -> Ahead {
    let apart = i64::try_from(apart.0).unwrap_or(i64::MAX);
    Ahead {
        least: interval.earliest.0.saturating_sub(now.wall.0),
        most: interval.latest.0.saturating_sub(now.wall.0).saturating_add(apart),
    }
}

/// Whether the clock is as near the true time as it has to be.
pub(super) fn word(ahead: Option<Ahead>, within: Option<Nanos>) -> Word {
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
