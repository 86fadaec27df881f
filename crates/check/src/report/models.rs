//! The map of models: what was found of each, and which follows from which.
//!
//! What was not judged itself is known where implication says it: below what holds everything
//! holds, and above what is violated everything is.
//!
//! - I1: an edge leads from a stronger model to a weaker one with no model of the map between.

use super::{Part, Word};
use crate::transaction::Level;
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
    let mut all = L::all();
    // Those with a bound are in the map that was asked of them.
    let asked = words.iter().map(|(level, _)| *level).filter(|level| !all.contains(level));
    let asked: Vec<L> = asked.collect();
    all.extend(asked);
    let found: Vec<_> = all.iter().map(|level| word(*level)).collect();
    map(all.iter().map(L::to_string), &found, true, |one, other| all[one].implies(all[other]))
}

/// Whether a workload's property is known to follow from a level of transactions.
fn follows(part: &str, level: Level) -> bool {
    let weakest: &[Level] = match part {
        // Every snapshot is of whole transfers, and of two of one account one sees the other.
        "bank" => {
            &[Level::SnapshotIsolation, Level::ParallelSnapshotIsolation, Level::UpdateSerializable]
        }
        // Snapshots are of one order.
        "no long fork" => &[Level::Prefix, Level::SnapshotIsolation],
        // What had ended is in every snapshot taken later.
        "no causal reverse" => &[Level::StrongSnapshotIsolation],
        _ => &[],
    };
    weakest.iter().any(|weak| level.implies(*weak))
}

/// The order of all operations from which a workload's property follows.
fn order_above(part: &str) -> Option<&'static str> {
    match part {
        "counter" | "set" | "total queue" | "exactly once" | "unique ids" => Some("linearizable"),
        "log" | "polls in order" | "sends in order" | "read committed" => {
            Some("strict-serializable log")
        }
        _ => None,
    }
}

/// What follows from an order of all operations in real time.
fn order_below(part: &str) -> Option<String> {
    part.strip_prefix("linearizable").map(|object| format!("sequential{object}"))
}

/// The map of parts that are no levels, beneath what implies each, with what follows from it;
/// nothing where no part implies another or follows from anything.
pub(super) fn of_parts(parts: &[Part]) -> Vec<Model> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|one| one == name) {
            names.push(name.to_owned());
        }
    };
    for Part { guarantee, .. } in parts {
        let levels = Level::ALL.into_iter().rev().filter(|level| follows(guarantee, *level));
        for level in levels {
            add(level.name());
        }
        if let Some(above) = order_above(guarantee) {
            add(above);
        }
        add(guarantee);
        if let Some(below) = order_below(guarantee) {
            add(&below);
        }
    }
    let level = |name: &str| Level::ALL.into_iter().find(|level| level.name() == name);
    let implies = |one: usize, other: usize| {
        let (one, other) = (names[one].as_str(), names[other].as_str());
        match (level(one), level(other)) {
            (Some(one), Some(other)) => one.implies(other),
            (Some(one), None) => follows(other, one),
            _ => order_above(other) == Some(one) || order_below(one).as_deref() == Some(other),
        }
    };
    let word = |name: &String| {
        let part = parts.iter().find(|part| part.guarantee == *name);
        part.map(|part| part.finding.word())
    };
    let words: Vec<_> = names.iter().map(word).collect();
    let models = map(names.iter().cloned(), &words, true, implies);
    if models.iter().all(|model| model.implies.is_empty()) { Vec::new() } else { models }
}

/// The map of the levels alone that some way of judging decides, each called by its name there.
pub(crate) fn of_some<L: Standard>(words: &[(L, Word)], name: impl Fn(L) -> String) -> Vec<Model> {
    let found: Vec<_> = words.iter().map(|(_, word)| Some(*word)).collect();
    map(words.iter().map(|(level, _)| name(*level)), &found, true, |one, other| {
        words[one].0.implies(words[other].0)
    })
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
    use crate::report::{Finding, Story};

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

    /// What a workload's own property tells of levels above it, and an order of what is below.
    #[test]
    fn a_map_of_parts_says_what_follows_and_no_more() {
        let part = |name: &str, word: Word| Part {
            guarantee: name.to_owned(),
            operations: 3,
            finding: match word {
                Word::Holds => Finding::Holds { order: Vec::new(), checked: true },
                Word::Violated => Finding::Violated(Story::default()),
                Word::Unknown => Finding::open(),
            },
        };
        let word = |models: &[Model], name: &str| {
            let found = models.iter().find(|model| model.name == name);
            found.unwrap_or_else(|| panic!("no {name} in {models:?}")).word
        };
        let bank = of_parts(&[part("bank", Word::Violated)]);
        for level in Level::ALL {
            if follows("bank", level) {
                assert_eq!(word(&bank, level.name()), Some(Word::Violated));
            } else {
                assert!(bank.iter().all(|model| model.name != level.name()), "{level}");
            }
        }
        let bank = of_parts(&[part("bank", Word::Holds)]);
        for above in ["serializable", "parallel-snapshot-isolation"] {
            assert_eq!(word(&bank, above), None, "it is above what holds");
        }
        assert!(!follows("bank", Level::ReadAtomic), "two transfers may lose one");
        let lock = of_parts(&[part("linearizable mutex", Word::Holds)]);
        assert_eq!(word(&lock, "sequential mutex"), Some(Word::Holds));
        let lock = of_parts(&[part("linearizable mutex", Word::Violated)]);
        assert_eq!(word(&lock, "sequential mutex"), None, "it is below what is violated");
        let set = of_parts(&[part("set", Word::Violated), part("linearizable", Word::Unknown)]);
        assert_eq!(word(&set, "linearizable"), Some(Word::Violated));
        let ids = of_parts(&[part("unique ids", Word::Violated)]);
        assert_eq!(word(&ids, "linearizable"), Some(Word::Violated));
        assert!(of_parts(&[part("a judgement", Word::Unknown)]).is_empty());
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
