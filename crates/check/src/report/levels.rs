//! The report on a history that is judged by many levels or models, one by one.

use super::models::Standard;
use super::{Finding, Part, Report, Story, Word};
use crate::limits::Budget;
use crate::progress::{self, Parts};

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
            models: super::models::of_parts(&parts),
            parts,
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
/// by the weakest of these, and holds where a stronger one does, by whose order, if it is told.
fn known<L: Standard>(found: &[(L, Finding)], level: L, tells_order: bool) -> Option<Finding> {
    let of = |word| found.iter().filter(move |(other, of)| *other != level && of.word() == word);
    let broken = of(Word::Violated).map(|(weak, _)| *weak).filter(|weak| level.implies(*weak));
    let weakest = broken.reduce(|one, other| if one.implies(other) { other } else { one });
    if let Some(weak) = weakest {
        return Some(Finding::Violated(Story::of_weaker(weak)));
    }
    // As well checked as the best of those that imply it.
    let strong = found.iter().filter(|(strong, _)| *strong != level && strong.implies(level));
    let is_checked = |finding: &Finding| matches!(finding, Finding::Holds { checked: true, .. });
    let holds = strong.map(|(_, finding)| finding).filter(|of| of.word() == Word::Holds);
    let best = holds.reduce(|one, other| if is_checked(one) { one } else { other })?;
    Some(if tells_order {
        best.clone()
    } else {
        Finding::Holds { order: Vec::new(), checked: is_checked(best) }
    })
}

/// Every level, by as few decisions as implication leaves: the one asked for first, then in the
/// order given. One that could not be decided is what follows from the others.
///
/// Those of `first`, of which each implies what is asked, or all if nothing is, are tried before
/// them, until one holds: that settles what is asked, by its order. What does not hold waits for
/// its turn, so that the weakest that is violated tells the story.
pub(crate) fn settle<L: Standard>(
    levels: &[L],
    asked: Option<L>,
    first: &[L],
    mut decide: impl FnMut(L) -> Finding,
) -> Vec<(L, Finding)> {
    let mut parts = Parts::of_levels(levels.len(), !first.is_empty());
    let mut decide = |level| parts.next(|| decide(level));
    let mut found: Vec<(L, Finding)> = Vec::new();
    let mut waiting: Vec<(L, Finding)> = Vec::new();
    draft(levels, asked, &found, &waiting);
    for level in first.iter().copied() {
        let finding = decide(level);
        if finding.word() == Word::Holds {
            found.push((level, finding));
            draft(levels, asked, &found, &waiting);
            break;
        }
        waiting.push((level, finding));
        draft(levels, asked, &found, &waiting);
    }
    let others = levels.iter().copied().filter(|level| Some(*level) != asked);
    for level in asked.into_iter().chain(others) {
        if found.iter().any(|(other, _)| *other == level) {
            continue;
        }
        let waits = waiting.iter().position(|(other, _)| *other == level);
        let finding = known(&found, level, asked == Some(level))
            .or_else(|| waits.map(|place| waiting.swap_remove(place).1))
            .unwrap_or_else(|| decide(level));
        found.push((level, finding));
        draft(levels, asked, &found, &waiting);
    }
    told_by_others(&mut found, asked);
    found
}

/// Puts in place of what is open, and of what was tried before weaker ones, what these tell.
fn told_by_others<L: Standard>(found: &mut [(L, Finding)], asked: Option<L>) {
    for place in 0..found.len() {
        let (level, finding) = &found[place];
        // What was tried before weaker ones is told by these, too.
        let is_open = match finding.word() {
            Word::Unknown => true,
            Word::Violated => asked != Some(*level),
            Word::Holds => false,
        };
        if is_open && let Some(finding) = known(found, *level, asked == Some(*level)) {
            found[place].1 = finding;
        }
    }
}

/// Leaves the report as it would be if nothing more were decided, for whoever stops waiting.
fn draft<L: Standard>(
    levels: &[L],
    asked: Option<L>,
    found: &[(L, Finding)],
    waiting: &[(L, Finding)],
) {
    progress::draft(|| {
        let decided = found.iter().chain(waiting);
        let mut findings: Vec<_> =
            decided.map(|(level, finding)| (*level, finding.without_order())).collect();
        for level in asked.iter().chain(levels) {
            if !findings.iter().any(|(other, _)| other == level) {
                findings.push((*level, Finding::open()));
            }
        }
        told_by_others(&mut findings, asked);
        let open = findings.iter().filter(|(_, finding)| *finding == Finding::open()).count();
        progress::levels(findings.len() - open, findings.len());
        let all = L::all();
        findings.sort_by_key(|(level, _)| all.iter().position(|one| one == level));
        let about = About {
            format: "not judged to its end",
            operations: 0,
            answered: 0,
            unknown: 0,
            failed: 0,
            notes: Vec::new(),
        };
        Report::of_levels(about, "operations", findings, asked, &Budget::default())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transaction::Level;

    const LEVELS: [Level; 3] =
        [Level::SnapshotIsolation, Level::Serializable, Level::StrongSessionSerializable];

    /// What is found where exactly these are violated, and what was decided for it.
    fn settled(violated: &[Level], first: &[Level]) -> (Vec<(Level, Finding)>, Vec<Level>) {
        let mut decided = Vec::new();
        let found = settle(&LEVELS, Some(Level::Serializable), first, |level| {
            decided.push(level);
            if violated.contains(&level) {
                Finding::Violated(Story::default())
            } else {
                Finding::Holds { order: vec![decided.len()], checked: true }
            }
        });
        (found, decided)
    }

    #[test]
    fn a_stronger_level_that_holds_settles_what_is_asked_by_its_own_order() {
        let (found, decided) = settled(&[], &[Level::StrongSessionSerializable]);
        assert_eq!(decided, [Level::StrongSessionSerializable]);
        let asked = found.iter().find(|(level, _)| *level == Level::Serializable);
        assert!(matches!(asked, Some((_, Finding::Holds { order, .. })) if *order == [1]));
    }

    #[test]
    fn a_stronger_level_that_fails_says_nothing_of_what_is_asked_and_is_not_decided_again() {
        let strong = Level::StrongSessionSerializable;
        let (found, decided) = settled(&[strong], &[strong]);
        assert_eq!(decided, [strong, Level::Serializable]);
        let word = |level| found.iter().find(|(one, _)| *one == level).map(|(_, of)| of.word());
        assert_eq!(word(strong), Some(Word::Violated));
        assert_eq!(word(Level::Serializable), Some(Word::Holds));
        assert_eq!(word(Level::SnapshotIsolation), Some(Word::Holds));
    }
}
