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
use super::order::Inferred;
use super::sources::{INITIAL, Read, Sources};
use crate::limits::{Budget, Exhausted};

//= §2.3.1 fractured reads
/// The edges that read atomic infers.
pub(super) fn infer(
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
) -> Result<Vec<Inferred>, Exhausted> {
    let mut found = Vec::new();
    // Who of the session looked at wrote a key last.
    let mut last = vec![INITIAL; history.keys()];
    let mut seen = Vec::new();
    let mut by_key: Vec<(u32, u32)> = Vec::new();
    for session in history.sessions() {
        for reader in session.clone() {
            budget.step(found.len() * size_of::<Inferred>())?;
            let reads = sources.reads(reader);
            for Read { key, from } in reads {
                let before = last[*key as usize];
                if session.contains(&before) && before != *from {
                    found.push(Inferred { before, after: *from, reader });
                }
            }
            seen.clear();
            seen.extend(reads.iter().map(|read| read.from).filter(|from| *from != INITIAL));
            seen.sort_unstable();
            seen.dedup();
            by_key.clear();
            for before in seen.iter().copied() {
                let writes = sources.writes(before);
                let mut infer = |after| found.push(Inferred { before, after, reader });
                if reads.len() <= writes.len().max(16) {
                    for read in reads.iter().filter(|read| read.from != before) {
                        if sources.has_written(before, read.key) {
                            infer(read.from);
                        }
                    }
                    continue;
                }
                if by_key.is_empty() {
                    by_key.extend(reads.iter().map(|read| (read.key, read.from)));
                    by_key.sort_unstable();
                    by_key.dedup();
                }
                for key in writes {
                    let start = by_key.partition_point(|(k, _)| k < key);
                    let same = by_key[start..].iter().take_while(|(k, _)| k == key);
                    same.filter(|(_, from)| *from != before).for_each(|(_, from)| infer(*from));
                }
            }
            for key in sources.writes(reader) {
                last[*key as usize] = reader;
            }
        }
    }
    Ok(found)
}
