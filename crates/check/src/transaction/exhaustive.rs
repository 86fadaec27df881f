//! The oracle: each level by its definition, tried on every commit order of a small history.
//!
//! It shares nothing with the judge but the history: sources are found by looking, what happened
//! before what by closure, and an axiom is asked of every triple of transactions (Biswas and Enea,
//! figure 2).

use super::by_versions;
use super::history::{Access, Outcome, Step, Transactions};
use super::interleaved;
use super::level::Level;
use super::visible;

/// A read of another transaction's write: reader, place, key, writer (nothing: the initial state).
pub(super) type Read = (usize, usize, u32, Option<usize>);

/// The levels that ask for orders of versions, and no order of all.
const OF_VERSIONS: [Level; 4] = [
    Level::CursorStability,
    Level::ConsistentView,
    Level::ParallelSnapshotIsolation,
    Level::UpdateSerializable,
];

fn steps(history: &Transactions, at: usize) -> &[Step] {
    history.steps(at as u32)
}

fn committed(history: &Transactions) -> Vec<usize> {
    let all = history.transactions().iter().enumerate();
    all.filter(|(_, one)| one.outcome != Outcome::Aborted).map(|(at, _)| at).collect()
}

/// Every read of another transaction, in each way that it may have been: of one who committed and
/// left the value. There is none if some read is of what no one may see.
fn explanations(history: &Transactions) -> Vec<Vec<Read>> {
    let mut found: Vec<Vec<Read>> = vec![Vec::new()];
    for reader in committed(history) {
        for (place, step) in steps(history, reader).iter().enumerate() {
            let own = steps(history, reader)[..place]
                .iter()
                .rev()
                .find(|before| before.access == Access::Write && before.key == step.key);
            match (step.access, own) {
                (Access::Write, _) => {}
                (Access::Read, Some(own)) if own.value == step.value => {}
                (_, Some(_)) => return Vec::new(),
                (Access::ReadInitial, None) => {
                    for way in &mut found {
                        way.push((reader, place, step.key, None));
                    }
                }
                (Access::Read, None) => {
                    // The last write of its transaction to that key, and of one that committed.
                    let mut writers = committed(history);
                    writers.retain(|writer| *writer != reader && leaves(history, *writer, step));
                    let with = |way: Vec<Read>| {
                        let more = writers.iter().map(move |writer| {
                            [&way[..], &[(reader, place, step.key, Some(*writer))]].concat()
                        });
                        more.collect::<Vec<_>>()
                    };
                    found = found.into_iter().flat_map(with).collect();
                    // What is read again is read from the same one.
                    found.retain(|way| agrees(history, way));
                }
            }
        }
    }
    found
}

/// Whether the last write of a transaction to a key is of the value that is read.
fn leaves(history: &Transactions, writer: usize, read: &Step) -> bool {
    let mut before = steps(history, writer).iter().rev();
    let last = before.find(|write| write.access == Access::Write && write.key == read.key);
    last.is_some_and(|write| write.value == read.value)
}

/// Whether the last read of a way is of the same writer as the first of that value and key.
fn agrees(history: &Transactions, way: &[Read]) -> bool {
    let Some((last, before)) = way.split_last() else { return true };
    let value = |read: &Read| steps(history, read.0)[read.1].value;
    let is_same = |one: &&Read| one.0 == last.0 && one.2 == last.2 && value(one) == value(last);
    before.iter().filter(is_same).all(|one| one.3.is_none() || one.3 == last.3)
}

/// Whether whatever is read was written by somebody.
fn is_written(history: &Transactions) -> bool {
    let all = || (0..history.len()).flat_map(|one| steps(history, one));
    committed(history).into_iter().flat_map(|one| steps(history, one)).all(|step| {
        let write = Step { access: Access::Write, ..*step };
        step.access != Access::Read || all().any(|other| *other == write)
    })
}

/// Whether a transaction writes a key.
pub(super) fn writes(history: &Transactions, at: usize, key: u32) -> bool {
    steps(history, at).iter().any(|step| step.access == Access::Write && step.key == key)
}

/// Whether the level holds.
pub(super) fn holds(history: &Transactions, level: Level) -> bool {
    let committed_reads =
        [Level::ReadCommitted, Level::StrongSessionReadCommitted, Level::StrongReadCommitted];
    if level.reads_dirty() {
        return is_written(history) && by_versions::holds(history, level, &[]);
    }
    if level == Level::UpdateAtomic {
        return visible::holds(history);
    }
    let is_weak = Level::WEAK.contains(&level) || committed_reads.contains(&level);
    if !is_weak && !OF_VERSIONS.contains(&level) {
        return interleaved::holds(history, level);
    }
    explanations(history).iter().any(|reads| {
        if is_weak {
            by_orders(history, level, reads)
        } else {
            by_versions::holds(history, level, reads)
        }
    })
}

/// Whether some order of all keeps to what a weak level asks, where reads are from these.
fn by_orders(history: &Transactions, level: Level, reads: &[Read]) -> bool {
    let committed_reads =
        [Level::ReadCommitted, Level::StrongSessionReadCommitted, Level::StrongReadCommitted];
    let count = history.len();
    let session = |at: usize| history.transactions()[at].session;
    let mut direct = vec![vec![false; count]; count];
    for (before, row) in direct.iter_mut().enumerate() {
        for (after, direct) in row.iter_mut().enumerate().skip(before + 1) {
            *direct = level != Level::ReadCommitted && session(before) == session(after);
        }
    }
    for (reader, .., writer) in reads {
        if let Some(writer) = writer {
            direct[*writer][*reader] = true;
        }
    }
    let spans = history.spans().filter(|_| level == Level::StrongReadCommitted);
    for (after, later) in spans.unwrap_or_default().iter().enumerate() {
        for (before, earlier) in spans.unwrap_or_default().iter().enumerate() {
            let is_committed = history.is_committed(before as u32);
            direct[before][after] |= is_committed && earlier.ended < later.began;
        }
    }
    let mut happened = direct.clone();
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                happened[from][to] |= happened[from][middle] && happened[middle][to];
            }
        }
    }
    let writes = |at, key| writes(history, at, key);
    // What must commit before what; nothing stands for the initial state.
    let mut must: Vec<(usize, Option<usize>)> = Vec::new();
    for (reader, place, key, writer) in reads {
        for other in committed(history) {
            let is_seen = match level {
                Level::MonotonicAtomicView => reads.iter().any(|(by, earlier, _, from)| {
                    by == reader && earlier < place && *from == Some(other)
                }),
                Level::ReadAtomic => direct[other][*reader],
                Level::Causal => happened[other][*reader],
                other if committed_reads.contains(&other) => false,
                stronger => panic!("{stronger} is not decided here"),
            };
            if is_seen && Some(other) != *writer && other != *reader && writes(other, *key) {
                must.push((other, *writer));
            }
        }
    }
    orders(count).iter().any(|order| {
        let place = |at: usize| order.iter().position(|one| *one == at);
        let agrees = |before: usize, after: usize| place(before) < place(after);
        (0..count).all(|from| (0..count).all(|to| !direct[from][to] || agrees(from, to)))
            && must.iter().all(|(before, after)| after.is_some_and(|after| agrees(*before, after)))
    })
}

/// Every order of so many things.
pub(super) fn orders(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |shorter, new| {
        let grown = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, new);
                order
            })
        };
        shorter.into_iter().flat_map(grown).collect()
    })
}
