//! Bugs planted on purpose, so that the tests prove that they would notice them.
//!
//! In a test, `plant` switches one on for the running thread. In every other build [`planted`]
//! is the constant `false`, and the compiler removes the bug.

/// One planted bug each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A key that was deleted and written again goes on counting its versions.
    VersionSurvivesDelete,
    /// Every write moves `create_revision`.
    CreateRevisionMoves,
    /// Every write of a transaction takes a revision of its own.
    RevisionPerWrite,
    /// A transaction that wrote nothing takes a revision.
    ReadTakesRevision,
    /// A deletion that found nothing takes a revision.
    VainDeleteTakesRevision,
    /// Compaction keeps a deletion that nothing needs any more.
    CompactionKeepsTombstone,
    /// Compaction forgets what is still to be seen at its own revision.
    CompactionTakesTooMuch,
    /// The revision of the compaction itself can no longer be read.
    CompactedRevisionRefused,
    /// `count` stops at the limit.
    CountStopsAtLimit,
    /// `count` leaves out what the filters leave out.
    CountIsFiltered,
    /// `more` is said although the limit left nothing out.
    MoreAtTheLimit,
    /// The end of a range belongs to it.
    EndIsIncluded,
    /// The comparisons of a nested transaction see the writes around it.
    NestedCompareSeesWrites,
    /// A missing key's value compares as empty.
    MissingValueIsEmpty,
    /// A comparison over a range holds if it holds for one key.
    CompareAnyOfRange,
    /// A refused transaction leaves behind what it did before it failed.
    RefusalIsHalfDone,
    /// A key may be put twice in one transaction.
    DuplicateKeyAllowed,
    /// Without an order, the limit is applied after sorting by another target than the key.
    LimitAfterSort,
    /// The quota is not looked at.
    QuotaIgnored,
    /// The size does not shrink when revisions are compacted.
    SizeNeverShrinks,
    /// A retry is carried out again.
    RetryIsApplied,
    /// A client's answers are forgotten although it may still retry them.
    UnsettledIsForgotten,
    /// A late copy of a settled request is carried out.
    SettledIsApplied,
    /// The client forgotten first is the one heard of last.
    EvictsTheLatest,
    /// A snapshot leaves out deletions.
    SnapshotDropsTombstones,
    /// The projection does not cover lease and revisions.
    ProjectionOnlyOfValues,
    /// Moments of the past keep nothing before a compaction.
    PastIsNotKept,
}

#[cfg(test)]
impl Mutant {
    /// Every one.
    pub(crate) const ALL: &[Self] = &[
        Self::VersionSurvivesDelete,
        Self::CreateRevisionMoves,
        Self::RevisionPerWrite,
        Self::ReadTakesRevision,
        Self::VainDeleteTakesRevision,
        Self::CompactionKeepsTombstone,
        Self::CompactionTakesTooMuch,
        Self::CompactedRevisionRefused,
        Self::CountStopsAtLimit,
        Self::CountIsFiltered,
        Self::MoreAtTheLimit,
        Self::EndIsIncluded,
        Self::NestedCompareSeesWrites,
        Self::MissingValueIsEmpty,
        Self::CompareAnyOfRange,
        Self::RefusalIsHalfDone,
        Self::DuplicateKeyAllowed,
        Self::LimitAfterSort,
        Self::QuotaIgnored,
        Self::SizeNeverShrinks,
        Self::RetryIsApplied,
        Self::UnsettledIsForgotten,
        Self::SettledIsApplied,
        Self::EvictsTheLatest,
        Self::SnapshotDropsTombstones,
        Self::ProjectionOnlyOfValues,
        Self::PastIsNotKept,
    ];
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this bug is planted.
#[cfg(test)]
pub(crate) fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Whether this bug is planted: never, outside tests.
#[cfg(not(test))]
pub(crate) const fn planted(_: Mutant) -> bool {
    false
}

/// Plants a bug, or none, in this thread.
#[cfg(test)]
pub(crate) fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}
