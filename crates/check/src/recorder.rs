//! For your own tests: record what clients of a concurrent object asked and were answered, and
//! assert that some order explains it. A failure panics with the smallest reason found.
//!
//! ```text
//!   Recorder -> client() for each thread -> call(input, work) ... -> history -> assert_linearizable
//! ```
//!
//! ```
//! use avouch_check::model::{Register, RegisterAnswer, RegisterInput};
//! use avouch_check::recorder::Recorder;
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! let (register, recorder) = (AtomicI64::new(0), Recorder::new());
//! std::thread::scope(|scope| {
//!     for number in 1..=2 {
//!         let (register, client) = (&register, recorder.client());
//!         scope.spawn(move || {
//!             client.call(RegisterInput::Write(number), || {
//!                 register.store(number, Ordering::SeqCst);
//!                 RegisterAnswer::Done
//!             });
//!             client.call(RegisterInput::Read, || {
//!                 RegisterAnswer::Value(Some(register.load(Ordering::SeqCst)))
//!             });
//!         });
//!     }
//! });
//! recorder.history(Register).assert_linearizable();
//! ```
//!
//! A call whose work panics, or that a test drops, is one of unknown outcome: it may have taken
//! effect, now or later. A history may also be built in code, event by event:
//!
//! ```should_panic
//! # use avouch_check::model::{Register, RegisterAnswer, RegisterInput};
//! # use avouch_check::recorder::Recorder;
//! let recorder = Recorder::new();
//! let (writer, reader) = (recorder.client(), recorder.client());
//! writer.invoke(RegisterInput::Write(1)).answer(RegisterAnswer::Done);
//! // The read begins after the write has ended, and does not see it.
//! reader.invoke(RegisterInput::Read).answer(RegisterAnswer::Value(None));
//! recorder.history(Register).assert_linearizable();
//! ```

use crate::limits::{Budget, Limits};
use crate::linearizability::{Core, Verdict, decide};
use crate::model::Sequential;
use crate::operation::{Moment, Operation};
use std::fmt::{self, Debug, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One call, as its client saw it.
#[derive(Clone, Debug)]
struct Call<Input, Output> {
    client: usize,
    operation: Operation<Input, Output>,
}

#[derive(Debug)]
struct Events<Input, Output> {
    calls: Vec<Call<Input, Output>>,
    /// How many invocations and answers there are.
    count: u64,
    clients: usize,
}

/// Records calls of any number of clients, in the order in which they began and ended.
#[derive(Debug)]
pub struct Recorder<Input, Output>(Mutex<Events<Input, Output>>);

/// Whoever calls, one call at a time: usually a thread.
#[derive(Debug)]
pub struct Client<'a, Input, Output> {
    recorder: &'a Recorder<Input, Output>,
    number: usize,
}

/// A call that has begun. Dropped without an answer, its outcome is unknown.
#[derive(Debug)]
#[must_use = "a call without an answer is of unknown outcome"]
pub struct Open<'a, Input, Output> {
    recorder: &'a Recorder<Input, Output>,
    place: usize,
}

impl<Input, Output> Default for Recorder<Input, Output> {
    fn default() -> Self {
        Self(Mutex::new(Events { calls: Vec::new(), count: 0, clients: 0 }))
    }
}

impl<Input, Output> Recorder<Input, Output> {
    /// Nothing is recorded yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn events(&self) -> MutexGuard<'_, Events<Input, Output>> {
        // What was recorded before some thread panicked stands.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more client.
    pub fn client(&self) -> Client<'_, Input, Output> {
        let mut events = self.events();
        events.clients += 1;
        Client { recorder: self, number: events.clients - 1 }
    }

    /// All that was recorded, of an object with this specification.
    pub fn history<M>(self, model: M) -> Recorded<M>
    where
        M: Sequential<Input = Input, Output = Output>,
    {
        let events = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (clients, operations) =
            events.calls.into_iter().map(|call| (call.client, call.operation)).unzip();
        Recorded { model, operations, clients }
    }
}

impl<'a, Input, Output> Client<'a, Input, Output> {
    /// Begins a call.
    pub fn invoke(&self, input: Input) -> Open<'a, Input, Output> {
        let mut events = self.recorder.events();
        events.count += 1;
        let earliest = Moment(events.count);
        let operation = Operation { input, output: None, earliest, latest: None };
        events.calls.push(Call { client: self.number, operation });
        Open { recorder: self.recorder, place: events.calls.len() - 1 }
    }

    /// Calls: records the invocation, does the work, records the answer and gives it back.
    pub fn call(&self, input: Input, work: impl FnOnce() -> Output) -> Output
    where
        Output: Clone,
    {
        let open = self.invoke(input);
        let output = work();
        open.answer(output.clone());
        output
    }
}

impl<Input, Output> Open<'_, Input, Output> {
    /// Ends the call with its answer.
    pub fn answer(self, output: Output) {
        let mut events = self.recorder.events();
        events.count += 1;
        let latest = Some(Moment(events.count));
        if let Some(call) = events.calls.get_mut(self.place) {
            call.operation.output = Some(output);
            call.operation.latest = latest;
        }
    }
}

/// What was recorded of an object.
#[derive(Clone, Debug)]
pub struct Recorded<M: Sequential> {
    model: M,
    operations: Vec<Operation<M::Input, M::Output>>,
    clients: Vec<usize>,
}

impl<M: Sequential> Recorded<M> {
    /// The calls, in the order in which they began.
    pub fn operations(&self) -> &[Operation<M::Input, M::Output>] {
        &self.operations
    }

    /// Whether some order explains every answer, within these limits.
    pub fn judge(&self, limits: &Limits) -> Verdict {
        decide(&self.model, &self.operations, &mut Budget::new(*limits))
    }
}

impl<M: Sequential> Recorded<M>
where
    M::Input: Debug,
    M::Output: Debug,
{
    /// Asserts that some order explains every answer, each call taking effect at one moment between
    /// its invocation and its answer.
    ///
    /// # Panics
    ///
    /// If there is none, with the few calls that show it; if that could not be decided within a
    /// minute and a gibibyte, for what was not decided has not been shown; and if the model
    /// contradicts itself.
    #[track_caller]
    pub fn assert_linearizable(&self) {
        self.assert_within(&Limits::default());
    }

    /// The same within other limits.
    ///
    /// # Panics
    ///
    /// As [`Self::assert_linearizable`].
    #[track_caller]
    pub fn assert_within(&self, limits: &Limits) {
        match self.judge(limits) {
            Verdict::Holds(_) => {}
            Verdict::Violated(violation) => {
                panic!("not linearizable: {}", Witness { of: self, core: &violation.core })
            }
            Verdict::Refused(error) => panic!("the model contradicts itself: {error}"),
            Verdict::Unknown(progress) => panic!(
                "undecided whether it is linearizable: {}; {} of {} parts decided",
                progress.bound, progress.parts.0, progress.parts.1
            ),
        }
    }
}

/// A violation in words and in a picture of letters.
struct Witness<'a, M: Sequential> {
    of: &'a Recorded<M>,
    core: &'a Core,
}

/// As many calls of the longest order are told, its last ones.
const TOLD: usize = 6;

impl<M: Sequential> Witness<'_, M>
where
    M::Input: Debug,
    M::Output: Debug,
{
    fn told(&self, place: usize) -> String {
        let Operation { input, output, .. } = &self.of.operations[place];
        match output {
            Some(output) => format!("{input:?} -> {output:?}"),
            None => format!("{input:?}, never answered"),
        }
    }

    /// A call's span, drawn over the moments of those that matter.
    fn span(&self, place: usize, moments: &[Moment]) -> String {
        let Operation { earliest, latest, .. } = &self.of.operations[place];
        let at = |moment: &Moment| moments.partition_point(|other| other < moment);
        let (from, to) = (at(earliest), latest.as_ref().map_or(moments.len(), at));
        let mut drawn = String::new();
        for column in 0..=moments.len() {
            let sign = match column {
                _ if column == from || (column == to && latest.is_some()) => "|",
                _ if column > from && column < to => "=",
                _ => " ",
            };
            let after = if column >= from && column < to { "=" } else { " " };
            let _ = write!(drawn, "{sign}{after}");
        }
        drawn
    }
}

impl<M: Sequential> fmt::Display for Witness<'_, M>
where
    M::Input: Debug,
    M::Output: Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let essential = &self.core.essential;
        let (count, all) = (essential.len(), self.of.operations.len());
        writeln!(f, "{count} of {all} calls fit in no order; time runs to the right")?;
        let ends = essential.iter().flat_map(|place| {
            let operation = &self.of.operations[*place];
            [Some(operation.earliest), operation.latest].into_iter().flatten()
        });
        let mut moments: Vec<Moment> = ends.collect();
        moments.sort_unstable();
        moments.dedup();
        for place in essential {
            let client = self.of.clients.get(*place).copied().unwrap_or_default();
            let (span, told) = (self.span(*place, &moments), self.told(*place));
            writeln!(f, "  client {client:<3} {span} {told}")?;
        }
        let furthest = &self.core.furthest;
        let skipped = furthest.len().saturating_sub(TOLD);
        let last: Vec<_> = furthest[skipped..].iter().map(|place| self.told(*place)).collect();
        match (last.is_empty(), skipped) {
            (true, _) => writeln!(f, "  none of them may come first")?,
            (false, 0) => writeln!(f, "  the longest order that fits: {}", last.join("; "))?,
            (false, more) => writeln!(
                f,
                "  the longest order that fits: ... after {more} others, {}",
                last.join("; ")
            )?,
        }
        for place in essential.iter().filter(|place| !furthest.contains(place)) {
            writeln!(f, "  it does not go on with {}", self.told(*place))?;
        }
        if !self.core.optional.is_empty() {
            let others = self.core.optional.len();
            writeln!(f, "  {others} other calls do not help, whichever took effect")?;
        }
        if !self.core.minimal {
            writeln!(f, "  a smaller set may exist: the bound on shrinking was reached")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Next, Register, RegisterAnswer, RegisterInput};
    use std::panic::catch_unwind;

    type Registers = Recorder<RegisterInput, RegisterAnswer>;

    /// What a panic said.
    fn said(work: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let panic = catch_unwind(work).expect_err("a panic");
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default()
    }

    #[test]
    fn a_stale_read_panics_with_the_calls_that_show_it_and_no_others() {
        let recorder = Registers::new();
        let clients = [recorder.client(), recorder.client(), recorder.client()];
        for value in 1..=4 {
            clients[0].invoke(RegisterInput::Write(value)).answer(RegisterAnswer::Done);
        }
        let slow = clients[2].invoke(RegisterInput::Read);
        clients[1].invoke(RegisterInput::Read).answer(RegisterAnswer::Value(Some(2)));
        slow.answer(RegisterAnswer::Value(Some(4)));
        let told = said(move || recorder.history(Register).assert_linearizable());
        assert!(told.starts_with("not linearizable: "), "{told}");
        assert!(
            told.contains("Read -> Value(Some(2))") && !told.contains("Value(Some(4))"),
            "{told}"
        );
        assert!(told.lines().filter(|line| line.starts_with("  client")).count() <= 3, "{told}");
        let drawn = told.lines().find(|line| line.starts_with("  client 1")).expect("a client");
        assert!(drawn.contains("|=|"), "{told}");
    }

    #[test]
    fn a_call_that_was_never_answered_may_have_taken_effect_or_not() {
        for seen in [None, Some(7)] {
            let recorder = Registers::new();
            let (writer, reader) = (recorder.client(), recorder.client());
            drop(writer.invoke(RegisterInput::Write(7)));
            reader.invoke(RegisterInput::Read).answer(RegisterAnswer::Value(seen));
            recorder.history(Register).assert_linearizable();
        }
    }

    #[test]
    fn what_is_not_decided_is_no_pass() {
        let recorder = Registers::new();
        for value in 0..12 {
            let client = recorder.client();
            drop(client.invoke(RegisterInput::Write(value % 3)));
            client.invoke(RegisterInput::Read).answer(RegisterAnswer::Value(Some(value % 3)));
        }
        let limits = Limits { steps: 1, ..Limits::default() };
        let told = said(move || recorder.history(Register).assert_within(&limits));
        assert!(told.starts_with("undecided"), "{told}");
    }

    /// Each key is a part, and the state is that of one key.
    struct OfOneKey;

    impl Sequential for OfOneKey {
        type Input = (u8, RegisterInput);
        type Output = RegisterAnswer;
        type State = Option<i64>;
        fn initial(&self) -> Self::State {
            None
        }
        fn step(
            &self,
            state: &Self::State,
            (_, input): &Self::Input,
            output: Option<&RegisterAnswer>,
        ) -> Next<Self::State> {
            Register.step(state, input, output)
        }
        fn partition(&self, all: &[Operation<Self::Input, RegisterAnswer>]) -> Vec<Vec<usize>> {
            let of = |key: u8| (0..all.len()).filter(|place| all[*place].input.0 == key).collect();
            vec![of(1), of(2)]
        }
    }

    #[test]
    fn a_state_of_one_part_alone_is_refused_with_what_to_do() {
        let recorder = Recorder::new();
        let client = recorder.client();
        client.call((1, RegisterInput::Write(5)), || RegisterAnswer::Done);
        client.call((2, RegisterInput::Read), || RegisterAnswer::Value(None));
        let told = said(move || recorder.history(OfOneKey).assert_linearizable());
        assert!(told.starts_with("the model contradicts itself: bad request"), "{told}");
        assert!(told.contains("operation 1 cannot give its answer"), "{told}");
        assert!(told.contains("a map by key"), "{told}");
    }

    #[test]
    fn calls_of_threads_are_recorded_within_their_spans() {
        let (recorder, lock) = (Registers::new(), Mutex::new(None));
        std::thread::scope(|scope| {
            for number in 1..=4 {
                let (client, lock) = (recorder.client(), &lock);
                scope.spawn(move || {
                    for step in 0..50 {
                        let value = number * 100 + step;
                        client.call(RegisterInput::Write(value), || {
                            *lock.lock().expect("no panic") = Some(value);
                            RegisterAnswer::Done
                        });
                        client.call(RegisterInput::Read, || {
                            RegisterAnswer::Value(*lock.lock().expect("no panic"))
                        });
                    }
                });
            }
        });
        let found = recorder.history(Register);
        assert_eq!(found.operations().len(), 400);
        found.assert_linearizable();
    }
}
