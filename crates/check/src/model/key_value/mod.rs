//! A key-value store: get, put, append, delete, compare-and-swap, ranges and transactions over
//! one ordered map.
//!
//! Operations on single keys are judged key by key. A range or a transaction ties the keys that
//! it touches into one part (`footprint`), so a history splits exactly as far as it may.

mod action;
mod footprint;
mod text;

use super::{Brings, Next, RegisterUse, Sequential};
use crate::operation::Operation;
use bytes::Bytes;
use std::collections::BTreeMap;

use action::is_recorded_as;
pub use action::{changed_nothing, only_reads};
pub use avouch_promise::history::{Action, Compare, Outcome};
pub use text::{answered, asked, shown};

/// The contents of a store.
pub type Contents = BTreeMap<Bytes, Bytes>;

/// Whether a key without a value can be told from one with an empty value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// It can.
    #[default]
    Distinct,
    /// It reads as the empty value.
    Empty,
}

/// The model of a key-value store that starts empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyValue {
    /// How a key without a value reads.
    pub absent: Absent,
}

impl Sequential for KeyValue {
    type Input = Action;
    type Output = Outcome;
    type State = Contents;

    fn initial(&self) -> Contents {
        Contents::new()
    }

    fn step(&self, state: &Contents, input: &Action, output: Option<&Outcome>) -> Next<Contents> {
        if let (Action::Get { key }, Some(Outcome::Value(seen))) = (input, output) {
            return if seen.as_ref() == self.read(state, key) {
                Next::Same
            } else {
                Next::Impossible
            };
        }
        if only_reads(input) {
            let fits = output.is_none_or(|seen| is_recorded_as(&self.look(state, input), seen));
            return if fits { Next::Same } else { Next::Impossible };
        }
        let mut next = state.clone();
        let answer = self.apply(&mut next, input);
        if output.is_some_and(|seen| !is_recorded_as(&answer, seen)) {
            Next::Impossible
        } else if next == *state {
            Next::Same
        } else {
            Next::One(next)
        }
    }

    fn follow(
        &self,
        mut state: Contents,
        input: &Action,
        output: Option<&Outcome>,
        after: &mut Vec<Contents>,
    ) {
        let fits = if only_reads(input) {
            !matches!(self.step(&state, input, output), Next::Impossible)
        } else {
            let answer = self.apply(&mut state, input);
            output.is_none_or(|seen| is_recorded_as(&answer, seen))
        };
        if fits {
            after.push(state);
        }
    }

    fn is_pure(&self, input: &Action, output: Option<&Outcome>) -> bool {
        only_reads(input) || output.is_some_and(|output| changed_nothing(input, output))
    }

    fn needs(&self, input: &Action, output: &Outcome) -> Option<Vec<u8>> {
        match (input, output) {
            (Action::Get { key }, Outcome::Value(value)) => Some(self.name(key, value.as_ref())),
            (Action::CompareAndSwap { key, expected, .. }, Outcome::Swapped(true)) => {
                Some(self.name(key, expected.as_ref()))
            }
            _ => None,
        }
    }

    fn brings(&self, input: &Action) -> Brings {
        match input {
            Action::Get { .. } | Action::Range { .. } => Brings::Only(Vec::new()),
            Action::Put { key, value } | Action::CompareAndSwap { key, value, .. } => {
                Brings::Only(vec![self.name(key, Some(value))])
            }
            Action::Delete { key } => Brings::Only(vec![self.name(key, None)]),
            Action::Transaction { then, otherwise, .. } => {
                let mut all = Vec::new();
                for action in then.iter().chain(otherwise) {
                    match self.brings(action) {
                        Brings::Anything | Brings::Longer => return Brings::Anything,
                        Brings::Only(things) => all.extend(things),
                    }
                }
                Brings::Only(all)
            }
            Action::Append { .. } => Brings::Longer,
            Action::DeleteRange { .. } => Brings::Anything,
        }
    }

    fn may_grow(&self, state: &Contents, input: &Action, output: &Outcome) -> bool {
        let (key, value) = match (input, output) {
            (Action::Get { key }, Outcome::Value(value)) => (key, value),
            (Action::CompareAndSwap { key, expected, .. }, Outcome::Swapped(true)) => {
                (key, expected)
            }
            _ => return true,
        };
        match (state.get(key), value) {
            (Some(held), Some(value)) => value.starts_with(held),
            (Some(held), None) => self.absent == Absent::Empty && held.is_empty(),
            (None, _) => true,
        }
    }

    fn object<'a>(&self, input: &'a Action) -> Option<&'a [u8]> {
        match input {
            Action::Get { key }
            | Action::Put { key, .. }
            | Action::Append { key, .. }
            | Action::Delete { key }
            | Action::CompareAndSwap { key, .. } => Some(key),
            _ => None,
        }
    }

    fn register_use<'a>(
        &self,
        input: &'a Action,
        output: Option<&'a Outcome>,
    ) -> Option<RegisterUse<'a>> {
        // With an absent key read as empty, the empty text is the initial state.
        let is_initial = |value: &Bytes| self.absent == Absent::Empty && value.is_empty();
        match (input, output) {
            (Action::Put { key, value }, None | Some(Outcome::Done)) if !is_initial(value) => {
                Some(RegisterUse::Write { object: key, value: (&value[..]).into() })
            }
            (Action::Get { key }, Some(Outcome::Value(value))) => {
                if value.is_none() && self.absent == Absent::Empty {
                    return None;
                }
                let value = value.as_ref().filter(|value| !is_initial(value));
                Some(RegisterUse::Read {
                    object: key,
                    value: value.map(|value| (&value[..]).into()),
                })
            }
            _ => None,
        }
    }

    fn partition(&self, operations: &[Operation<Action, Outcome>]) -> Vec<Vec<usize>> {
        footprint::partition(operations)
    }

    fn state_bytes(&self, state: &Contents) -> usize {
        state.iter().map(|(key, value)| key.len() + value.len() + 96).sum()
    }
}

impl KeyValue {
    /// The name of "this key holds this value".
    fn name(self, key: &Bytes, value: Option<&Bytes>) -> Vec<u8> {
        let mut name = Vec::with_capacity(9 + key.len() + value.map_or(0, Bytes::len));
        name.extend_from_slice(&(key.len() as u64).to_le_bytes());
        name.extend_from_slice(key);
        // With an absent key read as empty, holding nothing and holding the empty text are one.
        let value = value.filter(|value| self.absent == Absent::Distinct || !value.is_empty());
        if let Some(value) = value {
            name.push(1);
            name.extend_from_slice(value);
        }
        name
    }

    /// What a key reads as.
    fn read<'a>(self, state: &'a Contents, key: &Bytes) -> Option<&'a Bytes> {
        static EMPTY: Bytes = Bytes::new();
        match self.absent {
            Absent::Distinct => state.get(key),
            Absent::Empty => Some(state.get(key).unwrap_or(&EMPTY)),
        }
    }

    /// Does an operation, and says what it answers.
    pub fn apply(self, state: &mut Contents, action: &Action) -> Outcome {
        match action {
            Action::Put { key, value } => {
                state.insert(key.clone(), value.clone());
                Outcome::Done
            }
            Action::Append { key, value } => {
                let longer = [state.get(key).map_or(&[][..], |old| &old[..]), value].concat();
                state.insert(key.clone(), longer.into());
                Outcome::Done
            }
            Action::Delete { key } => Outcome::Deleted(u64::from(state.remove(key).is_some())),
            Action::DeleteRange { from, to } => {
                let before = state.len();
                state.retain(|key, _| key < from || to.as_ref().is_some_and(|to| key >= to));
                Outcome::Deleted((before - state.len()) as u64)
            }
            Action::CompareAndSwap { key, expected, value } => {
                let found = self.read(state, key) == expected.as_ref();
                if found {
                    state.insert(key.clone(), value.clone());
                }
                Outcome::Swapped(found)
            }
            Action::Transaction { compares, then, otherwise } => {
                let succeeded = compares
                    .iter()
                    .all(|compare| self.read(state, &compare.key) == compare.expected.as_ref());
                let branch = if succeeded { then } else { otherwise };
                let outcomes = branch.iter().map(|action| self.apply(state, action)).collect();
                Outcome::Transaction { succeeded, outcomes }
            }
            Action::Get { .. } | Action::Range { .. } => self.look(state, action),
        }
    }

    /// What an operation that only reads answers.
    fn look(self, state: &Contents, action: &Action) -> Outcome {
        match action {
            Action::Get { key } => Outcome::Value(self.read(state, key).cloned()),
            Action::Range { from, to, limit } => {
                let within = state
                    .range(from.clone()..)
                    .take_while(|(key, _)| to.as_ref().is_none_or(|to| *key < to))
                    .take(limit.map_or(usize::MAX, |limit| limit as usize));
                Outcome::Entries(within.map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            other => self.apply(&mut state.clone(), other),
        }
    }
}
