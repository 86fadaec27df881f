//! Seeded bugs of the judges of objects, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Of all: what tables hold is not counted.
    ForgetTables,
    /// Of sets: what is missing from a read passes.
    ForgetMissing,
    /// Of sets: a later element without an earlier one passes.
    ForgetReverse,
    /// Of sets: reads that contradict each other pass.
    ForgetForks,
    /// Of banks: totals may differ.
    ForgetTotal,
    /// Of counters: what was added need not be seen.
    ForgetAdded,
    /// Of queues: an element may be dequeued over again.
    ForgetTwice,
    /// Of queues: what is of unknown outcome took nothing.
    ForgetUnknown,
    /// Of identities: only those of one process are compared.
    ForgetOthers,
    /// Of long forks: only reads of one process are compared.
    ForgetPairs,
    /// Of long forks: only pairs of reads are compared.
    ForgetLongForks,
    /// Of logs: two messages at an offset pass, and one at two.
    ForgetOffsets,
    /// Of logs: what nobody polled passes.
    ForgetLost,
    /// Of logs: what failed may be polled.
    ForgetFailed,
    /// Of logs: a transaction may poll its own messages.
    ForgetPrecommitted,
    /// Of logs: polls in a circle pass.
    ForgetCircles,
    /// Of logs: a consumer may leave messages out.
    ForgetSkips,
    /// Of logs: what is behind an open transaction must be shown, too.
    ForgetOpen,
    /// Of logs: sends have nothing between them.
    ForgetSendSkips,
    /// Of logs: sends may be in any order.
    ForgetSends,
}
