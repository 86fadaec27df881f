//! The tour's table: per guarantee what was asked, how much of it was answered in time, how fast,
//! and what the judges say.

use super::crowd::DEADLINE;
use super::judge::Findings;
use super::notebook::Sample;
use super::script::Cut;
use super::wish::GUARANTEES;
use crate::exit::{verdict, worse};
use crate::quantile::nearest_rank;
use crate::quantity::span_text;
use avouch_promise::evidence::Verdict;
use avouch_promise::guarantee::Guarantee;
use serde_json::{Value, json};
use std::time::Duration;

/// One row: the requests of one guarantee, writes apart.
pub(super) struct Row {
    name: String,
    asked: usize,
    answered: usize,
    /// Per region, of the requests that the cut decided: answered in time, and all.
    during: Vec<(usize, usize)>,
    p50: Option<Duration>,
    p99: Option<Duration>,
    /// Answers whose evidence holds, is refuted, is unknown or missing.
    evidence: [usize; 3],
    verdict: Verdict,
}

/// The rows of a tour in `regions` regions.
pub(super) fn rows(samples: &[Sample], findings: &Findings, cut: Cut, regions: usize) -> Vec<Row> {
    let kinds = std::iter::once((Guarantee::Linearizable, true));
    let kinds = kinds.chain(GUARANTEES.map(|guarantee| (guarantee, false)));
    kinds.map(|kind| row(samples, findings, cut, regions, kind)).collect()
}

fn row(
    samples: &[Sample],
    findings: &Findings,
    cut: Cut,
    regions: usize,
    (guarantee, is_write): (Guarantee, bool),
) -> Row {
    let own = |sample: &&Sample| sample.guarantee == guarantee && sample.is_write == is_write;
    let own: Vec<_> = samples.iter().filter(own).collect();
    let mut during = vec![(0, 0); regions];
    let mut evidence = [0; 3];
    let mut spans = Vec::new();
    for sample in &own {
        let took = sample.ended.map(|ended| ended.saturating_sub(sample.began));
        if cut.saw(sample, DEADLINE)
            && let Some((answered, asked)) = during.get_mut(sample.region)
        {
            *asked += 1;
            *answered += usize::from(took.is_some_and(|took| took <= DEADLINE));
        }
        let Some(took) = took else { continue };
        spans.push(took);
        let judged = sample.item.and_then(|item| findings.evidence.get(item));
        let of = judged.map_or(Verdict::Unknown, |judgement| judgement.verdict);
        evidence[usize::from(of.exit_code())] += 1;
    }
    spans.sort_unstable();
    let word = findings.of_guarantee(guarantee).map(|part| verdict(part.finding.word()));
    let judged = match evidence {
        [0, 0, 0] => Verdict::Unknown,
        [_, 0, 0] => Verdict::Holds,
        [_, 0, _] => Verdict::Unknown,
        _ => Verdict::Refuted,
    };
    let name = if is_write { "write".to_owned() } else { guarantee.to_string() };
    Row {
        name,
        asked: own.len(),
        answered: spans.len(),
        during,
        p50: nearest_rank(&spans, 0.5),
        p99: nearest_rank(&spans, 0.99),
        evidence,
        verdict: worse(judged, word.unwrap_or(Verdict::Unknown)),
    }
}

impl Row {
    /// Whether any request of this row was answered with evidence.
    pub(super) fn is_shown(&self) -> bool {
        self.evidence[0] + self.evidence[1] > 0
    }
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
    /// Its verdict.
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// For programs.
    pub(super) fn to_json(&self, regions: &[String]) -> Value {
        let during = regions.iter().zip(&self.during).map(|(region, (answered, asked))| {
            json!({ "region": region, "answered": answered, "asked": asked })
        });
        let micros = |span: Option<Duration>| span.map(|span| span.as_secs_f64() * 1e6);
        json!({
            "guarantee": self.name, "asked": self.asked, "answered": self.answered,
            "during_the_cut": during.collect::<Vec<_>>(),
            "p50_us": micros(self.p50), "p99_us": micros(self.p99),
            "evidence": { "holds": self.evidence[0], "refuted": self.evidence[1],
                          "unknown": self.evidence[2] },
            "verdict": self.verdict.word(),
        })
    }
}

/// The table as text, its lines in order.
pub(super) fn lines(rows: &[Row], regions: &[String], cut: Cut) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<18} {:>6} {:>9} {:>10} {:>10}  {:<28} {}",
        "guarantee", "asked", "answered", "p50", "p99", "evidence", "verdict"
    )];
    for row in rows {
        let span = |span: Option<Duration>| span.map_or_else(|| "-".to_owned(), span_text);
        let [holds, refuted, unknown] = row.evidence;
        let mut evidence = format!("{holds} hold");
        for (count, word) in [(refuted, "refuted"), (unknown, "unknown")] {
            if count > 0 {
                evidence = format!("{evidence}, {count} {word}");
            }
        }
        lines.push(format!(
            "{:<18} {:>6} {:>9} {:>10} {:>10}  {evidence:<28} {}",
            row.name,
            row.asked,
            row.answered,
            span(row.p50),
            span(row.p99),
            row.verdict
        ));
    }
    lines.push(
        "evidence: each answer judged for itself; verdict: of all answers, alone and together"
            .to_owned(),
    );
    let alone = regions.get(cut.region()).map_or("", String::as_str);
    lines.push(String::new());
    lines.push(format!("answered within {DEADLINE:?} during the cut of {alone}, by region"));
    let wide: Vec<_> = regions.iter().map(|region| format!("{region:>16}")).collect();
    let head = wide.concat();
    lines.push(format!("{:<18}{head}", "guarantee"));
    for row in rows {
        let cell = |(answered, asked): &(usize, usize)| format!("{answered:>8} of {asked:>4}");
        let cells = row.during.iter().map(cell).collect::<String>();
        lines.push(format!("{:<18}{cells}", row.name));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::NodeId;

    #[test]
    fn only_what_the_cut_decided_counts() {
        let second = Duration::from_secs;
        let cut = Cut { node: NodeId(1), from: second(10), to: second(20) };
        let sample = |began, ended: Option<u64>| Sample {
            region: 0,
            guarantee: Guarantee::Eventual,
            is_write: false,
            began: second(began),
            ended: ended.map(second),
            item: None,
            verdict: None,
        };
        let saw = |began, ended| cut.saw(&sample(began, ended), second(2));
        assert!(saw(10, Some(11)) && saw(18, Some(20)) && saw(18, None));
        assert!(!saw(9, Some(11)), "asked before it");
        assert!(!saw(19, Some(21)) && !saw(19, None), "healed before its deadline");
        assert!(saw(12, Some(25)), "its deadline was within the cut");
    }
}
