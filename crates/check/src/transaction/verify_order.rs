//! The verifier of orders: does this order of commits show that a weak level holds?
//!
//! ```text
//! claims   whose write each read saw      looked up in the history (V1: verify_claims), once
//! order    of all commits                 each read (t reads k from w) is asked: does t see one
//!                                         that writes k and commits after w?
//! ```
//!
//! - V2: the order has each transaction once, sessions in their order, writers before readers.
//! - V3: no transaction that the reader sees, by its level, wrote the key later than the one read.
//!
//! Whom a reader sees: who was read from in earlier steps (monotonic atomic view); who was read
//! from and what the session ran before (read atomic); the same over and again (causal), told by
//! how many of each session happened before. It infers nothing and shares no code with what does.
//! Time: a few looks a read; for causal one a session, and one a version that a read is behind in
//! the order.

use super::history::Transactions;
use super::level::Level;
use super::sources::{INITIAL, Read, Sources};
use crate::limits::{Budget, Exhausted};

/// An order that is looked at.
struct Looked<'a> {
    history: &'a Transactions,
    sources: &'a Sources,
    order: &'a [u32],
    /// The place of each transaction in the order, from 1.
    place: Vec<u32>,
}

/// Whether an order shows that a level holds; the claims have been accepted.
pub(super) fn accepts_order(
    history: &Transactions,
    sources: &Sources,
    (level, order): (Level, &[u32]),
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    let Some(place) = places(history, sources, order) else { return Ok(false) };
    let looked = Looked { history, sources, order, place };
    match level {
        Level::MonotonicAtomicView => looked.is_monotonic(budget),
        Level::ReadAtomic => looked.is_atomic(budget),
        Level::Causal => looked.is_causal(budget),
        _ => Ok(false),
    }
}

/// The place of each transaction, if V2 holds.
fn places(history: &Transactions, sources: &Sources, order: &[u32]) -> Option<Vec<u32>> {
    let mut place = vec![0_u32; history.len()];
    for (at, one) in (1..).zip(order) {
        let place = place.get_mut(*one as usize)?;
        if std::mem::replace(place, at) != 0 {
            return None;
        }
    }
    let at = |one: u32| place[one as usize];
    let is_in_order = order.len() == history.len()
        && history.sessions().iter().all(|session| session.clone().is_sorted_by_key(at))
        && (0..history.len() as u32).all(|reader| {
            let from = sources.reads(reader).iter().map(|read| read.from);
            from.filter(|from| *from != INITIAL).all(|from| at(from) < at(reader))
        });
    is_in_order.then_some(place)
}

/// Of each key the latest place of a write that is seen, for whoever looks at present.
struct Latest(Vec<(u32, u32)>);

impl Latest {
    fn add(&mut self, who: u32, key: u32, place: u32) {
        let one = &mut self.0[key as usize];
        *one = (who, if one.0 == who { one.1.max(place) } else { place });
    }

    fn of(&self, who: u32, key: u32) -> u32 {
        let one = self.0[key as usize];
        if one.0 == who { one.1 } else { 0 }
    }

    fn bytes(&self) -> usize {
        self.0.len() * 8
    }
}

impl Looked<'_> {
    fn latest(&self) -> Latest {
        Latest(vec![(u32::MAX, 0); self.history.keys()])
    }

    /// The place of whose write a read saw; 0 of the initial state.
    fn from(&self, read: Read) -> u32 {
        if read.from == INITIAL { 0 } else { self.place[read.from as usize] }
    }

    /// What `writer` wrote is seen by `who`.
    fn see(&self, latest: &mut Latest, who: u32, writer: u32) {
        for key in self.sources.writes(writer) {
            latest.add(who, *key, self.place[writer as usize]);
        }
    }

    fn is_monotonic(&self, budget: &mut Budget) -> Result<bool, Exhausted> {
        let mut latest = self.latest();
        let mut seen_by = vec![u32::MAX; self.history.len()];
        for reader in 0..self.history.len() as u32 {
            self.sources.fetch(reader + 1);
            for read in self.sources.reads(reader) {
                budget.step(latest.bytes() + seen_by.len() * 4)?;
                if latest.of(reader, read.key) > self.from(*read) {
                    return Ok(false);
                }
                if read.from != INITIAL
                    && std::mem::replace(&mut seen_by[read.from as usize], reader) != reader
                {
                    self.see(&mut latest, reader, read.from);
                }
            }
        }
        Ok(true)
    }

    fn is_atomic(&self, budget: &mut Budget) -> Result<bool, Exhausted> {
        let (mut latest, mut session) = (self.latest(), self.latest());
        let mut seen_by = vec![u32::MAX; self.history.len()];
        for (number, range) in (0..).zip(self.history.sessions()) {
            for reader in range.clone() {
                self.sources.fetch(reader + 1);
                let reads = self.sources.reads(reader);
                budget.steps(1 + reads.len() as u64, 2 * latest.bytes() + seen_by.len() * 4)?;
                for read in reads.iter().filter(|read| read.from != INITIAL) {
                    if std::mem::replace(&mut seen_by[read.from as usize], reader) != reader {
                        self.see(&mut latest, reader, read.from);
                    }
                }
                let is_missed = |read: &Read| {
                    let seen = latest.of(reader, read.key).max(session.of(number, read.key));
                    seen > self.from(*read)
                };
                if reads.iter().any(is_missed) {
                    return Ok(false);
                }
                self.see(&mut session, number, reader);
            }
        }
        Ok(true)
    }

    fn is_causal(&self, budget: &mut Budget) -> Result<bool, Exhausted> {
        let sessions = self.history.sessions();
        let versions = Versions::new(self);
        // By place in the order: the session, and the place in it.
        let position = |one: &u32| {
            let session = self.history.transactions()[*one as usize].session;
            (session, *one - sessions[session as usize].start)
        };
        let positions: Vec<(u32, u32)> = self.order.iter().map(position).collect();
        // Who is yet to look at what happened before each transaction.
        let mut waiting = vec![0_u32; self.history.len()];
        for reader in self.order {
            for read in self.sources.reads(*reader).iter().filter(|read| read.from != INITIAL) {
                waiting[read.from as usize] += 1;
            }
        }
        let mut kept: Vec<Option<Box<[u32]>>> = vec![None; self.history.len()];
        let mut running = vec![vec![0_u32; sessions.len()]; sessions.len()];
        let row = sessions.len() * size_of::<u32>();
        let mut held = versions.bytes() + kept.len() * 28 + sessions.len() * row;
        for ((place, reader), (session, at)) in (1..).zip(self.order).zip(&positions) {
            let session = *session as usize;
            let mut before = std::mem::take(&mut running[session]);
            let reads = self.sources.reads(*reader);
            for read in reads.iter().filter(|read| read.from != INITIAL) {
                budget.step(held)?;
                let from = read.from as usize;
                if let Some(theirs) = &kept[from] {
                    for (mine, theirs) in before.iter_mut().zip(theirs) {
                        *mine = (*mine).max(*theirs);
                    }
                }
                waiting[from] -= 1;
                if waiting[from] == 0 && kept[from].take().is_some() {
                    held -= row;
                }
            }
            for read in reads {
                let later = versions.after(read.key, self.from(*read));
                for other in later {
                    budget.step(held)?;
                    if *other >= place {
                        break;
                    }
                    let (theirs, at) = positions[*other as usize - 1];
                    if at < before[theirs as usize] {
                        return Ok(false);
                    }
                }
            }
            // It happened before those that read from it, and before its session's next.
            before[session] = *at + 1;
            if waiting[*reader as usize] > 0 {
                kept[*reader as usize] = Some(before.clone().into_boxed_slice());
                held += row;
            }
            running[session] = before;
        }
        Ok(true)
    }
}

/// Of each key the places of those who write it, ascending.
struct Versions {
    all: Vec<u32>,
    ends: Vec<u32>,
}

impl Versions {
    fn new(looked: &Looked<'_>) -> Self {
        let mut ends = vec![0_u32; looked.history.keys()];
        let writes = |one: &u32| looked.sources.writes(*one).iter();
        for key in looked.order.iter().flat_map(writes) {
            ends[*key as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum - *end;
        }
        // The ends are the starts for now.
        let mut all = vec![0_u32; sum as usize];
        for (place, one) in (1..).zip(looked.order) {
            for key in looked.sources.writes(*one) {
                let end = &mut ends[*key as usize];
                all[*end as usize] = place;
                *end += 1;
            }
        }
        Self { all, ends }
    }

    fn bytes(&self) -> usize {
        (self.all.len() + self.ends.len()) * size_of::<u32>()
    }

    /// The places behind this one of those that write a key.
    fn after(&self, key: u32, place: u32) -> &[u32] {
        let key = key as usize;
        let start = key.checked_sub(1).map_or(0, |before| self.ends[before]);
        let all = &self.all[start as usize..self.ends[key] as usize];
        &all[all.partition_point(|one| *one <= place)..]
    }
}
