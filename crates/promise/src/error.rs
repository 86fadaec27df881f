//! Errors by who is to blame, each with what was expected, what came, and a hint.

use crate::codec::DecodeError;
use std::fmt;

/// Who is to blame for an error. A panic is only ever our own bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// Whoever asked: a bad argument, file or configuration.
    Caller,
    /// Another node or server, or somebody who pretends to be one.
    Peer,
    /// The world: a time-out, a partition, a full disk, a port in use.
    Environment,
    /// Bytes that are not what was written.
    Corrupt,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Error {
    /// Who is to blame.
    pub blame: Blame,
    /// What was expected.
    pub expected: String,
    /// What came instead.
    pub got: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl Error {
    /// An error by `blame`.
    pub fn new(blame: Blame, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { blame, expected: expected.into(), got: got.into(), hint: String::new() }
    }
    /// The same error with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }
    /// Bytes that could not be decoded; `what` names them.
    pub fn decode(blame: Blame, what: &str, error: &DecodeError) -> Self {
        Self::new(
            blame,
            format!("{what}: {}", error.expected),
            format!("something else at byte {} of {}", error.at, error.length),
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blame = match self.blame {
            Blame::Caller => "bad request",
            Blame::Peer => "bad peer",
            Blame::Environment => "environment",
            Blame::Corrupt => "corrupt data",
        };
        write!(f, "{blame}: expected {}, got {}", self.expected, self.got)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " (hint: {})", self.hint) }
    }
}
impl std::error::Error for Error {}
