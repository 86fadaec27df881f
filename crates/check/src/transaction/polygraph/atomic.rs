//! Update atomic of registers: of two that write one key one sees the other, and of whom a
//! transaction sees directly it sees all (Cerone, Bernardi and Gotsman, CONCUR 2015).
//!
//! ```text
//!   S is seen by R      S was earlier in R's session, or R reads from it,
//!                       or both write some key and S's version comes first
//!   R reads k from w, S writes k, R sees S      =>   S before w
//!   so, where R and S write some key together   r -> S if w is before S: an rw edge that counts
//!   and of the two others                       a fact, whatever the order of versions
//! ```
//!
//! What is seen is not handed on: that S reaches R by some way says nothing.

use super::facts::{Because, Fact, Known, Why};
use crate::transaction::history::{Access, Transactions};
use crate::transaction::order::Inferred;
use crate::transaction::sources::{INITIAL, Sources};
use std::collections::{BTreeMap, BTreeSet};

/// Adds what follows of whom sessions and reads show.
pub(super) fn direct(
    known: &mut Known,
    history: &Transactions,
    sources: &Sources,
    seen: &[Inferred],
) {
    let shape = known.shape;
    let session = |one: u32| history.transactions().get(one as usize).map(|one| one.session);
    for Inferred { before, after, reader } in seen.iter().copied() {
        let is_it = |key: u32, from: u32| from == after && sources.has_written(before, key);
        let mut reads = sources.reads(reader).iter();
        let Some(read) = reads.find(|read| is_it(read.key, read.from)) else { continue };
        if after == INITIAL {
            continue; // read atomic is asked for first
        }
        // The way is one edge, so that nothing but a session and a read counts for one.
        let (from, to) = (shape.commit(before), shape.start(reader));
        if before < reader && session(before) == session(reader) {
            known.push(from, to, Why::Session);
        }
        let (because, edges) = (Because::Seen(reader), known.edges.len() as u32);
        let fact = Fact { first: before, second: after, key: read.key, because, edges };
        let number = known.fact(fact);
        known.push(from, shape.commit(after), Why::Before(number));
    }
}

/// Orders that take more looks than this are not looked at.
const LOOKS_MAX: usize = 50_000_000;

/// The verifier of orders: whether nobody misses, of the key that it reads, a later writer that it
/// sees; nothing if that takes too long to say. It looks at nothing but the history.
pub(super) fn accepts(history: &Transactions, order: &[u32]) -> Option<bool> {
    let mut place = vec![None; history.len()];
    for (at, one) in order.iter().enumerate() {
        if place.get_mut(*one as usize)?.replace(at).is_some() {
            return Some(false);
        }
    }
    let in_turn =
        |session: &std::ops::Range<u32>| session.clone().map(|one| place[one as usize]).is_sorted();
    if place.contains(&None) || !history.sessions().iter().all(in_turn) {
        return Some(false);
    }
    let mut seen = Seen {
        history,
        written: vec![BTreeSet::new(); history.len()],
        versions: vec![Vec::new(); history.keys()],
        owners: BTreeMap::new(),
        looks: 0,
    };
    for one in order.iter().filter(|one| history.is_committed(**one)) {
        if !seen.run(*one) {
            return Some(false);
        }
        if seen.looks > LOOKS_MAX {
            return None;
        }
    }
    Some(true)
}

/// What the transactions of an order have written so far.
struct Seen<'a> {
    history: &'a Transactions,
    /// By each.
    written: Vec<BTreeSet<u32>>,
    /// Of each key: by whom, in the order.
    versions: Vec<Vec<u32>>,
    /// Who left a value, and its place among the versions.
    owners: BTreeMap<(u32, i64), (u32, usize)>,
    looks: usize,
}

impl Seen<'_> {
    /// Runs one; whether it misses nothing.
    fn run(&mut self, one: u32) -> bool {
        let mut own: BTreeMap<u32, i64> = BTreeMap::new();
        let (mut reads, mut from) = (Vec::new(), BTreeSet::new());
        for step in self.history.steps(one) {
            let of_others = match (step.access, own.get(&step.key)) {
                (Access::Write, _) => {
                    own.insert(step.key, step.value);
                    continue;
                }
                (access, Some(own)) if access != Access::Read || *own != step.value => {
                    return false;
                }
                (_, Some(_)) => continue,
                (access, None) => access == Access::Read,
            };
            let mut later = 0;
            if of_others {
                let Some((writer, at)) = self.owners.get(&(step.key, step.value)) else {
                    return false;
                };
                from.insert(*writer);
                later = at + 1;
            }
            reads.push((step.key, later));
        }
        let mine: BTreeSet<u32> = own.keys().copied().collect();
        let session = |one: u32| self.history.transactions()[one as usize].session;
        for (key, later) in reads {
            for other in &self.versions[key as usize][later..] {
                self.looks += 1 + mine.len();
                let shares = || !mine.is_disjoint(&self.written[*other as usize]);
                if session(*other) == session(one) || from.contains(other) || shares() {
                    return false;
                }
            }
        }
        for (key, value) in own {
            let versions = &mut self.versions[key as usize];
            let entry = (one, versions.len());
            versions.push(one);
            if self.owners.insert((key, value), entry).is_some() {
                return false;
            }
        }
        self.written[one as usize] = mine;
        true
    }
}
