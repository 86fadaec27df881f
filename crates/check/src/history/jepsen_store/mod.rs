//! Jepsen's stored tests, `test.jepsen`: blocks of Fressian, of which the history is read.
//!
//! ```text
//! "JEPSEN"  version i32 (0, 1)  offset of the index i64
//! block     length i64, itself included   CRC-32 i32   type i16   14 bytes of padding   data
//! 1 index             root i32, then for each block: id i32, offset i64
//! 2 Fressian          one value
//! 3 partial map       the block of the rest i32, or 0, then a map
//! 4 Fressian stream   values to the end of the block
//! 5 big vector        count i64, then for each part: its first index i64, its block i32
//! ```
//!
//! Numbers are big-endian. The field of the type is 16 bytes long (the prose of the format says
//! bits, its code reserves bytes), so data begin after 28. The checksum is taken over the data and
//! then the head with a checksum of zero. The root is the map of the test; its `:history` refers to
//! the block of the operations.
//!
//! The operations are handed on as EDN, one a line, so that every workload of Jepsen's is read by
//! the one reader that it has: line 3 of a verdict is operation 3 of the store.
//!
//! Reference: the format's description and code in Jepsen, `jepsen.store.format` and
//! `jepsen.store.fressian`.

mod edn;
mod fressian;

#[cfg(test)]
pub(crate) mod tests;

use super::malformed::Binary;
use avouch_promise::{Blame, Error};
use fressian::Value;
use std::collections::BTreeMap;

const MAGIC: &[u8] = b"JEPSEN";
/// Length, checksum and type.
const HEAD: usize = 28;
/// How many blocks may refer to each other.
const DEPTH_MAX: usize = 64;

const INDEX: i16 = 1;
const FRESSIAN: i16 = 2;
const PARTIAL_MAP: i16 = 3;
const STREAM: i16 = 4;
const BIG_VECTOR: i16 = 5;

/// Whether bytes begin as such a file does.
pub(crate) fn is_start(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// CRC-32 with the polynomial of IEEE 802.3, as `java.util.zip.CRC32` computes it.
fn crc32(parts: [&[u8]; 2]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xedb8_8320))
    };
    !parts.into_iter().flatten().fold(u32::MAX, byte)
}

/// A file.
struct Store<'a> {
    bytes: &'a [u8],
    /// Where each block begins.
    blocks: BTreeMap<u32, u64>,
    /// Blocks read so far, so that none is read twice.
    visited: Vec<u32>,
}

/// A block's type, and where its data stand.
struct Block {
    kind: i16,
    from: usize,
    to: usize,
}

fn wrong(expected: impl Into<String>, got: impl Into<String>) -> Error {
    Error::new(Blame::Corrupt, expected, got)
}

impl<'a> Store<'a> {
    /// Reads the head and the index; gives the root's block, too.
    fn open(bytes: &'a [u8]) -> Result<(Self, u32), Error> {
        let mut head = Binary::new(bytes);
        head.take(MAGIC.len())?;
        let version = head.int()?;
        if version > 1 {
            return Err(head.wrong("version 0 or 1 of Jepsen's store", &version.to_string()));
        }
        let offset = head.big()?;
        if offset == 0 {
            return Err(head
                .wrong("the offset of the index", "none")
                .hint("the test was stopped before its history was first written"));
        }
        let mut store = Self { bytes, blocks: BTreeMap::new(), visited: Vec::new() };
        let Block { kind, from, to } = store.block_at(offset)?;
        let mut data = store.data(from, to);
        if kind != INDEX {
            return Err(data.wrong("the block of the index", &format!("a block of type {kind}")));
        }
        let root = data.int()?;
        while !data.is_empty() {
            let (block, offset) = (data.int()?, data.big()?);
            store.blocks.insert(block, offset);
        }
        if root == 0 {
            return Err(wrong("a root in the index", "none"));
        }
        Ok((store, root))
    }

    fn data(&self, from: usize, to: usize) -> Binary<'a> {
        Binary::within(self.bytes, from, to)
    }

    /// The block at an offset, its checksum checked.
    fn block_at(&self, offset: u64) -> Result<Block, Error> {
        let length = self.bytes.len();
        let start = usize::try_from(offset).ok().filter(|start| *start < length);
        let Some(start) = start else {
            return Err(wrong(format!("a block at byte {offset}"), format!("the end at {length}"))
                .hint("the file may have been cut short"));
        };
        let mut head = Binary::within(self.bytes, start, length);
        let size = head.big()?;
        let to = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let Some(to) = to.filter(|to| *to >= start + HEAD && *to <= length) else {
            let expected = format!("a length from {HEAD} to {}", length - start);
            return Err(head.wrong(&expected, &size.to_string()));
        };
        let told = head.int()?;
        let from = start + HEAD;
        let kind = head.take(2)?;
        let kind = i16::from_be_bytes([kind[0], kind[1]]);
        let mut plain = [0; HEAD];
        plain[..8].copy_from_slice(&size.to_be_bytes());
        plain[12..14].copy_from_slice(&kind.to_be_bytes());
        let found = crc32([&self.bytes[from..to], &plain]);
        if found != told {
            let expected = format!("a block at byte {start} of checksum {told:08x}");
            return Err(wrong(expected, format!("{found:08x}")).hint("the file is damaged"));
        }
        Ok(Block { kind, from, to })
    }

    fn block(&mut self, number: u32) -> Result<Block, Error> {
        if self.visited.contains(&number) {
            return Err(wrong(format!("block {number} once"), "a second reference to it"));
        }
        self.visited.push(number);
        let offset = self.blocks.get(&number).copied();
        let offset = offset.ok_or_else(|| wrong(format!("block {number} in the index"), "none"))?;
        self.block_at(offset)
    }

    /// The map in a block, with the rest that other blocks hold.
    fn map(&mut self, number: u32) -> Result<Vec<(Value, Value)>, Error> {
        let (mut all, mut next) = (Vec::new(), number);
        for _ in 0..DEPTH_MAX {
            let Block { kind, from, to } = self.block(next)?;
            let mut data = self.data(from, to);
            next = match kind {
                PARTIAL_MAP => data.int()?,
                FRESSIAN => 0,
                _ => return Err(data.wrong("a map", &format!("a block of type {kind}"))),
            };
            match fressian::one(&mut data)? {
                Value::Map(entries) => all.extend(entries),
                _ => return Err(data.wrong("a map", "another value")),
            }
            if next == 0 {
                return Ok(all);
            }
        }
        Err(wrong(format!("a map of at most {DEPTH_MAX} blocks"), "more"))
    }

    /// The list in a block.
    fn list(&mut self, number: u32, depth: usize) -> Result<Vec<Value>, Error> {
        let Block { kind, from, to } = self.block(number)?;
        let mut data = self.data(from, to);
        match kind {
            FRESSIAN => self.listed(fressian::one(&mut data)?, depth),
            STREAM => fressian::all(&mut data),
            BIG_VECTOR => {
                let count = data.big()?;
                let mut all = Vec::new();
                while !data.is_empty() {
                    let first = data.big()?;
                    if first != all.len() as u64 {
                        return Err(data.wrong(
                            &format!("a part that begins with element {}", all.len()),
                            &first.to_string(),
                        ));
                    }
                    let part = data.int()?;
                    let Some(depth) = depth.checked_sub(1) else {
                        return Err(data.wrong("fewer blocks within blocks", "more"));
                    };
                    all.extend(self.list(part, depth)?);
                }
                if count != all.len() as u64 {
                    return Err(wrong(format!("{count} elements"), all.len().to_string()));
                }
                Ok(all)
            }
            _ => Err(data.wrong("a list", &format!("a block of type {kind}"))),
        }
    }

    fn listed(&mut self, value: Value, depth: usize) -> Result<Vec<Value>, Error> {
        match (value, depth.checked_sub(1)) {
            (Value::List(all), _) => Ok(all),
            (Value::Nil, _) => Ok(Vec::new()),
            (Value::Tagged(tag, fields), Some(depth)) if &*tag == "block-ref" => {
                self.list(reference(&fields)?, depth)
            }
            _ => Err(wrong("a history: a list of operations", "another value")),
        }
    }
}

fn reference(fields: &[Value]) -> Result<u32, Error> {
    match fields {
        [Value::Int(number)] => u32::try_from(*number).ok(),
        _ => None,
    }
    .ok_or_else(|| wrong("the number of a block", "another value"))
}

/// The history of a store as EDN, an operation a line.
pub(crate) fn as_edn(bytes: &[u8]) -> Result<String, Error> {
    let (mut store, root) = Store::open(bytes)?;
    let fields = store.map(root)?;
    let history = fields.into_iter().find(|(key, _)| key.is_keyword("history"));
    let Some((_, history)) = history else {
        return Err(wrong("a test with a :history", "none"));
    };
    let mut text = String::new();
    for (place, operation) in store.listed(history, DEPTH_MAX)?.iter().enumerate() {
        edn::operation(operation, &mut text).map_err(|what| {
            wrong(format!("operation {}: a value that EDN has", place + 1), what)
        })?;
        text.push('\n');
    }
    Ok(text)
}
