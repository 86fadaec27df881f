//! The text of a scenario, and what is wrong with it, shown where it stands.
//!
//! ```text
//! error: bad request: expected the word of a fault at storm.toml:12:6, got `partitoin`
//!    |
//! 12 | do = "partitoin"
//!    |      ^^^^^^^^^^^
//! hint: did you mean partition?
//! ```

use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use std::fmt::Write as _;
use std::ops::Range;

/// Something wrong with a stretch of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which bytes.
    pub span: Range<usize>,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub got: String,
    /// What to write instead.
    pub hint: String,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(span: Range<usize>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { span, expected: expected.into(), got: got.into(), hint: String::new() }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// An unknown word, with the nearest known one as its hint, or all of them.
    pub fn unknown<'a>(
        span: Range<usize>,
        expected: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let hint = match nearest(word, known.clone()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("one of {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Self::new(span, expected, format!("`{word}`")).hint(hint)
    }
}

/// A text with a name.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name: a path, or that of a shipped scenario.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

impl Source<'_> {
    /// A problem as the caller's error, with the line and the stretch marked.
    pub fn error(&self, problem: &Problem) -> Error {
        let end = self.text.len();
        let from = self.boundary(problem.span.start.min(end));
        let to = self.boundary(problem.span.end.clamp(from, end));
        let start = self.text[..from].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[..from].matches('\n').count() + 1;
        let whole = self.text[start..].lines().next().unwrap_or_default();
        let column = self.text[start..from].chars().count();
        let marked = self.text[from..to].lines().next().unwrap_or_default();
        let carets = "^".repeat(marked.chars().count().max(1));
        let (number, path) = (line.to_string(), self.name);
        let gutter = " ".repeat(number.len());
        let expected = format!("{} at {path}:{line}:{}", problem.expected, column + 1);
        let mut got = problem.got.clone();
        // Writing to a string cannot fail.
        let _ = write!(got, "\n{gutter} |\n{number} | {whole}\n{gutter} | {:column$}{carets}", "");
        Error::new(Blame::Caller, expected, got).hint(&problem.hint)
    }

    /// The character that a byte belongs to.
    fn boundary(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
