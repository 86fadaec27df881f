//! A map that threads share.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the map keeps its lock from looking to inserting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It does.
    Careful,
    /// It lets go in between: a bug.
    Hurried,
}

/// A map from texts to numbers.
#[derive(Debug)]
pub struct SharedMap {
    care: Care,
    entries: Mutex<BTreeMap<String, u64>>,
}

impl SharedMap {
    /// An empty map.
    pub fn new(care: Care) -> Self {
        Self { care, entries: Mutex::new(BTreeMap::new()) }
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a key holds.
    pub fn get(&self, key: &str) -> Option<u64> {
        self.entries().get(key).copied()
    }

    /// Takes a key out, and says what it held.
    pub fn remove(&self, key: &str) -> Option<u64> {
        self.entries().remove(key)
    }

    /// Gives a key a value if it has none, and says what it holds then.
    pub fn get_or_insert(&self, key: &str, value: u64) -> u64 {
        let mut entries = self.entries();
        if let Some(found) = entries.get(key) {
            return *found;
        }
        if self.care == Care::Hurried {
            drop(entries);
            std::thread::yield_now();
            entries = self.entries();
        }
        entries.insert(key.to_owned(), value);
        value
    }
}
