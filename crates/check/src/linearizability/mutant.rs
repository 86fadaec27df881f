//! Seeded bugs of the search and of the way without a search, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Operations of unknown outcome are left out.
    UnknownNeverActs,
    /// Operations of unknown outcome take effect soon after they began.
    UnknownActsSoon,
    /// The order of real time is ignored.
    NoRealTime,
    /// Configurations are compared without their states.
    MemoWithoutState,
    /// Configurations are compared without the unknown operations they used.
    MemoWithoutUnknown,
    /// A write that changes nothing now is placed now, as if it were a read.
    IdleNowIsIdleForever,
    /// Unknown operations are forgotten where it is asked what can still come about.
    UnknownBringsNothing,
    /// Operations that only make longer what is held bring nothing.
    NothingGrows,
    /// Nothing grows from what a write leaves.
    NothingGrowsFromWrites,
    /// Any unknown operation stands for all unknown ones.
    AllUnknownAreTwins,
    /// What reads saw of an unknown operation counts as seen by nothing.
    ReadsSeeNothing,
    /// Configurations are compared as if no optional operation could be placed any more.
    AllOptionalAreClosed,
    /// It does not matter what a twin that starts later closes out.
    TwinsCloseNothing,
}

/// A bug that a test plants where there is no search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortcut {
    /// No bug.
    #[default]
    None,
    /// Writes of unknown outcome are left out, whoever read them.
    UnknownWritesNeverAct,
    /// A read may end before its write begins.
    ReadsBeforeTheirWrite,
    /// Where a read stands does not matter.
    ReadsAnyTime,
    /// An operation that begins when another ends comes after it.
    TouchingIsNotConcurrent,
    /// Of two writes of one value, reads are the last one's.
    LastWriteOfAValue,
    /// The initial state may come back.
    InitialStateAnyTime,
}

/// A bug that a test plants in what is made of the parts of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Parting {
    /// No bug.
    #[default]
    None,
    /// That a part has no order is believed, whatever was left out of it.
    #[cfg(test)]
    BelieveParts,
}
