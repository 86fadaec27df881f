//! The verifier of orders: runs the transactions of a history one after another, or start by
//! commit, and asks each read what it should have seen.
//!
//! A list under way is a length: so much of the longest list read, and beyond it only values that
//! are in no list. Whoever committed must have its commit in the order, exactly once.

use super::history::{Act, Appends};
use crate::dependency::Fate;

/// Lists as they grow.
struct Lists<'a> {
    history: &'a Appends,
    lengths: Vec<u32>,
    /// How many transactions have appended to each key.
    generations: Vec<u32>,
}

impl<'a> Lists<'a> {
    fn new(history: &'a Appends) -> Self {
        let keys = history.longest.len();
        Self { history, lengths: vec![0; keys], generations: vec![0; keys] }
    }

    /// Whether a value may come next in a list of so many.
    fn fits(&self, key: u32, length: u32, value: i64) -> bool {
        let longest = &self.history.longest[key as usize];
        match longest.get(length as usize) {
            Some(next) => *next == value,
            // Beyond what was read stands what nobody read.
            None => !longest.contains(&value),
        }
    }
}

/// Whether everything that committed commits once in an order.
fn is_whole(history: &Appends, mut commits: impl Iterator<Item = u32>) -> bool {
    let mut left: Vec<bool> =
        history.frames.all().iter().map(|frame| frame.fate != Fate::Aborted).collect();
    let once = |one: u32| left.get_mut(one as usize).is_some_and(std::mem::take);
    let all = commits.all(once);
    all && !left
        .iter()
        .zip(history.frames.all())
        .any(|(left, frame)| *left && frame.fate == Fate::Committed)
}

/// Whether an order of starts and commits explains every read. Two that write one key may overlap
/// only if they are allowed to.
pub(super) fn explains(
    history: &Appends,
    order: &mut dyn Iterator<Item = (u32, bool)>,
    overlaps: bool,
) -> bool {
    let mut lists = Lists::new(history);
    // What each open transaction found of the keys that it appends to.
    let mut found: Vec<Vec<(u32, u32)>> = vec![Vec::new(); history.frames.all().len()];
    let mut own: Vec<(u32, u32)> = Vec::new();
    let mut commits = Vec::new();
    for (one, is_commit) in order {
        let Some(frame) = history.frames.all().get(one as usize) else { return false };
        let operations = history.operations(frame);
        if !is_commit {
            own.clear();
            for (place, operation) in operations.iter().enumerate() {
                let key = operation.key as usize;
                let mine = own.iter().position(|(key, _)| *key == operation.key);
                let length = mine.map_or(lists.lengths[key], |mine| own[mine].1);
                match operation.act {
                    Act::Append(value) => {
                        // Whether it fits is asked at the commit, where it counts; here, whether
                        // its own later reads see it where it will stand.
                        let first = if overlaps { place } else { 0 };
                        if frame.fate == Fate::Committed
                            && operations[first..].iter().any(|other| {
                                other.key == operation.key && !matches!(other.act, Act::Append(_))
                            })
                            && !lists.fits(operation.key, length, value)
                        {
                            return false;
                        }
                        if let Some(mine) = mine {
                            own[mine].1 += 1;
                        } else {
                            let generation = lists.generations[key];
                            found[one as usize].push((operation.key, generation));
                            own.push((operation.key, length + 1));
                        }
                    }
                    Act::Read(read) if read != length => return false,
                    Act::Apart(_) => return false,
                    Act::Read(_) | Act::Unread => {}
                }
            }
            continue;
        }
        commits.push(one);
        let unchanged =
            found[one as usize].iter().all(|(key, was)| lists.generations[*key as usize] == *was);
        if !unchanged && !overlaps {
            return false;
        }
        for operation in operations {
            if let Act::Append(value) = operation.act {
                let key = operation.key as usize;
                if !lists.fits(operation.key, lists.lengths[key], value) {
                    return false;
                }
                lists.lengths[key] += 1;
            }
        }
        for (key, _) in std::mem::take(&mut found[one as usize]) {
            lists.generations[key as usize] += 1;
        }
    }
    is_whole(history, commits.into_iter())
}

/// Whether each transaction of an order appends what may come next, and reads what is there.
pub(super) fn flows(history: &Appends, order: &[u32], reads: bool) -> bool {
    let mut lists = Lists::new(history);
    // Without reads, lists that contradict each other show no order.
    let mut is_clear = vec![true; history.longest.len()];
    for operation in history.operations.iter().filter(|_| !reads) {
        is_clear[operation.key as usize] &= !matches!(operation.act, Act::Apart(_));
    }
    for one in order {
        let Some(frame) = history.frames.all().get(*one as usize) else { return false };
        for operation in history.operations(frame) {
            if let Act::Append(value) = operation.act {
                let key = operation.key as usize;
                // Without reads, what is in between may be of what did not commit.
                let longest = &history.longest[key];
                let at = longest.iter().position(|one| *one == value);
                let is_next = match (reads, at) {
                    (true, _) => lists.fits(operation.key, lists.lengths[key], value),
                    (false, Some(at)) => at as u32 >= lists.lengths[key] || !is_clear[key],
                    (false, None) => true,
                };
                if !is_next {
                    return false;
                }
                lists.lengths[key] = match at {
                    Some(at) => at as u32 + 1,
                    None => (longest.len() as u32).max(lists.lengths[key]) + 1,
                };
            }
        }
        let is_there = history.operations(frame).iter().all(|operation| match operation.act {
            Act::Read(read) => read <= lists.lengths[operation.key as usize],
            Act::Apart(_) => false,
            Act::Append(_) | Act::Unread => true,
        });
        if reads && !is_there {
            return false;
        }
    }
    is_whole(history, order.iter().copied())
}
