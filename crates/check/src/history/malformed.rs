//! What is not in its format: where, what stands there, and what was expected. Texts are told by
//! line and column, bytes by their place.
//!
//! One rule of blame: whatever is wrong with what a file holds is `Corrupt`, in every format and
//! from the first byte on; whatever is wrong with what was asked of it (a path, a level that its
//! kind does not have, a bound) is `Caller`.

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
        Self::new(Blame::Corrupt, format!("line {line}, column {column}: {expected}"), got)
    }
}

/// A file of bytes, read from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary<'a> {
    all: &'a [u8],
    at: usize,
    /// Where the last thing read began.
    last: usize,
}

impl<'a> Binary<'a> {
    pub(crate) fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0, last: 0 }
    }

    /// A part of a file, whose places are told as those of the file.
    pub(crate) fn within(all: &'a [u8], from: usize, to: usize) -> Self {
        let all = all.get(..to).unwrap_or(all);
        let at = from.min(all.len());
        Self { all, at, last: at }
    }

    /// Where the next byte stands.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Whether everything was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.all.len()
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        self.last = self.at;
        let end = self.at.checked_add(count).filter(|end| *end <= self.all.len());
        let Some(end) = end else {
            let expected = format!("{count} bytes at byte {}", self.at);
            let left = self.all.len() - self.at;
            return Err(Error::new(Blame::Corrupt, expected, format!("the end after {left}"))
                .hint("the file may have been cut short"));
        };
        let found = &self.all[self.at..end];
        self.at = end;
        Ok(found)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn eight(&mut self) -> Result<[u8; 8], Error> {
        let mut number = [0; 8];
        number.copy_from_slice(self.take(8)?);
        Ok(number)
    }

    /// The next number of eight bytes, the least first.
    pub(crate) fn little(&mut self) -> Result<u64, Error> {
        self.eight().map(u64::from_le_bytes)
    }

    /// The next number of eight bytes, the greatest first.
    pub(crate) fn big(&mut self) -> Result<u64, Error> {
        self.eight().map(u64::from_be_bytes)
    }

    /// The next number of four bytes, the greatest first.
    pub(crate) fn int(&mut self) -> Result<u32, Error> {
        let mut number = [0; 4];
        number.copy_from_slice(self.take(4)?);
        Ok(u32::from_be_bytes(number))
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        let left = self.all.len() - self.at;
        Err(Error::new(
            Blame::Corrupt,
            format!("the end at byte {}", self.at),
            format!("{left} more"),
        ))
    }

    /// What was read last is not what was expected.
    pub(crate) fn wrong(&self, expected: &str, got: &str) -> Error {
        Error::new(Blame::Corrupt, format!("{expected} at byte {}", self.last), got.to_owned())
    }
}
