//! Read committed: once a transaction has read from another one, it reads nothing older.
//!
//! ```text
//!   reader:  ... reads from `before` ... reads x from `after` ...
//!   `before` writes x too, so `before` commits before `after`
//! ```
//!
//! Biswas and Enea's axiom, with as few edges as decide it: of each transaction read from, and of
//! each key that it writes, only the next read of that key from another one; what is read later
//! still follows by that read's own edge. O(n^1.5), as the smaller of two lists is walked.

use super::order::Inferred;
use super::sources::{INITIAL, Sources};
use crate::limits::{Budget, Exhausted};

/// The edges that one transaction's reads infer.
pub(super) fn infer(
    sources: &Sources,
    transactions: u32,
    budget: &mut Budget,
) -> Result<Vec<Inferred>, Exhausted> {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let mut by_key = Vec::new();
    for reader in 0..transactions {
        budget.step(found.len() * size_of::<Inferred>())?;
        let reads = sources.reads(reader);
        seen.clear();
        seen.extend((0_u32..).zip(reads).map(|(place, read)| (read.from, place)));
        seen.sort_unstable();
        seen.dedup_by_key(|(from, _)| *from);
        by_key.clear();
        for (before, place) in seen.iter().copied() {
            let rest = &reads[place as usize + 1..];
            let writes = sources.writes(before);
            if before == INITIAL || rest.is_empty() {
                continue;
            }
            let mut infer = |after| found.push(Inferred { before, after, reader });
            if rest.len() <= writes.len().max(16) {
                for read in rest.iter().filter(|read| read.from != before) {
                    if sources.has_written(before, read.key) {
                        infer(read.from);
                    }
                }
                continue;
            }
            if by_key.is_empty() {
                by_key
                    .extend((0_u32..).zip(reads).map(|(place, read)| (read.key, place, read.from)));
                by_key.sort_unstable();
            }
            for key in writes {
                let next = by_key.partition_point(|(k, p, _)| (*k, *p) <= (*key, place));
                let same = by_key[next..].iter().take_while(|(k, ..)| k == key);
                if let Some((.., after)) = same.into_iter().find(|(.., from)| *from != before) {
                    infer(*after);
                }
            }
        }
    }
    Ok(found)
}
