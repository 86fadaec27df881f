//! The store as a sequential specification: a map whose every write is a revision, with its past.

use super::log::writes;
use super::run::{Act, Answer, Asked, Entry, Found, Got, Key, Range, Run, Txn, TxnFound, Value};
use crate::model::{Next, Sequential};
use crate::operation::{Moment, Operation};
use std::collections::BTreeMap;

/// What is done to the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    /// An operation of a client.
    Client(Asked),
    /// The write of a revision that an unknown client made.
    Written(i64, Vec<(Key, Option<Value>)>),
    /// A watch had told everything up to a revision.
    Told(i64),
}

/// What the store holds: of each key every write, with its revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    revision: i64,
    past: BTreeMap<Key, Vec<(i64, Option<Value>)>>,
}

impl State {
    fn at(&self, key: &str, revision: i64) -> Option<(i64, &Value)> {
        let past = self.past.get(key)?;
        let place = past.partition_point(|(at, _)| *at <= revision).checked_sub(1)?;
        let (at, value) = past.get(place)?;
        Some((*at, value.as_ref()?))
    }

    fn version(&self, key: &str) -> i64 {
        let past = self.past.get(key).map_or(&[][..], |past| past);
        super::count(past.iter().rev().take_while(|(_, value)| value.is_some()).count())
    }

    fn range(&self, range: &Range, revision: i64) -> Found {
        let mut entries: Vec<Entry> = Vec::new();
        for key in self.past.keys().filter(|key| range.has(key)) {
            if let Some((mod_revision, value)) = self.at(key, revision) {
                entries.push(Entry { key: key.clone(), value: value.clone(), mod_revision });
            }
        }
        let count = super::count(entries.len());
        if let Ok(limit @ 1..) = usize::try_from(range.limit) {
            entries.truncate(limit);
        }
        Found { entries, count, deleted: 0 }
    }

    /// Writes at the next revision.
    fn write(&mut self, key: &Key, value: Option<Value>) {
        let next = self.revision + 1;
        let past = self.past.entry(key.clone()).or_default();
        past.retain(|(at, _)| *at < next);
        past.push((next, value));
    }

    fn transaction(&mut self, txn: &Txn) -> TxnFound {
        let is_met = |one: &super::run::Condition| match one.expected_version {
            0 => {
                let is = self.at(&one.key, self.revision).map_or(0, |(at, _)| at);
                is == one.expected_revision
            }
            version => self.version(&one.key) == version,
        };
        let failure = !txn.conditions.iter().all(is_met);
        let (mut results, mut wrote) = (Vec::new(), false);
        for act in txn.branch(failure) {
            let next = self.revision + 1;
            results.push(match act {
                Act::Range { range } => self.range(range, next),
                Act::Put { put } => {
                    self.write(&put.key, Some(put.value.clone()));
                    wrote = true;
                    Found::default()
                }
                Act::Delete { delete } => {
                    let there = self.at(&delete.key, next).is_some();
                    if there {
                        self.write(&delete.key, None);
                        wrote = true;
                    }
                    Found { deleted: i64::from(there), ..Found::default() }
                }
            });
        }
        self.revision += i64::from(wrote);
        TxnFound { failure, results }
    }

    /// Does something; false if it cannot give this answer.
    fn take(&mut self, ask: &Ask, answer: Option<&Answer>) -> bool {
        let got = match ask {
            Ask::Told(revision) => return self.revision >= *revision,
            Ask::Written(revision, all) => {
                if self.revision + 1 != *revision {
                    return false;
                }
                for (key, value) in all {
                    self.write(key, value.clone());
                }
                self.revision = *revision;
                return true;
            }
            Ask::Client(Asked::Other(_)) => Got::Done,
            Ask::Client(Asked::Range(range)) => {
                let at = if range.revision > 0 { range.revision } else { self.revision };
                if at > self.revision {
                    return false;
                }
                Got::Range(self.range(range, at))
            }
            Ask::Client(Asked::Txn(txn)) => Got::Txn(self.transaction(txn)),
        };
        answer.is_none_or(|answer| {
            let fits = answer.got == Got::Done || answer.got == got;
            fits && answer.revision.is_none_or(|told| told == self.revision)
        })
    }
}

/// The store, which begins empty at revision 1.
pub(super) struct Store;

impl Sequential for Store {
    type Input = Ask;
    type Output = Answer;
    type State = State;

    fn initial(&self) -> State {
        State { revision: 1, past: BTreeMap::new() }
    }

    fn step(&self, state: &State, input: &Ask, output: Option<&Answer>) -> Next<State> {
        let mut next = state.clone();
        if !next.take(input, output) {
            Next::Impossible
        } else if next == *state {
            Next::Same
        } else {
            Next::One(next)
        }
    }

    fn follow(
        &self,
        mut state: State,
        input: &Ask,
        output: Option<&Answer>,
        after: &mut Vec<State>,
    ) {
        if state.take(input, output) {
            after.push(state);
        }
    }
}

/// A run on the store, and the one order that it can have, as places in `operations`.
pub(super) struct Laid {
    pub(super) operations: Vec<Operation<Ask, Answer>>,
    /// The operation of the run that each is; nothing for unknown clients' writes and watches.
    pub(super) places: Vec<Option<usize>>,
    pub(super) order: Vec<usize>,
}

/// The operations of a run whose revisions are all told, `written` being what each wrote.
///
/// An operation that tells no revision is left out. Those of unknown outcome are in the log, if
/// they took effect.
pub(super) fn lay(
    run: &Run,
    answered: &BTreeMap<i64, Vec<usize>>,
    written: BTreeMap<i64, Vec<(Key, Option<Value>)>>,
) -> Laid {
    let (mut all, mut places) = (Vec::new(), Vec::new());
    let mut order: Vec<(i64, u8, u64, usize)> = Vec::new();
    for (place, one) in run.operations.iter().enumerate() {
        let (Some(answer), Some(returned)) = (&one.answer, one.returned) else { continue };
        let Some(revision) = answer.revision else { continue };
        // A transaction of which only the revision is told is one of the unknown ones.
        if matches!((&one.asked, &answer.got), (Asked::Txn(_), Got::Done)) {
            continue;
        }
        let looks = u8::from(writes(one).is_empty());
        order.push((revision, 2 * looks, one.call, all.len()));
        places.push(Some(place));
        all.push(Operation {
            input: Ask::Client(one.asked.clone()),
            output: Some(answer.clone()),
            earliest: Moment(one.call),
            latest: Some(Moment(returned)),
        });
    }
    for (revision, written) in written {
        if !answered.contains_key(&revision) {
            order.push((revision, 0, 0, all.len()));
            let input = Ask::Written(revision, written);
            all.push(Operation { input, output: None, earliest: Moment(0), latest: None });
        }
    }
    for watch in &run.watches {
        for response in &watch.responses {
            let revision = response.reaches();
            order.push((revision, 1, 0, all.len()));
            let (input, latest) = (Ask::Told(revision), Some(Moment(response.time)));
            all.push(Operation { input, output: None, earliest: Moment(0), latest });
        }
    }
    order.sort_unstable();
    places.resize(all.len(), None);
    let order = order.into_iter().map(|(.., place)| place).collect();
    Laid { operations: all, places, order }
}
