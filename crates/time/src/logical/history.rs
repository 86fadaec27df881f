//! The oracle: an event's causal history, as the set of the events in it. Nothing but sets.

//= §3.2.1 concurrent events, told by an oracle of causal histories

use super::Relation;

/// A set of events by number, an event itself among its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<u64>);

impl History {
    pub(crate) fn add(&mut self, event: usize) {
        if self.0.len() <= event / 64 {
            self.0.resize(event / 64 + 1, 0);
        }
        self.0[event / 64] |= 1 << (event % 64);
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    pub(crate) fn has(&self, event: usize) -> bool {
        self.0.get(event / 64).is_some_and(|word| word >> (event % 64) & 1 == 1)
    }

    fn is_within(&self, other: &Self) -> bool {
        let word = |place: usize| other.0.get(place).copied().unwrap_or(0);
        self.0.iter().enumerate().all(|(place, mine)| mine & !word(place) == 0)
    }

    pub(crate) fn relation(&self, other: &Self) -> Relation {
        Relation::of(self.is_within(other), other.is_within(self))
    }
}
