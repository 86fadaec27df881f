//! The states that a search has met, numbered, so that a configuration names its state in four
//! bytes and a step taken before is looked up instead of computed.

use crate::hash::{Index, hash_of, mix};
use crate::model::{Next, Sequential};
use crate::operation::Operation;

/// The states met, and the steps between them.
pub(super) struct States<'a, M: Sequential> {
    model: &'a M,
    met: Vec<M::State>,
    hashes: Vec<u64>,
    index: Index,
    /// (state, operation) and where its successors are kept.
    steps: Vec<(u32, u32, Successors)>,
    step_index: Index,
    /// The successors of steps with more than one.
    several: Vec<u32>,
    heap_bytes: usize,
}

/// The states that may follow a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Successors {
    /// The step is impossible.
    None,
    /// One state.
    One(u32),
    /// Several, to be read with [`States::several`].
    Several { start: u32, count: u32 },
}

fn step_hash(state: u32, operation: u32) -> u64 {
    mix(u64::from(state) << 32 | u64::from(operation))
}

impl<'a, M: Sequential> States<'a, M> {
    /// Holds the initial state as number 0.
    pub(super) fn new(model: &'a M) -> Self {
        let mut states = Self {
            model,
            met: Vec::new(),
            hashes: Vec::new(),
            index: Index::default(),
            steps: Vec::new(),
            step_index: Index::default(),
            several: Vec::new(),
            heap_bytes: 0,
        };
        states.number(model.initial());
        states
    }

    fn number(&mut self, state: M::State) -> u32 {
        let hash = hash_of(&state);
        if let Some(number) = self.index.find(hash, |number| self.met[number as usize] == state) {
            return number;
        }
        let number = self.met.len() as u32;
        self.heap_bytes += self.model.state_bytes(&state);
        self.met.push(state);
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.index.insert(hash, number, |number| hashes[number as usize]);
        number
    }

    /// Whether `operation`, which changes nothing, may give its answer in `state`.
    pub(super) fn allows(&self, state: u32, operation: &Operation<M::Input, M::Output>) -> bool {
        let state = &self.met[state as usize];
        let next = self.model.step(state, &operation.input, operation.output.as_ref());
        !matches!(next, Next::Impossible)
    }

    /// Whether `operation` may give its answer after `state` and operations that only make longer
    /// what is held.
    pub(super) fn may_grow(&self, state: u32, operation: &Operation<M::Input, M::Output>) -> bool {
        let Operation { input, output, .. } = operation;
        let state = &self.met[state as usize];
        output.as_ref().is_none_or(|output| self.model.may_grow(state, input, output))
    }

    /// The states that may follow `operation`, the `number`th, in `state`.
    pub(super) fn follow(
        &mut self,
        state: u32,
        number: u32,
        operation: &Operation<M::Input, M::Output>,
    ) -> Successors {
        let hash = step_hash(state, number);
        let is = |at: u32| {
            let (of, by, _) = self.steps[at as usize];
            (of, by) == (state, number)
        };
        if let Some(at) = self.step_index.find(hash, is) {
            return self.steps[at as usize].2;
        }
        let next =
            self.model.step(&self.met[state as usize], &operation.input, operation.output.as_ref());
        let successors = match next {
            Next::Impossible => Successors::None,
            Next::Same => Successors::One(state),
            Next::One(next) => Successors::One(self.number(next)),
            Next::Many(list) => {
                let numbers: Vec<u32> = list.into_iter().map(|next| self.number(next)).collect();
                let start = self.several.len() as u32;
                self.several.extend_from_slice(&numbers);
                Successors::Several { start, count: numbers.len() as u32 }
            }
        };
        let at = self.steps.len() as u32;
        self.steps.push((state, number, successors));
        let steps = &self.steps;
        self.step_index.insert(hash, at, |at| {
            let (state, operation, _) = steps[at as usize];
            step_hash(state, operation)
        });
        successors
    }

    /// One of several successors.
    pub(super) fn several(&self, at: u32) -> u32 {
        self.several[at as usize]
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.heap_bytes
            + self.met.len() * (size_of::<M::State>() + 8)
            + self.steps.len() * size_of::<(u32, u32, Successors)>()
            + self.index.bytes()
            + self.step_index.bytes()
    }
}
