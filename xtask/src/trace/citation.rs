//! Citations: a comment of its own, `//= §SECTION WORDS`, on code that discharges an item; with
//! ` test` at its end, on the test of it.

use crate::source::lines;
use crate::tree::File;

/// What stands below a citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    Test,
}

/// One citation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Citation {
    pub(super) path: String,
    pub(super) line: usize,
    /// As in `3.3.1`.
    pub(super) section: String,
    /// The item's id, or words of it; may be empty.
    pub(super) words: String,
    pub(super) kind: Kind,
}

/// Every citation of one file of Rust, none of others.
pub(super) fn citations(file: &File) -> Vec<Citation> {
    if file.extension() != "rs" {
        return Vec::new();
    }
    let lines = lines(&file.text);
    let cited =
        lines.iter().zip(1..).filter(|(line, _)| line.code.trim().is_empty() && !line.string);
    cited.filter_map(|(line, number)| parse(&file.path, number, &line.text)).collect()
}

fn parse(path: &str, line: usize, text: &str) -> Option<Citation> {
    let cited = text.trim().strip_prefix("//=")?.trim_start().trim_start_matches('§');
    let (section, words) = cited.split_once(' ').unwrap_or((cited, ""));
    let words = words.trim();
    let (words, kind) = match words.strip_suffix("test") {
        Some(rest) if rest.is_empty() || rest.ends_with(' ') => (rest.trim_end(), Kind::Test),
        _ => (words, Kind::Code),
    };
    let section = section.trim_end_matches(['.', ',', ':']).to_owned();
    Some(Citation { path: path.to_owned(), line, section, words: words.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::{Kind, citations};
    use crate::tree::File;

    #[test]
    fn citations_are_comments_of_their_own() {
        let text = "//= §3.3.1 update rules\nfn a() {\n    //= §1.2.2: phi accrual test\n}\n\
                    let a = \"\n//= §9 in a string\n\"; //= §9 after code\n//= §2.2.3\n//= §1 contest\n";
        let file = File { path: "a.rs".into(), text: text.into() };
        let found: Vec<_> = citations(&file)
            .into_iter()
            .map(|citation| (citation.line, citation.section, citation.words, citation.kind))
            .collect();
        let expected = [
            (1, "3.3.1", "update rules", Kind::Code),
            (3, "1.2.2", "phi accrual", Kind::Test),
            (8, "2.2.3", "", Kind::Code),
            (9, "1", "contest", Kind::Code),
        ];
        let expected = expected
            .map(|(line, section, words, kind)| (line, section.to_owned(), words.to_owned(), kind));
        assert_eq!(found, expected);
    }
}
