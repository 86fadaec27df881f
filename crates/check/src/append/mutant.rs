//! Seeded bugs of the inference, each of which the tests must catch.

use crate::dependency::ViewsMutant;

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Reads of what aborted pass.
    BelieveAborted,
    /// What is of unknown outcome never committed.
    ForgetUnknown,
    /// Reads of a list that others contradict pass.
    BelieveApart,
    /// A transaction need not see its own appends.
    ForgetOwn,
    /// The same value twice in a list passes.
    BelieveTwice,
    /// A read is before nothing.
    NoReadWrite,
    /// A read of the whole list is not before the appends that nobody read.
    ForgetUnread,
    /// Appends that nobody read come in any order, overlapping or not.
    OverlapUnread,
    /// Real time does not count.
    NoRealTime,
    /// Processes do not count.
    NoProcess,
    /// What is of unknown outcome and was read committed even where reads may be dirty.
    UnknownDirtyWrites,
    /// One of the search for views.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests plant it"))]
    Views(ViewsMutant),
}

impl Mutant {
    /// Every bug.
    #[cfg(test)]
    pub(super) const ALL: [Self; 11] = [
        Self::BelieveAborted,
        Self::ForgetUnknown,
        Self::BelieveApart,
        Self::ForgetOwn,
        Self::BelieveTwice,
        Self::NoReadWrite,
        Self::ForgetUnread,
        Self::OverlapUnread,
        Self::NoRealTime,
        Self::NoProcess,
        Self::UnknownDirtyWrites,
    ];
}
