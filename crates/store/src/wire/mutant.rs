//! Bugs planted on purpose, so that the tests prove that they would notice them.
//!
//! In a test, [`with`] plants one in the running thread. In every other build [`planted`] is the
//! constant `false`, and the compiler removes the bug.

/// One planted bug each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A frame's checksum is not looked at.
    ChecksumIgnored,
    /// After a broken frame, the next one is looked for.
    BrokenStreamGoesOn,
    /// A listener's proof is not looked at.
    ListenerUnproved,
    /// A dialer's proof is not looked at.
    DialerUnproved,
    /// A dialer's cluster is not looked at.
    ClusterIgnored,
    /// The proofs leave out the listener's challenge.
    ChallengeUnsigned,
    /// A message is sent before it is due.
    SentBeforeDue,
    /// A full queue goes on growing.
    QueueUnbounded,
    /// A stop waits only until messages were taken from the queue, not until they were written.
    TakenIsWritten,
    /// A drawn name settles all before it, answered or not.
    SettledTooEarly,
    /// The revision inside a transaction's responses is left out.
    InnerRevisionLost,
    /// An authority is mended to another length.
    AuthorityShortened,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Runs `check` with a bug planted.
#[cfg(test)]
pub(crate) fn with<T>(mutant: Mutant, check: impl FnOnce() -> T) -> T {
    PLANTED.set(Some(mutant));
    let outcome = check();
    PLANTED.set(None);
    outcome
}

/// Whether `check`, which panics when its property does not hold, notices the bug.
#[cfg(test)]
pub(crate) fn killed(mutant: Mutant, check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    let noticed = with(mutant, || std::panic::catch_unwind(check).is_err());
    PLANTED.set(None);
    noticed
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
