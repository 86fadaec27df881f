//! What an object holds, and one operation on it.

use super::{Ask, Model, registers};
use crate::object::Datum;
use std::collections::BTreeMap;

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Whether a lock is held.
    Held(bool),
    /// A sum.
    Sum(i128),
    /// Elements: in the order in which they came, or sorted where that does not matter.
    Elements(Vec<Datum>),
    /// What each register holds that was written.
    Registers(BTreeMap<Datum, Datum>),
}

impl State {
    /// What an object holds at first.
    pub(super) fn of(model: Model) -> Self {
        match model {
            Model::Mutex => Self::Held(false),
            Model::Counter => Self::Sum(0),
            Model::MultiRegister => Self::Registers(BTreeMap::new()),
            _ => Self::Elements(Vec::new()),
        }
    }

    /// Does one operation and tells its answer; nothing if it cannot be done.
    pub(super) fn apply(&mut self, model: Model, ask: &Ask) -> Option<Datum> {
        let Ask { function, value } = ask;
        match (self, function.as_str()) {
            (Self::Held(held), "acquire" | "release") => {
                let is_possible = *held == (function == "release");
                *held = !*held;
                is_possible.then_some(Datum::Nil)
            }
            (Self::Sum(sum), "add") => {
                *sum = sum.checked_add(i128::from(value.integer()?))?;
                Some(Datum::Nil)
            }
            (Self::Sum(sum), "read") => Some(Datum::number(*sum)),
            (Self::Elements(all), "read") => Some(Datum::List(all.clone())),
            (Self::Elements(all), "add") => {
                if let Err(place) = all.binary_search(value) {
                    all.insert(place, value.clone());
                }
                Some(Datum::Nil)
            }
            (Self::Elements(all), "remove") => {
                if let Ok(place) = all.binary_search(value) {
                    all.remove(place);
                }
                Some(Datum::Nil)
            }
            (Self::Elements(all), "enqueue" | "push" | "append") => {
                let place = match model {
                    Model::PriorityQueue => all.partition_point(|one| one <= value),
                    _ => all.len(),
                };
                all.insert(place, value.clone());
                Some(Datum::Nil)
            }
            (Self::Registers(held), "txn") => registers::apply(held, value),
            (Self::Elements(all), "dequeue") if all.is_empty() => Some(Datum::Nil),
            (Self::Elements(all), "dequeue") => Some(all.remove(0)),
            (Self::Elements(all), "pop") => Some(all.pop().unwrap_or(Datum::Nil)),
            _ => None,
        }
    }

    /// Whether an answer is the one that was seen: a set is read in any order, and what is empty
    /// may be read as nothing.
    pub(super) fn is_same(model: Model, answer: &Datum, seen: &Datum) -> bool {
        match (answer, seen) {
            _ if model == Model::MultiRegister => registers::is_same(answer, seen),
            (Datum::List(elements), Datum::List(seen)) if model == Model::Set => {
                let mut sorted = seen.clone();
                sorted.sort_unstable();
                *elements == sorted
            }
            (Datum::List(elements), Datum::Set(seen)) => {
                let mut sorted = elements.clone();
                sorted.sort_unstable();
                sorted == *seen
            }
            (Datum::List(elements), Datum::Nil) => elements.is_empty(),
            _ => answer == seen,
        }
    }

    /// About how many bytes it holds beyond its own size.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Held(_) | Self::Sum(_) => 0,
            Self::Elements(all) => all.len() * size_of::<Datum>(),
            Self::Registers(held) => held.len() * 2 * size_of::<Datum>(),
        }
    }
}
