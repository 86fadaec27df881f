//! Seeded bugs of the judge of etcd's runs, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Revisions may go back in real time.
    ForgetRealTime,
    /// A read may show what was written over.
    ForgetStale,
    /// A read may leave a key out.
    ForgetLost,
    /// A revision may have two contents.
    ForgetTwice,
    /// A transaction may take either branch.
    ForgetBranch,
    /// A watch may tell its events in any order.
    ForgetWatchOrder,
    /// A watch may leave events out.
    ForgetMissed,
    /// What nobody tells is taken for nothing.
    ForgetGaps,
    /// What tables hold is not counted.
    ForgetTables,
}
