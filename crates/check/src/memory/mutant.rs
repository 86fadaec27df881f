//! Seeded bugs of the judge of single operations, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// A session's order counts for nothing (PRAM, causal consistency and convergence).
    ForgetProgram,
    /// What others had read before they wrote counts for nothing (causal memory).
    ForgetCauses,
    /// The order of a session's reads counts for nothing (monotonic reads).
    ForgetReadOrder,
    /// The order of a session's writes counts for nothing (monotonic writes).
    ForgetWriteOrder,
    /// What a writer had read counts for nothing (writes follow reads).
    ForgetWhatWasRead,
    /// A session's own writes count for nothing (read your writes).
    ForgetOwnWrites,
    /// A read of the initial state passes after any write.
    InitialAnyTime,
    /// A read of what was overwritten passes (causal consistency).
    IgnoreOverwritten,
    /// What is forced is never looked at again (causal memory, PRAM).
    OneRound,
    /// The judge of orders believes what causal memory and convergence say together (sequential).
    BelieveParts,
    /// Red operations need no order (red-blue).
    RedIsBlue,
    /// Two red operations are in the order in which they were invoked, or in none (red-blue).
    NeverFlip,
    /// What a site had applied before its own operation counts for nothing elsewhere (red-blue).
    ForgetWhatWasApplied,
    /// A write that lies between does not matter (regular, safe).
    ForgetBetween,
    /// Every read overlaps some write (safe).
    AllOverlap,
    /// The last read of a session is its first (convergence).
    FirstIsLast,
    /// One version more than asked for may be missed (bounded staleness).
    OneMore,
    /// Twice the time asked for may be missed (staleness by time).
    TwiceTheBound,
    /// A write may be last although two others are read after it (2-atomicity).
    TwoBefore,
    /// A read may return what was written after it (consistent prefix).
    FromTheFuture,
    /// A write that overlaps the one that was read is later than it (the measure of staleness).
    OverlapIsLater,
}

impl Mutant {
    /// Every bug of the verdicts.
    #[cfg(test)]
    pub(super) const ALL: [Self; 20] = [
        Self::ForgetProgram,
        Self::ForgetCauses,
        Self::ForgetReadOrder,
        Self::ForgetWriteOrder,
        Self::ForgetWhatWasRead,
        Self::ForgetOwnWrites,
        Self::InitialAnyTime,
        Self::IgnoreOverwritten,
        Self::OneRound,
        Self::BelieveParts,
        Self::RedIsBlue,
        Self::NeverFlip,
        Self::ForgetWhatWasApplied,
        Self::ForgetBetween,
        Self::AllOverlap,
        Self::FirstIsLast,
        Self::OneMore,
        Self::TwiceTheBound,
        Self::TwoBefore,
        Self::FromTheFuture,
    ];
}
