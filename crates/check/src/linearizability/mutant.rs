//! Seeded bugs of the search, each of which the tests must catch.

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
    /// Any unknown operation stands for all unknown ones.
    AllUnknownAreTwins,
}
