//! A judgement that ends by its bounds whatever it is at: it runs on a thread of its own, and
//! whoever waits for it stops waiting.
//!
//! ```text
//!   0 ........ time ............... time + time / 2
//!   | judges ask their budgets      | nobody waits any longer: what was decided by then is told,
//!                                     of the rest that it is unknown, with what it was at
//! ```
//!
//! A judge that asks its budget ends by itself, with all that it found. What asks nobody (a reader
//! within a file of gigabytes, a graph that is built) is left alone: its thread goes on until it
//! ends or the process does, and its answer is dropped; but not what it had decided before, of
//! which it leaves a draft (`progress::draft`).

use crate::limits::{Budget, Exhausted, Limits};
use crate::progress::{Phase, Progress, Seen};
use crate::report::{About, Finding, Part, Report};
use avouch_promise::{Blame, Error};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

/// How often whoever waits looks what it is at.
const LOOK: Duration = Duration::from_millis(100);
/// The stack of the thread, as the process's first one has it.
const STACK_BYTES: usize = 8 << 20;

/// How a judgement ended.
#[derive(Debug)]
pub enum Bounded<T> {
    /// By itself.
    Done(T),
    /// By a bound, with the report on what it was at.
    Stopped(Box<Report>),
}

/// A bug that tests plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    /// The bound is ignored.
    #[cfg(test)]
    WaitForEver,
    /// What was decided is thrown away with the rest.
    #[cfg(test)]
    ForgetDraft,
}

/// Reads and judges within the time of `limits`, and calls `look` ten times a second meanwhile.
///
/// An error of the work is given back, but for one that says that the history is larger than the
/// bound on memory: that is unknown.
pub fn within<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    look: impl FnMut(&Seen),
) -> Result<Bounded<T>, Error> {
    within_with(limits, work, look, Mutant::None)
}

/// The same, perhaps with a bug.
pub(crate) fn within_with<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    mut look: impl FnMut(&Seen),
    mutant: Mutant,
) -> Result<Bounded<T>, Error> {
    let progress = Progress::new(limits);
    let (sender, receiver) = channel();
    let followed = progress.clone();
    let judge = move || {
        // Nobody waits any longer if it cannot be sent.
        let _ = sender.send(followed.follow(work));
    };
    let thread = Builder::new().name("judge".to_owned()).stack_size(STACK_BYTES).spawn(judge);
    let thread = thread.map_err(|error| {
        Error::new(Blame::Environment, "a thread to judge on", error.to_string())
    })?;
    let last = limits.time.saturating_add(limits.time / 2);
    let found = loop {
        let left = last.saturating_sub(progress.seen().elapsed);
        match receiver.recv_timeout(left.min(LOOK)) {
            Ok(found) => break found,
            Err(RecvTimeoutError::Timeout) => {
                let seen = progress.seen();
                if seen.elapsed >= last && mutant.keeps_the_bound() {
                    let draft = progress.draft().filter(|_| mutant == Mutant::None);
                    return Ok(Bounded::Stopped(Box::new(stopped(limits, &seen, draft))));
                }
                look(&seen);
            }
            // It panicked, which is a fault of ours: as loud as on this thread.
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(Error::new(Blame::Environment, "a verdict", "none")),
            },
        }
    };
    match (found, progress.met()) {
        (Ok(found), _) => Ok(Bounded::Done(found)),
        (Err(_), Some((bound, far))) => {
            Ok(Bounded::Stopped(Box::new(report(*bound, far.clone(), &progress.seen()))))
        }
        (Err(error), None) => Err(error),
    }
}

impl Mutant {
    fn keeps_the_bound(self) -> bool {
        match self {
            Self::None => true,
            #[cfg(test)]
            Self::WaitForEver => false,
            #[cfg(test)]
            Self::ForgetDraft => true,
        }
    }
}

/// The report on what was not decided in time; of what was, its finding.
fn stopped(limits: &Limits, seen: &Seen, draft: Option<Report>) -> Report {
    let bound = Exhausted::Time(limits.time);
    match draft {
        Some(draft) => draft.stopped(bound, seen),
        None => report(bound, seen.to_string(), seen),
    }
}

/// The report on a history that was not judged to its end.
fn report(bound: Exhausted, far: String, seen: &Seen) -> Report {
    let is_read = !matches!(seen.phase, Phase::Reading | Phase::Following);
    let operations = if is_read { usize::try_from(seen.total).unwrap_or(usize::MAX) } else { 0 };
    let finding = Finding::Unknown { reason: bound.to_string(), story: Some(far) };
    let format = if is_read { "not judged to its end" } else { "not read to its end" };
    let about = About { format, operations, answered: 0, unknown: 0, failed: 0, notes: Vec::new() };
    let part = Part { guarantee: "history".to_owned(), operations, finding };
    let told = Report::of_parts(about, vec![part], &Budget::default());
    Report { elapsed: seen.elapsed, steps: seen.steps, ..told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Word;
    use crate::progress::enter;
    use crate::report::{Story, settle};
    use crate::stopwatch::Stopwatch;
    use crate::transaction::Level;
    use std::sync::mpsc::Receiver;

    const TIME: Duration = Duration::from_millis(10);

    fn limits() -> Limits {
        Limits { time: TIME, ..Limits::default() }
    }

    /// Work that asks nobody and ends when it is told to.
    fn deaf(end: Receiver<()>) -> impl FnOnce() -> Result<(), Error> + Send {
        move || {
            enter(Phase::Judging, 77);
            let _ = end.recv();
            Ok(())
        }
    }

    #[test]
    fn work_that_asks_nobody_ends_by_the_bound_with_what_it_was_at() {
        let (hold, end) = channel();
        let watch = Stopwatch::start();
        let Ok(Bounded::Stopped(report)) = within(&limits(), deaf(end), |_| {}) else {
            panic!("it cannot end")
        };
        let took = watch.elapsed();
        drop(hold);
        assert_eq!((report.verdict(), report.operations), (Word::Unknown, 77));
        let told = report.to_string();
        assert!(told.contains("the time bound of 10ms was reached"), "{told}");
        assert!(told.contains("judging: 77 operations"), "{told}");
        assert!(took >= TIME && took < Duration::from_secs(5), "{took:?}");
    }

    /// A judge of three levels that finds the first violated, and asks nobody at the second.
    fn deaf_at_the_second(end: Receiver<()>) -> impl FnOnce() -> Result<(), Error> + Send {
        move || {
            enter(Phase::Judging, 77);
            let levels = [Level::ReadAtomic, Level::ReadCommitted, Level::Causal];
            settle(&levels, None, &[], |level| {
                if level == Level::ReadAtomic {
                    let story = Story { title: "a fractured read".to_owned(), ..Story::default() };
                    return Finding::Violated(story);
                }
                let _ = end.recv();
                Finding::open()
            });
            Ok(())
        }
    }

    #[test]
    fn what_was_decided_before_the_bound_is_told_with_its_witness() {
        let told = |mutant| {
            let (hold, end) = channel();
            let found = within_with(&limits(), deaf_at_the_second(end), |_| {}, mutant);
            drop(hold);
            let Ok(Bounded::Stopped(report)) = found else { panic!("it cannot end") };
            report
        };
        let report = told(Mutant::None);
        let text = report.to_string();
        assert_eq!((report.verdict(), report.operations), (Word::Violated, 77), "{text}");
        for expected in [
            "violated  read-atomic (77 operations): a fractured read",
            "unknown   read-committed (77 operations): the time bound of 10ms was reached",
            "violated  causal (77 operations)",
            "judging: 2 of 3 levels decided of 77 operations",
        ] {
            assert!(text.contains(expected), "`{expected}` in {text}");
        }
        assert_eq!(told(Mutant::ForgetDraft).verdict(), Word::Unknown, "the planted bug forgets");
    }

    #[test]
    fn a_bound_that_is_ignored_is_seen() {
        let (hold, end) = channel();
        let mut looks = 0;
        // Ends the work long after the bound, which is then seen to have had no effect.
        let mut hold = Some(hold);
        let look = |seen: &Seen| {
            looks += 1;
            if seen.elapsed > TIME * 20 {
                hold.take();
            }
        };
        let found = within_with(&limits(), deaf(end), look, Mutant::WaitForEver);
        assert!(matches!(found, Ok(Bounded::Done(()))), "the planted bug waits: {found:?}");
        assert!(looks > 0);
    }

    #[test]
    fn what_ends_by_itself_is_given_back_and_errors_are_errors() {
        assert!(matches!(within(&limits(), || Ok(3), |_| {}), Ok(Bounded::Done(3))));
        let error = || Err::<(), _>(Error::new(Blame::Caller, "this", "that"));
        assert_eq!(within(&limits(), error, |_| {}).map(|_| ()), error());
        let panics = std::panic::catch_unwind(|| {
            // It takes a while to tell where it was.
            let limits = Limits::default();
            let _ = within(&limits, || -> Result<(), Error> { panic!("a fault") }, |_| {});
        });
        assert!(panics.is_err(), "a fault of ours is loud");
    }
}
