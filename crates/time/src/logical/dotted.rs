//! Dotted version vectors: versions of one key at replicas, where clients that know nothing of each
//! other write (Preguica, Baquero, Almeida, Fonte, Goncalves, "Dotted version vectors", 2010). The
//! compact set of all siblings is that of Almeida et al., "Scalable and accurate causality
//! tracking for eventually consistent stores" (DAIS 2014).
//!
//! ```text
//!   replica   how many of its events are in   the newest of them, whose values live
//!      a                4                      [v4, v3]       of a's four, the first two are gone
//!      b                2                      []
//!   anonymous [w]                              written elsewhere, with the context above
//! ```
//!
//! A client reads values and a context, and writes with that context: what it had read is
//! overwritten, what was written meanwhile stays beside. A version vector alone would either lose
//! one of two such writes or keep what was overwritten.
//!
//! Invariants:
//! - I1 A replica lists no more values than it had events.

//= §3.2.2 dotted version vectors

use super::siblings::{Keeps, Siblings, Writer};
use super::vector::VectorStamp;
use avouch_promise::invariant;

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// What the client had read stays.
    KeepOverwritten,
    /// What the client had not read goes, too.
    DropSiblings,
    /// What one of two replicas has forgotten comes back from the other one.
    Resurrect,
}

/// One replica's part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<V> {
    replica: u32,
    count: u64,
    /// Newest first.
    values: Vec<V>,
}

/// All siblings of a key, and all that they have overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DottedSet<V> {
    /// By replica.
    entries: Vec<Entry<V>>,
}

impl<V> Default for DottedSet<V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<V: Clone> Siblings<V> for DottedSet<V> {
    const KEEPS: Keeps = Keeps::Exactly;

    fn values(&self) -> Vec<&V> {
        self.entries.iter().flat_map(|entry| &entry.values).collect()
    }

    fn context(&self) -> VectorStamp {
        VectorStamp::of(self.entries.iter().map(|entry| (entry.replica, entry.count)))
    }

    fn write(&mut self, by: Writer, context: &VectorStamp, value: V) {
        self.write_with(by.replica, context, value, Mutant::None);
    }

    fn merge(&mut self, other: &Self) {
        self.merge_with(other, Mutant::None);
    }

    /// A replica, how many events, and how many values.
    fn bytes(&self) -> usize {
        self.entries.len() * 16
    }
}

impl<V: Clone> DottedSet<V> {
    pub(super) fn write_with(
        &mut self,
        replica: u32,
        context: &VectorStamp,
        value: V,
        mutant: Mutant,
    ) {
        for (other, count) in context.entries() {
            let entry = self.entry(*other);
            // What the client knew is overwritten: of the values of this replica the older ones.
            let known = entry.count.saturating_sub(*count) as usize;
            if mutant != Mutant::KeepOverwritten {
                entry.values.truncate(known);
            }
            entry.count = entry.count.max(*count);
        }
        if mutant == Mutant::DropSiblings {
            self.entries.iter_mut().for_each(|entry| entry.values.clear());
        }
        let entry = self.entry(replica);
        entry.count += 1;
        entry.values.insert(0, value);
        invariant!(I1, entry.values.len() as u64 <= entry.count, "{} values", entry.values.len());
    }

    pub(super) fn merge_with(&mut self, other: &Self, mutant: Mutant) {
        for theirs in &other.entries {
            let mine = self.entry(theirs.replica);
            // The events up to here have gone, at one or the other.
            let gone = |entry: &Entry<V>| entry.count - entry.values.len() as u64;
            let gone = gone(mine).max(gone(theirs));
            let newest = if mine.count >= theirs.count { &*mine } else { theirs };
            let (count, values) = (newest.count, newest.values.clone());
            mine.count = count;
            mine.values = values;
            if mutant != Mutant::Resurrect {
                mine.values.truncate((count - gone.min(count)) as usize);
            }
        }
    }

    fn entry(&mut self, replica: u32) -> &mut Entry<V> {
        let found = self.entries.binary_search_by_key(&replica, |entry| entry.replica);
        let place = found.unwrap_or_else(|place| {
            self.entries.insert(place, Entry { replica, count: 0, values: Vec::new() });
            place
        });
        &mut self.entries[place]
    }
}
