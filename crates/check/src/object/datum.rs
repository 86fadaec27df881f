//! A value of a history, of whatever shape a workload gives it.

use crate::history::Malformed;
use crate::history::literal::canonical;
use crate::history::notation::Reader;
use std::collections::BTreeSet;
use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Datum {
    /// Nothing: `nil`, `null`.
    Nil,
    /// A whole number, also one that EDN marks with `N`; in JSON also one that is a key of a map.
    Integer(i64),
    /// Anything else that is one word, as it stands: `:a`, `a`, `9.5`, `\a`. A whole number beyond
    /// 64 bits is its digits.
    Word(String),
    /// What stands in quotes, without them, with as few escapes as it needs.
    Text(String),
    /// A list or vector, in the order in which it stands.
    List(Vec<Datum>),
    /// A set, sorted: the order in which it stands says nothing. What stands in it twice stays so.
    Set(Vec<Datum>),
    /// A map, sorted: as of a set.
    Map(Vec<(Datum, Datum)>),
}

/// Collections within collections that are followed.
const DEPTH_MAX: usize = 16;

impl Datum {
    /// One word; nothing if it is a number in a notation that is not read.
    fn scalar(word: &str) -> Option<Self> {
        if let Some(text) = word.strip_prefix('"') {
            return Some(Self::Text(text.strip_suffix('"').unwrap_or(text).to_owned()));
        }
        let number = word.strip_suffix('N').unwrap_or(word);
        let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
        if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Word(word.to_owned()));
        }
        if unsigned.len() > 1 && unsigned.starts_with('0') {
            return None;
        }
        let number = number.strip_prefix('+').unwrap_or(number);
        Some(number.parse().map_or_else(|_| Self::Word(number.to_owned()), Self::Integer))
    }

    /// A key of a map in JSON, which has no other keys than texts: whole numbers stand as such.
    fn key(text: &str) -> Self {
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        number.map_or_else(|| Self::Text(text.to_owned()), Self::Integer)
    }

    /// A key as it stands in its quotes.
    fn json_key(raw: &str) -> Self {
        if !raw.contains('\\') {
            return Self::key(raw);
        }
        let quoted = format!("\"{raw}\"");
        let text = canonical(&quoted, true);
        Self::key(text.get(1..text.len() - 1).unwrap_or(raw))
    }

    /// Reads one.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::read_to(reader, DEPTH_MAX)
    }

    fn read_to(reader: &mut Reader<'_>, depth: usize) -> Result<Self, Malformed> {
        if reader.nothing()? {
            return Ok(Self::Nil);
        }
        let is_set = reader.take(b'#')?;
        let (close, is_map) = match reader.peek()? {
            Some(b'[') => (b']', false),
            Some(b'(') => (b')', false),
            Some(b'{') => (b'}', !is_set),
            _ => {
                let start = reader.mark();
                let expected = "a number without leading zeros";
                let is_json = reader.is_json();
                let scalar = Self::scalar(&canonical(reader.word()?, is_json));
                return scalar.ok_or_else(|| reader.wrong_at(start, expected));
            }
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(reader.wrong("fewer collections within collections"));
        };
        reader.pass_sign();
        let (mut list, mut map, mut first) = (Vec::new(), Vec::new(), true);
        let mut keys = BTreeSet::new();
        while reader.more(close, &mut first)? {
            reader.peek()?;
            let here = reader.mark();
            if !is_map {
                list.push(Self::read_to(reader, depth)?);
                continue;
            }
            let is_json = reader.is_json();
            let key =
                if is_json { Self::json_key(reader.key()?) } else { Self::read_to(reader, depth)? };
            if !keys.insert(key.clone()) {
                return Err(reader.wrong_at(here, "a key that the map does not have yet"));
            }
            map.push((key, Self::read_to(reader, depth)?));
        }
        if is_map {
            map.sort_unstable();
            return Ok(Self::Map(map));
        }
        if is_set {
            list.sort_unstable();
            return Ok(Self::Set(list));
        }
        Ok(Self::List(list))
    }

    /// A whole number of any size.
    pub(crate) fn number(number: i128) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Word(number.to_string()), Self::Integer)
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The elements of a list or set.
    pub fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) | Self::Set(list) = self { Some(list) } else { None }
    }

    /// Whether it is a name, with whatever marks: `:r`, `r`, `"r"`.
    pub(crate) fn is_name(&self, name: &str) -> bool {
        match self {
            Self::Word(word) => word.strip_prefix(':').unwrap_or(word) == name,
            Self::Text(text) => text == name,
            _ => false,
        }
    }

    /// The entries of a map.
    pub fn map(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// What a map has under a word.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.map()?.iter().find(|(key, _)| key.is_name(name)).map(|(_, value)| value)
    }
}

/// How much of a long collection is told.
const SHOWN: usize = 12;

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = |f: &mut fmt::Formatter<'_>, count: usize, end: &str| match count {
            0 => write!(f, "{end}"),
            more => write!(f, " ({more} more){end}"),
        };
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(list) | Self::Set(list) => {
                let is_set = matches!(self, Self::Set(_));
                f.write_str(if is_set { "#{" } else { "[" })?;
                for (place, one) in list.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{one}", if place == 0 { "" } else { " " })?;
                }
                more(f, list.len().saturating_sub(SHOWN), if is_set { "}" } else { "]" })
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (place, (key, value)) in map.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{key} {value}", if place == 0 { "" } else { ", " })?;
                }
                more(f, map.len().saturating_sub(SHOWN), "}")
            }
        }
    }
}
