//! Text being put together: a report, a picture, a file.

use std::fmt::{self, Write as _};

/// A growing text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(String);

impl Page {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to the line; `page.add(format_args!(...))`.
    pub fn add(&mut self, text: impl fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{text}");
    }

    /// Adds a line.
    pub fn line(&mut self, text: impl fmt::Display) {
        let _ = writeln!(self.0, "{text}");
    }

    /// The whole.
    pub fn into_string(self) -> String {
        self.0
    }
}
