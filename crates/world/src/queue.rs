//! What is still to happen, in order of virtual time; ties in order of scheduling.
//!
//! ```text
//!   time = digits of 6 bits:  d10 ... d2 d1 d0        taken = the time that was taken last
//!   level = the highest digit in which an entry differs from taken
//!
//!   level 0:  64 chains, one a time            \
//!   level 1:  64 chains of 64 times            |  a chain: head --> entry --> entry --> tail
//!   ...                                        |  entries: (time, next), items beside them,
//!   level 10                                   /  both reused
//!   due:      everything at taken
//! ```
//!
//! A monotone radix heap (Ahuja, Mehlhorn, Orlin and Tarjan 1990, §2) with 64 buckets a level, as
//! in a hierarchical timing wheel (Varghese and Lauck 1987). An entry that differs from `taken` at
//! a lower level is earlier than any that differs at a higher one, and within a level a lower digit
//! is earlier. So the earliest is in the first chain of the first level that holds any; taking it
//! moves `taken`, and the rest of its chain to lower levels, at most ten times in an entry's life
//! and mostly twice. Nothing is compared with anything but `taken`, and nothing is allocated once
//! the entries have grown.
//!
//! Entries of equal time are always in one chain, since a chain moves as a whole and in order, and
//! are appended to it in the order in which they came: ties need no number.
//!
//! Invariants:
//! - I1 Entries of equal time leave in the order in which they were pushed.
//! - I2 Time never runs backwards: nothing is scheduled before what was taken last.

use avouch_promise::invariant;
use std::hash::{BuildHasher, RandomState};

const DIGIT_BITS: u32 = 6;
const DIGITS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Entries in order, by their places.
#[derive(Clone, Copy, Debug)]
struct Chain {
    head: u32,
    tail: u32,
}

const EMPTY: Chain = Chain { head: NONE, tail: NONE };

/// One level: a chain for each value of its digit, and a bit for each chain that is not empty.
#[derive(Clone, Debug)]
struct Level {
    chains: [Chain; DIGITS],
    occupied: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at_ns: u64,
    next: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    levels: Box<[Level; LEVELS]>,
    /// A bit for each level that holds any entry.
    occupied: u32,
    due: Chain,
    entries: Vec<Entry>,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    taken_ns: u64,
    /// The mutant that breaks ties by something that differs from run to run.
    unstable: Option<(RandomState, u64)>,
}

impl<T> Queue<T> {
    pub(crate) fn new(unstable_ties: bool) -> Self {
        let level = Level { chains: [EMPTY; DIGITS], occupied: 0 };
        Self {
            levels: Box::new(std::array::from_fn(|_| level.clone())),
            occupied: 0,
            due: EMPTY,
            entries: Vec::new(),
            items: Vec::new(),
            free: Vec::new(),
            taken_ns: 0,
            unstable: unstable_ties.then(|| (RandomState::new(), 0)),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at_ns: u64, item: T) {
        invariant!(I2, at_ns >= self.taken_ns, "{at_ns} is before {}", self.taken_ns);
        let entry = Entry { at_ns, next: NONE };
        let place = if let Some(place) = self.free.pop() {
            self.entries[place as usize] = entry;
            self.items[place as usize] = Some(item);
            place
        } else {
            self.entries.push(entry);
            self.items.push(Some(item));
            (self.entries.len() - 1) as u32
        };
        self.chain(place, at_ns);
    }

    /// Appends an entry to the chain to which its time belongs.
    #[inline]
    fn chain(&mut self, place: u32, at_ns: u64) {
        let differs = at_ns ^ self.taken_ns;
        let chain = if differs == 0 {
            &mut self.due
        } else {
            let level = (u64::BITS - 1 - differs.leading_zeros()) / DIGIT_BITS;
            let digit = (at_ns >> (level * DIGIT_BITS)) as usize % DIGITS;
            self.occupied |= 1 << level;
            let level = &mut self.levels[level as usize];
            level.occupied |= 1 << digit;
            &mut level.chains[digit]
        };
        if chain.head == NONE {
            chain.head = place;
        } else {
            self.entries[chain.tail as usize].next = place;
        }
        chain.tail = place;
    }

    /// Takes the earliest item, unless it is later than `until_ns`.
    #[inline]
    pub(crate) fn pop_until(&mut self, until_ns: u64) -> Option<(u64, T)> {
        if self.due.head == NONE {
            self.turn(until_ns)?;
        } else if self.taken_ns > until_ns {
            return None;
        }
        if self.unstable.is_some() {
            self.shuffle();
        }
        let place = self.due.head;
        self.due.head = self.entries[place as usize].next;
        let item = self.items[place as usize].take();
        self.free.push(place);
        item.map(|item| (self.taken_ns, item))
    }

    /// Moves `taken` to the earliest time that holds an entry, and the entries of its chain to
    /// where they now belong; none, and nothing moved, when that is later than `until_ns`.
    #[inline]
    fn turn(&mut self, until_ns: u64) -> Option<()> {
        if self.occupied == 0 {
            return None;
        }
        let at = self.occupied.trailing_zeros() as usize;
        let level = &mut self.levels[at];
        let digit = level.occupied.trailing_zeros() as usize;
        let chain = level.chains[digit];
        let first = self.entries[chain.head as usize];
        let one_time = at == 0 || first.next == NONE;
        let earliest_ns = if one_time { first.at_ns } else { earliest(&self.entries, chain.head) };
        if earliest_ns > until_ns {
            return None;
        }
        level.chains[digit] = EMPTY;
        level.occupied &= !(1 << digit);
        if level.occupied == 0 {
            self.occupied &= !(1 << at);
        }
        self.taken_ns = earliest_ns;
        if one_time {
            self.due = chain;
            return Some(());
        }
        let mut place = chain.head;
        while place != NONE {
            let Entry { at_ns, next } = self.entries[place as usize];
            self.entries[place as usize].next = NONE;
            self.chain(place, at_ns);
            place = next;
        }
        Some(())
    }

    /// The mutant: the first two of what is due change places, or not, as this run's keys say.
    fn shuffle(&mut self) {
        let Some((state, count)) = &mut self.unstable else { return };
        *count += 1;
        let (first, odd) = (self.due.head, state.hash_one(*count) % 2 == 1);
        let second = self.entries[first as usize].next;
        if odd && second != NONE {
            self.items.swap(first as usize, second as usize);
        }
    }
}

/// The earliest time in a chain that is not empty.
fn earliest(entries: &[Entry], head: u32) -> u64 {
    let (mut place, mut earliest_ns) = (head, u64::MAX);
    while place != NONE {
        let entry = entries[place as usize];
        earliest_ns = earliest_ns.min(entry.at_ns);
        place = entry.next;
    }
    earliest_ns
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;
    use std::collections::BTreeSet;

    #[test]
    fn ties_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::new(false);
        for item in 0..100 {
            queue.push(5 + item % 3, item);
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop_until(u64::MAX)).collect();
        assert!(taken.is_sorted());
        assert_eq!(taken.len(), 100);
        assert_eq!(queue.items.len(), 100);
        queue.push(7, 1);
        assert_eq!(queue.items.len(), 100);
    }

    #[test]
    fn the_order_is_that_of_a_sorted_map_whatever_comes_when() {
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..40 {
            let (mut queue, mut model) = (Queue::new(false), BTreeSet::new());
            let (mut now_ns, spread) = (0, random.below(60));
            for item in 0..4_000_u64 {
                if random.chance(0.55) {
                    let ahead = random.bits() >> random.between(63 - spread, 63);
                    let at_ns = now_ns + ahead % (1 << 40);
                    queue.push(at_ns, item);
                    model.insert((at_ns, item));
                    continue;
                }
                let until_ns = now_ns + (random.bits() >> random.between(20, 63));
                let due = model.first().copied().filter(|(at_ns, _)| *at_ns <= until_ns);
                assert_eq!(queue.pop_until(until_ns), due);
                now_ns = due.map_or(now_ns, |(at_ns, _)| at_ns);
                due.map(|entry| model.remove(&entry));
            }
            let rest: Vec<_> = std::iter::from_fn(|| queue.pop_until(u64::MAX)).collect();
            assert_eq!(rest, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_later_than_asked_for_stays_and_does_not_move_time() {
        let mut queue = Queue::new(false);
        queue.push(u64::MAX, 2);
        queue.push(1 << 40, 1);
        assert_eq!(queue.pop_until(1 << 39), None);
        queue.push(3, 0);
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop_until(u64::MAX)).collect();
        assert_eq!(taken, [(3, 0), (1 << 40, 1), (u64::MAX, 2)]);
    }
}
