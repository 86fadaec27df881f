//! A value of a history, of whatever shape a workload gives it.

use crate::history::Malformed;
use crate::history::notation::Reader;
use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Datum {
    /// Nothing: `nil`, `null`.
    Nil,
    /// A whole number; also one in quotes, as JSON writes keys of maps.
    Integer(i64),
    /// Anything else that is one word, without its marks.
    Word(String),
    /// A list, vector or set, in the order in which it stands.
    List(Vec<Datum>),
    /// A map, in the order in which it stands.
    Map(Vec<(Datum, Datum)>),
}

/// Collections within collections that are followed.
const DEPTH_MAX: usize = 16;

impl Datum {
    fn scalar(word: &str) -> Self {
        let bare = word.trim_start_matches(':').trim_matches('"');
        bare.parse().map_or_else(|_| Self::Word(bare.to_owned()), Self::Integer)
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
            _ => return Ok(Self::scalar(reader.word()?)),
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(reader.wrong("fewer collections within collections"));
        };
        reader.pass_sign();
        let (mut list, mut map, mut first) = (Vec::new(), Vec::new(), true);
        while reader.more(close, &mut first)? {
            if !is_map {
                list.push(Self::read_to(reader, depth)?);
            } else if reader.is_json() {
                let key = Self::scalar(reader.key()?);
                map.push((key, Self::read_to(reader, depth)?));
            } else {
                let key = Self::read_to(reader, depth)?;
                map.push((key, Self::read_to(reader, depth)?));
            }
        }
        Ok(if is_map { Self::Map(map) } else { Self::List(list) })
    }

    /// A whole number.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The entries of a map.
    pub fn map(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// What a map has under a word.
    pub fn field(&self, name: &str) -> Option<&Self> {
        let is_it = |(key, _): &&(Self, Self)| matches!(key, Self::Word(word) if word == name);
        self.map()?.iter().find(is_it).map(|(_, value)| value)
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
            Self::List(list) => {
                f.write_str("[")?;
                for (place, one) in list.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{one}", if place == 0 { "" } else { " " })?;
                }
                more(f, list.len().saturating_sub(SHOWN), "]")
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
