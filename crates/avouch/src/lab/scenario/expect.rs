//! What must come out of a scenario: the verdict, and bounds on availability and latency.
//!
//! A bound belongs to the scenario's author and not to a guarantee: a run that misses one is
//! refuted like any other promise that was not kept.

use super::codec::{Codec as _, Names, Share, Span, Text};
use super::reader::Table;
use super::source::Problem;
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict;

/// What must come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The judges' verdict.
    pub verdict: Verdict,
    /// Bounds.
    pub bounds: Vec<Bound>,
}

/// A bound on what clients met in a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// From when on; the beginning otherwise.
    pub from: Nanos,
    /// Until when; the end otherwise.
    pub until: Option<Nanos>,
    /// Of which guarantee's calls, by its name; all otherwise.
    pub guarantee: Option<String>,
    /// At least this share of the calls was answered.
    pub at_least: Option<f64>,
    /// At most this share of the calls was answered.
    pub at_most: Option<f64>,
    /// The slowest hundredth apart, every answer came within this.
    pub p99: Option<Nanos>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { verdict: Verdict::Holds, bounds: Vec::new() }
    }
}

const VERDICTS: [Verdict; 2] = [Verdict::Holds, Verdict::Refuted];

impl Expect {
    pub(super) fn hear(table: &Table<'_>) -> Result<Self, Problem> {
        let verdict = match table.value("verdict") {
            None => Verdict::Holds,
            Some(value) => {
                let word = Text::hear(value, &Names::default())?;
                let known = VERDICTS.into_iter().map(Verdict::word);
                VERDICTS
                    .into_iter()
                    .find(|verdict| verdict.word() == word)
                    .ok_or_else(|| Problem::unknown(value.span(), "a verdict", &word, known))?
            }
        };
        let bounds = table.tables("bound", "a bound")?;
        let bounds = bounds.iter().map(Bound::hear).collect::<Result<_, _>>()?;
        table.end()?;
        Ok(Self { verdict, bounds })
    }
}

impl Bound {
    fn hear(table: &Table<'_>) -> Result<Self, Problem> {
        let bound = Self {
            from: table.want::<Span>("from")?.unwrap_or(Nanos::ZERO),
            until: table.want::<Span>("until")?,
            guarantee: match table.value("guarantee") {
                None => None,
                Some(value) => Some(super::crowd::served(value)?.to_string()),
            },
            at_least: table.want::<Share>("answered-at-least")?,
            at_most: table.want::<Share>("answered-at-most")?,
            p99: table.want::<Span>("p99-at-most")?,
        };
        table.end()?;
        if bound.at_least.is_none() && bound.at_most.is_none() && bound.p99.is_none() {
            let got = "a bound that bounds nothing";
            let expected = "`answered-at-least`, `answered-at-most` or `p99-at-most`";
            return Err(
                Problem::new(table.span(), expected, got).hint("write answered-at-least = 0.9")
            );
        }
        Ok(bound)
    }
}
