//! Names that are not known: what was expected, what came, and what was probably meant.

use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};

/// The most characters shown of what came.
const SHOWN: usize = 60;

/// What came is not what was expected.
pub(crate) fn wrong(expected: &str, asked: &str) -> Error {
    let mut shown: String = asked.chars().take(SHOWN).collect();
    if shown.len() < asked.len() {
        shown.push_str("...");
    }
    Error::new(Blame::Caller, expected, format!("`{}`", shown.escape_debug()))
}

/// So few characters are an abbreviation, and the next one is another.
const SHORT: usize = 3;

/// The same of a name, with the nearest of those known, be it one that others use.
pub(crate) fn unknown(expected: &str, asked: &str, names: &[&str], others: &[&str]) -> Error {
    let name = asked.to_ascii_lowercase().replace([' ', '_'], "-");
    let all = || names.iter().chain(others).copied();
    let joined = |name: &str| name.replace('-', "");
    let is_long = |name: &str| name.chars().count() > SHORT;
    let begun = || {
        let mut begun = names.iter().copied().filter(|known| known.starts_with(&name));
        begun.next().filter(|_| is_long(&name) && begun.next().is_none())
    };
    let near = all()
        .find(|known| joined(known) == joined(&name))
        .or_else(begun)
        .or_else(|| nearest(&name, all().filter(|known| is_long(&name) && is_long(known))));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", names.join(", ")),
    };
    wrong(expected, asked).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::{unknown, wrong};

    #[test]
    fn the_nearest_name_is_told_or_all_are() {
        let hint = |asked| unknown("a level", asked, &["serializable", "causal"], &["pl-3"]).hint;
        assert_eq!(hint("Serialisable"), "did you mean `serializable`?");
        assert_eq!(hint("serial"), "did you mean `serializable`?");
        assert_eq!(hint("pl3"), "did you mean `pl-3`?");
        assert_eq!(hint("pl4"), "one of serializable, causal", "an abbreviation of another");
        assert_eq!(hint("something else"), "one of serializable, causal");
        assert_eq!(wrong("a level", "a\u{1b}").got, "`a\\u{1b}`", "no control of a terminal");
        assert_eq!(wrong("a level", &"a".repeat(99)).got.len(), 65);
    }
}
