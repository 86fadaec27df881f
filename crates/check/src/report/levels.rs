//! The report on a history that is judged by many levels or models, one by one.

use super::models::Standard;
use super::{Finding, Part, Report, Story, Word};
use crate::limits::Budget;
use crate::progress::Parts;

/// What a report tells of the history itself.
pub(crate) struct About<'a> {
    pub(crate) format: &'a str,
    pub(crate) operations: usize,
    /// Operations, or transactions, that were answered.
    pub(crate) answered: usize,
    pub(crate) unknown: usize,
    pub(crate) failed: usize,
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// The report on parts that know no levels.
    pub(crate) fn of_parts(about: About<'_>, parts: Vec<Part>, budget: &Budget) -> Self {
        let About { format, operations, answered, unknown, failed, notes } = about;
        Self {
            parts,
            models: Vec::new(),
            unit: "operations",
            operations,
            answered,
            unknown,
            failed,
            format: format.to_owned(),
            notes,
            steps: budget.taken(),
            elapsed: budget.elapsed(),
        }
    }

    /// The level asked for is the verdict and the others are notes; all are, if none is asked for.
    pub(crate) fn of_levels<L: Standard>(
        about: About<'_>,
        unit: &'static str,
        findings: Vec<(L, Finding)>,
        asked: Option<L>,
        budget: &Budget,
    ) -> Self {
        let About { format, operations, answered, unknown, failed, mut notes } = about;
        let words: Vec<_> = findings.iter().map(|(level, of)| (*level, of.word())).collect();
        let models = super::models::of_levels(&words);
        notes.extend(frontier(&words));
        let mut parts = Vec::new();
        for (level, finding) in findings {
            if asked.is_none_or(|asked| asked == level) {
                parts.push(Part { guarantee: level.to_string(), operations, finding });
            } else {
                notes.push(format!("{level}: {}", finding.word()));
            }
        }
        Self {
            parts,
            models,
            unit,
            operations,
            answered,
            unknown,
            failed,
            format: format.to_owned(),
            notes,
            steps: budget.taken(),
            elapsed: budget.elapsed(),
        }
    }
}

/// The strongest levels that hold and the weakest that are violated, in a line each.
fn frontier<L: Standard>(words: &[(L, Word)]) -> Vec<String> {
    let of = |word| words.iter().filter(move |(_, of)| *of == word).map(|(level, _)| *level);
    let strongest = of(Word::Holds)
        .filter(|level| !of(Word::Holds).any(|other| other != *level && other.implies(*level)));
    let weakest = of(Word::Violated)
        .filter(|level| !of(Word::Violated).any(|other| other != *level && level.implies(other)));
    let told = |word: &str, levels: Vec<String>| {
        (!levels.is_empty()).then(|| format!("{word}: {}", levels.join(", ")))
    };
    let strongest = told("strongest that hold", strongest.map(|level| level.to_string()).collect());
    let weakest =
        told("weakest that are violated", weakest.map(|level| level.to_string()).collect());
    strongest.into_iter().chain(weakest).collect()
}

/// What follows for one level from what was found of others: it is violated where a weaker one is,
/// by the weakest of these, and holds where a stronger one does.
fn known<L: Standard>(found: &[(L, Finding)], level: L) -> Option<Finding> {
    let of = |word| {
        let others = found.iter().filter(move |(other, of)| *other != level && of.word() == word);
        others.map(|(other, _)| *other)
    };
    let broken = of(Word::Violated).filter(|weak| level.implies(*weak));
    let weakest = broken.reduce(|one, other| if one.implies(other) { other } else { one });
    if let Some(weak) = weakest {
        return Some(Finding::Violated(Story::of_weaker(weak)));
    }
    let holds = of(Word::Holds).any(|strong| strong.implies(level));
    holds.then(|| Finding::Holds { order: Vec::new(), checked: true })
}

/// Every level, by as few decisions as implication leaves: the one asked for first, then in the
/// order given. One that could not be decided is what follows from the others.
///
/// Where none is asked for, `strongest`, which implies all others, is tried before them; if it does
/// not hold, its finding waits for its turn, so that the weakest that is violated tells the story.
pub(crate) fn settle<L: Standard>(
    levels: &[L],
    asked: Option<L>,
    strongest: Option<L>,
    mut decide: impl FnMut(L) -> Finding,
) -> Vec<(L, Finding)> {
    let is_first = |strongest: L| asked.is_none_or(|asked| asked == strongest);
    let mut parts = Parts::of_levels(levels.len(), strongest.is_some_and(is_first));
    let mut decide = |level| parts.next(|| decide(level));
    let mut found: Vec<(L, Finding)> = Vec::new();
    let mut waiting = None;
    if let Some(strongest) = strongest.filter(|_| asked.is_none()) {
        let finding = decide(strongest);
        if finding.word() == Word::Holds {
            found.push((strongest, finding));
        } else {
            waiting = Some((strongest, finding));
        }
    }
    let others = levels.iter().copied().filter(|level| Some(*level) != asked);
    for level in asked.into_iter().chain(others) {
        if found.iter().any(|(other, _)| *other == level) {
            continue;
        }
        let waits = |(strongest, _): &mut (L, Finding)| *strongest == level;
        let finding = known(&found, level)
            .or_else(|| waiting.take_if(waits).map(|(_, finding)| finding))
            .unwrap_or_else(|| decide(level));
        found.push((level, finding));
    }
    for place in 0..found.len() {
        let (level, finding) = &found[place];
        // What was tried before weaker ones is told by these, too.
        let is_open = match finding.word() {
            Word::Unknown => true,
            Word::Violated => asked != Some(*level),
            Word::Holds => false,
        };
        if is_open && let Some(finding) = known(&found, *level) {
            found[place].1 = finding;
        }
    }
    found
}
