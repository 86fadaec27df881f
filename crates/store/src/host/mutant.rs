//! Bugs of the host, planted one at a time, that its tests must catch. Off outside tests.

/// A bug to plant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostMutant {
    /// None: the real thing.
    #[default]
    None,
    /// The log is never synced, and the node is told that it was.
    SkipSync,
    /// The clocks are read before the wait for an event, not after it was taken.
    StaleClock,
    /// What is damaged on the disk is left out without a word.
    HideDamage,
    /// The floor of the node's stamps is not read.
    ForgetsStamps,
    /// Every step that is recorded takes a millisecond longer.
    SlowRecorder,
}
