//! One record on disk: its identity apart from its data.
//!
//! ```text
//!   0        4        8              16              24          28          32        32+length
//!   +--------+--------+--------------+---------------+-----------+-----------+---------+------+
//!   | magic  | length | seq          | durable       | data      | identity  | data    | 0..  |
//!   | 4      | 4      | 8            | 8             | checksum  | checksum  |         | to 8 |
//!   +--------+--------+--------------+---------------+-----------+-----------+---------+------+
//!     identity checksum = CRC-32C(generation, offset in the file, bytes 0..28)
//!     data checksum     = CRC-32C(generation, seq, data); the padding is zeros
//! ```
//!
//! `durable` is the highest sequence number known durable when the frame was built. A *mark* is
//! a frame without data that carries only this. All integers are little-endian; a frame starts
//! at a multiple of 8.
//!
//! - I1 A frame decodes only at the offset and in the segment's life (generation) for which it was
//!   written: what an earlier life left in the same blocks, or what the disk misplaced, is not one.
//! - I2 When the data rots, the identity still says whose data it was and how long; when the
//!   identity rots, the neighbours say it.

use avouch_machine::Seq;
use crc32c::{crc32c, crc32c_append};

/// The length of a frame without its data.
pub(super) const HEADER: usize = 32;
/// Frames start at multiples of this.
pub(super) const ALIGNMENT: usize = 8;

const RECORD_MAGIC: u32 = u32::from_le_bytes(*b"avR1");
const MARK_MAGIC: u32 = u32::from_le_bytes(*b"avM1");

/// Whose data follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The record's number; of a mark, none.
    pub seq: Option<Seq>,
    /// The length of the data in bytes.
    pub length: u32,
    /// Everything up to here was durable when the frame was built.
    pub durable: Seq,
    /// The checksum of the data.
    pub checksum: u32,
}

impl Frame {
    /// The frame of a record.
    pub(super) fn record(generation: u64, seq: Seq, durable: Seq, data: &[u8]) -> Self {
        let checksum = data_checksum(generation, seq, data);
        Self { seq: Some(seq), length: data.len() as u32, durable, checksum }
    }

    /// A mark: everything up to `durable` is.
    pub(super) fn mark(durable: Seq) -> Self {
        Self { seq: None, length: 0, durable, checksum: 0 }
    }

    /// The bytes before the data, for a frame at `offset` of its file.
    pub(super) fn encode(&self, generation: u64, offset: u64) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let (head, checksum) = bytes.split_at_mut(HEADER - 4);
        let magic = if self.seq.is_some() { RECORD_MAGIC } else { MARK_MAGIC };
        let fields = magic
            .to_le_bytes()
            .into_iter()
            .chain(self.length.to_le_bytes())
            .chain(self.seq.unwrap_or_default().0.to_le_bytes())
            .chain(self.durable.0.to_le_bytes())
            .chain(self.checksum.to_le_bytes());
        head.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        checksum.copy_from_slice(&identity_checksum(generation, offset, head).to_le_bytes());
        bytes
    }

    /// Reads a frame back; nothing unless it was written at this offset in this life.
    pub(super) fn decode(bytes: &[u8], generation: u64, offset: u64) -> Option<Self> {
        let head = bytes.get(..HEADER - 4)?;
        let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let u64_at = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let magic = u32_at(0)?;
        if magic != RECORD_MAGIC && magic != MARK_MAGIC {
            return None;
        }
        if u32_at(HEADER - 4)? != identity_checksum(generation, offset, head) {
            return None;
        }
        let (length, seq, durable) = (u32_at(4)?, Seq(u64_at(8)?), Seq(u64_at(16)?));
        let mark = magic == MARK_MAGIC;
        let sound = if mark {
            length == 0 && seq.0 == 0 && u32_at(24)? == 0
        } else {
            seq.0 > 0 && durable < seq
        };
        sound.then_some(Self {
            seq: (!mark).then_some(seq),
            length,
            durable,
            checksum: u32_at(24)?,
        })
    }

    /// The length of the whole frame with its padding.
    pub(super) fn size(&self) -> usize {
        size(self.length as usize)
    }

    /// Whether `data` and the `padding` after it are what was written.
    pub(super) fn holds(&self, generation: u64, data: &[u8], padding: &[u8]) -> bool {
        let checksum = data_checksum(generation, self.seq.unwrap_or_default(), data);
        let whole = self.seq.is_none() || checksum == self.checksum;
        whole && padding.iter().all(|byte| *byte == 0)
    }
}

/// The length of a frame with `length` bytes of data.
pub(super) fn size(length: usize) -> usize {
    (HEADER + length).next_multiple_of(ALIGNMENT)
}

fn identity_checksum(generation: u64, offset: u64, head: &[u8]) -> u32 {
    let seeded = crc32c_append(crc32c(&generation.to_le_bytes()), &offset.to_le_bytes());
    crc32c_append(seeded, head)
}

fn data_checksum(generation: u64, seq: Seq, data: &[u8]) -> u32 {
    let seeded = crc32c_append(crc32c(&generation.to_le_bytes()), &seq.0.to_le_bytes());
    crc32c_append(seeded, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;

    #[test]
    fn a_frame_decodes_only_in_its_place_and_life() {
        let frame = Frame::record(7, Seq(3), Seq(2), b"data");
        let bytes = frame.encode(7, 4096);
        assert_eq!(Frame::decode(&bytes, 7, 4096), Some(frame));
        assert_eq!(Frame::decode(&bytes, 8, 4096), None);
        assert_eq!(Frame::decode(&bytes, 7, 8192), None);
        assert!(frame.holds(7, b"data", &[0; 4]));
        assert!(!frame.holds(8, b"data", &[0; 4]));
        assert!(!frame.holds(7, b"data", &[0, 0, 1, 0]));
    }

    #[test]
    fn every_flipped_bit_of_an_identity_is_seen() {
        for frame in [Frame::record(7, Seq(3), Seq(2), b"data"), Frame::mark(Seq(9))] {
            let bytes = frame.encode(7, 64);
            for bit in 0..HEADER * 8 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Frame::decode(&flipped, 7, 64), None, "bit {bit}");
            }
        }
    }

    #[test]
    fn any_bytes_decode_or_do_not_and_a_frame_encodes_to_the_same_bytes() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        let valid = Frame::record(1, Seq(5), Seq(4), b"abc").encode(1, 0);
        for _ in 0..20_000 {
            let mut bytes = valid.to_vec();
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.bits() as u8;
            }
            bytes.truncate(random.between(0, HEADER as u64) as usize);
            if random.chance(0.5) {
                bytes.resize(HEADER, random.bits() as u8);
            }
            if let Some(frame) = Frame::decode(&bytes, 1, 0) {
                assert_eq!(frame.encode(1, 0)[..], bytes[..], "repro: AVOUCH_SEED={seed}");
            }
        }
    }
}
