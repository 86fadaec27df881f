//! Bugs planted on purpose: each one removes a rule that a property depends on, and a test shows
//! that the explorer, the world, the evidence or the judge catches it. Never set in a store,
//! except by `tour --plant` inside its own cluster.
//!
//! Each names what kills it in the tests. A bug without a killer does not compile; one that its
//! killer's table of tests leaves out fails there.

/// What kills a planted bug in the tests. Others may kill it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killer {
    /// A small exploration, which holds without the bug: `tests/killed.rs`.
    Explorer,
    /// A story told step by step, for what would take an exploration too far: in a file of its
    /// own in `tests/`.
    Story,
    /// The world, for what no explored disk or clock does: `mutants.rs`, `laggard.rs` and
    /// `handover.rs` of the store's tests, and those of its `campaign/synchrony.rs`.
    World,
}

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $name:ident: $killer:ident,)+) => {
        /// One planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Mutant {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What kills it.
            pub const fn killer(self) -> $crate::mutant::Killer {
                match self { $(Self::$name => $crate::mutant::Killer::$killer,)+ }
            }
        }
    };
}
pub(crate) use mutants;

mutants! {
    /// The leader counts its own log before it is durable.
    SkipSync: Explorer,
    /// A follower acknowledges entries before they are durable.
    AcknowledgeBeforePersisting: Explorer,
    /// A restarted node forgets what it has promised.
    ForgetPromise: Explorer,
    /// A leader grants reads before an entry of its own ballot is decided.
    ReadBeforeOwnEntry: Explorer,
    /// The leader decides with one voter less than a quorum.
    DecideWithoutQuorum: Explorer,
    /// A restarted node names its reads as it did before the crash.
    ReuseIncarnation: Explorer,
    /// Records are released before the checkpoint that covers them is durable.
    TruncateBeforeCheckpoint: World,
    /// A new leader adopts the longest log, whatever ballot it was accepted in.
    AdoptLongest: Explorer,
    /// A late synchronisation truncates what was accepted since in the same ballot.
    TruncateSameBallot: Explorer,
    /// A follower takes entries from a leader below its promise.
    IgnorePromise: Explorer,
    /// The leader grants reads without asking anyone.
    ReadWithoutQuorum: Explorer,
    /// A node whose log may have lost its tail votes at once.
    VoteInDoubt: Explorer,
    /// A promise is answered before it is durable.
    PromiseBeforePersisting: Explorer,
    /// The log after a checkpoint that a peer reads is released with the next one.
    ReleaseWhatIsLent: World,
    /// A checkpoint that cannot be read is not taken again until somebody writes.
    LeaveRottenCheckpoint: World,
    /// A period of the election is as long as it was set, however long replies take.
    FixedPeriod: World,
    /// Nobody listens when a peer says that it is about to stop.
    IgnoreFarewell: World,
    /// Whoever said farewell is counted out of the quorum.
    CountOutTheDeparted: Explorer,
    /// A restarted node reads on behind a record that is missing from its disk.
    FoldAcrossGap: Story,
    /// What a node said before it lost its log's tail and rejoined still counts.
    CountOldWords: Story,
    /// A node that hears that it came back, and knows nothing of it, goes on.
    OverhearOwnLoss: Story,
    /// A question that a node asked before it lost its log, and an answer to it, still count.
    HearOldQuestions: Story,
    /// A leader proposes however many bytes are undecided.
    FlightUnbounded: Story,
    /// A restarted node lets a record take back entries that earlier ones say are decided.
    FoldBelowDecided: Story,
}
