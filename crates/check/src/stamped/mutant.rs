//! Seeded bugs of the judge by stamps, each of which the tests must catch.

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// At one stamp starts come before commits.
    StartsFirst,
    /// At one stamp those that start and commit at it come before the commits of the others.
    InstantsFirst,
    /// A read that agrees with another order of equal stamps is wrong all the same.
    BelieveTies,
    /// A read that agrees with no order of equal stamps passes as one that agrees with some.
    ForgiveTies,
    /// Two that write one key and commit at one stamp do not conflict.
    NoConflictAtOneStamp,
    /// Only the last of those that wrote a key is asked whether it conflicts, by its start.
    ConflictByStart,
    /// The order of a session does not count.
    NoSession,
    /// A transaction need not see its own writes.
    ForgetOwn,
    /// A second read of a key need not agree with the first.
    ForgetRead,
    /// Of a list only the last element is compared.
    LastElement,
    /// Of equal stamps only the first order is tried.
    FirstOrder,
    /// An order of equal stamps need not keep sessions.
    TiesForgetSessions,
    /// What is read later says nothing of what equal stamps have to leave.
    TiesForgetLater,
    /// The search for an order takes two states of other content for one.
    MemoForgetsState,
    /// A version goes one overwriting too early.
    CollectEarly,
    /// A stream's transactions are judged as they arrive.
    NoWindow,
    /// What comes later than the window allows is judged as if it were in time.
    ForgiveLate,
}

impl Mutant {
    /// Every bug that shows in a history judged whole.
    #[cfg(test)]
    pub(super) const WHOLE: [Self; 10] = [
        Self::StartsFirst,
        Self::InstantsFirst,
        Self::BelieveTies,
        Self::ForgiveTies,
        Self::NoConflictAtOneStamp,
        Self::ConflictByStart,
        Self::NoSession,
        Self::ForgetOwn,
        Self::ForgetRead,
        Self::LastElement,
    ];

    /// Every bug of the search for an order of equal stamps.
    #[cfg(test)]
    pub(super) const OF_TIES: [Self; 4] =
        [Self::FirstOrder, Self::TiesForgetSessions, Self::TiesForgetLater, Self::MemoForgetsState];

    /// Every bug that shows in a stream alone.
    #[cfg(test)]
    pub(super) const OF_STREAMS: [Self; 3] =
        [Self::CollectEarly, Self::NoWindow, Self::ForgiveLate];
}
