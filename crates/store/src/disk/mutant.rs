//! Planted bugs, one at a time, that the tests of this folder must catch. Off outside tests.

/// A bug to plant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutant {
    /// None: the real thing.
    #[default]
    None,
    /// The generation does not enter the checksums: what an earlier life of the same blocks
    /// left there counts as written now.
    GenerationNotInChecksum,
    /// The log ends at the first bad record: rot is taken for a torn tail.
    CutAtFirstBad,
    /// A checkpoint is renamed before its content is synced.
    RenameBeforeSync,
    /// The log is released although no durable checkpoint covers it.
    ReleaseBeforeCheckpoint,
    /// A group is acknowledged before it is synced.
    AcknowledgeBeforeSync,
    /// A doubtful tail is forgotten at the next start.
    ForgetDoubt,
    /// Records that were only seen in the page cache are taken for durable at start.
    TrustPageCache,
}
