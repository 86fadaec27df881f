//! One register: read, write, compare-and-swap.

use super::{Brings, Next, RegisterUse, Sequential};

/// The model of one register of integers that starts empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Register;

/// What a register is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterInput {
    /// What does it hold?
    Read,
    /// Let it hold this.
    Write(i64),
    /// If it holds `expected`, let it hold `value`.
    CompareAndSwap {
        /// What it must hold; nothing means that it must be empty.
        expected: Option<i64>,
        /// What it holds then.
        value: i64,
    },
}

/// What a register answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegisterAnswer {
    /// A write was done.
    Done,
    /// A read found this.
    Value(Option<i64>),
    /// Whether a compare-and-swap found what it expected.
    Swapped(bool),
}

impl Sequential for Register {
    type Input = RegisterInput;
    type Output = RegisterAnswer;
    type State = Option<i64>;

    fn initial(&self) -> Option<i64> {
        None
    }

    fn step(
        &self,
        state: &Option<i64>,
        input: &RegisterInput,
        output: Option<&RegisterAnswer>,
    ) -> Next<Option<i64>> {
        let (answer, next) = match *input {
            RegisterInput::Read => (RegisterAnswer::Value(*state), *state),
            RegisterInput::Write(value) => (RegisterAnswer::Done, Some(value)),
            RegisterInput::CompareAndSwap { expected, value } => {
                let found = *state == expected;
                (RegisterAnswer::Swapped(found), if found { Some(value) } else { *state })
            }
        };
        match output {
            Some(output) if *output != answer => Next::Impossible,
            _ if next == *state => Next::Same,
            _ => Next::One(next),
        }
    }

    fn needs(&self, input: &RegisterInput, output: &RegisterAnswer) -> Option<Vec<u8>> {
        match (input, output) {
            (RegisterInput::Read, RegisterAnswer::Value(value)) => Some(name(*value)),
            (RegisterInput::CompareAndSwap { expected, .. }, RegisterAnswer::Swapped(true)) => {
                Some(name(*expected))
            }
            _ => None,
        }
    }

    fn brings(&self, input: &RegisterInput) -> Brings {
        Brings::Only(match input {
            RegisterInput::Read => Vec::new(),
            RegisterInput::Write(value) | RegisterInput::CompareAndSwap { value, .. } => {
                vec![name(Some(*value))]
            }
        })
    }

    fn register_use<'a>(
        &self,
        input: &'a RegisterInput,
        output: Option<&'a RegisterAnswer>,
    ) -> Option<RegisterUse<'a>> {
        let bytes = |value: i64| value.to_le_bytes().to_vec().into();
        match (input, output) {
            (RegisterInput::Write(value), None | Some(RegisterAnswer::Done)) => {
                Some(RegisterUse::Write { object: &[], value: bytes(*value) })
            }
            (RegisterInput::Read, Some(RegisterAnswer::Value(value))) => {
                Some(RegisterUse::Read { object: &[], value: value.map(bytes) })
            }
            _ => None,
        }
    }

    fn is_pure(&self, input: &RegisterInput, output: Option<&RegisterAnswer>) -> bool {
        *input == RegisterInput::Read || output == Some(&RegisterAnswer::Swapped(false))
    }
}

fn name(value: Option<i64>) -> Vec<u8> {
    value.map_or_else(Vec::new, |value| value.to_le_bytes().to_vec())
}
