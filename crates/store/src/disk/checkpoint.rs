//! One checkpoint: an immutable file that is the same, byte for byte, on every node with the same
//! state.
//!
//! ```text
//!   0      4096        4096+65536                                   length-64      length
//!   | head | block 0   | block 1   | ...        | last block (short) | footer       |
//!            |CRC|65532 bytes|                                        | digest, ... |
//!     head   = magic, version, block length, cluster, length of meta, zeros, CRC-32C
//!     block  = CRC-32C(block number, payload), payload
//!     footer = magic, length of the payloads, count of blocks, SHA-256 of all before, zeros, CRC-32C
//! ```
//!
//! The payloads, end to end, are the node's `meta` (log point and chain, voters, revision, ...) and
//! then the body. Nothing node-dependent is inside; the node's own sequence number is in the
//! file's name.
//!
//! - I1 Every byte of the file is under a checksum; a byte that is not what was written names its
//!   part.
//! - I2 No byte is given to anyone before the part that holds it was checked.

use super::folder::{File, failed};
use avouch_machine::Seq;
use avouch_promise::{
    Blame, ClusterId, Decode, DecodeError, Digest, Encode, Error, Reader, Writer,
};
use bytes::Bytes;
use crc32c::{crc32c, crc32c_append};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The length of the head in bytes.
pub(super) const HEAD: usize = 4096;
/// The length of a full block on disk.
pub(super) const BLOCK: usize = 65_536;
/// What a full block carries.
pub(super) const PAYLOAD: usize = BLOCK - 4;
/// The length of the footer in bytes.
pub(super) const FOOTER: usize = 64;
const HEAD_MAGIC: [u8; 8] = *b"avouchCP";
const FOOTER_MAGIC: [u8; 8] = *b"avouchCE";
const VERSION: u32 = 1;

/// A part of a checkpoint, checked as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The head.
    Head,
    /// A block of the payload.
    Block(u64),
    /// The footer.
    Footer,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => write!(f, "head"),
            Self::Block(number) => write!(f, "block {number}"),
            Self::Footer => write!(f, "footer"),
        }
    }
}

/// The fixed fields at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) cluster: ClusterId,
    pub(super) meta_length: u64,
}

impl Encode for Head {
    fn encode(&self, out: &mut Writer) {
        let mut body = Writer::new();
        body.raw(&HEAD_MAGIC);
        body.u32(VERSION);
        body.u32(BLOCK as u32);
        body.raw(&self.cluster.0);
        body.u64(self.meta_length);
        let mut body = body.finish().to_vec();
        body.resize(HEAD - 4, 0);
        out.raw(&body);
        out.u32(crc32c(&body));
    }
}

impl Decode for Head {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = input.raw(HEAD - 4)?;
        if input.u32()? != crc32c(body) {
            return Err(input.error("the checksum of a checkpoint's head"));
        }
        let mut body = Reader::new(body);
        if body.array()? != HEAD_MAGIC || body.u32()? != VERSION || body.u32()? != BLOCK as u32 {
            return Err(body.error("a checkpoint of version 1"));
        }
        let head = Self { cluster: ClusterId(body.array()?), meta_length: body.u64()? };
        let zeros = body.raw(body.remaining())?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(body.error("zeros"));
        }
        Ok(head)
    }
}

/// The fixed fields at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    pub(super) payload_length: u64,
    pub(super) blocks: u64,
    pub(super) digest: Digest,
}

impl Encode for Footer {
    fn encode(&self, out: &mut Writer) {
        let mut body = Writer::new();
        body.raw(&FOOTER_MAGIC);
        body.u64(self.payload_length);
        body.u64(self.blocks);
        body.raw(&self.digest.0);
        body.u32(0);
        out.raw(body.as_slice());
        out.u32(crc32c(body.as_slice()));
    }
}

impl Decode for Footer {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = input.raw(FOOTER - 4)?;
        if input.u32()? != crc32c(body) {
            return Err(input.error("the checksum of a checkpoint's footer"));
        }
        let mut body = Reader::new(body);
        if body.array()? != FOOTER_MAGIC {
            return Err(body.error("a checkpoint's footer"));
        }
        let (payload_length, blocks) = (body.u64()?, body.u64()?);
        let digest = Digest(body.array()?);
        if body.u32()? != 0 || blocks != payload_length.div_ceil(PAYLOAD as u64) {
            return Err(body.error("as many blocks as the length needs, and zeros"));
        }
        Ok(Self { payload_length, blocks, digest })
    }
}

/// The checksum of block `number`.
fn block_checksum(number: u64, payload: &[u8]) -> u32 {
    crc32c_append(crc32c(&number.to_le_bytes()), payload)
}

/// Writes the bytes of a checkpoint into `file`, which is empty and called `name`. Not synced.
pub(super) fn write(
    file: &dyn File,
    name: &str,
    cluster: ClusterId,
    meta: &[u8],
    body: impl IntoIterator<Item = Bytes>,
) -> Result<(), Error> {
    let head = Head { cluster, meta_length: meta.len() as u64 }.to_bytes();
    let mut hasher = Sha256::new();
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        let place = at;
        at += bytes.len() as u64;
        file.write_at(place, bytes).map_err(|e| failed("writing", name, &e))
    };
    hasher.update(&head);
    put(&head)?;
    let (mut length, mut number) = (0, 0);
    let mut pending: Vec<u8> = Vec::with_capacity(BLOCK);
    let mut flush = |payload: &mut Vec<u8>| {
        let mut block = block_checksum(number, payload).to_le_bytes().to_vec();
        block.append(payload);
        number += 1;
        hasher.update(&block);
        put(&block)
    };
    for piece in std::iter::once(Bytes::copy_from_slice(meta)).chain(body) {
        let mut rest = &piece[..];
        length += rest.len() as u64;
        while !rest.is_empty() {
            let (taken, left) = rest.split_at(rest.len().min(PAYLOAD - pending.len()));
            pending.extend_from_slice(taken);
            rest = left;
            if pending.len() == PAYLOAD {
                flush(&mut pending)?;
            }
        }
    }
    if !pending.is_empty() {
        flush(&mut pending)?;
    }
    let digest = Digest(hasher.finalize().into());
    put(&Footer { payload_length: length, blocks: number, digest }.to_bytes())
}

/// A checkpoint on disk, opened for reading. Reads may go on while a newer one is written.
#[derive(Debug)]
pub struct Checkpoint {
    pub(super) seq: Seq,
    pub(super) name: String,
    pub(super) file: Box<dyn File>,
    length: u64,
}

impl Checkpoint {
    pub(super) fn new(seq: Seq, name: String, file: Box<dyn File>) -> Result<Self, Error> {
        let length = file.length().map_err(|e| failed("measuring", &name, &e))?;
        Ok(Self { seq, name, file, length })
    }

    /// The first record of this node's log that it does not cover.
    pub fn seq(&self) -> Seq {
        self.seq
    }
    /// The length of the file in bytes.
    pub fn total(&self) -> u64 {
        self.length
    }
    /// How many blocks it has, by its length.
    pub fn blocks(&self) -> u64 {
        self.length.saturating_sub((HEAD + FOOTER) as u64).div_ceil(BLOCK as u64)
    }
    /// All its parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        std::iter::once(Part::Head)
            .chain((0..self.blocks()).map(Part::Block))
            .chain(std::iter::once(Part::Footer))
    }
    /// The SHA-256 of everything before the footer: equal for equal states.
    pub fn digest(&self) -> Result<Digest, Error> {
        self.footer().map(|footer| footer.digest)
    }

    /// What the node said of this state beside the body.
    pub fn meta(&self) -> Result<Bytes, Error> {
        let length = self.head()?.meta_length;
        self.payload(0, length)
    }

    /// The body, block by block, each checked before it is given.
    pub fn body(&self) -> Result<impl Iterator<Item = Result<Bytes, Error>> + '_, Error> {
        let skip = self.head()?.meta_length;
        let footer = self.footer()?;
        let first = skip / PAYLOAD as u64;
        let within = (skip % PAYLOAD as u64) as usize;
        Ok((first..footer.blocks).map(move |number| {
            let payload = self.block(number)?;
            Ok(if number == first { payload.slice(within.min(payload.len())..) } else { payload })
        }))
    }

    /// The length of the content in bytes: `meta` and the body, end to end.
    pub fn content_length(&self) -> Result<u64, Error> {
        self.footer().map(|footer| footer.payload_length)
    }

    /// At most `length` bytes of the content from `offset`, every block that they touch checked.
    /// Fewer at the end; none beyond it.
    pub fn read_content(&self, offset: u64, length: u32) -> Result<Bytes, Error> {
        let left = self.content_length()?.saturating_sub(offset);
        self.payload(offset, left.min(u64::from(length)))
    }

    /// The parts that are not what was written. If all are sound by themselves but not together,
    /// the footer is named.
    pub fn verify(&self) -> Result<Vec<Part>, Error> {
        let mut damaged = Vec::new();
        let mut hasher = Sha256::new();
        let (mut payload, mut claimed) = (0, None);
        for part in self.parts() {
            match self.part(part) {
                Ok(bytes) if part == Part::Footer => claimed = Footer::from_bytes(&bytes).ok(),
                Ok(bytes) => {
                    hasher.update(&bytes);
                    payload += if part == Part::Head { 0 } else { bytes.len() as u64 - 4 };
                }
                Err(error) if error.blame == Blame::Corrupt => damaged.push(part),
                Err(error) => return Err(error),
            }
        }
        let digest = Digest(hasher.finalize().into());
        let agrees = claimed.is_some_and(|footer| {
            footer.digest == digest
                && footer.payload_length == payload
                && footer.blocks == self.blocks()
        });
        if damaged.is_empty() && !agrees {
            damaged.push(Part::Footer);
        }
        Ok(damaged)
    }

    /// The bytes of a part, checked.
    pub fn part(&self, part: Part) -> Result<Bytes, Error> {
        let (offset, length) = self.range(part);
        let mut bytes = vec![0; length];
        let sound = match self.file.read_at(offset, &mut bytes) {
            Ok(()) => is_sound(part, &bytes),
            Err(e) if super::wal::is_medium_error(&e) => false,
            Err(e) => return Err(failed("reading", &self.name, &e)),
        };
        if sound { Ok(bytes.into()) } else { Err(self.rotten(part)) }
    }

    /// Where a part stands, and how long it is.
    pub(super) fn range(&self, part: Part) -> (u64, usize) {
        let footer = self.length.saturating_sub(FOOTER as u64);
        match part {
            Part::Head => (0, HEAD),
            Part::Block(number) => {
                let start = HEAD as u64 + number * BLOCK as u64;
                (start, footer.saturating_sub(start).min(BLOCK as u64) as usize)
            }
            Part::Footer => (footer, FOOTER),
        }
    }

    pub(super) fn head(&self) -> Result<Head, Error> {
        Head::from_bytes(&self.part(Part::Head)?).map_err(|_| self.rotten(Part::Head))
    }

    fn footer(&self) -> Result<Footer, Error> {
        let footer = Footer::from_bytes(&self.part(Part::Footer)?);
        footer
            .ok()
            .filter(|footer| footer.blocks == self.blocks())
            .ok_or_else(|| self.rotten(Part::Footer))
    }

    fn block(&self, number: u64) -> Result<Bytes, Error> {
        Ok(self.part(Part::Block(number))?.slice(4..))
    }

    /// `length` bytes of the payloads from `offset`.
    fn payload(&self, offset: u64, length: u64) -> Result<Bytes, Error> {
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < offset + length {
            let block = self.block(at / PAYLOAD as u64)?;
            let within = (at % PAYLOAD as u64) as usize;
            let taken = (offset + length - at).min(block.len().saturating_sub(within) as u64);
            if taken == 0 {
                return Err(self.rotten(Part::Head));
            }
            let piece = block.get(within..within + taken as usize);
            bytes.extend_from_slice(piece.unwrap_or_default());
            at += taken;
        }
        Ok(bytes.into())
    }

    fn rotten(&self, part: Part) -> Error {
        Error::new(
            Blame::Corrupt,
            format!("the {part} of {} as it was written", self.name),
            "other bytes",
        )
        .hint("the node goes on without it: from its log, or from a peer's newer checkpoint")
    }
}

fn is_sound(part: Part, bytes: &[u8]) -> bool {
    match part {
        Part::Head => Head::from_bytes(bytes).is_ok(),
        Part::Footer => Footer::from_bytes(bytes).is_ok(),
        Part::Block(number) => bytes.split_first_chunk().is_some_and(|(checksum, payload)| {
            !payload.is_empty() && u32::from_le_bytes(*checksum) == block_checksum(number, payload)
        }),
    }
}
