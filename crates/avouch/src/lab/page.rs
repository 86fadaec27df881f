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

/// Text as it must stand in HTML and SVG.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            control if control.is_control() && control != '\n' => out.push('\u{fffd}'),
            plain => out.push(plain),
        }
    }
    out
}
