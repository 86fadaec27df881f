//! The node's timers: a handful, by name.

use crate::node::Timer;
use avouch_promise::Nanos;
use std::collections::BTreeMap;

/// What is set, and for when.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timer, Nanos>);

impl Timers {
    /// Sets, or moves, a timer.
    pub(super) fn set(&mut self, key: Timer, at: Nanos) {
        self.0.insert(key, at);
    }
    /// Takes a timer back.
    pub(super) fn cancel(&mut self, key: Timer) {
        self.0.remove(&key);
    }
    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Nanos> {
        self.0.values().min().copied()
    }
    /// Takes one that is due at `now`, the earliest first.
    pub(super) fn due(&mut self, now: Nanos) -> Option<Timer> {
        let (at, key) = self.0.iter().map(|(key, at)| (*at, *key)).min()?;
        (at <= now).then(|| self.0.remove(&key)).flatten().map(|_| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_agreement::log;

    #[test]
    fn timers_fire_in_order_once_and_only_when_due() {
        let mut timers = Timers::default();
        let election = Timer::Log(log::Timer::Election);
        timers.set(Timer::Deadline, Nanos(5));
        timers.set(election, Nanos(9));
        timers.set(election, Nanos(3));
        assert_eq!(timers.next(), Some(Nanos(3)));
        assert_eq!(timers.due(Nanos(2)), None);
        assert_eq!(timers.due(Nanos(9)), Some(election));
        assert_eq!(timers.due(Nanos(9)), Some(Timer::Deadline));
        assert_eq!(timers.due(Nanos(9)), None);
        timers.set(election, Nanos(1));
        timers.cancel(election);
        assert_eq!((timers.due(Nanos::MAX), timers.next()), (None, None));
    }
}
