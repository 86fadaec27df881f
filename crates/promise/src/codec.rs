//! The canonical encoding: one value has exactly one encoding, so that bytes can be signed as
//! carried and digests compared.
//!
//! Layout: fixed integers are little-endian; a length or count is a LEB128 varint in its shortest
//! form; bytes are their length and then themselves. A decoder refuses everything else, and
//! never allocates more than the input's own length.

use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// Appends canonical encodings to a buffer.
#[derive(Debug, Default, Clone)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty buffer, with room for what most values take.
    pub fn new() -> Self {
        Self(Vec::with_capacity(64))
    }
    /// The bytes written so far.
    pub fn finish(self) -> Bytes {
        Bytes::from(self.0)
    }
    /// The bytes written so far, borrowed.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    /// Four bytes, little-endian.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    /// Eight bytes, little-endian.
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }
    /// An integer as the shortest LEB128.
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
    /// Bytes whose length both sides know.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    /// Bytes after their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }
    /// A list after its count.
    pub fn list<T: Encode>(&mut self, items: &[T]) {
        self.varint(items.len() as u64);
        for item in items {
            item.encode(self);
        }
    }
    /// A presence byte, then the value if there is one.
    pub fn option<T: Encode>(&mut self, item: Option<&T>) {
        self.bool(item.is_some());
        if let Some(item) = item {
            item.encode(self);
        }
    }
}

/// Reads canonical encodings from a buffer.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    whole: &'a [u8],
    at: usize,
}

/// Bytes that are not a canonical encoding of what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// What should have stood there.
    pub expected: &'static str,
    /// The offset in bytes at which it did not.
    pub at: usize,
    /// The length in bytes of the whole input.
    pub length: usize,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {} of {}", self.expected, self.at, self.length)
    }
}
impl std::error::Error for DecodeError {}

impl<'a> Reader<'a> {
    /// Reads from the start of `whole`.
    pub fn new(whole: &'a [u8]) -> Self {
        Self { whole, at: 0 }
    }
    /// An error at the present offset.
    pub fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError { expected, at: self.at, length: self.whole.len() }
    }
    /// The bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.whole.len() - self.at
    }
    /// The next `count` bytes.
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count).ok_or_else(|| self.error("a smaller length"))?;
        let taken = self.whole.get(self.at..end).ok_or_else(|| self.error("more bytes"))?;
        self.at = end;
        Ok(taken)
    }
    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }
    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }
    /// Four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }
    /// Eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }
    /// One byte, 0 or 1.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error("a byte of 0 or 1")),
        }
    }
    /// The shortest LEB128 of an integer.
    pub fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(self.error("an integer of at most 64 bits"));
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(self.error("the shortest form of an integer"));
                }
                return Ok(value);
            }
        }
        Err(self.error("an integer of at most 64 bits"))
    }
    /// A count of things of at least one byte each, which therefore cannot exceed what remains.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.varint()?;
        if count > self.remaining() as u64 {
            return Err(self.error("a count that fits in what remains"));
        }
        Ok(count as usize)
    }
    /// Bytes after their length.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count()?;
        self.raw(count)
    }
    /// A list after its count.
    pub fn list<T: Decode>(&mut self) -> Result<Vec<T>, DecodeError> {
        (0..self.count()?).map(|_| T::decode(self)).collect()
    }
    /// A presence byte, then the value if there is one.
    pub fn option<T: Decode>(&mut self) -> Result<Option<T>, DecodeError> {
        if self.bool()? { T::decode(self).map(Some) } else { Ok(None) }
    }
    /// Ends the reading: nothing may be left over.
    pub fn end(self) -> Result<(), DecodeError> {
        if self.remaining() == 0 { Ok(()) } else { Err(self.error("the end")) }
    }
}

/// A value with a canonical encoding.
pub trait Encode {
    /// Appends the encoding.
    fn encode(&self, out: &mut Writer);
    /// The whole encoding.
    fn to_bytes(&self) -> Bytes {
        let mut out = Writer::new();
        self.encode(&mut out);
        out.finish()
    }
}

/// A value that can be read back from its canonical encoding.
pub trait Decode: Sized {
    /// Reads one value.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Reads one value that is the whole input.
    fn from_bytes(whole: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(whole);
        let value = Self::decode(&mut input)?;
        input.end()?;
        Ok(value)
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Writer) {
        T::encode(self, out);
    }
}
impl<T: Decode> Decode for Box<T> {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(input).map(Self::new)
    }
}
impl<T: Encode> Encode for Arc<T> {
    fn encode(&self, out: &mut Writer) {
        T::encode(self, out);
    }
}
impl<T: Decode> Decode for Arc<T> {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(input).map(Self::new)
    }
}
impl Encode for Bytes {
    fn encode(&self, out: &mut Writer) {
        out.bytes(self);
    }
}
impl Decode for Bytes {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.bytes().map(Self::copy_from_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip_and_are_shortest() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Writer::new();
            out.varint(value);
            assert_eq!(Reader::new(out.as_slice()).varint(), Ok(value));
        }
        assert!(Reader::new(&[0x80, 0x00]).varint().is_err());
        assert!(Reader::new(&[0xff; 10]).varint().is_err());
    }

    #[test]
    fn a_count_larger_than_the_input_is_refused_before_allocation() {
        let mut out = Writer::new();
        out.varint(u64::MAX);
        assert!(Reader::new(out.as_slice()).list::<Bytes>().is_err());
    }
}
