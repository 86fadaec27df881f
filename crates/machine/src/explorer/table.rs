//! Two tables that only grow: an interner, which gives equal values one number, and the set of
//! visited states by fingerprint.
//!
//! ```text
//!   slots  | 0 | 3 | 0 | 1 | 2 | 0 |      open addressing; 0 is empty, else number + 1
//!   values | a | b | c |                  in order of discovery, so numbers are deterministic
//! ```
//!
//! Nothing iterates in the order of a hash, and the hash has no random key, so two explorations
//! number everything alike.

use avouch_promise::invariant;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Open addressing from a hash to a number, at most two thirds full.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<u32>,
    used: usize,
}

impl Table {
    /// The number already here that is the `same`, or `None` after having put `fresh` in.
    pub(super) fn find_or_add(
        &mut self,
        hash: u64,
        fresh: u32,
        same: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) -> Option<u32> {
        if (self.used + 1) * 3 > self.slots.len() * 2 {
            self.grow(hash_of);
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => break,
                found if same(found - 1) => return Some(found - 1),
                _ => at = (at + 1) & mask,
            }
        }
        invariant!(I1, fresh < u32::MAX, "more than 2^32 - 2 entries");
        self.slots[at] = fresh + 1;
        self.used += 1;
        None
    }

    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let mask = (self.slots.len() * 2).max(64) - 1;
        let old = std::mem::replace(&mut self.slots, vec![0; mask + 1]);
        for found in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = hash_of(found - 1) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = found;
        }
    }

    fn bytes(&self) -> usize {
        self.slots.capacity() * 4
    }
}

/// Gives equal values one number, from 0 in order of discovery.
pub(super) struct Interner<T> {
    values: Vec<T>,
    hashes: Vec<u64>,
    table: Table,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), hashes: Vec::new(), table: Table::default() }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The number of `value`, and whether it is new.
    pub(super) fn add(&mut self, value: T) -> (u32, bool) {
        let mut state = DefaultHasher::new();
        value.hash(&mut state);
        let hash = state.finish();
        let fresh = self.values.len() as u32;
        let (values, hashes) = (&self.values, &self.hashes);
        let same = |id: u32| hashes[id as usize] == hash && values[id as usize] == value;
        let known = self.table.find_or_add(hash, fresh, same, |id| hashes[id as usize]);
        if known.is_none() {
            self.values.push(value);
            self.hashes.push(hash);
        }
        (known.unwrap_or(fresh), known.is_none())
    }
}

impl<T> Interner<T> {
    /// The value with this number.
    pub(super) fn value(&self, id: u32) -> &T {
        &self.values[id as usize]
    }
    /// How many different values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

/// The visited states: 128 bits of fingerprint and the way back to the start for each.
#[derive(Default)]
pub(super) struct Visited {
    fingerprints: Vec<u128>,
    from: Vec<(u32, u32)>,
    table: Table,
}

impl Visited {
    /// Adds a state reached from state `parent` by its `ordinal`-th successor; its number if new.
    pub(super) fn add(&mut self, words: &[u32], parent: u32, ordinal: u32) -> Option<u32> {
        let fingerprint = fingerprint(words);
        let fresh = self.fingerprints.len() as u32;
        let all = &self.fingerprints;
        let known = self.table.find_or_add(
            fingerprint as u64,
            fresh,
            |id| all[id as usize] == fingerprint,
            |id| all[id as usize] as u64,
        );
        if known.is_some() {
            return None;
        }
        self.fingerprints.push(fingerprint);
        self.from.push((parent, ordinal));
        Some(fresh)
    }
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.fingerprints.len() as u64
    }
    /// Where a state was first reached from, and by which successor.
    pub(super) fn from(&self, id: u32) -> (u32, u32) {
        self.from[id as usize]
    }
    /// How much memory this takes.
    pub(super) fn bytes(&self) -> u64 {
        let each = self.fingerprints.capacity() * 16 + self.from.capacity() * 8;
        (each + self.table.bytes()) as u64
    }
}

/// 128 bits that depend on every bit of every word and on their order: two lanes of multiply and
/// fold with different constants, each word entering both, closed with the length and an
/// avalanche. Not meant against an adversary: the words are our own small numbers.
pub(super) fn fingerprint(words: &[u32]) -> u128 {
    const KEYS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
    let mut lanes = [0x243f_6a88_85a3_08d3_u64, 0x1319_8a2e_0370_7344];
    for pair in words.chunks(2) {
        let high = pair.get(1).map_or(0, |word| u64::from(*word));
        let word = u64::from(pair[0]) | high << 32;
        for (lane, key) in lanes.iter_mut().zip(KEYS) {
            *lane = (*lane ^ word).wrapping_mul(key);
            *lane ^= *lane >> 29;
        }
    }
    let [low, high] = lanes.map(|lane| avalanche(lane ^ words.len() as u64));
    u128::from(low) | u128::from(high) << 64
}

/// The finalizer of `SplitMix64`.
fn avalanche(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Interner, Visited, fingerprint};
    use avouch_promise::Random;

    #[test]
    fn equal_values_have_one_number() {
        let mut interner = Interner::default();
        let mut random = Random::new(Random::seed_from_environment());
        let mut numbers = std::collections::BTreeMap::new();
        for _ in 0..20_000 {
            let value = random.below(3_000);
            let (id, new) = interner.add(value);
            assert_eq!(new, !numbers.contains_key(&value));
            assert_eq!(*numbers.entry(value).or_insert(id), id);
            assert_eq!(*interner.value(id), value);
        }
        assert_eq!(interner.len(), numbers.len());
    }

    #[test]
    fn near_states_have_far_fingerprints() {
        // Small numbers in few words, as systems are: every pair must differ, in many bits.
        let mut seen = Visited::default();
        let mut count = 0;
        for a in 0..40_u32 {
            for b in 0..40 {
                for c in 0..40 {
                    for words in [&[a, b, c][..], &[a, b, c, 0]] {
                        assert_eq!(seen.add(words, 0, 0), Some(count));
                        assert_eq!(seen.add(words, 0, 0), None);
                        count += 1;
                    }
                }
            }
        }
        let mut flips = 0;
        for bit in 0..32 {
            let near = fingerprint(&[5, 6 ^ (1 << bit), 7]) ^ fingerprint(&[5, 6, 7]);
            assert!(near.count_ones() > 30, "bit {bit} moves only {} bits", near.count_ones());
            flips += near.count_ones();
        }
        assert!((32 * 56..32 * 72).contains(&flips), "{flips} of 4096 bits");
    }
}
