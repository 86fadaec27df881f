//! The map of models: what was found of each, and which follows from which.
//!
//! What was not judged itself is known where implication says it: below what holds everything
//! holds, and above what is violated everything is.
//!
//! - I1: an edge leads from a stronger model to a weaker one with no model of the map between.

use super::{Part, Word};
use avouch_promise::guarantee::{Guarantee, ROWS};
use std::fmt::Display;

/// One model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What is known of it; nothing if it was not judged and nothing follows.
    pub word: Option<Word>,
    /// The models that follow from it with none between, as places in the map.
    pub implies: Vec<usize>,
}

/// The map over `names`; `implies` says of two places whether the second follows from the first.
/// `whole`: each word is of the whole history, so that implication carries it on.
fn map(
    names: impl Iterator<Item = String>,
    words: &[Option<Word>],
    whole: bool,
    implies: impl Fn(usize, usize) -> bool,
) -> Vec<Model> {
    let count = words.len();
    let above = |one: usize, other: usize| one != other && implies(one, other);
    let direct = |one: usize, other: &usize| {
        above(one, *other) && !(0..count).any(|mid| above(one, mid) && above(mid, *other))
    };
    let known = |one: usize| {
        let is = |word| move |other: &usize| words[*other] == Some(word);
        let follows = (0..count).filter(is(Word::Holds)).any(|strong| above(strong, one));
        let fails = (0..count).filter(is(Word::Violated)).any(|weak| above(one, weak));
        match words[one] {
            Some(word @ (Word::Holds | Word::Violated)) => Some(word),
            other if !whole => other,
            _ if fails => Some(Word::Violated),
            _ if follows => Some(Word::Holds),
            other => other,
        }
    };
    let model = |(one, name)| Model {
        name,
        word: known(one),
        implies: (0..count).filter(|other| direct(one, other)).collect(),
    };
    names.enumerate().map(model).collect()
}

/// What a whole history can be judged by: levels of transactions, models of operations.
pub(crate) trait Standard: Copy + PartialEq + Display {
    /// All that a map shows.
    fn all() -> Vec<Self>;
    /// Whether every history of this one is one of the other.
    fn implies(self, other: Self) -> bool;
}

/// The map of what histories are judged by, of which these words were found.
pub(super) fn of_levels<L: Standard>(words: &[(L, Word)]) -> Vec<Model> {
    let word = |level| words.iter().find(|(one, _)| *one == level).map(|(_, word)| *word);
    let all = L::all();
    let found: Vec<_> = all.iter().map(|level| word(*level)).collect();
    map(all.iter().map(L::to_string), &found, true, |one, other| all[one].implies(all[other]))
}

/// The map of guarantees of single operations: those asked for, and what follows from them where
/// all operations carry one.
pub(super) fn of_guarantees(parts: &[Part], operations: usize) -> Vec<Model> {
    let rows: Vec<_> = ROWS.iter().filter(|row| !row.name.starts_with("byzantine")).collect();
    let found = |part: &&Part| part.guarantee.parse::<Guarantee>().ok();
    let word = |row: &&&avouch_promise::guarantee::Row| {
        let parts = parts.iter().filter(|part| part.operations > 0);
        let mut own = parts.filter(|part| found(part).is_some_and(|one| one.row().same_as(row)));
        own.next().map(|part| part.finding.word())
    };
    let words: Vec<_> = rows.iter().map(|row| word(&row)).collect();
    let whole = parts.iter().any(|part| part.operations == operations);
    map(rows.iter().map(|row| row.usage()), &words, whole, |one, other| {
        rows[one].implied().any(|row| row.same_as(rows[other]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transaction::Level;

    /// A square: 0 above 1 and 2, both above 3; an edge from 0 to 3 would be one too many.
    fn square(words: [Option<Word>; 4], whole: bool) -> Vec<Model> {
        let implies =
            |one: usize, other: usize| one == other || one == 0 || (other == 3 && one < 3);
        map((0..4).map(|name| name.to_string()), &words, whole, implies)
    }

    #[test]
    fn edges_are_direct_and_implication_says_what_was_not_judged() {
        let holds = square([Some(Word::Holds), None, Some(Word::Unknown), None], true);
        assert_eq!(holds[0].implies, [1, 2]);
        assert_eq!((&holds[1].implies[..], &holds[3].implies[..]), (&[3][..], &[][..]));
        assert!(holds.iter().all(|model| model.word == Some(Word::Holds)), "{holds:?}");
        let fails = square([None, Some(Word::Violated), None, None], true);
        let words: Vec<_> = fails.iter().map(|model| model.word).collect();
        assert_eq!(words, [Some(Word::Violated), Some(Word::Violated), None, None]);
        let apart = square([None, Some(Word::Violated), None, None], false);
        assert_eq!(apart[0].word, None, "a word on some operations says nothing of the others");
    }

    #[test]
    fn a_map_of_levels_has_every_level_and_no_contradiction() {
        let words =
            [(Level::Serializable, Word::Holds), (Level::StrictSerializable, Word::Violated)];
        let models = of_levels(&words);
        let word = |name: &str| {
            models.iter().find(|model| model.name == name).and_then(|model| model.word)
        };
        assert_eq!(models.len(), Level::ALL.len());
        assert_eq!(word("snapshot-isolation"), Some(Word::Holds));
        assert_eq!(word("strict-serializable"), Some(Word::Violated));
        assert_eq!(word("causal"), None, "it follows from neither");
    }
}
