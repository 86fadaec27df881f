//! A node's timers, as few queue entries as possible.
//!
//! Protocols move timers far more often than they let them fire. A timer that is moved later
//! keeps its queue entry, which is pushed on when it comes up; one that is moved earlier gets a
//! new entry with a new ticket, and the old entry dies by its old ticket.

use avouch_promise::Nanos;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
struct Timer {
    /// When, on the node's monotonic clock; none once cancelled.
    at: Option<Nanos>,
    /// The virtual time of the queue entry that is alive.
    queued_ns: u64,
    ticket: u64,
}

/// What became of a queue entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It belongs to nothing any more.
    Dead,
    /// The timer is due once the monotonic clock reads this.
    At(Nanos),
}

#[derive(Clone, Debug)]
pub(crate) struct Timers<K>(BTreeMap<K, Timer>);

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets a timer; returns the ticket under which an entry at `due_ns` must be queued, if any.
    pub(crate) fn set(&mut self, key: K, at: Nanos, due_ns: u64, tickets: &mut u64) -> Option<u64> {
        if let Some(timer) = self.0.get_mut(&key)
            && timer.queued_ns <= due_ns
        {
            timer.at = Some(at);
            return None;
        }
        *tickets += 1;
        self.0.insert(key, Timer { at: Some(at), queued_ns: due_ns, ticket: *tickets });
        Some(*tickets)
    }

    pub(crate) fn cancel(&mut self, key: K) {
        if let Some(timer) = self.0.get_mut(&key) {
            timer.at = None;
        }
    }

    /// Looks at a queue entry that came up.
    pub(crate) fn due(&mut self, key: K, ticket: u64) -> Due {
        match self.0.get(&key) {
            Some(timer) if timer.ticket == ticket => {
                if let Some(at) = timer.at {
                    Due::At(at)
                } else {
                    self.0.remove(&key);
                    Due::Dead
                }
            }
            _ => Due::Dead,
        }
    }

    /// The entry under this ticket was queued again.
    pub(crate) fn requeued(&mut self, key: K, due_ns: u64) {
        if let Some(timer) = self.0.get_mut(&key) {
            timer.queued_ns = due_ns;
        }
    }

    /// The timer fired.
    pub(crate) fn remove(&mut self, key: K) {
        self.0.remove(&key);
    }

    /// Every timer that is set, for a clock whose rate has changed: old entries die.
    pub(crate) fn take_all(&mut self) -> Vec<(K, Nanos)> {
        let all = std::mem::take(&mut self.0);
        all.into_iter().filter_map(|(key, timer)| timer.at.map(|at| (key, at))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_later_keeps_the_entry_and_moving_earlier_replaces_it() {
        let (mut timers, mut tickets) = (Timers::new(), 0);
        assert_eq!(timers.set('a', Nanos(10), 10, &mut tickets), Some(1));
        assert_eq!(timers.set('a', Nanos(20), 20, &mut tickets), None);
        assert_eq!(timers.due('a', 1), Due::At(Nanos(20)));
        timers.requeued('a', 20);
        assert_eq!(timers.set('a', Nanos(5), 5, &mut tickets), Some(2));
        assert_eq!(timers.due('a', 1), Due::Dead);
        assert_eq!(timers.due('a', 2), Due::At(Nanos(5)));
        timers.cancel('a');
        assert_eq!(timers.set('a', Nanos(7), 7, &mut tickets), None);
        assert_eq!(timers.due('a', 2), Due::At(Nanos(7)));
        timers.cancel('a');
        assert_eq!(timers.due('a', 2), Due::Dead);
        assert_eq!(timers.due('a', 2), Due::Dead);
    }
}
