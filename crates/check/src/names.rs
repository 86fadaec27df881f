//! Names and the numbers that stand for them, in the order in which they are first met.

use crate::hash::{Index, hash_of};
use std::ops::Range;

/// Names by number, and numbers by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
    index: Index,
}

impl Names {
    /// The number of a name; a new one gets the next.
    pub(crate) fn number(&mut self, name: &[u8]) -> u32 {
        let hash = hash_of(&name);
        let Self { bytes, ranges, index } = self;
        let of = |number: u32| {
            let range = ranges.get(number as usize).cloned().unwrap_or_default();
            bytes.get(range).unwrap_or_default()
        };
        if let Some(number) = index.find(hash, |number| of(number) == name) {
            return number;
        }
        let number = ranges.len() as u32;
        index.insert(hash, number, |number| hash_of(&of(number)));
        ranges.push(bytes.len()..bytes.len() + name.len());
        bytes.extend_from_slice(name);
        number
    }

    /// The name of a number; empty for one that stands for nothing.
    pub(crate) fn name(&self, number: u32) -> String {
        let range = self.ranges.get(number as usize).cloned().unwrap_or_default();
        String::from_utf8_lossy(self.bytes.get(range).unwrap_or_default()).into_owned()
    }
}
