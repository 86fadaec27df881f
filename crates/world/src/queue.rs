//! What is still to happen, in order of virtual time; ties in order of scheduling.
//!
//! ```text
//!   heap of (time, order, slot)  --->  slots: the items themselves, reused
//! ```
//!
//! The heap moves 24 bytes a step however large an item is, and nothing is allocated per item
//! once the slots have grown.
//!
//! Invariants:
//! - I1 An order number is given once, so two entries never compare equal.
//! - I2 Time never runs backwards: nothing is scheduled before what was taken last.

use avouch_promise::invariant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};

#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    order: u64,
    taken_ns: u64,
    /// The mutant that breaks ties by something that differs from run to run.
    unstable: Option<RandomState>,
}

impl<T> Queue<T> {
    pub(crate) fn new(unstable_ties: bool) -> Self {
        Self {
            heap: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            order: 0,
            taken_ns: 0,
            unstable: unstable_ties.then(RandomState::new),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at_ns: u64, item: T) {
        invariant!(I2, at_ns >= self.taken_ns, "{at_ns} is before {}", self.taken_ns);
        self.order += 1;
        let order = match &self.unstable {
            None => self.order,
            Some(state) => state.hash_one(self.order),
        };
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(item);
            slot
        } else {
            self.slots.push(Some(item));
            (self.slots.len() - 1) as u32
        };
        self.heap.push(Reverse((at_ns, order, slot)));
    }

    pub(crate) fn next_at(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at_ns, ..))| *at_ns)
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(u64, T)> {
        let Reverse((at_ns, _, slot)) = self.heap.pop()?;
        let item = self.slots[slot as usize].take();
        self.free.push(slot);
        self.taken_ns = at_ns;
        item.map(|item| (at_ns, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::new(false);
        for item in 0..100 {
            queue.push(5 + item % 3, item);
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert!(taken.is_sorted());
        assert_eq!(taken.len(), 100);
        assert_eq!(queue.slots.len(), 100);
        queue.push(7, 1);
        assert_eq!(queue.slots.len(), 100);
    }
}
