//! Which operations have been placed, as the two bit sets of a configuration, with a running hash
//! of the known ones.

use crate::hash::mix;

/// The sets.
pub(super) struct Placed {
    known: Vec<u64>,
    unknown: Vec<u64>,
    /// Every word of `known` before this one is full.
    first_word: usize,
    /// Every word of `known` from this one on is zero.
    end_word: usize,
    hash: u64,
    count: usize,
}

const FULL: u64 = u64::MAX;

impl Placed {
    /// Empty sets for so many operations of each kind.
    pub(super) fn new(known: usize, unknown: usize) -> Self {
        Self {
            known: vec![0; known.div_ceil(64)],
            unknown: vec![0; unknown.div_ceil(64)],
            first_word: 0,
            end_word: 0,
            hash: 0,
            count: 0,
        }
    }

    /// How many known operations are placed.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The hash of the known operations placed.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Places the known operation with this rank.
    pub(super) fn add_known(&mut self, rank: u32) {
        let word = rank as usize / 64;
        self.known[word] |= 1 << (rank % 64);
        self.hash ^= mix(u64::from(rank));
        self.count += 1;
        self.end_word = self.end_word.max(word + 1);
        while self.known.get(self.first_word) == Some(&FULL) {
            self.first_word += 1;
        }
    }

    /// Takes the known operation with this rank back.
    pub(super) fn remove_known(&mut self, rank: u32) {
        let word = rank as usize / 64;
        self.known[word] &= !(1 << (rank % 64));
        self.hash ^= mix(u64::from(rank));
        self.count -= 1;
        self.first_word = self.first_word.min(word);
        while self.end_word > 0 && self.known[self.end_word - 1] == 0 {
            self.end_word -= 1;
        }
    }

    /// Uses the unknown operation with this rank.
    pub(super) fn add_unknown(&mut self, rank: u32) {
        self.unknown[rank as usize / 64] |= 1 << (rank % 64);
    }

    /// Whether the unknown operation with this rank is used.
    pub(super) fn has_unknown(&self, rank: u32) -> bool {
        self.unknown[rank as usize / 64] & 1 << (rank % 64) != 0
    }

    /// Takes the unknown operation with this rank back.
    pub(super) fn remove_unknown(&mut self, rank: u32) {
        self.unknown[rank as usize / 64] &= !(1 << (rank % 64));
    }

    /// The first word of known operations that is not full, and the words from there on.
    pub(super) fn window(&self) -> (u32, &[u64]) {
        let end = self.end_word.max(self.first_word);
        (self.first_word as u32, &self.known[self.first_word..end])
    }

    /// Writes into `used` the unknown operations used and the first `closed` of them, to the last
    /// word that is not zero.
    pub(super) fn used(&self, closed: usize, used: &mut Vec<u64>) {
        let end = self.unknown.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        used.clear();
        used.extend_from_slice(&self.unknown[..end.max(closed.div_ceil(64))]);
        used.iter_mut().take(closed / 64).for_each(|word| *word = FULL);
        if let (Some(word), 1..) = (used.get_mut(closed / 64), closed % 64) {
            *word |= (1 << (closed % 64)) - 1;
        }
    }
}
