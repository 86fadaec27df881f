//! Sequential specifications: what an object answers when operations come one at a time.
//!
//! A model is all that the judge knows of an object. A user writes one for their own object and
//! passes it to [`crate::linearizability::decide`]; the ones here serve registers and key-value
//! stores.

pub mod key_value;
pub mod object;
pub mod register;

use crate::operation::Operation;
use std::borrow::Cow;
use std::hash::Hash;

pub use key_value::{Absent, KeyValue};
pub use register::{Register, RegisterAnswer, RegisterInput};

/// What follows from one operation in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<State> {
    /// The operation cannot give this answer here.
    Impossible,
    /// It can, and leaves the state as it was.
    Same,
    /// It can, and leaves this state.
    One(State),
    /// It can, and leaves one of these states: the specification is not deterministic.
    Many(Vec<State>),
}

/// What an operation may make hold that did not hold before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brings {
    /// Anything.
    Anything,
    /// At most these.
    Only(Vec<Vec<u8>>),
    /// At most something whose name begins with the name of what held before of the one object
    /// that it touches (see [`Sequential::object`]): it makes longer what is there.
    Longer,
}

/// What an operation is to one register, with the name of that object and values as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterUse<'a> {
    /// It lets the object hold this, whatever that held before.
    Write {
        /// The register.
        object: &'a [u8],
        /// What it holds from then on: never the initial state.
        value: Cow<'a, [u8]>,
    },
    /// It found the object to hold this; nothing for the initial state.
    Read {
        /// The register.
        object: &'a [u8],
        /// What it held.
        value: Option<Cow<'a, [u8]>>,
    },
}

/// A sequential specification.
///
/// A counter that can be read and incremented:
///
/// ```
/// use avouch_check::limits::{Budget, Limits};
/// use avouch_check::linearizability::{Verdict, decide};
/// use avouch_check::model::{Next, Sequential};
/// use avouch_check::operation::{Moment, Operation};
///
/// struct Counter;
///
/// #[derive(PartialEq, Eq, Hash)]
/// enum Input { Read, Increment }
///
/// impl Sequential for Counter {
///     type Input = Input;
///     type Output = u64;
///     type State = u64;
///     fn initial(&self) -> u64 { 0 }
///     fn step(&self, state: &u64, input: &Input, output: Option<&u64>) -> Next<u64> {
///         match input {
///             Input::Read if output.is_none_or(|seen| seen == state) => Next::Same,
///             Input::Read => Next::Impossible,
///             Input::Increment => Next::One(state + 1),
///         }
///     }
/// }
///
/// let at = |input, output, from, to| Operation {
///     input, output, earliest: Moment(from), latest: Some(Moment(to)),
/// };
/// let history = [at(Input::Increment, None, 0, 1), at(Input::Read, Some(0), 2, 3)];
/// let verdict = decide(&Counter, &history, &mut Budget::new(Limits::default()));
/// assert!(matches!(verdict, Verdict::Violated(_)));
/// ```
pub trait Sequential {
    /// What is asked.
    type Input: Eq + Hash;
    /// What comes back.
    type Output: Eq + Hash;
    /// What the object holds.
    type State: Clone + Eq + Hash;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// What follows from `input` in `state`, if the answer was `output`; no output fits any answer.
    fn step(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Next<Self::State>;

    /// The states that `step` leads to, where the state before is not needed any more: added to
    /// `after`. A model whose states are large does it in place instead of copying.
    fn follow(
        &self,
        state: Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
        after: &mut Vec<Self::State>,
    ) {
        match self.step(&state, input, output) {
            Next::Impossible => {}
            Next::Same => after.push(state),
            Next::One(next) => after.push(next),
            Next::Many(next) => after.extend(next),
        }
    }

    /// Whether this input with this answer leaves *every* state as it was (a read; a
    /// compare-and-swap that failed). `false` is always right; `true` spares the search a branch.
    fn is_pure(&self, _input: &Self::Input, _output: Option<&Self::Output>) -> bool {
        false
    }

    /// What must hold in the state for `input` to give `output`, under a name of the model's
    /// choice: the answer is possible exactly in the states in which that holds. Nothing says
    /// nothing.
    fn needs(&self, _input: &Self::Input, _output: &Self::Output) -> Option<Vec<u8>> {
        None
    }

    /// Everything that `input` may make hold, under the names of `needs`. Saying less than
    /// [`Brings::Anything`] lets the search see early that an answer can no longer come about.
    fn brings(&self, _input: &Self::Input) -> Brings {
        Brings::Anything
    }

    /// Whether `input` may give `output` after `state` and any number of operations of the same
    /// object that say [`Brings::Longer`]. `true` is always right.
    fn may_grow(&self, _state: &Self::State, _input: &Self::Input, _output: &Self::Output) -> bool {
        true
    }

    /// The one object that `input` touches: it neither sees nor changes anything of another one,
    /// whatever it answers. Nothing where it may.
    fn object<'a>(&self, _input: &'a Self::Input) -> Option<&'a [u8]> {
        None
    }

    /// What `input` with this answer is to one register, if that is all it is. Where every
    /// operation of an object says so and no value is written twice, no search is needed.
    fn register_use<'a>(
        &self,
        _input: &'a Self::Input,
        _output: Option<&'a Self::Output>,
    ) -> Option<RegisterUse<'a>> {
        None
    }

    /// Splits the operations into parts that touch disjoint objects, by their places in
    /// `operations`: a history is linearizable exactly if each of its objects is
    /// (P-compositionality: Horn and Kroening, 2015). By default everything is one part. The state
    /// is still of all objects: the order that is found is run as a whole, and a model whose state
    /// is of one part alone is refused, as one that names a place twice, not at all, or that does
    /// not exist.
    fn partition(&self, operations: &[Operation<Self::Input, Self::Output>]) -> Vec<Vec<usize>> {
        vec![(0..operations.len()).collect()]
    }

    /// About how many bytes a state holds beyond its own size, for the memory bound.
    fn state_bytes(&self, _state: &Self::State) -> usize {
        0
    }
}
