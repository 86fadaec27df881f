//! Which workload a history is of, by the functions and values of its operations.

use super::datum::Datum;
use super::history::Operation;
use super::{kafka, long_fork, predicate};

/// A workload of operations on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Transfers between accounts.
    Bank,
    /// A set that is read whole.
    Set,
    /// A counter.
    Counter,
    /// A queue.
    Queue,
    /// Identities.
    Ids,
    /// Registers written once, read together.
    LongFork,
    /// Writes one by one, and reads of all that was written.
    CausalReverse,
    /// A lock.
    Mutex,
    /// A stack.
    Stack,
    /// Logs of messages.
    Kafka,
    /// Transactions that read by predicate.
    Predicates,
}

impl Workload {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Set => "set",
            Self::Counter => "counter",
            Self::Queue => "queue",
            Self::Ids => "unique-ids",
            Self::LongFork => "long-fork",
            Self::CausalReverse => "causal-reverse",
            Self::Mutex => "mutex",
            Self::Stack => "stack",
            Self::Kafka => "kafka",
            Self::Predicates => "closed-predicate",
        }
    }

    /// The workload of operations; nothing if they are of none that is known.
    pub(super) fn of(all: &[Operation]) -> Option<Self> {
        let only = |names: &[&str]| all.iter().all(|one| names.contains(&one.function.as_str()));
        let any = |name: &str| all.iter().any(|one| one.is(name));
        let answers = || all.iter().filter(|one| one.is("read")).filter_map(Operation::answer);
        let reads_lists = answers().any(|answer| answer.list().is_some());
        // A register whose values are lists is none of these.
        let mut written = all.iter().filter(|one| one.is("write")).peekable();
        let writes_scalars =
            written.peek().is_some() && written.all(|one| one.asked.list().is_none());
        let has_steps = |value: &Datum| {
            !long_fork::steps(value, "r").is_empty() || !long_fork::steps(value, "w").is_empty()
        };
        let has = |one: &Operation, is: fn(&Datum) -> bool| {
            one.asked.list().unwrap_or_default().iter().any(is)
        };
        if any("transfer") && only(&["transfer", "read"]) {
            Some(Self::Bank)
        } else if only(&["add", "read"]) && any("add") {
            // Whatever is read that is no collection is one value: of a counter, or of nothing.
            let reads_one =
                answers().any(|answer| *answer != Datum::Nil && answer.list().is_none());
            let mut asked: Vec<&Datum> =
                all.iter().filter(|one| one.is("add")).map(|one| &one.asked).collect();
            let are_numbers = asked.iter().all(|one| one.integer().is_some());
            asked.sort_unstable();
            let repeats = asked.windows(2).any(|pair| pair[0] == pair[1]);
            let counts = reads_one || (!reads_lists && are_numbers && repeats);
            Some(if counts { Self::Counter } else { Self::Set })
        } else if only(&["enqueue", "dequeue", "drain"]) && !all.is_empty() {
            Some(Self::Queue)
        } else if only(&["generate"]) && any("generate") {
            Some(Self::Ids)
        } else if only(&["acquire", "release"]) && !all.is_empty() {
            Some(Self::Mutex)
        } else if only(&["push", "pop"]) && !all.is_empty() {
            Some(Self::Stack)
        } else if only(&kafka::FUNCTIONS) && all.iter().any(|one| has(one, kafka::is_step)) {
            Some(Self::Kafka)
        } else if only(&predicate::FUNCTIONS) && all.iter().any(|one| has(one, predicate::is_step))
        {
            Some(Self::Predicates)
        } else if only(&["read", "write"]) && all.iter().any(|one| has_steps(&one.asked)) {
            Some(Self::LongFork)
        } else if only(&["read", "write"]) && reads_lists && writes_scalars {
            Some(Self::CausalReverse)
        } else if only(&["read"]) && answers().any(|answer| answer.map().is_some()) {
            Some(Self::Bank)
        } else {
            None
        }
    }
}
