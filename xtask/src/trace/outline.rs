//! The outline: sections, and the items that each of them asks for.

use crate::tree;
use avouch_promise::{Blame, Error};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

const PATH: &str = "docs/outline.toml";

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// As in `3.3.1`.
    pub(super) section: String,
    /// The section's title.
    pub(super) title: String,
    /// Unique within its section: lower case, with hyphens.
    pub(super) id: String,
    /// What it is, in a few words.
    pub(super) words: String,
}

/// All items, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    section: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    number: String,
    title: String,
    items: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    words: String,
}

impl Outline {
    pub(super) fn read(root: &Path) -> Result<Self, Error> {
        Self::parse(&tree::read(root, PATH)?)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let bad = |got: String| Error::new(Blame::Caller, format!("{PATH} to be an outline"), got);
        let file: File = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        let mut seen = BTreeSet::new();
        let mut items = Vec::new();
        for section in file.section {
            for entry in section.items {
                if !seen.insert((section.number.clone(), entry.id.clone())) {
                    return Err(bad(format!("§{} {} twice", section.number, entry.id)));
                }
                items.push(Item {
                    section: section.number.clone(),
                    title: section.title.clone(),
                    id: entry.id,
                    words: entry.words,
                });
            }
        }
        Ok(Self { items })
    }
}

/// Whether `section` is `outer` or inside it: 1.2.3 is within 1.2, and 1.20 is not.
pub(super) fn within(section: &str, outer: &str) -> bool {
    section.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::{Outline, within};

    #[test]
    fn an_outline_has_each_item_once() {
        let section = "[[section]]\nnumber = '1.1'\ntitle = 'T'\n";
        let once = format!("{section}items = [{{ id = 'a', words = 'A' }}]");
        assert_eq!(Outline::parse(&once).expect("an outline").items.len(), 1);
        let item = "{ id = 'a', words = 'A' }";
        assert!(Outline::parse(&format!("{section}items = [{item}, {item}]")).is_err());
        assert!(Outline::parse("[[section]]\nname = 'x'").is_err());
    }

    #[test]
    fn ids_of_the_real_outline_are_written_as_documented() {
        let outline = Outline::read(&crate::tree::root().expect("a root")).expect("an outline");
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        for item in &outline.items {
            assert!(item.id.split('-').all(|word| !word.is_empty() && word.chars().all(plain)));
            assert!(!item.words.is_empty() && item.section.split('.').count() == 3, "{item:?}");
        }
        let sections: Vec<_> = outline.items.iter().map(|item| &item.section).collect();
        assert!(sections.is_sorted(), "sections are in order");
    }

    #[test]
    fn sections_nest_by_their_dots() {
        assert!(within("1.2.3", "1.2") && within("1.2", "1.2"));
        assert!(!within("1.20", "1.2") && !within("1.2", "1.2.3"));
    }
}
