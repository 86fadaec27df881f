//! Monotonic atomic view: once a transaction has read from another one, it reads nothing older.
//!
//! Biswas and Enea's axiom of read committed, with as few edges as decide it: of each transaction
//! read from, what is read after the first time.

use super::mutant::Mutant;
use super::order::Inferred;
use super::seen::Seen;
use super::sources::Sources;
use crate::limits::{Budget, Exhausted};
use crate::progress;

/// The edges that one transaction's reads infer.
pub(super) fn infer(
    sources: &Sources,
    transactions: u32,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Vec<Inferred>, Exhausted> {
    let mut found = Vec::new();
    let (mut first, mut seen) = (Vec::new(), Seen::default());
    for reader in 0..transactions {
        progress::place(reader as usize, transactions as usize * 3 / 2);
        budget.step(found.len() * size_of::<Inferred>())?;
        sources.fetch(reader + 1);
        let reads = sources.reads(reader);
        first.clear();
        first.extend((1_u32..).zip(reads).map(|(next, read)| (read.from, next)));
        first.sort_unstable();
        first.dedup_by_key(|(from, _)| *from);
        seen.clear();
        for (before, next) in first.iter().copied() {
            let start = if mutant == Mutant::SeeAhead { 0 } else { next };
            seen.overwritten(sources, (before, start), reads, mutant, |after| {
                found.push(Inferred { before, after, reader });
            });
        }
    }
    Ok(found)
}
