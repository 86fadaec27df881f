//! A line that is not what the format asks for, with its place and what stands there.

use crate::error::{Blame, Error};
use std::fmt;

/// How much of a line is shown around a fault, in characters to each side.
const SHOWN: usize = 40;

/// How much of that an error of one sentence shows.
const NEAR: usize = 20;

/// A malformed line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What should have stood there.
    pub expected: String,
    /// The characters around that place.
    pub span: String,
    /// Where in `span` the place is, in characters from 0.
    pub caret: usize,
}

impl Malformed {
    /// A fault in `text` at the byte `at`, or the character that holds it.
    pub(super) fn at(line: usize, text: &[u8], at: usize, expected: impl Into<String>) -> Self {
        let at = at.min(text.len());
        let before = String::from_utf8_lossy(text.get(..at).unwrap_or_default());
        let behind = String::from_utf8_lossy(text.get(at..).unwrap_or_default());
        let left: Vec<char> = before.chars().collect();
        let kept = left.len().min(SHOWN);
        let near = left.iter().skip(left.len() - kept);
        let shown = near.copied().chain(behind.chars().take(SHOWN));
        // Control characters would move the caret, or worse.
        let span = shown.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Self { line, column: left.len() + 1, expected: expected.into(), span, caret: kept }
    }

    /// A fault of the member `name`, or of the whole line where there is no such member.
    pub(super) fn member(
        line: usize,
        text: &[u8],
        name: &str,
        expected: impl Into<String>,
    ) -> Self {
        let quoted = format!("\"{name}\"");
        let found = text.windows(quoted.len()).position(|window| window == quoted.as_bytes());
        Self::at(line, text, found.unwrap_or(0), expected)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, expected, span, caret } = self;
        write!(f, "line {line}, column {column}: expected {expected}\n  {span}\n  {:caret$}^", "")
    }
}
impl std::error::Error for Malformed {}

/// Why a history could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryError {
    /// A line is not what the format asks for.
    Malformed(Malformed),
    /// The file could not be read or written.
    Environment(String),
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Environment(text) => f.write_str(text),
        }
    }
}
impl std::error::Error for HistoryError {}

impl From<Malformed> for HistoryError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}
impl From<std::io::Error> for HistoryError {
    fn from(error: std::io::Error) -> Self {
        Self::Environment(error.to_string())
    }
}
impl From<HistoryError> for Error {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Malformed(malformed) => {
                let Malformed { line, column, expected, span, caret } = malformed;
                let from = caret.saturating_sub(NEAR);
                let near: String = span.chars().skip(from).take(3 * NEAR).collect();
                let got = match near.as_str() {
                    "" => "the end of the line".to_owned(),
                    near => format!("`{}{near}`", if from > 0 { "..." } else { "" }),
                };
                Self::new(Blame::Corrupt, format!("line {line}, column {column}: {expected}"), got)
                    .hint("docs/history-format.md defines the format")
            }
            HistoryError::Environment(text) => {
                Self::new(Blame::Environment, "a history file that can be read or written", text)
            }
        }
    }
}
