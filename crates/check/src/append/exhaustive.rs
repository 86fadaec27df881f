//! The oracle: each level by its definition, tried on every order of a small history.
//!
//! It shares nothing with the judge but the history. Strong levels are asked operationally: is
//! there an order of transactions, or of their starts and commits, in which a store would have
//! given these answers? Those that no store's steps define, from read uncommitted to update
//! serializable, by Adya's words: is there an order of versions without the cycles that they
//! forbid? Those that ask whom a transaction sees have an oracle of their own (`visible`).

use super::history::{Act, Appends, Operation};
use super::{proscribed, visible};
use crate::dependency::{Fate, Frame};
use crate::transaction::Level;

/// The choices of what of unknown outcome committed, as sets of transactions that did.
fn choices(history: &Appends) -> Vec<Vec<usize>> {
    let frames = history.frames.all();
    let all = 0..frames.len();
    let committed: Vec<usize> =
        all.clone().filter(|one| frames[*one].fate == Fate::Committed).collect();
    let unknown: Vec<usize> = all.filter(|one| frames[*one].fate == Fate::Unknown).collect();
    (0..1_usize << unknown.len())
        .map(|set| {
            let mut chosen = committed.clone();
            let more = unknown.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            chosen.extend(more.map(|(_, one)| *one));
            chosen
        })
        .collect()
}

/// Whether each level holds, in their order.
///
/// By definition an order of whole transactions is one of starts and commits, and what keeps to
/// real time keeps to processes: that alone is used to save work.
pub(super) fn all(history: &Appends, levels: &[Level]) -> Vec<bool> {
    let mut found: Vec<(Level, bool)> = Vec::new();
    let mut by_strength = levels.to_vec();
    by_strength.sort_unstable_by(|one, other| other.cmp(one));
    for level in by_strength {
        let is = |other: Level| found.iter().any(|(one, holds)| *one == other && *holds);
        let stronger: &[Level] = match level {
            Level::StrongSessionSerializable | Level::StrongSnapshotIsolation => {
                &[Level::StrictSerializable]
            }
            Level::Serializable => &[Level::StrongSessionSerializable],
            Level::StrongSessionSnapshotIsolation => {
                &[Level::StrongSessionSerializable, Level::StrongSnapshotIsolation]
            }
            Level::SnapshotIsolation => {
                &[Level::Serializable, Level::StrongSessionSnapshotIsolation]
            }
            _ => &[],
        };
        let implied = stronger.iter().any(|strong| is(*strong));
        found.push((level, implied || holds(history, level)));
    }
    let of = |level: &Level| found.iter().any(|(one, holds)| one == level && *holds);
    levels.iter().map(of).collect()
}

/// Whether lists could have been read at all from a store where these committed: of two of a key,
/// one begins with the other, and each value is one that they append.
fn is_plausible(history: &Appends, chosen: &[usize]) -> bool {
    let operations = |one: &usize| history.operations(&history.frames.all()[*one]).iter();
    let lists: Vec<(u32, &[i64])> = chosen
        .iter()
        .flat_map(operations)
        .filter_map(|one| Some((one.key, history.list(one)?)))
        .collect();
    let is_appended = |key: u32, value: i64| {
        let is = |one: &Operation| one.key == key && one.act == Act::Append(value);
        chosen.iter().flat_map(operations).any(is)
    };
    lists.iter().all(|(key, list)| {
        let begins = |(other, longer): &(u32, &[i64])| {
            other != key || list.starts_with(longer) || longer.starts_with(list)
        };
        list.iter().all(|value| is_appended(*key, *value)) && lists.iter().all(begins)
    })
}

fn holds(history: &Appends, level: Level) -> bool {
    choices(history).into_iter().any(|mut chosen| match level {
        dirty if dirty.reads_dirty() => by_versions(history, &chosen, level),
        _ if !is_plausible(history, &chosen) => false,
        Level::ReadCommitted
        | Level::StrongSessionReadCommitted
        | Level::StrongReadCommitted
        | Level::CursorStability
        | Level::Prefix
        | Level::ConsistentView
        | Level::ParallelSnapshotIsolation
        | Level::UpdateSerializable
        | Level::RepeatableRead => by_versions(history, &chosen, level),
        Level::MonotonicView
        | Level::MonotonicAtomicView
        | Level::ReadAtomic
        | Level::UpdateAtomic
        | Level::Causal => visible::holds(history, &chosen, level),
        Level::Serializable | Level::StrongSessionSerializable | Level::StrictSerializable => {
            World::new(history, level).serial(&mut chosen)
        }
        _ => World::new(history, level).snapshots(&mut chosen, &mut Vec::new()),
    })
}

/// A store on the way: its lists, and who committed.
struct World<'a> {
    history: &'a Appends,
    level: Level,
    lists: Vec<Vec<i64>>,
}

/// Who has started: what each will write, and what these lists were.
type Open = Vec<(usize, Vec<(usize, Vec<i64>, Vec<i64>)>)>;

impl<'a> World<'a> {
    fn new(history: &'a Appends, level: Level) -> Self {
        let lists = vec![Vec::new(); history.longest.len()];
        Self { history, level, lists }
    }

    fn frame(&self, one: usize) -> &'a Frame {
        &self.history.frames.all()[one]
    }

    /// Whether one must wait for another: by session or real time, as the level says.
    fn must_wait(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.frame(one), self.frame(other));
        let ended_before = other.fate == Fate::Committed && other.ended < one.began;
        match self.level {
            Level::StrictSerializable | Level::StrongSnapshotIsolation => ended_before,
            Level::StrongSessionSerializable | Level::StrongSessionSnapshotIsolation => {
                ended_before && one.process == other.process
            }
            _ => false,
        }
    }

    /// The lists that it writes, run against the lists as they are; nothing if a read differs.
    fn run(&self, one: usize) -> Option<Vec<(usize, Vec<i64>)>> {
        let mut mine: Vec<(usize, Vec<i64>)> = Vec::new();
        for operation in self.history.operations(self.frame(one)) {
            let key = operation.key as usize;
            let place = mine.iter().position(|(other, _)| *other == key);
            let current = place.map_or(&self.lists[key], |place| &mine[place].1);
            match (operation.act, self.history.list(operation)) {
                (Act::Append(value), _) => {
                    let mut grown = current.clone();
                    grown.push(value);
                    match place {
                        Some(place) => mine[place].1 = grown,
                        None => mine.push((key, grown)),
                    }
                }
                (_, Some(read)) if read != current.as_slice() => return None,
                _ => {}
            }
        }
        Some(mine)
    }

    fn serial(&mut self, left: &mut Vec<usize>) -> bool {
        if left.is_empty() {
            return true;
        }
        for place in 0..left.len() {
            let one = left[place];
            if left.iter().any(|other| self.must_wait(one, *other)) {
                continue;
            }
            let Some(written) = self.run(one) else { continue };
            let before = self.lists.clone();
            for (key, list) in written {
                self.lists[key] = list;
            }
            left.remove(place);
            let found = self.serial(left);
            left.insert(place, one);
            if found {
                return true;
            }
            self.lists = before;
        }
        false
    }

    fn snapshots(&mut self, left: &mut Vec<usize>, open: &mut Open) -> bool {
        if left.is_empty() && open.is_empty() {
            return true;
        }
        for place in 0..open.len() {
            let (one, written) = open.remove(place);
            // The first that commits wins.
            if written.iter().all(|(key, _, was)| self.lists[*key] == *was) {
                let before = self.lists.clone();
                for (key, list, _) in &written {
                    self.lists[*key].clone_from(list);
                }
                if self.snapshots(left, open) {
                    return true;
                }
                self.lists = before;
            }
            open.insert(place, (one, written));
        }
        for place in 0..left.len() {
            let one = left[place];
            let waits = |other: &usize| self.must_wait(one, *other);
            if left.iter().any(waits) || open.iter().any(|(other, _)| waits(other)) {
                continue;
            }
            let Some(written) = self.run(one) else { continue };
            let with_old = written
                .into_iter()
                .map(|(key, list)| (key, list, self.lists[key].clone()))
                .collect();
            left.remove(place);
            open.push((one, with_old));
            let found = self.snapshots(left, open);
            open.pop();
            left.insert(place, one);
            if found {
                return true;
            }
        }
        false
    }
}

/// Whether some order of versions has none of the cycles, and every read is of what may be read.
fn by_versions(history: &Appends, chosen: &[usize], level: Level) -> bool {
    let operations = |one: usize| history.operations(&history.frames.all()[one]);
    let everyone = || 0..history.frames.all().len();
    let readers: Vec<usize> =
        everyone().filter(|one| history.frames.all()[*one].fate == Fate::Committed).collect();
    let appended = |who: &mut dyn Iterator<Item = usize>, key: u32| -> Vec<(usize, i64)> {
        who.flat_map(|one| operations(one).iter().map(move |operation| (one, operation)))
            .filter(|(_, operation)| operation.key == key)
            .filter_map(|(one, operation)| match operation.act {
                Act::Append(value) => Some((one, value)),
                _ => None,
            })
            .collect()
    };
    // What a read shows at all: each value appended by somebody, and once.
    for reader in &readers {
        for operation in operations(*reader) {
            let Some(list) = history.list(operation) else { continue };
            let all = appended(&mut everyone(), operation.key);
            let is_odd = |(place, value): (usize, &i64)| {
                !all.iter().any(|(_, one)| one == value) || list[..place].contains(value)
            };
            if list.iter().enumerate().any(is_odd) || !keeps_order(&all, list) {
                return false;
            }
        }
    }
    let keys = history.longest.len() as u32;
    let per_key: Vec<Vec<Vec<(usize, i64)>>> = (0..keys)
        .map(|key| {
            let all = appended(&mut chosen.iter().copied(), key);
            let fits = |order: &Vec<(usize, i64)>| {
                let lists: Vec<&[i64]> = readers
                    .iter()
                    .flat_map(|one| operations(*one))
                    .filter(|operation| operation.key == key)
                    .filter_map(|operation| history.list(operation))
                    .collect();
                agree(order, &lists, level)
            };
            permutations(&all)
                .into_iter()
                .filter(|order| {
                    let values: Vec<i64> = order.iter().map(|(_, value)| *value).collect();
                    keeps_order(&all, &values) && fits(order)
                })
                .collect()
        })
        .collect();
    let own = |one: &usize| sees_its_own(history, operations(*one));
    if !level.reads_dirty() && !readers.iter().all(own) {
        return false;
    }
    any_product(&per_key, &mut Vec::new(), &mut |orders| {
        acyclic(history, chosen, orders, !level.reads_dirty())
            && proscribed::is_clean(history, chosen, orders, level)
    })
}

/// Whether a list shows what each transaction appended in the order in which it did.
fn keeps_order(all: &[(usize, i64)], list: &[i64]) -> bool {
    let at = |value: &i64| list.iter().position(|one| one == value).unwrap_or(usize::MAX);
    all.iter().enumerate().all(|(place, (writer, earlier))| {
        let later = all[place + 1..].iter().filter(|(one, _)| one == writer);
        later.map(|(_, value)| value).all(|value| at(earlier) <= at(value))
    })
}

/// Whether lists read fit an order of versions.
fn agree(order: &[(usize, i64)], lists: &[&[i64]], level: Level) -> bool {
    let values: Vec<i64> = order.iter().map(|(_, value)| *value).collect();
    if !level.reads_dirty() {
        // Every list is a version that a commit left, or was under way in its own reader.
        return lists.iter().all(|list| values.starts_with(list));
    }
    // Dirty reads may show what did not commit; but if all show one order, it is that one.
    let is_prefix = |a: &[i64], b: &[i64]| a.starts_with(b) || b.starts_with(a);
    let all_agree = lists.iter().all(|a| lists.iter().all(|b| is_prefix(a, b)));
    let place = |value: &i64| values.iter().position(|one| one == value);
    !all_agree
        || lists.iter().all(|list| {
            let places: Vec<usize> = list.iter().filter_map(place).collect();
            let unread_after = (0..values.len()).filter(|at| !list.contains(&values[*at]));
            places.is_sorted()
                && places.last().is_none_or(|last| {
                    let longest = lists.iter().map(|list| list.len()).max() == Some(list.len());
                    !longest || unread_after.min().is_none_or(|first| first > *last)
                })
        })
}

fn sees_its_own(history: &Appends, operations: &[Operation]) -> bool {
    operations.iter().enumerate().all(|(at, operation)| {
        let Some(list) = history.list(operation) else { return true };
        operations.iter().enumerate().all(|(place, other)| match other.act {
            Act::Append(value) if other.key == operation.key => {
                list.contains(&value) == (place < at)
            }
            _ => true,
        })
    })
}

/// Whether there is no cycle of writes, or of writes and reads, and no read in between.
fn acyclic(
    history: &Appends,
    chosen: &[usize],
    orders: &[Vec<(usize, i64)>],
    with_reads: bool,
) -> bool {
    let count = history.frames.all().len();
    let mut edge = vec![vec![false; count]; count];
    for order in orders {
        for pair in order.windows(2) {
            edge[pair[0].0][pair[1].0] = true;
        }
    }
    if with_reads {
        for reader in chosen {
            for operation in history.operations(&history.frames.all()[*reader]) {
                let Some(list) = history.list(operation) else { continue };
                let order = &orders[operation.key as usize];
                for (place, (writer, _)) in order.iter().enumerate().take(list.len()) {
                    edge[*writer][*reader] = true;
                    // A version of one that goes on to write the key is in between.
                    let goes_on = order[place + 1..].iter().any(|(next, _)| next == writer);
                    if place + 1 == list.len() && goes_on && writer != reader {
                        return false;
                    }
                }
            }
        }
    }
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                edge[from][to] |= edge[from][middle] && edge[middle][to];
            }
        }
    }
    (0..count)
        .all(|one| (0..count).all(|other| one == other || !(edge[one][other] && edge[other][one])))
}

fn permutations(all: &[(usize, i64)]) -> Vec<Vec<(usize, i64)>> {
    all.iter().fold(vec![Vec::new()], |shorter, new| {
        let grown = |order: Vec<(usize, i64)>| {
            // After what the same transaction appended before.
            let own = order.iter().rposition(|(writer, _)| *writer == new.0);
            let first = own.map_or(0, |own| own + 1);
            (first..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, *new);
                order
            })
        };
        shorter.into_iter().flat_map(grown).collect()
    })
}

/// Whether something is true of one choice from each.
fn any_product(
    choices: &[Vec<Vec<(usize, i64)>>],
    chosen: &mut Vec<Vec<(usize, i64)>>,
    is: &mut impl FnMut(&[Vec<(usize, i64)>]) -> bool,
) -> bool {
    let Some(next) = choices.get(chosen.len()) else { return is(chosen) };
    next.iter().any(|order| {
        chosen.push(order.clone());
        let found = any_product(choices, chosen, is);
        chosen.pop();
        found
    })
}
