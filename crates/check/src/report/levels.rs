//! The report on a history that is judged by many levels or models, one by one.

use super::models::Standard;
use super::{Finding, Part, Report, Word};
use crate::limits::Budget;
use crate::progress::Parts;
use std::fmt::Display;

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
        implies: impl Fn(L, L) -> bool,
        budget: &Budget,
    ) -> Self {
        let About { format, operations, answered, unknown, failed, mut notes } = about;
        let words: Vec<_> = findings.iter().map(|(level, of)| (*level, of.word())).collect();
        let models = super::models::of_levels(&words, &implies);
        notes.extend(frontier(&words, implies));
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
fn frontier<L: Copy + PartialEq + Display>(
    words: &[(L, Word)],
    implies: impl Fn(L, L) -> bool,
) -> Vec<String> {
    let of = |word| words.iter().filter(move |(_, of)| *of == word).map(|(level, _)| *level);
    let strongest = of(Word::Holds)
        .filter(|level| !of(Word::Holds).any(|other| other != *level && implies(other, *level)));
    let weakest = of(Word::Violated)
        .filter(|level| !of(Word::Violated).any(|other| other != *level && implies(*level, other)));
    let told = |word: &str, levels: Vec<String>| {
        (!levels.is_empty()).then(|| format!("{word}: {}", levels.join(", ")))
    };
    let strongest = told("strongest that hold", strongest.map(|level| level.to_string()).collect());
    let weakest =
        told("weakest that are violated", weakest.map(|level| level.to_string()).collect());
    strongest.into_iter().chain(weakest).collect()
}

/// Every level, by as few decisions as implication leaves, in the order given. One that could not
/// be decided is violated where a weaker one is, and holds where a stronger one does.
pub(crate) fn settle<L: Copy + PartialEq>(
    levels: &[L],
    implies: impl Fn(L, L) -> bool,
    of_weaker: impl Fn(L) -> Finding,
    mut decide: impl FnMut(L) -> Finding,
) -> Vec<(L, Finding)> {
    let mut found: Vec<(L, Finding)> = Vec::new();
    let mut parts = Parts::of_levels(levels.len(), false);
    let known = |found: &[(L, Finding)], level: L| {
        let is_violated =
            |(weak, of): &&(L, Finding)| implies(level, *weak) && of.word() == Word::Violated;
        let holds =
            |(strong, of): &&(L, Finding)| implies(*strong, level) && of.word() == Word::Holds;
        if let Some((weak, _)) = found.iter().find(is_violated) {
            return Some(of_weaker(*weak));
        }
        found.iter().find(holds).map(|_| Finding::Holds { order: Vec::new(), checked: true })
    };
    for level in levels {
        let finding = known(&found, *level).unwrap_or_else(|| parts.next(|| decide(*level)));
        found.push((*level, finding));
    }
    for place in 0..found.len() {
        let (level, finding) = &found[place];
        if finding.word() == Word::Unknown
            && let Some(finding) = known(&found, *level)
        {
            found[place].1 = finding;
        }
    }
    found
}
