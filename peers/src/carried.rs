//! Values of other people's types, as the machine's shape wants them: ordered and hashable.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Which value it is: the node that made it, in which of its lives, and the how-manieth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The node.
    pub node: u32,
    /// Its incarnation.
    pub life: u64,
    /// Its count of values.
    pub count: u64,
}

impl Stamp {
    /// Stamps the next value.
    pub fn next<T>(&mut self, value: T) -> Carried<T> {
        self.count += 1;
        Carried { stamp: *self, value }
    }
}

/// A value that is equal to its own copies and to nothing else.
#[derive(Clone, Debug)]
pub struct Carried<T> {
    stamp: Stamp,
    /// The value.
    pub value: T,
}

impl<T> PartialEq for Carried<T> {
    fn eq(&self, other: &Self) -> bool {
        self.stamp == other.stamp
    }
}
impl<T> Eq for Carried<T> {}
impl<T> PartialOrd for Carried<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Carried<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.stamp.cmp(&other.stamp)
    }
}
impl<T> Hash for Carried<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.stamp.hash(state);
    }
}
