//! What a transaction reads although it had seen somebody who writes the same key.
//!
//! ```text
//!   reader:  ... reads from `before` ... reads x from `after` ...
//!   `before` writes x too, so `before` commits before `after`
//! ```
//!
//! The smaller of two lists is walked, the reads or what `before` writes, so all readers together
//! take O(n^1.5). Of a key's reads the first from somebody else is enough: that one is seen too,
//! and what is read of the key still later follows from it.

use super::mutant::Mutant;
use super::sources::{Read, Sources};

/// So few reads are walked whatever `before` writes: faster than to look for keys.
const FEW: usize = 16;

/// The reads of one transaction, sorted by key once that pays.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Key, place, writer.
    by_key: Vec<(u32, u32, u32)>,
}

impl Seen {
    /// Begins with the next transaction.
    pub(super) fn clear(&mut self) {
        self.by_key.clear();
    }

    /// Tells whose writes are read, from the place `start` of the reads on, of keys that `before`
    /// writes too.
    pub(super) fn overwritten(
        &mut self,
        sources: &Sources,
        (before, start): (u32, u32),
        reads: &[Read],
        mutant: Mutant,
        mut after: impl FnMut(u32),
    ) {
        let Some(rest) = reads.get(start as usize..) else { return };
        let writes = sources.writes(before);
        if rest.len() <= writes.len().max(FEW) {
            for read in rest.iter().filter(|read| read.from != before) {
                if sources.has_written(before, read.key) {
                    after(read.from);
                }
            }
            return;
        }
        if self.by_key.is_empty() {
            let all = (0_u32..).zip(reads);
            self.by_key.extend(all.map(|(place, read)| (read.key, place, read.from)));
            self.by_key.sort_unstable();
        }
        for key in writes {
            let first = self.by_key.partition_point(|(k, at, _)| (k, at) < (key, &start));
            let mut same = self.by_key[first..].iter().take_while(|(k, ..)| k == key);
            let other = if mutant == Mutant::FirstReadOnly {
                same.next().filter(|(.., from)| *from != before)
            } else {
                same.find(|(.., from)| *from != before)
            };
            if let Some((.., from)) = other {
                after(*from);
            }
        }
    }
}
