//! Seeded bugs of the judge of streams, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// What is open may no longer turn out to be a read of an older value.
    OpenReadsDoNotCount,
    /// A cluster is forgotten for its own reads.
    ForgetsItself,
    /// A value may be read again however late.
    StartsDoNotCount,
}
