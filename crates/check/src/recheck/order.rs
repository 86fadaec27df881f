//! An order of transactions that is told of what holds, run again.
//!
//! ```text
//!   state       0      1      2      3         each transaction of the order makes one of the last
//!   order         T4     T0     T2
//!
//!   serializable         every read of one is of the state just before it
//!   snapshot isolation   of some state before it, after which nobody wrote what it writes
//!   prefix               of some state before it
//!   read committed       each read of some state before it, for itself
//! ```
//!
//! With sessions, or real time, the order keeps theirs, and the state is one after those before.

use super::Held;
use super::view::{Did, View};
use crate::dependency::Fate;
use crate::transaction::Level;
use std::collections::BTreeMap;

/// What an order may show: the first level that implies the one asked for and by which the order
/// can be run is tried first, then the next.
pub(super) const RUN: [Level; 10] = [
    Level::StrictSerializable,
    Level::StrongSessionSerializable,
    Level::Serializable,
    Level::StrongSnapshotIsolation,
    Level::StrongSessionSnapshotIsolation,
    Level::SnapshotIsolation,
    Level::Prefix,
    Level::StrongReadCommitted,
    Level::StrongSessionReadCommitted,
    Level::ReadCommitted,
];

/// Whether an order shows that a level holds; nothing if it could, and does not by the means here.
pub(super) fn check(
    view: View<'_>,
    level: Level,
    order: &[usize],
) -> Result<Level, (String, bool)> {
    // What aborted may stand anywhere: nobody may read of it.
    let counts = |one: &usize| *one >= view.len() || view.fate(*one) != Fate::Aborted;
    let order: Vec<usize> = order.iter().copied().filter(counts).collect();
    let order = order.as_slice();
    let versions = Versions::of(view, order).map_err(|why| (why, true))?;
    let mut last = None;
    for by in RUN.into_iter().filter(|by| by.implies(level)) {
        match Run::new(view, order, &versions, by).all() {
            Ok(()) => return Ok(by),
            Err(why) => last = Some(why),
        }
    }
    // The level itself was run: what does not hold of it is wrong.
    let why = last.unwrap_or_else(|| "no order shows it".to_owned());
    Err((why, RUN.contains(&level)))
}

/// What each key holds, by the state from which it does.
struct Versions {
    /// By key: the state from which on, and the value; of a list, one element each.
    of: BTreeMap<u32, Vec<(usize, i64)>>,
    /// By transaction: the place in the order.
    place: BTreeMap<usize, usize>,
}

impl Versions {
    fn of(view: View<'_>, order: &[usize]) -> Result<Self, String> {
        let (mut of, mut place) = (BTreeMap::<u32, Vec<(usize, i64)>>::new(), BTreeMap::new());
        for (at, one) in order.iter().enumerate() {
            if *one >= view.len() {
                return Err(format!("there is no T{one}"));
            }
            if place.insert(*one, at).is_some() {
                return Err(format!("T{one} stands twice in the order"));
            }
            for step in view.steps(*one) {
                let Did::Wrote(value) = step.did else { continue };
                let versions = of.entry(step.key).or_default();
                // Of a register only the last write of a transaction is ever there.
                let is_again = versions.last().is_some_and(|(state, _)| *state == at + 1);
                if is_again && matches!(view, View::Registers(_)) {
                    versions.pop();
                }
                versions.push((at + 1, value));
            }
        }
        let committed = |one: &usize| view.fate(*one) == Fate::Committed;
        match (0..view.len()).filter(committed).find(|one| !place.contains_key(one)) {
            Some(one) => Err(format!("T{one} committed and is not in the order")),
            None => Ok(Self { of, place }),
        }
    }

    /// The states, each stretch from one up to another, at which a key reads so.
    fn states(&self, key: u32, read: Read<'_>) -> Vec<(usize, usize)> {
        let all = self.of.get(&key).map(Vec::as_slice).unwrap_or_default();
        let from = |at: usize| all.get(at).map_or(usize::MAX, |(state, _)| *state);
        let found: Vec<(usize, usize)> = match read {
            Read::Nothing => vec![(0, from(0))],
            Read::Of(value) => (0..all.len())
                .filter(|at| all[*at].1 == value)
                .map(|at| (all[at].0, from(at + 1)))
                .collect(),
            Read::List(list) => {
                let is_so =
                    list.len() <= all.len() && list.iter().zip(all).all(|(one, of)| *one == of.1);
                let start = list.len().checked_sub(1).map_or(0, from);
                if is_so { vec![(start, from(list.len()))] } else { Vec::new() }
            }
        };
        found.into_iter().filter(|(from, to)| from < to).collect()
    }

    /// The last state before a place that changed the key.
    fn changed(&self, key: u32, before: usize) -> usize {
        let all = self.of.get(&key).map(Vec::as_slice).unwrap_or_default();
        let count = all.partition_point(|(state, _)| *state <= before);
        count.checked_sub(1).map_or(0, |at| all[at].0)
    }
}

/// What was read of others.
#[derive(Clone, Copy)]
enum Read<'a> {
    Nothing,
    Of(i64),
    List(&'a [i64]),
}

/// Which states a transaction may read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sees {
    /// The one before it.
    Last,
    /// Some one, after which nobody wrote what it writes.
    Apart,
    /// Some one.
    One,
    /// Any, each read another.
    Any,
}

struct Run<'a> {
    view: View<'a>,
    order: &'a [usize],
    versions: &'a Versions,
    sees: Sees,
    sessions: bool,
    timed: bool,
}

impl<'a> Run<'a> {
    fn new(view: View<'a>, order: &'a [usize], versions: &'a Versions, by: Level) -> Self {
        let (sees, sessions, timed) = match by {
            Level::StrictSerializable => (Sees::Last, true, true),
            Level::StrongSessionSerializable => (Sees::Last, true, false),
            Level::Serializable => (Sees::Last, false, false),
            Level::StrongSnapshotIsolation => (Sees::Apart, true, true),
            Level::StrongSessionSnapshotIsolation => (Sees::Apart, true, false),
            Level::SnapshotIsolation => (Sees::Apart, false, false),
            Level::Prefix => (Sees::One, true, false),
            Level::StrongReadCommitted => (Sees::Any, true, true),
            Level::StrongSessionReadCommitted => (Sees::Any, true, false),
            _ => (Sees::Any, false, false),
        };
        Self { view, order, versions, sees, sessions, timed }
    }

    fn all(&self) -> Held {
        let earliest = self.earliest()?;
        for (at, one) in self.order.iter().enumerate() {
            // One of unknown outcome reads nothing that anybody knows.
            let earliest = earliest.get(one).copied().unwrap_or(0);
            if earliest > at {
                return Err(format!("T{one} stands before one that it has to follow"));
            }
            self.one(*one, at, earliest)?;
        }
        Ok(())
    }

    /// For each transaction the first state that it may see, by its session and by time.
    fn earliest(&self) -> Result<BTreeMap<usize, usize>, String> {
        let mut found: BTreeMap<usize, usize> = BTreeMap::new();
        let after = |one: usize| self.versions.place.get(&one).map_or(0, |place| place + 1);
        if self.sessions {
            let mut of_session: BTreeMap<u32, usize> = BTreeMap::new();
            for one in 0..self.view.len() {
                let last = of_session.entry(self.view.session(one)).or_default();
                found.insert(one, *last);
                if self.view.has_ended(one) {
                    *last = after(one).max(*last);
                }
            }
        }
        if self.timed {
            let mut ends: Vec<(u32, usize)> = Vec::new();
            let mut begins: Vec<(u32, usize)> = Vec::new();
            for one in 0..self.view.len() {
                let Some((began, ended)) = self.view.span(one) else {
                    return Err("the history has no times".to_owned());
                };
                begins.push((began, one));
                ends.push((ended, one));
            }
            ends.sort_unstable();
            begins.sort_unstable();
            let (mut next, mut last) = (0, 0);
            for (began, one) in begins {
                while let Some((_, other)) = ends.get(next).filter(|(ended, _)| *ended < began) {
                    last = after(*other).max(last);
                    next += 1;
                }
                let mine = found.entry(one).or_default();
                *mine = last.max(*mine);
            }
        }
        Ok(found)
    }

    /// Whether one at a place reads what it may.
    fn one(&self, one: usize, at: usize, earliest: usize) -> Held {
        let steps = self.view.steps(one);
        let mut own: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        let mut states: Vec<(usize, usize)> = vec![(earliest, at + 1)];
        if self.sees == Sees::Last {
            states = vec![(at, at + 1)];
        }
        for step in &steps {
            let mine = own.entry(step.key).or_default();
            let told = || format!("T{one} does not read {} so there", self.view.key(step.key));
            let read = match step.did {
                Did::Unknown => continue,
                Did::Wrote(value) => {
                    mine.push(value);
                    continue;
                }
                Did::Read(value) if mine.is_empty() => Read::Of(value),
                Did::Nothing if mine.is_empty() => Read::Nothing,
                Did::Read(value) if mine.last() == Some(&value) => continue,
                Did::Read(_) | Did::Nothing => return Err(told()),
                Did::List(list) => match list.strip_suffix(mine.as_slice()) {
                    Some(others) => Read::List(others),
                    None => return Err(told()),
                },
            };
            let so = self.versions.states(step.key, read);
            if self.sees == Sees::Any {
                if !so.iter().any(|(from, _)| *from <= at) {
                    return Err(told());
                }
                continue;
            }
            states = shared(&states, &so);
            if states.is_empty() {
                return Err(told());
            }
        }
        if self.sees == Sees::Apart {
            let written = own.iter().filter(|(_, values)| !values.is_empty());
            let since = written.map(|(key, _)| self.versions.changed(*key, at)).max().unwrap_or(0);
            if !states.iter().any(|(_, to)| *to > since) {
                return Err(format!("T{one} writes what another one wrote after its snapshot"));
            }
        }
        Ok(())
    }
}

/// The states in both of two lists of stretches.
fn shared(one: &[(usize, usize)], other: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    let both = pairs.map(|(one, other)| (one.0.max(other.0), one.1.min(other.1)));
    both.filter(|(from, to)| from < to).collect()
}
