//! A block of a stream: a head that says how long it is, and its content, compressed where that
//! makes it shorter. Head and content have checksums of their own, so that a length that was
//! changed on the disk is not taken for a writer that was stopped.
//!
//! ```text
//!   0      4       8        12       20           21             25            29
//!   | held | whole | events | number | compressed | crc(content) | crc(0..25) | content ... |
//! ```
//!
//! Numbers have the least byte first. `held` is the length of the content as it stands, `whole`
//! that of it uncompressed, `number` counts blocks from 0: one that is missing, doubled or moved
//! shows. Checksums are CRC-32C.

use avouch_promise::{Blame, Error};
use std::io::Read;

/// The length of a head.
const HEAD: usize = 29;

/// The most bytes that a block holds, uncompressed: an event has at most so many.
pub(super) const BLOCK_BYTES_MAX: usize = 16 << 20;

/// A block as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its content, uncompressed.
    pub(super) content: Vec<u8>,
    /// How many events it holds.
    pub(super) events: u32,
    /// Its length in the file.
    pub(super) length: u64,
}

/// What stands next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A block.
    Block(Block),
    /// The end.
    End,
    /// So many bytes of a block that its writer did not finish.
    Cut(u64),
}

/// A block's bytes.
pub(super) fn seal(number: u64, events: u32, content: &[u8]) -> Vec<u8> {
    let packed = lz4_flex::block::compress(content);
    let is_packed = packed.len() < content.len();
    let held = if is_packed { &packed[..] } else { content };
    let mut block = Vec::with_capacity(HEAD + held.len());
    block.extend((held.len() as u32).to_le_bytes());
    block.extend((content.len() as u32).to_le_bytes());
    block.extend(events.to_le_bytes());
    block.extend(number.to_le_bytes());
    block.push(u8::from(is_packed));
    block.extend(crc32c::crc32c(held).to_le_bytes());
    block.extend(crc32c::crc32c(&block).to_le_bytes());
    block.extend_from_slice(held);
    block
}

fn corrupt(number: u64, expected: &str, got: impl Into<String>) -> Error {
    Error::new(Blame::Corrupt, format!("block {number}: {expected}"), got)
        .hint("the file was changed after it was written; take a copy that was not")
}

/// As many of these bytes as there are, without room for more than come.
fn bytes(input: &mut impl Read, count: usize) -> Result<Vec<u8>, Error> {
    let mut found = Vec::new();
    let read = input.take(count as u64).read_to_end(&mut found);
    match read {
        Ok(_) => Ok(found),
        Err(error) => {
            let expected = "a history that can be read to its end";
            Err(Error::new(Blame::Environment, expected, error.to_string()))
        }
    }
}

/// Reads the block that should have this number.
pub(super) fn next(input: &mut impl Read, number: u64) -> Result<Next, Error> {
    let head = bytes(input, HEAD)?;
    let Ok(head) = <[u8; HEAD]>::try_from(&head[..]) else {
        return Ok(if head.is_empty() { Next::End } else { Next::Cut(head.len() as u64) });
    };
    let four = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if crc32c::crc32c(&head[..HEAD - 4]) != four(HEAD - 4) {
        return Err(corrupt(number, "a head with its checksum", "another checksum"));
    }
    let said = u64::from(four(12)) | u64::from(four(16)) << 32;
    if said != number {
        return Err(corrupt(number, "this number in its head", said.to_string()));
    }
    let (length, whole, events) = (four(0) as usize, four(4) as usize, four(8));
    if length > whole || whole > BLOCK_BYTES_MAX || events as usize > whole {
        let got = format!("{length} bytes that are {whole}, with {events} events");
        return Err(corrupt(number, "lengths that a block can have", got));
    }
    let content = bytes(input, length)?;
    if content.len() < length {
        return Ok(Next::Cut((HEAD + content.len()) as u64));
    }
    if crc32c::crc32c(&content) != four(21) {
        return Err(corrupt(number, "content with its checksum", "another checksum"));
    }
    let content = match head[20] {
        0 if length == whole => content,
        1 => match lz4_flex::block::decompress(&content, whole) {
            Ok(content) if content.len() == whole => content,
            Ok(content) => {
                let got = content.len().to_string();
                return Err(corrupt(number, &format!("{whole} bytes of content"), got));
            }
            Err(error) => {
                return Err(corrupt(number, "content compressed as LZ4", error.to_string()));
            }
        },
        other => return Err(corrupt(number, "compression 0 or 1", other.to_string())),
    };
    Ok(Next::Block(Block { content, events, length: (HEAD + length) as u64 }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back_and_is_compressed_where_that_is_shorter() {
        for content in [&b""[..], b"a", &[7; 5000]] {
            let sealed = seal(3, 0, content);
            let length = sealed.len() as u64;
            assert_eq!(sealed.len() < content.len(), content.len() > 100);
            let read = next(&mut &sealed[..], 3).unwrap();
            assert_eq!(read, Next::Block(Block { content: content.to_vec(), events: 0, length }));
            assert!(next(&mut &sealed[..], 4).is_err(), "another number");
        }
    }

    #[test]
    fn every_flip_is_noticed_and_every_cut_is_a_cut() {
        let sealed = seal(0, 2, &b"put a 1 put a 2 put a 3 put a 4 put a 5 put a 6".repeat(3));
        assert_eq!(sealed[20], 1, "compressed");
        for at in 0..sealed.len() {
            assert_eq!(
                next(&mut &sealed[..at], 0),
                Ok(if at == 0 { Next::End } else { Next::Cut(at as u64) })
            );
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                let read = next(&mut &changed[..], 0);
                assert!(read.is_err(), "bit {bit} of byte {at}: {read:?}");
            }
        }
    }

    #[test]
    fn absurd_lengths_are_refused_before_anything_is_taken() {
        let with = |held: u32, whole: u32| {
            let mut block = seal(0, 0, b"content");
            block[..4].copy_from_slice(&held.to_le_bytes());
            block[4..8].copy_from_slice(&whole.to_le_bytes());
            let crc = crc32c::crc32c(&block[..HEAD - 4]).to_le_bytes();
            block[HEAD - 4..HEAD].copy_from_slice(&crc);
            next(&mut &block[..], 0)
        };
        assert!(matches!(with(7, 7), Ok(Next::Block(_))));
        assert!(with(u32::MAX, u32::MAX).unwrap_err().expected.contains("lengths"));
        assert!(with(9, 8).unwrap_err().expected.contains("lengths"));
        assert!(matches!(with(1 << 20, 1 << 20), Ok(Next::Cut(36))));
    }
}
