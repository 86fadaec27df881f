//! Bugs planted on purpose: each one removes a rule that a property depends on, and a test shows
//! that the explorer, the world, the evidence or the judge catches it. Never set in a store,
//! except by `tour --plant` inside its own cluster.

/// One planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// The leader counts its own log before it is durable.
    SkipSync,
    /// A follower acknowledges entries before they are durable.
    AcknowledgeBeforePersisting,
    /// A restarted node forgets what it has promised.
    ForgetPromise,
    /// A leader grants reads before an entry of its own ballot is decided.
    ReadBeforeOwnEntry,
    /// The leader decides with one voter less than a quorum.
    DecideWithoutQuorum,
    /// A restarted node names its reads as it did before the crash.
    ReuseIncarnation,
    /// Records are released before the checkpoint that covers them is durable.
    TruncateBeforeCheckpoint,
    /// A new leader adopts the longest log, whatever ballot it was accepted in.
    AdoptLongest,
    /// A late synchronisation truncates what was accepted since in the same ballot.
    TruncateSameBallot,
    /// A follower takes entries from a leader below its promise.
    IgnorePromise,
    /// The leader grants reads without asking anyone.
    ReadWithoutQuorum,
    /// A node whose log may have lost its tail votes at once.
    VoteInDoubt,
    /// A promise is answered before it is durable.
    PromiseBeforePersisting,
    /// The log after a checkpoint that a peer reads is released with the next one.
    ReleaseWhatIsLent,
    /// A restarted node reads on behind a record that is missing from its disk.
    FoldAcrossGap,
    /// What a node said before it lost its log's tail and rejoined still counts.
    CountOldWords,
    /// A leader proposes however many bytes are undecided.
    FlightUnbounded,
}

impl Mutant {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::SkipSync,
        Self::AcknowledgeBeforePersisting,
        Self::ForgetPromise,
        Self::ReadBeforeOwnEntry,
        Self::DecideWithoutQuorum,
        Self::ReuseIncarnation,
        Self::TruncateBeforeCheckpoint,
        Self::AdoptLongest,
        Self::TruncateSameBallot,
        Self::IgnorePromise,
        Self::ReadWithoutQuorum,
        Self::VoteInDoubt,
        Self::PromiseBeforePersisting,
        Self::ReleaseWhatIsLent,
        Self::FoldAcrossGap,
        Self::CountOldWords,
        Self::FlightUnbounded,
    ];
}
