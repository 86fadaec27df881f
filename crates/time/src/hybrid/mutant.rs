//! Seeded bugs of the hybrid clock, each of which the enumeration and the simulation must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// A stamp that arrived does not count.
    ForgetsWhatItReceived,
    /// Its own last stamp does not count where another arrived.
    ForgetsWhatItGave,
    /// A message's arrival gets the stamp that the message has.
    GivesTheSame,
    /// The counter goes on where a new unit of time begins.
    CountsPerEvent,
    /// The latest possible time counts instead of the middle.
    TakesTheLatest,
    /// No stamp is too far ahead.
    AcceptsAnything,
    /// What may be accepted is counted from the middle, not from the latest time it may be.
    RefusesFromTheMiddle,
    /// A stamp that is refused moves the clock.
    MovesWhenItRefuses,
    /// Stamps are given above what is durable.
    PassesTheFloor,
    /// A restart begins at the time.
    RecoversFromNothing,
    /// A restart gives stamps at once, above a floor that is ahead of the time.
    DoesNotWait,
}

#[cfg(test)]
pub(super) const ALL: [Mutant; 11] = [
    Mutant::ForgetsWhatItReceived,
    Mutant::ForgetsWhatItGave,
    Mutant::GivesTheSame,
    Mutant::CountsPerEvent,
    Mutant::TakesTheLatest,
    Mutant::AcceptsAnything,
    Mutant::RefusesFromTheMiddle,
    Mutant::MovesWhenItRefuses,
    Mutant::PassesTheFloor,
    Mutant::RecoversFromNothing,
    Mutant::DoesNotWait,
];
