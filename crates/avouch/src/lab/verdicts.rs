//! What the judges say of a run, each by its name, and what that means for the scenario.
//!
//! | judge | of what |
//! |---|---|
//! | invariants | decided logs and states agree, the host's promises are kept, at every step |
//! | verify | every piece of evidence, as the client's own verifier sees it |
//! | forks | all signed facts of the run against each other |
//! | check | every obligation, in any order that the times allow |
//! | check by evidence | every obligation, in the order of the log that evidence shows |
//! | availability | after everything was put right, every call is answered |
//! | bounds | the scenario's own |

use super::scenario::Scenario;
use super::scenario::expect::Bound;
use crate::exit::{verdict, worse};
use crate::quantile::nearest_rank;
use avouch_check::history::{Call, History};
use avouch_check::picture::Page;
use avouch_check::report::{Finding, Story};
use avouch_check::{Limits, Report, judge, judge_by_evidence};
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict;
use avouch_store::campaign::Workload;
use avouch_store::node::Node;
use avouch_world::World;
use std::time::Duration;

/// One judge's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Who.
    pub judge: &'static str,
    /// What.
    pub verdict: Verdict,
    /// Of what, or why not.
    pub text: String,
}

/// The judge of answers in calm.
pub const AVAILABILITY: &str = "availability";
/// The judge of the scenario's own bounds.
pub const BOUNDS: &str = "bounds";

/// The judges' bounds: steps, so that a verdict is the same on every machine.
const STEPS: u64 = 300_000;

fn limits() -> Limits {
    Limits { steps: STEPS, time: Duration::from_secs(3_600), ..Limits::default() }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or(text).to_owned()
}

/// Asks every judge.
pub fn judge_run(
    scenario: &Scenario,
    world: &World<Node>,
    workload: &Workload,
    calm: Option<Nanos>,
) -> (Vec<Judged>, Option<Story>) {
    let findings = &workload.findings;
    let mut all = Vec::new();
    let mut say = |judge, verdict, text: String| all.push(Judged { judge, verdict, text });
    let violation = world.violation().map(first_line);
    let of_evidence = findings.against_evidence.as_ref();
    match (&violation, of_evidence) {
        (Some(what), None) => say("invariants", Verdict::Refuted, what.clone()),
        _ => say("invariants", Verdict::Holds, "at every step of every node".to_owned()),
    }
    let pieces = findings.evidence.items.len();
    match of_evidence {
        Some(what) => say("verify", Verdict::Refuted, first_line(what)),
        None => say("verify", Verdict::Holds, format!("{pieces} pieces of evidence")),
    }
    let forks = workload.forks();
    match forks.first() {
        Some(fork) => say("forks", Verdict::Refuted, fork.clone()),
        None => say("forks", Verdict::Holds, "none between signed facts".to_owned()),
    }
    let (by_search, story) = of_history(&findings.history, judge);
    say("check", by_search.0, by_search.1);
    let (by_evidence, other) = of_history(&findings.history, judge_by_evidence);
    say("check by evidence", by_evidence.0, by_evidence.1);
    if let (Some(since), None) = (calm, &violation) {
        match workload.all_answered(since) {
            Ok(()) => say(AVAILABILITY, Verdict::Holds, "every call in calm was answered".into()),
            Err(open) => say(AVAILABILITY, Verdict::Refuted, open),
        }
    }
    if violation.is_none() {
        for bound in &scenario.expect.bounds {
            let (verdict, text) = of_bound(bound, &findings.history);
            say(BOUNDS, verdict, text);
        }
    }
    (all, story.or(other))
}

/// The worst word of all judges.
pub fn worst(judged: &[Judged]) -> Verdict {
    judged.iter().map(|judged| judged.verdict).fold(Verdict::Holds, worse)
}

fn of_history(
    history: &History,
    judge: impl Fn(&History, &Limits) -> Report,
) -> ((Verdict, String), Option<Story>) {
    let report = judge(history, &limits());
    let word = verdict(report.verdict());
    for part in &report.parts {
        match &part.finding {
            Finding::Violated(story) => {
                let text = format!("{}: {}", part.guarantee, story.title);
                return ((word, text), Some(story.clone()));
            }
            Finding::Unknown { reason, .. } if word == Verdict::Unknown => {
                return ((word, format!("{}: {reason}", part.guarantee)), None);
            }
            _ => {}
        }
    }
    let kinds: Vec<_> = report.parts.iter().map(|part| part.guarantee.as_str()).collect();
    ((word, format!("{} operations: {}", report.operations, kinds.join(", "))), None)
}

/// Whether a call falls into a bound's stretch and guarantee.
fn bounded(bound: &Bound, call: &Call) -> bool {
    let asked = call.began.time.unwrap_or_default();
    bound.from <= asked
        && bound.until.is_none_or(|until| asked < until)
        && bound.guarantee.as_ref().is_none_or(|name| call.guarantee.to_string() == *name)
}

/// How long a call took, where it was answered.
pub fn took(call: &Call) -> Option<Nanos> {
    Some(call.ended?.time?.minus(call.began.time?))
}

/// What a bound says of a history; of nothing asked it says nothing.
fn of_bound(bound: &Bound, history: &History) -> (Verdict, String) {
    let calls: Vec<_> = history.calls.iter().filter(|call| bounded(bound, call)).collect();
    let mut spans: Vec<_> = calls.iter().filter_map(|call| took(call)).collect();
    spans.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "counts of a short run")]
    let share = spans.len() as f64 / (calls.len().max(1)) as f64;
    let p99 = nearest_rank(&spans, 0.99);
    let fine = bound.at_least.is_none_or(|least| share >= least)
        && bound.at_most.is_none_or(|most| share <= most)
        && bound.p99.is_none_or(|most| p99.is_none_or(|p99| p99 <= most));
    let verdict = match (calls.is_empty(), fine) {
        (true, _) => Verdict::Unknown,
        (false, true) => Verdict::Holds,
        (false, false) => Verdict::Refuted,
    };
    let mut page = Page::new();
    page.add(format_args!("{} of {} calls answered", spans.len(), calls.len()));
    if let Some(name) = &bound.guarantee {
        page.add(format_args!(" with {name}"));
    }
    match bound.until {
        Some(until) => page.add(format_args!(" between {} and {until}", bound.from)),
        None => page.add(format_args!(" from {} on", bound.from)),
    }
    for (word, share) in [("at least", bound.at_least), ("at most", bound.at_most)] {
        if let Some(share) = share {
            page.add(format_args!(", {word} {:.1} % expected", share * 100.0));
        }
    }
    if let Some(most) = bound.p99 {
        let met = p99.map_or("none".to_owned(), |p99| p99.to_string());
        page.add(format_args!(", p99 {met}, at most {most} expected"));
    }
    (verdict, page.into_string())
}
