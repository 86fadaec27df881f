//! Causal consistency: of all that happened before a transaction, nothing older is read.
//!
//! Happened before is session order and reads, taken together and over again. A clock per
//! transaction says how many of each session's happened before it; of each session only the last
//! that writes the key matters, and only if it did not happen before the transaction read from
//! anyway. O(n k) for k sessions, times the logarithm of a session's writes to one key.

use super::history::Transactions;
use super::mutant::Mutant;
use super::order::{Graph, Inferred, Order};
use super::sources::{INITIAL, Read, Sources};
use crate::limits::{Budget, Exhausted};
use crate::progress;
use std::hint::black_box;

//= §2.3.1 causality violation
/// The edges that causal consistency infers, or those on a cycle of what happened before what.
pub(super) fn infer(
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Vec<Inferred>, Exhausted> {
    let Order::Found(order) = Graph::new(history, sources, &[], mutant).order(budget)? else {
        return Ok(Vec::new()); // the cycle is found without any inference
    };
    let writers = ByKey::new(history, sources);
    let sessions = history.sessions();
    let width = sessions.len();
    let mut clocks = vec![0_u32; width * history.len()];
    let (mut mine, none) = (vec![0_u32; width], vec![0_u32; width]);
    let mut found = Vec::new();
    let most = order.len() + order.len() / 2;
    for (done, reader) in order.iter().copied().enumerate() {
        progress::place(done, most);
        budget.step(clocks.len() * 4 + writers.bytes() + found.len() * size_of::<Inferred>())?;
        if let Some(next) = order.get(done + 1) {
            fetch(sources.reads(*next), &writers, &clocks, width);
        }
        let session = history.transactions()[reader as usize].session as usize;
        let position = reader - sessions[session].start;
        mine.fill(0);
        if position > 0 {
            mine.copy_from_slice(row(&clocks, width, reader - 1));
        }
        mine[session] = position;
        let seen = sources.reads(reader).iter().filter(|read| read.from != INITIAL);
        for read in seen.filter(|_| mutant != Mutant::ForgetReads) {
            for (mine, theirs) in mine.iter_mut().zip(row(&clocks, width, read.from)) {
                *mine = (*mine).max(*theirs);
            }
            let from = history.transactions()[read.from as usize].session as usize;
            mine[from] = mine[from].max(read.from - sessions[from].start + 1);
        }
        clocks[reader as usize * width..][..width].copy_from_slice(&mine);
        for read in sources.reads(reader) {
            let known = if read.from == INITIAL { &none } else { row(&clocks, width, read.from) };
            // What happened before the one read from commits before it anyway.
            let tell = |Writer { session, place }| {
                let before = sessions[session as usize].start + place;
                if before != read.from {
                    found.push(Inferred { before, after: read.from, reader });
                }
            };
            last_between(writers.of(read.key), known, &mine, tell);
        }
    }
    Ok(found)
}

/// Asks memory for all that a transaction's reads need, at the same time. Changes nothing.
fn fetch(reads: &[Read], writers: &ByKey, clocks: &[u32], width: usize) {
    let mut all = 0;
    for read in reads {
        let looked = writers.of(read.key).chunks(LINE / size_of::<Writer>());
        for line in looked.take(LINES) {
            all ^= line[0].place;
        }
        if read.from != INITIAL {
            let clock = row(clocks, width, read.from).chunks(LINE / size_of::<u32>());
            for line in clock.take(LINES) {
                all ^= line[0];
            }
        }
    }
    black_box(all);
}

/// Bytes that come from memory together.
const LINE: usize = 64;
/// What is longer than so many lines comes by itself while it is walked, or is searched.
const LINES: usize = 16;

fn row(clocks: &[u32], width: usize, transaction: u32) -> &[u32] {
    &clocks[transaction as usize * width..][..width]
}

/// A transaction that writes some key: its session, and its place in it.
#[derive(Clone, Copy)]
struct Writer {
    session: u32,
    place: u32,
}

/// Writers that are so many times as many as sessions are searched, fewer looked through.
const MANY: usize = 8;

/// Tells the last writer of each session from the place in `from` on and before that in `to`;
/// writers are in the order of sessions and places.
fn last_between(writers: &[Writer], from: &[u32], to: &[u32], mut tell: impl FnMut(Writer)) {
    let is_between = |writer: &Writer| {
        let (from, to) = (from[writer.session as usize], to[writer.session as usize]);
        // Both bounds in one comparison: neither alone can be foretold.
        writer.place.wrapping_sub(from) < to.saturating_sub(from)
    };
    if writers.len() <= MANY * to.len() {
        let mut last: Option<Writer> = None;
        for writer in writers.iter().filter(|writer| is_between(writer)) {
            last.filter(|last| last.session != writer.session).into_iter().for_each(&mut tell);
            last = Some(*writer);
        }
        return last.into_iter().for_each(tell);
    }
    let mut left = writers;
    while let Some(Writer { session, .. }) = left.first().copied() {
        let (mine, others) = left.split_at(left.partition_point(|one| one.session == session));
        left = others;
        let below = mine.partition_point(|one| one.place < to[session as usize]);
        mine[..below]
            .last()
            .filter(|last| is_between(last))
            .copied()
            .into_iter()
            .for_each(&mut tell);
    }
}

/// Who writes each key, in the order of sessions and places.
struct ByKey {
    writers: Vec<Writer>,
    /// Where each key's writers end.
    ends: Vec<u32>,
}

impl ByKey {
    fn new(history: &Transactions, sources: &Sources) -> Self {
        let mut ends = vec![0_u32; history.keys() + 1];
        for writer in 0..history.len() as u32 {
            for key in sources.writes(writer) {
                ends[*key as usize + 1] += 1;
            }
        }
        for key in 0..history.keys() {
            ends[key + 1] += ends[key];
        }
        let count = ends[history.keys()] as usize;
        let mut writers = vec![Writer { session: 0, place: 0 }; count];
        for (session, range) in (0..).zip(history.sessions()) {
            for writer in range.clone() {
                for key in sources.writes(writer) {
                    let at = &mut ends[*key as usize];
                    writers[*at as usize] = Writer { session, place: writer - range.start };
                    *at += 1;
                }
            }
        }
        ends.truncate(history.keys());
        Self { writers, ends }
    }

    fn of(&self, key: u32) -> &[Writer] {
        let key = key as usize;
        let start = key.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.writers[start..self.ends[key] as usize]
    }

    fn bytes(&self) -> usize {
        self.writers.len() * size_of::<Writer>() + self.ends.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::{MANY, Writer, last_between};
    use avouch_promise::Random;

    /// Searched or looked through, and by definition.
    #[test]
    fn the_last_writers_between_two_clocks_are_told() {
        let random = &mut Random::new(Random::seed_from_environment());
        let mut both = [0, 0];
        for _ in 0..2_000 {
            let sessions = 1 + random.below(4) as u32;
            let all = (0..sessions).flat_map(|session| (0..20).map(move |place| (session, place)));
            let chance = random.unit();
            let drawn: Vec<_> = all.filter(|_| random.chance(chance)).collect();
            let mut clock = || (0..sessions).map(|_| random.below(22) as u32).collect::<Vec<_>>();
            let (from, to) = (clock(), clock());
            let expected = (0..sessions).filter_map(|session| {
                let range = from[session as usize]..to[session as usize];
                let mine =
                    drawn.iter().filter(|(of, place)| *of == session && range.contains(place));
                mine.max().copied()
            });
            let writers: Vec<_> = drawn
                .iter()
                .map(|(session, place)| Writer { session: *session, place: *place })
                .collect();
            let mut told = Vec::new();
            last_between(&writers, &from, &to, |one| told.push((one.session, one.place)));
            assert_eq!(told, expected.collect::<Vec<_>>(), "{drawn:?} {from:?} {to:?}");
            both[usize::from(writers.len() > MANY * to.len())] += 1;
        }
        assert!(both.iter().all(|count| *count > 100), "{both:?}");
    }
}
