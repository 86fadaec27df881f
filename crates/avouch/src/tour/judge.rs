//! What a tour is worth, from its files alone: the cluster is gone when this is read.
//!
//! Three judges look at the same run: `verify` at each piece of evidence, `cross_check` at all of
//! them together, and `check` at the history, once by search and once in the order that the
//! evidence gives.

use super::notebook::{Notes, Sample};
use super::script::Cut;
use crate::cluster::{read_bytes, read_trust};
use crate::exit::{verdict, worse};
use avouch_check::history::History;
use avouch_check::report::Part;
use avouch_check::{Limits, Report, judge, judge_by_evidence};
use avouch_promise::Error;
use avouch_promise::evidence::{EvidenceFile, Judgement, Verdict, cross_check};
use avouch_promise::guarantee::Guarantee;
use std::path::Path;
use std::time::Duration;

/// The search's bounds: a tour's history is small, and its judge must not outlast the tour.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(20), memory_bytes: 1 << 30, steps: u64::MAX };

/// What the judges found.
pub(super) struct Findings {
    /// Of each piece of evidence.
    pub(super) evidence: Vec<Judgement>,
    /// Contradictions between them.
    pub(super) forks: Vec<String>,
    /// Of the history.
    pub(super) history: Report,
    /// Of the history, in the order of its evidence.
    pub(super) order: Report,
}

impl Findings {
    /// Reads and judges what the tour left behind.
    pub(super) fn of(notes: &Notes, trust: &Path) -> Result<Self, Error> {
        let trust = read_trust(trust)?;
        let file = EvidenceFile::read(&read_bytes(&notes.evidence, "the tour's evidence")?)?;
        let history = History::read(&notes.history, &LIMITS)?;
        let forks = cross_check(&trust, &[(super::notebook::EVIDENCE, &file)]);
        Ok(Self {
            evidence: file.items.iter().map(|item| item.verify(&trust)).collect(),
            forks: forks.iter().map(ToString::to_string).collect(),
            history: judge(&history, &LIMITS),
            order: judge_by_evidence(&history, &LIMITS),
        })
    }

    /// What `check` says of one guarantee.
    pub(super) fn of_guarantee(&self, guarantee: Guarantee) -> Option<&Part> {
        let name = guarantee.to_string();
        self.history.parts.iter().find(|part| part.guarantee == name)
    }

    /// The worst of all verdicts.
    pub(super) fn verdict(&self) -> Verdict {
        let judged = self.evidence.iter().map(|judgement| judgement.verdict);
        let forked = if self.forks.is_empty() { Verdict::Holds } else { Verdict::Refuted };
        let reports = [&self.history, &self.order].map(|report| verdict(report.verdict()));
        judged.chain(reports).fold(forked, worse)
    }
}

/// A read that the planted bug let through: asked of the node that was alone, after others had
/// written, and refuted; with its place among the evidence.
pub(super) fn stale_read<'a>(
    notes: &Notes,
    findings: &'a Findings,
    cut: Cut,
) -> Option<(usize, &'a Judgement)> {
    let written = |sample: &&Sample| sample.is_write && sample.began > cut.from;
    let first = notes.samples.iter().filter(written).filter_map(|sample| sample.ended).min()?;
    let alone = |sample: &&Sample| {
        !sample.is_write
            && sample.guarantee == Guarantee::Linearizable
            && sample.region == cut.region()
            && sample.began > first
            && sample.began < cut.to
    };
    notes.samples.iter().filter(alone).filter_map(|sample| sample.item).find_map(|item| {
        let judgement = findings.evidence.get(item)?;
        (judgement.verdict == Verdict::Refuted).then_some((item, judgement))
    })
}
