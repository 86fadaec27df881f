//! A line that is not in its format: where, what stands there, and what was expected.

use avouch_promise::{Blame, Error};

/// A place in a text, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stands there.
    pub span: String,
    /// What was expected.
    pub expected: String,
}

/// The longest span shown, in characters.
const SHOWN: usize = 40;

impl Malformed {
    /// At the byte `offset` of a line.
    pub fn at(line: usize, text: &str, offset: usize, expected: impl Into<String>) -> Self {
        let (before, rest) = text.split_at_checked(offset).unwrap_or((text, ""));
        let column = before.chars().count() + 1;
        Self { line, column, span: Self::shown(rest), expected: expected.into() }
    }

    /// The start of a text, for the eye.
    pub fn shown(text: &str) -> String {
        let mut start: String = text.chars().take(SHOWN).collect();
        if start.len() < text.len() {
            start.push_str("...");
        }
        start
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        let Malformed { line, column, span, expected } = malformed;
        let got = if span.is_empty() { "the end of the line".into() } else { format!("`{span}`") };
        Self::new(Blame::Caller, format!("line {line}, column {column}: {expected}"), got)
    }
}
