//! Bits one after another, the first in the highest place of the first byte.

/// Trees deeper than this are refused: a line halved so often has no parts left.
pub(super) const DEPTH_MAX: u32 = 512;

#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    count: usize,
}

impl Writer {
    /// The lowest so many bits of a value, the highest of them first.
    pub(super) fn put(&mut self, value: u64, bits: u32) {
        for at in (0..bits).rev() {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> at & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.count % 8);
            }
            self.count += 1;
        }
    }

    /// A number: small ones in few bits, a bit more for each doubling.
    pub(super) fn number(&mut self, mut value: u64) {
        let mut bits = 2;
        while bits < 64 && value >= 1 << bits {
            self.put(1, 1);
            value -= 1 << bits;
            bits += 1;
        }
        self.put(0, 1);
        self.put(value, bits);
    }

    /// The bytes, and how many bits they hold.
    pub(super) fn end(self) -> (Vec<u8>, usize) {
        (self.bytes, self.count)
    }
}

/// The most that is read.
const NUMBER_MAX: u64 = 1 << 48;

#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, bits: u32) -> Option<u64> {
        let mut value = 0;
        for _ in 0..bits {
            let byte = *self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A number; nothing beyond what so many events could reach, so that sums stay numbers.
    pub(super) fn number(&mut self) -> Option<u64> {
        let (mut value, mut bits) = (0_u64, 2);
        while self.take(1)? == 1 {
            value = value.checked_add(1_u64.checked_shl(bits)?)?;
            bits += 1;
        }
        if bits > 63 {
            return None;
        }
        value.checked_add(self.take(bits)?).filter(|number| *number <= NUMBER_MAX)
    }

    /// Whether nothing but the zeros up to the end of the byte is left.
    pub(super) fn is_done(&mut self) -> bool {
        let left = self.bytes.len() * 8 - self.at;
        left < 8 && self.take(left as u32) == Some(0)
    }
}
