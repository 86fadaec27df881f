//! The report on a history of transactions, level by level.

use super::{Finding, Part, Report, Word};
use crate::limits::Budget;
use crate::transaction::Level;

/// What a report tells of the history itself.
pub(crate) struct About<'a> {
    pub(crate) format: &'a str,
    pub(crate) operations: usize,
    pub(crate) unknown: usize,
    pub(crate) failed: usize,
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// The report on parts that know no levels.
    pub(crate) fn of_parts(about: About<'_>, parts: Vec<Part>, budget: &Budget) -> Self {
        let About { format, operations, unknown, failed, notes } = about;
        Self {
            parts,
            models: Vec::new(),
            unit: "operations",
            operations,
            unknown,
            failed,
            format: format.to_owned(),
            notes,
            steps: budget.taken(),
            elapsed: budget.elapsed(),
        }
    }

    /// The level asked for is the verdict and the others are notes; all are, if none is asked for.
    pub(crate) fn of_levels(
        about: About<'_>,
        findings: Vec<(Level, Finding)>,
        asked: Option<Level>,
        implies: impl Fn(Level, Level) -> bool,
        budget: &Budget,
    ) -> Self {
        let About { format, operations, unknown, failed, mut notes } = about;
        let words: Vec<_> = findings.iter().map(|(level, of)| (*level, of.word())).collect();
        let models = super::models::of_levels(&words, &implies);
        notes.extend(frontier(&words, implies));
        let mut parts = Vec::new();
        for (level, finding) in findings {
            if asked.is_none_or(|asked| asked == level) {
                parts.push(Part { guarantee: level.name().to_owned(), operations, finding });
            } else {
                notes.push(format!("{level}: {}", finding.word()));
            }
        }
        Self {
            parts,
            models,
            unit: "transactions",
            operations,
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
fn frontier(words: &[(Level, Word)], implies: impl Fn(Level, Level) -> bool) -> Vec<String> {
    let of = |word| words.iter().filter(move |(_, of)| *of == word).map(|(level, _)| *level);
    let strongest = of(Word::Holds)
        .filter(|level| !of(Word::Holds).any(|other| other != *level && implies(other, *level)));
    let weakest = of(Word::Violated)
        .filter(|level| !of(Word::Violated).any(|other| other != *level && implies(*level, other)));
    let told = |word: &str, levels: Vec<&str>| {
        (!levels.is_empty()).then(|| format!("{word}: {}", levels.join(", ")))
    };
    let strongest = told("strongest that hold", strongest.map(Level::name).collect());
    let weakest = told("weakest that are violated", weakest.map(Level::name).collect());
    strongest.into_iter().chain(weakest).collect()
}
