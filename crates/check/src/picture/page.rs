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

/// Text inside an element or an attribute, in HTML and in XML. What would steer the reader's
/// screen, or is no text in XML, is shown as a replacement character.
pub fn escaped(text: &str) -> String {
    #[cfg(test)]
    if planted::RAW.get() {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' => safe.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                safe.push(char::REPLACEMENT_CHARACTER);
            }
            '\u{fffe}' | '\u{ffff}' => safe.push(char::REPLACEMENT_CHARACTER),
            letter if letter.is_control() => safe.push(char::REPLACEMENT_CHARACTER),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A bug that tests plant: nothing is escaped.
#[cfg(test)]
pub(crate) mod planted {
    use std::cell::Cell;

    thread_local! {
        pub(crate) static RAW: Cell<bool> = const { Cell::new(false) };
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_that_a_browser_obeys_is_left() {
        let told = escaped("<script>'a' & \"b\"\u{1b}[31m\u{202e}\0</script>");
        assert!(!told.contains(['<', '>', '"', '\'', '\u{1b}', '\u{202e}', '\0']), "{told}");
        assert_eq!(escaped("plain [1 2]\tü"), "plain [1 2] ü");
    }
}
