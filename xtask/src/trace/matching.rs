//! Which item a citation names.
//!
//! The section must exist (or hold sections that do). Then: an item whose id is the words; else the
//! item that shares the largest part of the cited words with its id and words, at least half of
//! them; among equals the one with the fewest other words. Equals even then are all meant where
//! each cited word stands in one of them ("bounded staleness (time, versions)"), else ambiguous.
//! Small words and plurals do not count, and a long word counts as its beginning ("serialise",
//! "serialisation"). A list at whose commas each part names an item names all of them. A citation
//! without words names the only item of its section.

use super::citation::Citation;
use super::outline::{Outline, within};

/// Words that say nothing about an item.
const SMALL: [&str; 18] = [
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the",
    "to", "vs", "with",
];
/// Letters that two words must share at their beginning to count as one.
const BEGINNING: usize = 6;

/// The indices of the items, or what to write instead.
pub(super) fn find(outline: &Outline, citation: &Citation) -> Result<Vec<usize>, String> {
    let inside: Vec<usize> = (0..outline.items.len())
        .filter(|index| within(&outline.items[*index].section, &citation.section))
        .collect();
    if inside.is_empty() {
        return Err(format!("no such section{}", nearest(outline, &citation.words)));
    }
    let cited = words(&citation.words);
    if cited.is_empty() {
        return match inside.as_slice() {
            [only] => Ok(vec![*only]),
            several => Err(format!("which one? {}", ids(outline, several))),
        };
    }
    let parts: Vec<_> = parts(&citation.words).map(words).filter(|part| !part.is_empty()).collect();
    let each: Option<Vec<_>> = parts.iter().map(|part| best(outline, &inside, part).ok()).collect();
    if let Some(each) = each.filter(|each| !each.is_empty()) {
        let mut items = each.concat();
        items.sort_unstable();
        items.dedup();
        return Ok(items);
    }
    best(outline, &inside, &cited)
        .map_err(|why| format!("{why}{}", nearest(outline, &citation.words)))
}

/// The parts of a list, at its commas and semicolons outside brackets.
fn parts(words: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    words.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(letter, ',' | ';')
    })
}

/// Of the items `inside`, those that the cited words name, or why there are none.
fn best(outline: &Outline, inside: &[usize], cited: &[String]) -> Result<Vec<usize>, String> {
    let exact = |index: &&usize| words(&outline.items[**index].id) == cited;
    if let Some(index) = inside.iter().find(exact) {
        return Ok(vec![*index]);
    }
    // Both parts in thousandths: of the cited words that were found, of the item's that were cited.
    let scored: Vec<(usize, usize, usize)> = inside
        .iter()
        .map(|index| {
            let item = &outline.items[*index];
            let own = words(&format!("{} {}", item.id, item.words));
            let shared = cited.iter().filter(|word| own.iter().any(|own| same(own, word))).count();
            (shared * 1_000 / cited.len(), shared * 1_000 / own.len().max(1), *index)
        })
        .collect();
    let best = scored.iter().map(|(found, rest, _)| (*found, *rest)).max().unwrap_or((0, 0));
    let winners: Vec<usize> = scored
        .iter()
        .filter(|(found, rest, _)| (*found, *rest) == best)
        .map(|(_, _, index)| *index)
        .collect();
    match best.0 {
        500.. if winners.len() == 1 => Ok(winners),
        500.. if covered(outline, &winners, cited) => Ok(winners),
        500.. => Err(format!("ambiguous: {}", ids(outline, &winners))),
        _ => Err(format!("no such item among {}", ids(outline, inside))),
    }
}

/// Whether each cited word stands in one of these items.
fn covered(outline: &Outline, items: &[usize], cited: &[String]) -> bool {
    let own: Vec<String> = items
        .iter()
        .map(|index| &outline.items[*index])
        .flat_map(|item| words(&format!("{} {}", item.id, item.words)))
        .collect();
    cited.iter().all(|word| own.iter().any(|own| same(own, word)))
}

/// The item of all that shares most with these words, as a hint.
fn nearest(outline: &Outline, cited: &str) -> String {
    let cited = words(cited);
    let shared = |item: &super::outline::Item| {
        let own = words(&format!("{} {}", item.id, item.words));
        cited.iter().filter(|word| own.iter().any(|own| same(own, word))).count()
    };
    match outline.items.iter().rev().max_by_key(|item| shared(item)) {
        Some(item) if shared(item) > 0 => format!("; nearest is §{} {}", item.section, item.id),
        _ => String::new(),
    }
}

fn ids(outline: &Outline, indices: &[usize]) -> String {
    indices.iter().map(|index| outline.items[*index].id.as_str()).collect::<Vec<_>>().join(", ")
}

/// The words of a text that count, each without its plural.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty() && !SMALL.contains(word))
        .map(|word| match word.strip_suffix('s') {
            Some(one) if one.len() > 2 && !one.ends_with('s') => one.to_owned(),
            _ => word.to_owned(),
        })
        .collect();
    words.sort();
    words.dedup();
    words
}

fn same(left: &str, right: &str) -> bool {
    let beginning = |word: &str| word.chars().take(BEGINNING).collect::<String>();
    left == right
        || (left.len() >= BEGINNING
            && right.len() >= BEGINNING
            && beginning(left) == beginning(right))
}

#[cfg(test)]
mod tests {
    use super::super::citation::{Citation, Kind};
    use super::super::outline::Outline;
    use super::{find, ids};

    const OUTLINE: &str = "
        [[section]]
        number = '1.2.2'
        title = 'Circumventing FLP'
        items = [
          { id = 'detector-hierarchy', words = 'failure detectors: eventually perfect, strong' },
          { id = 'phi-accrual', words = 'phi accrual failure detector' },
          { id = 'chen', words = 'Chen failure detector: margins' },
          { id = 'election', words = 'time-out based leader election' },
        ]
        [[section]]
        number = '1.2.3'
        title = 'Serialisation'
        items = [{ id = 'serialisation', words = 'serialisation of requests' }]
    ";

    fn cite(section: &str, words: &str) -> Result<String, String> {
        let outline = Outline::parse(OUTLINE).expect("an outline");
        let (section, words) = (section.to_owned(), words.to_owned());
        let citation = Citation { path: String::new(), line: 1, section, words, kind: Kind::Code };
        find(&outline, &citation).map(|indices| ids(&outline, &indices))
    }

    #[test]
    fn items_are_named_by_id_or_by_words() {
        for (section, words, id) in [
            ("1.2.2", "phi-accrual", "phi-accrual"),
            ("1.2.2", "Phi Accrual", "phi-accrual"),
            ("1.2.2", "leader elections", "election"),
            ("1.2.2", "eventually strong", "detector-hierarchy"),
            ("1.2.2", "election by ballots", "election"),
            ("1.2", "phi accrual", "phi-accrual"),
            ("1.2.2", "failure detectors", "phi-accrual, chen"),
            ("1.2.2", "leader elections (one, more); phi accrual", "phi-accrual, election"),
            ("1.2.2", "election, by ballots", "election"),
            ("1.2.2", "detector (accrual, margins)", "phi-accrual, chen"),
            ("1.2.3", "", "serialisation"),
            ("1.2.3", "serialise it all", "serialisation"),
        ] {
            assert_eq!(cite(section, words).as_deref(), Ok(id), "§{section} {words}");
        }
    }

    #[test]
    fn what_names_no_item_is_told_with_the_nearest() {
        for (section, words, hint) in [
            ("9.9.9", "phi accrual", "no such section; nearest is §1.2.2 phi-accrual"),
            (
                "1.2.3",
                "phi accrual",
                "no such item among serialisation; nearest is §1.2.2 phi-accrual",
            ),
            ("1.2.2", "", "which one?"),
            ("1.2.2", "a purple cow with horns", "no such item"),
            ("1.2.2", "purple detectors", "ambiguous: phi-accrual, chen"),
        ] {
            let error = cite(section, words).expect_err("no item");
            assert!(error.contains(hint), "§{section} {words}: {error}");
        }
    }
}
