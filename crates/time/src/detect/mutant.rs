//! Seeded bugs of the detectors, each of which a test must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// Steps count to a strobe whatever their direction is.
    StrobesOneWay,
    /// Steps count to a strobe however long ago they were.
    NeverForgetsSteps,
    /// Every rate is a slew, also what an oscillator within its bound needs.
    SlewsWithinTheBound,
    /// A source within a second of a scale counts it, whatever the half-widths are.
    IgnoresHalfWidths,
    /// Both clocks' bounds wide, any offset holds some whole second.
    WholeSecondByChance,
    /// A source is judged by the leap's sign the wrong way round.
    LeapBackwards,
    /// A smear is taken for linear, whatever its shape.
    AnySmearIsLinear,
    /// What is seen in the very moment of the leap counts.
    JudgesAtMidnight,
    /// A spoofing alarm ends with what the receiver says now.
    SpoofingClears,
    /// Jamming lasts though there is a fix again.
    JammingLatches,
    /// The pulse is held against the look before, not against what was trusted.
    ComparesWithTheLook,
    /// What an oscillator is off grows without its ageing.
    ForgetsAgeing,
    /// What an oscillator is off grows without the temperature.
    ForgetsTemperature,
    /// A measurement that may be within its budget is beyond it.
    DoubtIsExcess,
    /// One jump of one source is taken for this host's.
    OneSourceIsEnough,
    /// What sources do at a leap that was announced is a jump.
    LeapsAreJumps,
    /// A host is judged by the jumps of one poll.
    ForgetsThePollBefore,
    /// The widest jump is believed, though a liar may have made it.
    TrustsTheWidest,
    /// Delays that rise alike both ways are an asymmetry.
    AnyDelayIsAsymmetric,
    /// A jump of the offset is laid to the path, though it is more than a delay can do.
    BlamesThePath,
    /// Two jumps make a bump, whatever their direction is.
    BumpsOneWay,
    /// Two jumps make a bump, whatever their size is.
    BumpsOfAnySize,
}
