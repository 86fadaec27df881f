//! A hash for the search's own tables: fast, and the same on every run.
//!
//! Multiply and rotate per word (the shape of rustc's `FxHasher`), finished by `SplitMix64`. It is
//! not made to withstand an adversary: whoever writes a history only slows their own judgement.

use std::hash::{Hash, Hasher};

/// Spreads 64 bits over 64 bits (`SplitMix64`'s finisher).
pub(crate) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[derive(Default)]
struct Running(u64);

impl Hasher for Running {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }
    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
    fn finish(&self) -> u64 {
        mix(self.0)
    }
}

/// The hash of any value.
pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    let mut running = Running::default();
    value.hash(&mut running);
    running.finish()
}

/// A table of numbered things that are kept elsewhere: open addressing over their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// (upper half of the hash, number + 1), or zero; the length is a power of two.
    slots: Vec<(u32, u32)>,
    count: usize,
}

impl Index {
    /// The number of a thing with this hash for which `is` holds.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => return None,
                (upper, number) if upper == (hash >> 32) as u32 && is(number - 1) => {
                    return Some(number - 1);
                }
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Enters a number that is not there yet; `hash_at` gives the hash of any number entered.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_at: impl Fn(u32) -> u64) {
        if self.count * 2 >= self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![(0, 0); (old.len() * 2).max(64)];
            for (_, number) in old.into_iter().filter(|(_, number)| *number != 0) {
                self.place(hash_at(number - 1), number);
            }
        }
        self.count += 1;
        self.place(hash, number + 1);
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = ((hash >> 32) as u32, number);
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(u32, u32)>()
    }
}
