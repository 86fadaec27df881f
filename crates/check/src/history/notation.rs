//! A reader of Clojure's notation (EDN) and of JSON, piece by piece: whoever reads a history says
//! what should stand next, and no tree is built.
//!
//! ```text
//! EDN   {:type :ok, :value [[:append 3 1] [:r 4 [1 2]]]}     commas are white space; ; and #_ are
//!       #jepsen.history.Op{...}                               skipped; a tag is passed over
//! JSON  {"type": "ok", "value": [["append", 3, 1]]}          commas and colons where they belong
//! ```
//!
//! It keeps to bytes: what parts the pieces of either notation is ASCII. It never panics, and its
//! own stack does not grow with what it reads.

use super::Malformed;
use super::literal::canonical;
use crate::progress;
use std::borrow::Cow;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Edn,
    Json,
}

/// A place to come back to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    at: usize,
    line: usize,
    line_start: usize,
}

/// The reader.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    here: Mark,
    notation: Notation,
    /// Where it was told last how far it is.
    told: usize,
}

/// Whoever waits is told how far it is once in so many bytes.
const TOLD_EVERY: usize = 1 << 16;

/// Collections within collections that are followed.
const DEPTH_MAX: usize = 1_000;

fn is_end_of_word(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b',' | b'"' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

/// Whether `#` before this begins a tag.
fn is_tag(byte: u8) -> bool {
    byte != b'#' && !is_end_of_word(byte)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, notation: Notation) -> Self {
        let here = Mark { at: 0, line: 1, line_start: 0 };
        Self { text, bytes: text.as_bytes(), here, notation, told: 0 }
    }

    /// Tells now and then how far it is, wherever lines end.
    pub(crate) fn tell(&mut self) {
        if self.here.at >= self.told + TOLD_EVERY {
            self.told = self.here.at;
            progress::reached(self.here.at);
        }
    }

    /// Whether it reads JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.notation == Notation::Json
    }

    /// Passes over the one sign that was seen to stand next.
    pub(crate) fn pass_sign(&mut self) {
        self.here.at += usize::from(self.byte().is_some_and(|byte| byte.is_ascii()));
    }

    /// The line at which it stands, from 1.
    pub(crate) fn line(&self) -> usize {
        self.here.line
    }

    /// The place at which it stands.
    pub(crate) fn mark(&self) -> Mark {
        self.here
    }

    /// Goes to a place.
    pub(crate) fn go(&mut self, mark: Mark) {
        self.here = mark;
    }

    /// An error at a place.
    pub(crate) fn wrong_at(&self, mark: Mark, expected: impl Into<String>) -> Malformed {
        let rest = self.text.get(mark.line_start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        Malformed::at(mark.line, line, mark.at - mark.line_start, expected)
    }

    /// An error where it stands.
    pub(crate) fn wrong(&self, expected: impl Into<String>) -> Malformed {
        self.wrong_at(self.here, expected)
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.here.at).copied()
    }

    fn new_line(&mut self) {
        self.here.line += 1;
        self.here.line_start = self.here.at + 1;
    }

    /// Skips white space, and commas where they are that.
    fn blank(&mut self, commas: bool) {
        while let Some(byte) = self.byte() {
            match byte {
                b'\n' => self.new_line(),
                b' ' | b'\t' | b'\r' | 0x0c => {}
                b',' if commas => {}
                _ => return,
            }
            self.here.at += 1;
        }
    }

    /// What stands next after white space, comments, discarded values and tags.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, Malformed> {
        match self.byte() {
            Some(byte) if byte > b'#' && byte != b',' && byte != b';' => Ok(Some(byte)),
            _ => self.peek_further(),
        }
    }

    fn peek_further(&mut self) -> Result<Option<u8>, Malformed> {
        if self.notation == Notation::Json {
            self.blank(false);
            return Ok(self.byte());
        }
        let mut discarded = 0_usize;
        loop {
            self.blank(true);
            match (self.byte(), self.bytes.get(self.here.at + 1).copied()) {
                (Some(b';'), _) => self.pass_comment(),
                (Some(b'#'), Some(b'_')) => {
                    self.here.at += 2;
                    discarded += 1;
                }
                (Some(b'#'), Some(byte)) if is_tag(byte) => {
                    self.here.at += 1;
                    self.pass_word();
                }
                (other, _) if discarded == 0 => return Ok(other),
                (None, _) => return Err(self.wrong("a value to discard")),
                _ => {
                    self.pass_value()?;
                    discarded -= 1;
                }
            }
        }
    }

    fn pass_comment(&mut self) {
        while self.byte().is_some_and(|byte| byte != b'\n') {
            self.here.at += 1;
        }
    }

    fn pass_word(&mut self) {
        while self.byte().is_some_and(|byte| !is_end_of_word(byte)) {
            self.here.at += 1;
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&mut self) -> Result<bool, Malformed> {
        Ok(self.peek()?.is_none())
    }

    /// Takes one byte, if it stands next.
    pub(crate) fn take(&mut self, byte: u8) -> Result<bool, Malformed> {
        let found = self.peek()? == Some(byte);
        self.here.at += usize::from(found);
        Ok(found)
    }

    /// Takes one byte that must stand next.
    pub(crate) fn need(&mut self, byte: u8, expected: &str) -> Result<(), Malformed> {
        if self.take(byte)? { Ok(()) } else { Err(self.wrong(expected)) }
    }

    /// Whether a collection goes on: else its closing bracket has been taken.
    #[inline]
    pub(crate) fn more(&mut self, close: u8, first: &mut bool) -> Result<bool, Malformed> {
        let is_first = std::mem::replace(first, false);
        if self.take(close)? {
            return Ok(false);
        }
        if self.notation == Notation::Json && !is_first {
            self.need(b',', "a comma or the closing bracket")?;
            if self.peek()? == Some(close) {
                return Err(self.wrong("a value after the comma"));
            }
        }
        if self.peek()?.is_none() {
            return Err(self.wrong(format!("`{}`", char::from(close))));
        }
        Ok(true)
    }

    /// A key of a map, without its colon: `:type` or `"type":`.
    pub(crate) fn key(&mut self) -> Result<&'a str, Malformed> {
        if self.notation == Notation::Json {
            let key = self.string()?;
            self.need(b':', "`:` after the key")?;
            return Ok(key);
        }
        match self.peek()? {
            Some(b':') => Ok(&self.word()?[1..]),
            _ => Err(self.wrong("a keyword as the key")),
        }
    }

    /// A name: `:append` or `"append"`, without its marks.
    pub(crate) fn name(&mut self) -> Result<&'a str, Malformed> {
        match (self.notation, self.peek()?) {
            (_, Some(b'"')) => self.string(),
            (Notation::Edn, Some(b':')) => Ok(&self.word()?[1..]),
            _ => Err(self.wrong("a name")),
        }
    }

    /// A string without its quotes, its escapes as they stand.
    fn string(&mut self) -> Result<&'a str, Malformed> {
        self.need(b'"', "a text in quotes")?;
        let start = self.here.at;
        let open = Mark { at: start - 1, ..self.here };
        loop {
            match self.byte() {
                None => return Err(self.wrong_at(open, "the closing quote of a text")),
                Some(b'"') => break,
                Some(b'\\') => {
                    self.here.at += 1;
                    if self.byte().is_none() {
                        return Err(self.wrong_at(open, "the closing quote of a text"));
                    }
                }
                Some(b'\n') => self.new_line(),
                Some(_) => {}
            }
            self.here.at += 1;
        }
        let text = self.text.get(start..self.here.at).unwrap_or_default();
        self.here.at += 1;
        Ok(text)
    }

    /// A scalar as it stands, marks and all: number, keyword, text, symbol.
    pub(crate) fn word(&mut self) -> Result<&'a str, Malformed> {
        if self.peek()? == Some(b'"') {
            let start = self.here.at;
            self.string()?;
            return Ok(self.text.get(start..self.here.at).unwrap_or_default());
        }
        let start = self.here.at;
        if self.byte() == Some(b'\\') {
            // A character: what follows the mark belongs to it, whatever it is.
            self.here.at += 1;
            let next = self.text.get(self.here.at..).and_then(|rest| rest.chars().next());
            self.here.at += next.map_or(0, char::len_utf8);
        }
        self.pass_word();
        match self.text.get(start..self.here.at) {
            Some(word) if !word.is_empty() => Ok(word),
            _ => Err(self.wrong("a value")),
        }
    }

    /// Any value as it stands, a scalar in its one writing.
    #[inline]
    pub(crate) fn raw(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.peek()?;
        let start = self.here.at;
        self.pass_value()?;
        let raw = self.text.get(start..self.here.at).unwrap_or_default();
        Ok(canonical(raw, self.is_json()))
    }

    /// A whole number: in EDN also `+1` and `1N`, in JSON also `1.0` and `1e0`, which are 1.
    #[inline]
    pub(crate) fn integer(&mut self) -> Result<i64, Malformed> {
        let first = self.peek()?;
        let start = self.here;
        let mut value = 0_i64;
        let digits = usize::from(first == Some(b'-'));
        self.here.at += digits;
        let from = self.here.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            let grown =
                value.checked_mul(10).and_then(|ten| ten.checked_sub(i64::from(digit - b'0')));
            value = grown.ok_or_else(|| self.wrong_at(start, "a number of 64 bits"))?;
            self.here.at += 1;
        }
        let has_zero = self.here.at > from + 1 && self.bytes.get(from) == Some(&b'0');
        let is_over = self.byte().is_none_or(is_end_of_word);
        if self.here.at == from || has_zero || !is_over {
            self.here = start;
            return self.integer_in_words();
        }
        if digits == 1 {
            return Ok(value);
        }
        value.checked_neg().ok_or_else(|| self.wrong_at(start, "a number of 64 bits"))
    }

    /// A whole number that is not only digits.
    #[cold]
    fn integer_in_words(&mut self) -> Result<i64, Malformed> {
        let start = self.here;
        let wrong = |reader: &Self| reader.wrong_at(start, "a whole number");
        let is_json = self.is_json();
        let word = canonical(self.word().map_err(|_| wrong(self))?, is_json);
        let digits = match (is_json, &*word) {
            (true, word) => word,
            (false, word) => {
                let word = word.strip_suffix('N').unwrap_or(word);
                word.strip_prefix('+').unwrap_or(word)
            }
        };
        let bare = digits.strip_prefix('-').unwrap_or(digits);
        let is_number = bare.bytes().all(|byte| byte.is_ascii_digit())
            && (bare == "0" || !bare.starts_with('0'));
        match digits.parse() {
            Ok(number) if is_number => Ok(number),
            Err(_) if is_number && !bare.is_empty() => {
                Err(self.wrong_at(start, "a number of 64 bits"))
            }
            _ => Err(wrong(self)),
        }
    }

    /// Whether `nil` or `null` stands next; it is taken.
    pub(crate) fn nothing(&mut self) -> Result<bool, Malformed> {
        let word = if self.notation == Notation::Json { &b"null"[..] } else { &b"nil"[..] };
        self.peek()?;
        let rest = self.bytes.get(self.here.at..).unwrap_or_default();
        let found = rest.starts_with(word)
            && rest.get(word.len()).is_none_or(|after| is_end_of_word(*after));
        self.here.at += if found { word.len() } else { 0 };
        Ok(found)
    }

    /// Passes over one value of any kind.
    pub(crate) fn pass(&mut self) -> Result<(), Malformed> {
        self.peek()?;
        self.pass_value()
    }

    fn pass_value(&mut self) -> Result<(), Malformed> {
        if let Some(b':' | b'-' | b'0'..=b'9' | b'a'..=b'z') = self.byte() {
            self.pass_word();
            return Ok(());
        }
        let mut open: Vec<(u8, Mark)> = Vec::new();
        loop {
            let byte = self.peek_in_pass();
            let closing = match byte {
                Some(b'[') => Some(b']'),
                Some(b'(') => Some(b')'),
                Some(b'{') => Some(b'}'),
                _ => None,
            };
            if let Some(closing) = closing {
                if open.len() >= DEPTH_MAX {
                    return Err(self.wrong("fewer collections within collections"));
                }
                open.push((closing, self.here));
                self.here.at += 1;
            } else {
                match (byte, open.last()) {
                    (Some(byte), Some((closing, _))) if byte == *closing => {
                        open.pop();
                        self.here.at += 1;
                    }
                    (None, Some((closing, mark))) => {
                        let expected = format!("`{}` to this", char::from(*closing));
                        return Err(self.wrong_at(*mark, expected));
                    }
                    (Some(b',' | b':'), Some(_)) if self.notation == Notation::Json => {
                        self.here.at += 1;
                    }
                    _ => {
                        self.word()?;
                    }
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// What stands next in a value that is passed over: what is discarded there is passed as any.
    fn peek_in_pass(&mut self) -> Option<u8> {
        let is_edn = self.notation == Notation::Edn;
        loop {
            self.blank(is_edn);
            match (self.byte(), self.bytes.get(self.here.at + 1).copied()) {
                (Some(b';'), _) if is_edn => self.pass_comment(),
                (Some(b'#'), Some(b'_')) => self.here.at += 2,
                (Some(b'#'), Some(b'{')) => self.here.at += 1,
                (Some(b'#'), Some(byte)) if is_tag(byte) => {
                    self.here.at += 1;
                    self.pass_word();
                }
                (other, _) => return other,
            }
        }
    }
}
