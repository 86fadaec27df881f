//! Seeded bugs of the interval clock, each of which the simulation must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// No bug.
    #[default]
    None,
    /// What was measured does not grow with its age.
    ForgetsToGrow,
    /// A quarter of the round trip counts instead of half of it.
    HalfTheDelay,
    /// What a server says of its own error is left out.
    IgnoresServerError,
    /// A measurement that contradicts what its source said before is passed over.
    AcceptsContradiction,
    /// What the most sources have in common is believed, though a liar may be among them.
    TrustsTheMostAgreed,
    /// What is measured lasts, though the clock is known to have stood still.
    IgnoresDisruption,
    /// Ages are taken from the clock that is set and stepped.
    AgeInWallClock,
    /// The end of a month is as any other moment.
    KnowsNoLeaps,
    /// There is no leap where one source denies it, which may lie.
    DeniesWhatOneDenies,
    /// What a server says in the second that a leap repeats is taken for a denial of the leap.
    HearsTheRepeatedSecond,
}
