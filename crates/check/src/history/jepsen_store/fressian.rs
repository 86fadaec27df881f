//! Fressian, as far as Jepsen writes it.
//!
//! ```text
//! 00..3f, ff  a whole number 0..63, -1           c0 map   c1 set   c3 uuid   c6 bigint   c8 instant
//! 40..7f      a number packed in 2 to 7 bytes    c9 symbol   ca keyword   b0..b5 arrays
//! 80..9f, cc  what is at a place of the cache    cd this is put into the cache
//! a0..af, f0  a struct of a tag known            ef a struct of a new tag: name, number of fields
//! d0..d9      bytes, da..e3 text                 e4..ec a list by its length, ed..ee up to fd
//! f5 true     f6 false   f7 nothing              f8 i64   f9 f32   fa f64   fb 0.0   fc 1.0
//! cf          a footer   fe the caches are empty again
//! ```
//!
//! A packed number has its highest bits in the code, around the code of zero of its length. Only
//! what holds no other value is taken from the cache, so that no value is larger than its bytes.
//!
//! Reference: Fressian's own codes and reader, `org.fressian.impl.Codes` and
//! `org.fressian.FressianReader`.

use crate::history::malformed::Binary;
use avouch_promise::Error;
use std::rc::Rc;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    /// A whole number of any size, in two's complement, the greatest byte first.
    Big(Rc<[u8]>),
    Float(f64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Char(char),
    /// The namespace, if there is one, and the name.
    Keyword(Option<Rc<str>>, Rc<str>),
    Symbol(Option<Rc<str>>, Rc<str>),
    List(Vec<Value>),
    Set(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// A tag that has no meaning here, with its fields.
    Tagged(Rc<str>, Vec<Value>),
}

impl Value {
    /// Whether it is a keyword without a namespace.
    pub(super) fn is_keyword(&self, name: &str) -> bool {
        matches!(self, Self::Keyword(None, own) if &**own == name)
    }

    fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Set(_) | Self::Map(_) | Self::Tagged(..))
    }
}

/// Values within values that are followed.
const DEPTH_MAX: usize = 64;
/// The most fields of a struct.
const FIELDS_MAX: usize = 64;
const END: u8 = 0xfd;

struct Reader<'a, 'b> {
    data: &'b mut Binary<'a>,
    cache: Vec<Option<Value>>,
    structs: Vec<(Rc<str>, usize)>,
}

/// The one value of a block.
pub(super) fn one(data: &mut Binary<'_>) -> Result<Value, Error> {
    Reader { data, cache: Vec::new(), structs: Vec::new() }.value(DEPTH_MAX)
}

/// All values of a block; they share the caches.
pub(super) fn all(data: &mut Binary<'_>) -> Result<Vec<Value>, Error> {
    let mut reader = Reader { data, cache: Vec::new(), structs: Vec::new() };
    let mut all = Vec::new();
    while !reader.data.is_empty() {
        all.push(reader.value(DEPTH_MAX)?);
    }
    Ok(all)
}

impl Reader<'_, '_> {
    fn wrong(&self, expected: &str, got: &str) -> Error {
        self.data.wrong(expected, got)
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let code = self.data.byte()?;
        self.coded(code, depth)
    }

    fn coded(&mut self, code: u8, depth: usize) -> Result<Value, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong("fewer values within values", &format!("code {code:02x}")));
        };
        Ok(match code {
            0x00..=0x7f | 0xf8 | 0xff => Value::Int(self.integer(code)?),
            0x80..=0x9f => self.cached(usize::from(code - 0x80))?,
            0xcc => {
                let place = self.count()?;
                self.cached(place)?
            }
            0xcd => {
                let place = self.cache.len();
                self.cache.push(None);
                let value = self.value(depth)?;
                self.cache[place] = value.is_scalar().then(|| value.clone());
                value
            }
            0xa0..=0xaf => self.known(usize::from(code - 0xa0), depth)?,
            0xf0 => {
                let place = self.count()?;
                self.known(place, depth)?
            }
            0xef => {
                let Value::Text(tag) = self.value(depth)? else {
                    return Err(self.wrong("a tag: a text", "another value"));
                };
                let fields = self.count()?;
                if fields > FIELDS_MAX {
                    return Err(self.wrong("at most 64 fields of a struct", &fields.to_string()));
                }
                self.structs.push((tag, fields));
                self.known(self.structs.len() - 1, depth)?
            }
            0xc0 => self.map(depth)?,
            0xc1 => Value::Set(self.listed(depth)?),
            0xc3..=0xc8 => self.standard(code, depth)?,
            0xc9 | 0xca => self.name(code == 0xca, depth)?,
            0xd0..=0xd7 => Value::Bytes(self.data.take(usize::from(code - 0xd0))?.into()),
            0xd8 | 0xd9 => self.bytes(code)?,
            0xda..=0xe3 => self.text(code)?,
            0xe4..=0xeb => self.list(usize::from(code - 0xe4), depth)?,
            0xb0..=0xb5 | 0xec => {
                let count = self.count()?;
                self.list(count, depth)?
            }
            0xed | 0xee => self.until_end(code == 0xee, depth)?,
            0xf5 | 0xf6 => Value::Bool(code == 0xf5),
            0xf7 => Value::Nil,
            0xf9 => {
                let bytes = self.data.take(4)?;
                let bits = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                Value::Float(f64::from(f32::from_bits(bits)))
            }
            0xfa => Value::Float(f64::from_bits(self.data.big()?)),
            0xfb => Value::Float(0.0),
            0xfc => Value::Float(1.0),
            0xcf | 0xfe => {
                // After a footer's code, three more of it, a length and a checksum: the block has
                // one of its own.
                self.data.take(if code == 0xcf { 11 } else { 0 })?;
                self.forget();
                self.value(depth)?
            }
            _ => return Err(self.wrong("a code of Fressian's", &format!("code {code:02x}"))),
        })
    }

    fn name(&mut self, is_keyword: bool, depth: usize) -> Result<Value, Error> {
        let space = match self.value(depth)? {
            Value::Nil => None,
            Value::Text(space) => Some(space),
            _ => return Err(self.wrong("a namespace", "another value")),
        };
        let Value::Text(name) = self.value(depth)? else {
            return Err(self.wrong("a name", "another value"));
        };
        Ok(if is_keyword { Value::Keyword(space, name) } else { Value::Symbol(space, name) })
    }

    fn forget(&mut self) {
        self.cache.clear();
        self.structs.clear();
    }

    /// A whole number whose code has been read.
    fn integer(&mut self, code: u8) -> Result<i64, Error> {
        let (zero, more) = match code {
            0x00..=0x3f => return Ok(i64::from(code)),
            0xff => return Ok(-1),
            0xf8 => return Ok(self.data.big()?.cast_signed()),
            0x40..=0x5f => (0x50, 1),
            0x60..=0x6f => (0x68, 2),
            0x70..=0x73 => (0x72, 3),
            0x74..=0x77 => (0x76, 4),
            0x78..=0x7b => (0x7a, 5),
            0x7c..=0x7f => (0x7e, 6),
            _ => return Err(self.wrong("a whole number", &format!("code {code:02x}"))),
        };
        let high = i64::from(code) - zero;
        Ok(self.data.take(more)?.iter().fold(high, |number, byte| number << 8 | i64::from(*byte)))
    }

    fn whole(&mut self) -> Result<i64, Error> {
        let code = self.data.byte()?;
        self.integer(code)
    }

    fn count(&mut self) -> Result<usize, Error> {
        let count = self.whole()?;
        usize::try_from(count).map_err(|_| self.wrong("a count", &count.to_string()))
    }

    fn cached(&self, place: usize) -> Result<Value, Error> {
        match self.cache.get(place) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(self.wrong("a cached name, text or number", "a collection")),
            None => Err(self.wrong("a place of the cache", &format!("place {place}"))),
        }
    }

    fn list(&mut self, count: usize, depth: usize) -> Result<Value, Error> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(self.value(depth)?);
        }
        Ok(Value::List(all))
    }

    fn until_end(&mut self, is_open: bool, depth: usize) -> Result<Value, Error> {
        let mut all = Vec::new();
        while !(is_open && self.data.is_empty()) {
            match self.data.byte()? {
                END => break,
                code => all.push(self.coded(code, depth)?),
            }
        }
        Ok(Value::List(all))
    }

    /// The list that a set or a map is made of; nothing for an empty one.
    fn listed(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        match self.value(depth)? {
            Value::List(all) => Ok(all),
            Value::Nil => Ok(Vec::new()),
            _ => Err(self.wrong("a list", "another value")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Error> {
        let all = self.listed(depth)?;
        if all.len() % 2 == 1 {
            return Err(self.wrong("a value for each key of a map", "none"));
        }
        let mut entries = Vec::new();
        let mut all = all.into_iter();
        while let (Some(key), Some(value)) = (all.next(), all.next()) {
            entries.push((key, value));
        }
        Ok(Value::Map(entries))
    }

    /// A type of Fressian's own: one value, a decimal number two.
    fn standard(&mut self, code: u8, depth: usize) -> Result<Value, Error> {
        let value = self.value(depth)?;
        Ok(match (code, value) {
            (0xc6, Value::Bytes(bytes)) => Value::Big(bytes),
            (0xc7, value) => Value::Tagged("bigdec".into(), vec![value, self.value(depth)?]),
            (0xc3, value) => Value::Tagged("uuid".into(), vec![value]),
            (0xc4, value) => Value::Tagged("regex".into(), vec![value]),
            (0xc8, value) => Value::Tagged("inst".into(), vec![value]),
            (0xc5, value) => value,
            _ => return Err(self.wrong("the bytes of a number", "another value")),
        })
    }

    /// A struct whose tag has been seen.
    fn known(&mut self, place: usize, depth: usize) -> Result<Value, Error> {
        let Some((tag, fields)) = self.structs.get(place).cloned() else {
            return Err(self.wrong("a struct of a tag seen before", &format!("place {place}")));
        };
        let Value::List(mut fields) = self.list(fields, depth)? else { return Ok(Value::Nil) };
        Ok(match (&*tag, &mut fields[..]) {
            ("jepsen.history.Op", [index, time, kind, process, function, value, more]) => {
                operation([index, time, kind, process, function, value], more)
            }
            ("map-entry", [_, _]) => Value::List(fields),
            ("record", [_, map]) => std::mem::replace(map, Value::Nil),
            ("char", [Value::Int(sign)]) => {
                let sign = u32::try_from(*sign).ok().and_then(char::from_u32);
                Value::Char(sign.ok_or_else(|| self.wrong("a character", "another number"))?)
            }
            ("persistent-hash-set" | "persistent-sorted-set", [Value::List(all)]) => {
                Value::Set(std::mem::take(all))
            }
            ("persistent-hash-set" | "persistent-sorted-set", [Value::Nil]) => {
                Value::Set(Vec::new())
            }
            (
                "atom" | "vec" | "byte" | "multiset" | "instant" | "date-time" | "throwable",
                [inner],
            ) => std::mem::replace(inner, Value::Nil),
            _ => Value::Tagged(tag, fields),
        })
    }

    fn bytes(&mut self, mut code: u8) -> Result<Value, Error> {
        let mut all = Vec::new();
        loop {
            let count = self.count()?;
            all.extend_from_slice(self.data.take(count)?);
            match code {
                0xd9 => return Ok(Value::Bytes(all.into())),
                0xd8 => code = self.data.byte()?,
                _ => return Err(self.wrong("the last of some bytes", &format!("code {code:02x}"))),
            }
        }
    }

    /// A text whose code has been read: all but its last part are marked so.
    fn text(&mut self, mut code: u8) -> Result<Value, Error> {
        let mut units = Vec::new();
        loop {
            let count = match code {
                0xda..=0xe1 => usize::from(code - 0xda),
                0xe2 | 0xe3 => self.count()?,
                _ => return Err(self.wrong("the rest of a text", &format!("code {code:02x}"))),
            };
            let bytes = self.data.take(count)?;
            if !to_units(bytes, &mut units) {
                return Err(self.wrong("UTF-8 of at most three bytes a sign", "other bytes"));
            }
            if code != 0xe2 {
                break;
            }
            code = self.data.byte()?;
        }
        let text = String::from_utf16(&units);
        text.map(|text| Value::Text(text.into()))
            .map_err(|_| self.wrong("a text", "half a surrogate pair"))
    }
}

/// Fressian writes UTF-16's units each for itself, in one to three bytes; false for anything else.
fn to_units(mut bytes: &[u8], units: &mut Vec<u16>) -> bool {
    let low = |byte: u8| (byte & 0xc0 == 0x80).then_some(u16::from(byte & 0x3f));
    loop {
        let (unit, rest) = match bytes {
            [] => return true,
            [one @ 0..=0x7f, rest @ ..] => (Some(u16::from(*one)), rest),
            [one @ 0xc0..=0xdf, two, rest @ ..] => {
                (low(*two).map(|two| u16::from(one & 0x1f) << 6 | two), rest)
            }
            [one @ 0xe0..=0xef, two, three, rest @ ..] => {
                let tail = low(*two).zip(low(*three));
                let unit = |(two, three)| u16::from(one & 0x0f) << 12 | two << 6 | three;
                (tail.map(unit), rest)
            }
            _ => return false,
        };
        let Some(unit) = unit else { return false };
        units.push(unit);
        bytes = rest;
    }
}

/// An operation of Jepsen's as the map that it stands for.
fn operation(fields: [&mut Value; 6], more: &mut Value) -> Value {
    let names = ["index", "time", "type", "process", "f", "value"];
    let take = |value: &mut Value| std::mem::replace(value, Value::Nil);
    let mut entries: Vec<(Value, Value)> = names
        .iter()
        .zip(fields)
        .map(|(name, value)| (Value::Keyword(None, (*name).into()), take(value)))
        .collect();
    if let Value::Map(more) = take(more) {
        entries.extend(more);
    }
    Value::Map(entries)
}
