//! Seeded bugs of the judge of transactions, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Reads of transactions that aborted pass.
    BelieveAborted,
    /// Reads of values that their writer overwrote pass.
    BelieveIntermediate,
    /// A transaction need not see its own writes.
    ForgetOwnWrites,
    /// Monotonic atomic view counts what is seen only later in the transaction.
    SeeAhead,
    /// Read atomic forgets what the session did before.
    ForgetSession,
    /// Causality does not go through what is read.
    ForgetReads,
    /// A read of the initial state after a write was seen passes.
    InitialAnyTime,
    /// The order of a session does not count as an edge.
    NoSessionOrder,
    /// Of a long transaction only the first read of a key is looked at.
    FirstReadOnly,
    /// Who reads a value need not be before who overwrites it.
    IgnoreOverwritten,
    /// Pairs that cannot be ordered are left as they are.
    BelieveOpen,
    /// Of two writers of a key in snapshot isolation neither need end before the other starts.
    ForgetConflicts,
    /// What a reader overlooks of who is before it is not asked for.
    ForgetOverlooked,
    /// Writers of what nobody read come in any order.
    ForgetUnread,
    /// What a reader overlooks of a value that was written twice is not asked for.
    ForgetChosen,
    /// Who writes a key that it read, or a key with another one, may overlook what it likes.
    ForgetUpdates,
    /// Of those who wrote a value only the first is tried.
    FirstWriterOnly,
    /// Real time does not count.
    NoRealTime,
    /// Of those that had ended before a transaction began only the last counts.
    LastEndOnly,
    /// Chains by real time do not look whether one had ended before the next began.
    ChainsOverlap,
}

impl Mutant {
    /// Every bug of real time.
    #[cfg(test)]
    pub(super) const OF_TIME: [Self; 3] =
        [Self::NoRealTime, Self::LastEndOnly, Self::ChainsOverlap];

    /// Every bug that needs no times to show.
    #[cfg(test)]
    pub(super) const ALL: [Self; 17] = [
        Self::BelieveAborted,
        Self::BelieveIntermediate,
        Self::ForgetOwnWrites,
        Self::SeeAhead,
        Self::ForgetSession,
        Self::ForgetReads,
        Self::InitialAnyTime,
        Self::NoSessionOrder,
        Self::FirstReadOnly,
        Self::IgnoreOverwritten,
        Self::BelieveOpen,
        Self::ForgetConflicts,
        Self::ForgetOverlooked,
        Self::ForgetUnread,
        Self::FirstWriterOnly,
        Self::ForgetUpdates,
        Self::ForgetChosen,
    ];
}
