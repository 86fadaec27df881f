//! Objects that a history's operations can be judged by, by name: what each answers when
//! operations come one at a time.
//!
//! | model | functions |
//! |---|---|
//! | mutex | `acquire`, unless it is held; `release`, if it is |
//! | counter | `add` a number; `read` the sum |
//! | set | `add`, `remove`; `read` all elements, in any order |
//! | fifo-queue | `enqueue`; `dequeue` the oldest, or nothing if there is none |
//! | priority-queue | `enqueue`; `dequeue` the smallest, or nothing |
//! | stack | `push`; `pop` the newest, or nothing |
//! | log | `append`; `read` all, in order |
//! | multi-register | `txn`: `[:read key value]` and `[:write key value]` (or `r`, `w`), at once |
//!
//! Only what `read`, `dequeue`, `pop` and `txn` answer counts: what others are answered is the
//! history's own way to say "done".

mod registers;
mod step;

use super::{Next, Sequential};
use crate::object::Datum;
use crate::spelling::unknown;
use avouch_promise::Error;
use std::fmt;
use std::str::FromStr;

pub use step::State;

/// A model by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// A lock.
    Mutex,
    /// A sum.
    Counter,
    /// A set.
    Set,
    /// A queue, the oldest first.
    FifoQueue,
    /// A queue, the smallest first.
    PriorityQueue,
    /// A stack.
    Stack,
    /// A list that grows at its end.
    Log,
    /// Registers that are read and written several at once; each holds nothing at first.
    MultiRegister,
}

/// What an object is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The function.
    pub function: String,
    /// With what.
    pub value: Datum,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 8] = [
        Self::Mutex,
        Self::Counter,
        Self::Set,
        Self::FifoQueue,
        Self::PriorityQueue,
        Self::Stack,
        Self::Log,
        Self::MultiRegister,
    ];

    /// Every name.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    /// Its name, as in `--model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mutex => "mutex",
            Self::Counter => "counter",
            Self::Set => "set",
            Self::FifoQueue => "fifo-queue",
            Self::PriorityQueue => "priority-queue",
            Self::Stack => "stack",
            Self::Log => "log",
            Self::MultiRegister => "multi-register",
        }
    }

    /// What it can be asked.
    pub fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Mutex => &["acquire", "release"],
            Self::Counter => &["add", "read"],
            Self::Set => &["add", "remove", "read"],
            Self::FifoQueue | Self::PriorityQueue => &["enqueue", "dequeue"],
            Self::Stack => &["push", "pop"],
            Self::Log => &["append", "read"],
            Self::MultiRegister => &["txn"],
        }
    }

    /// Whether it can be asked a function.
    pub fn has(self, function: &str) -> bool {
        self.functions().contains(&function)
    }

    /// Whether a function's answer says something of the object.
    pub fn gives(self, function: &str) -> bool {
        matches!(function, "read" | "dequeue" | "pop" | "txn")
    }

    /// Whether what is asked says something of the object.
    pub fn takes(self, function: &str) -> bool {
        !self.gives(function) || function == "txn"
    }

    /// Whether an answer is one of what was asked.
    pub(crate) fn answers(self, asked: &Datum, told: &Datum) -> bool {
        self != Self::MultiRegister || registers::repeats(asked, told)
    }

    /// What an operation has to be asked; nothing if any value will do.
    pub(crate) fn form(self, asked: &Datum) -> Result<(), &'static str> {
        match self {
            Self::MultiRegister => registers::form(asked),
            _ => Ok(()),
        }
    }
}

impl Sequential for Model {
    type Input = Ask;
    type Output = Datum;
    type State = State;

    fn initial(&self) -> State {
        State::of(*self)
    }

    fn step(&self, state: &State, input: &Ask, output: Option<&Datum>) -> Next<State> {
        let mut next = state.clone();
        let Some(answer) = next.apply(*self, input) else { return Next::Impossible };
        match output {
            Some(output)
                if self.gives(&input.function) && !State::is_same(*self, &answer, output) =>
            {
                Next::Impossible
            }
            _ if next == *state => Next::Same,
            _ => Next::One(next),
        }
    }

    fn is_pure(&self, input: &Ask, _output: Option<&Datum>) -> bool {
        match self {
            Self::MultiRegister => registers::only_reads(&input.value),
            _ => input.function == "read",
        }
    }

    fn state_bytes(&self, state: &State) -> usize {
        state.bytes()
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|model| model.name() == text);
        found.ok_or_else(|| unknown("a model of an object", text, &Self::names(), &[]))
    }
}
