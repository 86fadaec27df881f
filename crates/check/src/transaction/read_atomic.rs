//! Read atomic: of a transaction that a session ran before, or that was read from, all is seen.
//!
//! ```text
//!   `before` is earlier in the reader's session, or the reader reads from it
//!   the reader reads x from `after`, and `before` writes x too
//!   so `before` commits before `after`
//! ```
//!
//! Of the session only the last transaction that writes x is needed: the earlier ones commit
//! before it anyway.

use super::history::Transactions;
use super::mutant::Mutant;
use super::order::Inferred;
use super::seen::Seen;
use super::sources::{INITIAL, Read, Sources};
use crate::limits::{Budget, Exhausted};
use crate::progress;

//= §2.3.1 fractured reads
/// The edges that read atomic infers.
pub(super) fn infer(
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Vec<Inferred>, Exhausted> {
    let mut found = Vec::new();
    // Who of the session looked at wrote a key last.
    let mut last = vec![INITIAL; history.keys()];
    let (mut from, mut seen) = (Vec::new(), Seen::default());
    for session in history.sessions() {
        for reader in session.clone() {
            progress::place(reader as usize, history.len() + history.len() / 2);
            budget.step(last.len() * 4 + found.len() * size_of::<Inferred>())?;
            sources.fetch(reader + 1);
            let reads = sources.reads(reader);
            for Read { key, from } in reads {
                let before = last[*key as usize];
                if session.contains(&before) && before != *from && mutant != Mutant::ForgetSession {
                    found.push(Inferred { before, after: *from, reader });
                }
            }
            from.clear();
            from.extend(reads.iter().map(|read| read.from));
            from.sort_unstable();
            from.dedup();
            seen.clear();
            for before in from.iter().copied() {
                seen.overwritten(sources, (before, 0), reads, mutant, |after| {
                    found.push(Inferred { before, after, reader });
                });
            }
            for key in sources.writes(reader) {
                last[*key as usize] = reader;
            }
        }
    }
    Ok(found)
}
