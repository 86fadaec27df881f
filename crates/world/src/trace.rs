//! The trace hash: one number that two runs share exactly when the same things happened in the
//! same order at the same virtual times.
//!
//! Not cryptographic: it detects accidents, not adversaries. Two 64-bit lanes take in 64-bit
//! words; one lane folds a 128-bit product, the other is a bijection of each word, so that no
//! single differing word is ever absorbed. Every integer is widened to 64 bits and bytes are read
//! little-endian, so that the hash does not depend on the machine.

use std::fmt;
use std::hash::{Hash, Hasher};

/// The hash of a whole run, or of the runs so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceHash(pub u128);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

const FOLD: u64 = 0x9fb2_1c65_1e98_df25;
const SPREAD: u64 = 0xd6e8_feb8_6659_fd93;

/// A running hash of what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    folded: u64,
    spread: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Self { folded: 0x243f_6a88_85a3_08d3, spread: 0x1319_8a2e_0370_7344 }
    }
}

impl Trace {
    /// Nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one word in.
    #[inline]
    pub fn word(&mut self, word: u64) {
        let product = u128::from(self.folded ^ word) * u128::from(FOLD);
        self.folded = (product as u64) ^ ((product >> 64) as u64) ^ self.spread;
        self.spread = (self.spread.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }

    /// Takes in anything that can be hashed.
    #[inline]
    pub fn value<T: Hash>(&mut self, value: &T) {
        value.hash(self);
    }

    /// The hash so far.
    pub fn hash(&self) -> TraceHash {
        let mut last = self.clone();
        last.word(0);
        last.word(0);
        TraceHash((u128::from(last.folded) << 64) | u128::from(last.spread))
    }
}

impl Hasher for Trace {
    fn finish(&self) -> u64 {
        (self.hash().0 >> 64) as u64
    }
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
        }
    }
    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }
    fn write_u16(&mut self, value: u16) {
        self.word(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }
    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }
    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }
    fn write_i8(&mut self, value: i8) {
        self.word(i64::from(value).cast_unsigned());
    }
    fn write_i16(&mut self, value: i16) {
        self.word(i64::from(value).cast_unsigned());
    }
    fn write_i32(&mut self, value: i32) {
        self.word(i64::from(value).cast_unsigned());
    }
    fn write_i64(&mut self, value: i64) {
        self.word(value.cast_unsigned());
    }
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value.cast_unsigned());
    }
    fn write_isize(&mut self, value: isize) {
        self.word((value as i64).cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[u64]) -> TraceHash {
        let mut trace = Trace::new();
        for word in words {
            trace.word(*word);
        }
        trace.hash()
    }

    #[test]
    fn the_hash_of_a_trace_never_changes() {
        assert_eq!(of(&[1, 2, 3]).to_string(), PINNED);
    }
    const PINNED: &str = "8b5d4cdedc7f074e3e234c776d68c751";

    #[test]
    fn every_bit_of_every_word_and_their_order_count() {
        let words = [7, 0, u64::MAX, 1 << 40];
        let mut seen = std::collections::BTreeSet::from([of(&words)]);
        for at in 0..words.len() {
            for bit in 0..64 {
                let mut changed = words;
                changed[at] ^= 1 << bit;
                assert!(seen.insert(of(&changed)), "word {at} bit {bit} does not count");
            }
        }
        assert!(seen.insert(of(&[0, 7, u64::MAX, 1 << 40])));
        assert!(seen.insert(of(&[7, 0, u64::MAX])));
    }
}
