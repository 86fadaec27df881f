//! Faults listed by time.

use super::Fault;
use avouch_promise::Nanos;
use std::fmt;

/// A timed list of faults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(Vec<(Nanos, Fault)>);

impl Script {
    /// Nothing happens.
    pub fn new() -> Self {
        Self::default()
    }

    /// And then, at `at`, `fault`. Faults at one time happen in the order in which they were
    /// added.
    #[must_use]
    pub fn at(mut self, at: Nanos, fault: Fault) -> Self {
        self.push(at, fault);
        self
    }

    /// Adds a fault.
    pub fn push(&mut self, at: Nanos, fault: Fault) {
        let place = self.0.partition_point(|(other, _)| *other <= at);
        self.0.insert(place, (at, fault));
    }

    /// The faults in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Nanos, Fault)> {
        self.0.iter()
    }

    /// How many faults.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Nanos, Fault)> for Script {
    fn from_iter<T: IntoIterator<Item = (Nanos, Fault)>>(faults: T) -> Self {
        let mut faults: Vec<_> = faults.into_iter().collect();
        faults.sort_by_key(|(at, _)| *at);
        Self(faults)
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(at, fault)| writeln!(f, "{at:>12}  {fault:?}"))
    }
}
