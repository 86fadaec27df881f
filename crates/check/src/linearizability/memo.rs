//! Which configurations the search has already left without success.
//!
//! A configuration is (known operations done, unknown operations used, state, what the state was
//! before an unknown operation that nothing saw yet). It is hopeless if one was tried before with
//! the same known operations and states and *no other* unknown ones than this one has used: what
//! remains unused may be used later or never, so less used is never worse. A plain lookup would
//! only recognise equal sets. Unknown operations that can be placed no more count as used.
//!
//! That holds although one may have placed what began later: what is not used, or closed, in the
//! one that is worse is not closed in the better one either, so it can be placed in both.
//!
//! The known operations done are nearly a prefix: in words of 64, those before `first_word` are
//! all ones and those after the window all zeros, so a long history does not make entries long.

use crate::hash::Index;

/// A configuration, as the search holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration<'a> {
    /// A hash of everything but `used`.
    pub(super) hash: u64,
    /// The number of the state, and of the one before what nothing saw.
    pub(super) states: (u32, u32),
    /// How many words of known operations are full.
    pub(super) first_word: u32,
    /// The words from there to the last that is not zero.
    pub(super) window: &'a [u64],
    /// The unknown operations used or closed, to the last word that is not zero.
    pub(super) used: &'a [u64],
}

struct Entry {
    hash: u64,
    states: (u32, u32),
    first_word: u32,
    window: (u32, u32),
    used: (u32, u32),
    /// The next entry with the same known operations and state, plus one.
    next: u32,
}

/// The table of configurations left.
#[derive(Default)]
pub(super) struct Memo {
    index: Index,
    entries: Vec<Entry>,
    words: Vec<u64>,
}

fn is_subset(small: &[u64], large: &[u64]) -> bool {
    small.len() <= large.len() && small.iter().zip(large).all(|(small, large)| small & !large == 0)
}

impl Memo {
    /// Enters a configuration; `false` if it was hopeless already.
    pub(super) fn enter(&mut self, new: Configuration<'_>, with_state: bool) -> bool {
        let words = &self.words;
        let slice = |(start, count): (u32, u32)| {
            words.get(start as usize..start as usize + count as usize).unwrap_or_default()
        };
        let head = self.index.find(new.hash, |number| {
            let entry = &self.entries[number as usize];
            entry.hash == new.hash
                && (entry.states == new.states || !with_state)
                && entry.first_word == new.first_word
                && slice(entry.window) == new.window
        });
        let mut window = None;
        if let Some(head) = head {
            let mut at = head;
            loop {
                let entry = &self.entries[at as usize];
                if is_subset(slice(entry.used), new.used) {
                    return false;
                }
                if entry.next == 0 {
                    break;
                }
                at = entry.next - 1;
            }
            window = Some(self.entries[head as usize].window);
        }
        let window = window.unwrap_or_else(|| self.keep(new.window));
        let used = self.keep(new.used);
        let number = self.entries.len() as u32;
        let next = match head {
            Some(head) => std::mem::replace(&mut self.entries[head as usize].next, number + 1),
            None => 0,
        };
        let Configuration { hash, states, first_word, .. } = new;
        self.entries.push(Entry { hash, states, first_word, window, used, next });
        if head.is_none() {
            let entries = &self.entries;
            self.index.insert(hash, number, |number| entries[number as usize].hash);
        }
        true
    }

    fn keep(&mut self, words: &[u64]) -> (u32, u32) {
        let start = self.words.len() as u32;
        self.words.extend_from_slice(words);
        (start, words.len() as u32)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.index.bytes() + self.entries.len() * size_of::<Entry>() + self.words.len() * 8
    }
}
