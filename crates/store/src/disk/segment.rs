//! One file of the log: two copies of a header, then groups of frames on preallocated zeros.
//!
//! ```text
//!   0            4096         8192                                            capacity
//!   | header     | the same   | group          | group   | mark | zeros .... |
//!                             | frame frame 00 | frame 0 |
//!                             ^ groups and the mark start at multiples of 4096
//! ```
//!
//! - I1 A segment gets its name only when its zeros, its header and its first group are durable.
//! - I2 No write touches a block of 4096 bytes that holds a synced record: a torn write can only
//!   harm the group being written. (The mark's block holds none; the next group takes its place.)
//! - I3 The header's `first` says that every record before it is durable in earlier segments, and
//!   that whatever earlier segments hold from there on is void.

use super::folder::{File, Folder, failed};
use super::frame::{self, Frame};
use super::identity::{Identity, VERSION};
use avouch_machine::Seq;
use avouch_promise::{
    ClusterId, Decode, DecodeError, Encode, Error, Incarnation, NodeId, Reader, Writer,
};
use std::ops::Range;

/// What a disk writes at once: groups start at multiples of it.
pub(super) const BLOCK: usize = 4096;
/// Where the frames start.
pub(super) const DATA: usize = 2 * BLOCK;
/// The two copies of the header.
const COPIES: [usize; 2] = [0, BLOCK];
const MAGIC: [u8; 8] = *b"avouchWL";
const HEADER: usize = 81;
/// Zeros are written in pieces of this many bytes, each synced on its own, so that a foreground
/// sync never waits for a whole segment.
const PIECE: usize = 1 << 18;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whose log.
    pub identity: Identity,
    /// Its place in the log.
    pub number: u64,
    /// Its life: enters every checksum, and is drawn anew whenever blocks are used again.
    pub generation: u64,
    /// The first record that may stand in it.
    pub first: Seq,
    /// The start of the node that began it.
    pub incarnation: Incarnation,
    /// Whether the log's end was doubtful when it was begun.
    pub doubtful: bool,
    /// The length of the file in bytes.
    pub capacity: u64,
}

impl Encode for Header {
    fn encode(&self, out: &mut Writer) {
        let mut body = Writer::new();
        body.raw(&MAGIC);
        body.u32(VERSION);
        body.u32(self.identity.node.0);
        body.raw(&self.identity.cluster.0);
        body.u64(self.number);
        body.u64(self.generation);
        body.u64(self.first.0);
        body.u64(self.incarnation.0);
        body.bool(self.doubtful);
        body.u64(self.capacity);
        body.u32(0);
        out.raw(body.as_slice());
        out.u32(crc32c::crc32c(body.as_slice()));
    }
}

impl Decode for Header {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = input.raw(HEADER - 4)?;
        let checksum = input.u32()?;
        if checksum != crc32c::crc32c(body) {
            return Err(input.error("the checksum of a segment's header"));
        }
        let mut body = Reader::new(body);
        if body.array()? != MAGIC || body.u32()? != VERSION {
            return Err(body.error("a segment of version 1"));
        }
        let node = NodeId(body.u32()?);
        let identity = Identity { cluster: ClusterId(body.array()?), node };
        let header = Self {
            identity,
            number: body.u64()?,
            generation: body.u64()?,
            first: Seq(body.u64()?),
            incarnation: Incarnation(body.u64()?),
            doubtful: body.bool()?,
            capacity: body.u64()?,
        };
        if body.u32()? != 0 || header.first.0 == 0 {
            return Err(body.error("a record number above 0 and zeros"));
        }
        Ok(header)
    }
}

/// The file of segment `number`.
pub(super) fn name(number: u64) -> String {
    format!("log-{number:010}.segment")
}

/// The number in a file's name, if it is a segment's.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("log-")?.strip_suffix(".segment")?;
    (digits.len() == 10).then(|| digits.parse().ok()).flatten()
}

/// Fills `file` with durable zeros up to `capacity`.
pub(super) fn write_zeros(file: &dyn File, name: &str, capacity: u64) -> Result<(), Error> {
    let zeros = vec![0; PIECE.min(capacity as usize)];
    let mut at = 0;
    while at < capacity {
        let piece = (capacity - at).min(zeros.len() as u64);
        file.write_at(at, zeros.get(..piece as usize).unwrap_or(&zeros))
            .map_err(|e| failed("preallocating", name, &e))?;
        file.sync().map_err(|e| failed("syncing", name, &e))?;
        at += piece;
    }
    Ok(())
}

/// Begins a segment named `target` on `file`, now called `from` and all durable zeros; `group` is
/// its first group, already padded to blocks.
pub(super) fn begin(
    folder: &dyn Folder,
    file: &dyn File,
    (from, target): (&str, &str),
    header: &Header,
    group: &[u8],
) -> Result<(), Error> {
    let mut head = vec![0; DATA];
    let bytes = header.to_bytes();
    for at in COPIES {
        head.iter_mut().skip(at).zip(bytes.iter()).for_each(|(place, byte)| *place = *byte);
    }
    head.extend_from_slice(group);
    file.write_at(0, &head).map_err(|e| failed("writing", from, &e))?;
    file.sync().map_err(|e| failed("syncing", from, &e))?;
    folder.rename(from, target).map_err(|e| failed("renaming", from, &e))?;
    folder.sync().map_err(|e| failed("syncing the folder of", target, &e))
}

/// A frame that a scan found: its identity is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where the frame starts.
    pub offset: usize,
    /// What it says.
    pub frame: Frame,
    /// Whether its data is what was written.
    pub good: bool,
}

/// Everything that a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The header, from whichever copy is sound.
    pub header: Option<Header>,
    /// Which copies of it are not (offsets).
    pub bad_headers: Vec<usize>,
    /// The frames whose identity is sound, in order.
    pub found: Vec<Found>,
    /// Where bytes stand that are neither frames nor zeros.
    pub garbage: Vec<Range<usize>>,
}

impl Scan {
    /// Reads a whole file. `keyed` is false only for a mutant.
    pub(super) fn of(content: &[u8], keyed: bool) -> Self {
        let mut scan = Self::default();
        for at in COPIES {
            let block = content.get(at..at + BLOCK).unwrap_or_default();
            match block.split_at_checked(HEADER) {
                Some((bytes, rest)) if is_zero(rest) && Header::from_bytes(bytes).is_ok() => {
                    scan.header = scan.header.or(Header::from_bytes(bytes).ok());
                }
                _ => scan.bad_headers.push(at),
            }
        }
        // Rot in the zeros after both copies spares the headers themselves.
        for at in COPIES {
            let bytes = content.get(at..at + HEADER).unwrap_or_default();
            scan.header = scan.header.or(Header::from_bytes(bytes).ok());
        }
        if let Some(header) = scan.header {
            scan.frames(content, if keyed { header.generation } else { 0 });
        }
        scan
    }

    fn frames(&mut self, content: &[u8], generation: u64) {
        let mut at = DATA;
        while at < content.len() {
            let rest = content.get(at..).unwrap_or_default();
            let until_block = (BLOCK - at % BLOCK).min(rest.len());
            if let Some(found) = read_frame(rest, generation, at) {
                at += found.frame.size();
                self.found.push(found);
            } else if is_zero(rest.get(..until_block).unwrap_or_default()) {
                at += until_block;
            } else {
                let step = frame::ALIGNMENT.min(rest.len());
                match self.garbage.last_mut() {
                    Some(last) if last.end == at => last.end += step,
                    _ => self.garbage.push(at..at + step),
                }
                at += step;
            }
        }
    }

    /// The highest record that some frame here knew to be durable.
    pub(super) fn mark(&self) -> Seq {
        self.found.iter().map(|found| found.frame.durable).max().unwrap_or_default()
    }

    /// The good frames of records.
    pub(super) fn records(&self) -> impl Iterator<Item = (Seq, &Found)> {
        self.found.iter().filter_map(|found| Some((found.frame.seq?, found)))
    }
}

/// The frame at the start of `rest`, which stands at `offset`; nothing unless its identity is
/// sound.
fn read_frame(rest: &[u8], generation: u64, offset: usize) -> Option<Found> {
    let frame = Frame::decode(rest.get(..frame::HEADER)?, generation, offset as u64)?;
    let body = rest.get(frame::HEADER..frame.size())?;
    let (data, padding) = body.split_at_checked(frame.length as usize)?;
    Some(Found { offset, frame, good: frame.holds(generation, data, padding) })
}

/// Whether there is nothing but zeros.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Appends the frame of a record to a group that starts at `start` of its file.
pub(super) fn push_frame(
    group: &mut Vec<u8>,
    start: u64,
    generation: u64,
    frame: &Frame,
    data: &[u8],
) {
    let at = start + group.len() as u64;
    group.extend_from_slice(&frame.encode(generation, at));
    group.extend_from_slice(data);
    group.resize(group.len().next_multiple_of(frame::ALIGNMENT), 0);
}

/// Pads a group to whole blocks.
pub(super) fn pad(group: &mut Vec<u8>) {
    group.resize(group.len().next_multiple_of(BLOCK), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;

    fn header() -> Header {
        Header {
            identity: Identity { cluster: ClusterId([1; 16]), node: NodeId(2) },
            number: 3,
            generation: 4,
            first: Seq(5),
            incarnation: Incarnation(6),
            doubtful: true,
            capacity: 7,
        }
    }

    #[test]
    fn a_header_round_trips_and_every_flipped_bit_is_seen() {
        let bytes = header().to_bytes();
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(Header::from_bytes(&bytes), Ok(header()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::from_bytes(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn names_are_read_back() {
        assert_eq!(number_of(&name(12)), Some(12));
        assert_eq!(number_of("spare.segment"), None);
        assert_eq!(number_of("log-12.segment"), None);
    }

    #[test]
    fn a_scan_takes_any_bytes() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        let mut content = vec![0; DATA + 4 * BLOCK];
        let bytes = header().to_bytes();
        content[..HEADER].copy_from_slice(&bytes);
        let mut group = Vec::new();
        for seq in 5..20_u64 {
            let data = vec![seq as u8; seq as usize * 13];
            let frame = Frame::record(4, Seq(seq), Seq(4), &data);
            push_frame(&mut group, DATA as u64, 4, &frame, &data);
        }
        content[DATA..DATA + group.len()].copy_from_slice(&group);
        let sound = Scan::of(&content, true);
        assert_eq!((sound.found.len(), sound.garbage.len()), (15, 0));
        for _ in 0..500 {
            let mut mutated = content.clone();
            for _ in 0..random.between(1, 6) {
                let at = random.below(mutated.len() as u64) as usize;
                let length = (random.below(64) as usize).min(mutated.len() - at);
                let from = random.below((mutated.len() - length) as u64) as usize;
                match random.below(3) {
                    0 => mutated[at] ^= 1 << random.below(8),
                    1 => mutated.copy_within(from..from + length, at),
                    _ => mutated.truncate(at.max(1)),
                }
            }
            let scan = Scan::of(&mutated, true);
            for found in scan.found.iter().filter(|found| found.good) {
                let same = sound.found.iter().any(|original| original == found);
                assert!(same, "repro: AVOUCH_SEED={seed} cargo test -p avouch-store a_scan_takes");
            }
        }
    }
}
