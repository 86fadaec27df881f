//! What a judgement is at, for whoever waits for it, and the time that all of its phases share.
//!
//! ```text
//!   waits   Progress::new(limits) -- seen(), seen(), ... draft() --> what it is at, what it found
//!   judges  follow(|| { enter(Reading, bytes) .. enter(Judging, operations) .. Budget::new .. })
//! ```
//!
//! A judge tells it of its own thread, without being handed it: most of its callers have nobody who
//! waits, and then telling does nothing. A [`Budget`](crate::limits::Budget) begun while it is
//! followed has only the time that the earlier phases left.

use crate::limits::{Exhausted, Limits};
use crate::report::Report;
use crate::stopwatch::Stopwatch;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The history is read; of so many bytes.
    Reading,
    /// Operations are judged as they come; nobody knows of how many.
    Following,
    /// All of it is judged; of so many operations.
    Judging,
    /// Each of its objects is judged alone; of so many objects.
    Objects,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Reading, Self::Following, Self::Judging, Self::Objects];

    /// What its steps are.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Reading => "bytes",
            Self::Following | Self::Judging => "operations",
            Self::Objects => "objects",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading => "reading",
            Self::Following => "judging as it comes",
            Self::Judging => "judging",
            Self::Objects => "judging each object alone",
        })
    }
}

/// Steps of a loop between two times that it tells how far it is.
const BLOCK: usize = 1024;

/// The whole of a phase, in the units of [`Seen::share`].
pub const WHOLE: u64 = 1_000_000;

/// What a judgement was at when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is being done.
    pub phase: Phase,
    /// How much of the phase is done, of [`WHOLE`]; 0 if it does not tell.
    pub share: u64,
    /// Steps of the phase that are done; 0 if it does not tell.
    pub done: u64,
    /// Steps of the phase; 0 if nobody knows.
    pub total: u64,
    /// Steps that searches took, in all phases.
    pub steps: u64,
    /// Of how many levels the history is judged, and how many of these are decided.
    pub levels: u64,
    /// See `levels`.
    pub decided: u64,
    /// Since it all began.
    pub elapsed: Duration,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, share, done, total, levels, decided, .. } = self;
        let unit = phase.unit();
        // How much work a level is nobody knows before it is decided: they are counted.
        if *phase == Phase::Judging && *levels > 1 {
            return write!(f, "{phase}: {decided} of {levels} levels decided of {total} {unit}");
        }
        match (done, total) {
            (0, 0) => write!(f, "{phase}"),
            (done, 0) => write!(f, "{phase}: {done} {unit} so far"),
            (0, total) if *share > 0 => {
                write!(f, "{phase}: {} % of {total} {unit}", share * 100 / WHOLE)
            }
            (0, total) => write!(f, "{phase}: {total} {unit}"),
            (done, total) => write!(f, "{phase}: {done} of {total} {unit}"),
        }
    }
}

/// A judgement that somebody waits for.
#[derive(Debug)]
pub struct Progress {
    watch: Stopwatch,
    limits: Limits,
    phase: AtomicU8,
    share: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    /// Steps of its searches, told once in many.
    steps: AtomicU64,
    levels: AtomicU64,
    decided: AtomicU64,
    /// A bound that ended it before it was read.
    met: OnceLock<(Exhausted, String)>,
    /// The report as it would be if nothing more were decided.
    draft: Mutex<Option<Report>>,
}

thread_local! {
    static FOLLOWED: RefCell<Option<Arc<Progress>>> = const { RefCell::new(None) };
    /// The part of the phase that is at hand: where it begins, and how large it is.
    static PART: Cell<(u64, u64)> = const { Cell::new((0, WHOLE)) };
}

impl Progress {
    /// One that begins now and has so much time in all.
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            watch: Stopwatch::start(),
            limits: *limits,
            phase: AtomicU8::new(0),
            share: AtomicU64::new(0),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            levels: AtomicU64::new(0),
            decided: AtomicU64::new(0),
            met: OnceLock::new(),
            draft: Mutex::new(None),
        })
    }

    /// Does some work, of which this thread tells here what it is at.
    pub fn follow<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        let before = FOLLOWED.replace(Some(Arc::clone(self)));
        let done = work();
        FOLLOWED.set(before);
        done
    }

    /// What it is at.
    pub fn seen(&self) -> Seen {
        let phase = usize::from(self.phase.load(Relaxed));
        Seen {
            phase: Phase::ALL.get(phase).copied().unwrap_or(Phase::Judging),
            share: self.share.load(Relaxed),
            done: self.done.load(Relaxed),
            total: self.total.load(Relaxed),
            steps: self.steps.load(Relaxed),
            levels: self.levels.load(Relaxed),
            decided: self.decided.load(Relaxed),
            elapsed: self.watch.elapsed(),
        }
    }

    /// What it may take in all.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is left of its time.
    pub(crate) fn left(&self) -> Duration {
        self.limits.time.saturating_sub(self.watch.elapsed())
    }

    /// What was decided so far, if that was told.
    pub(crate) fn draft(&self) -> Option<Report> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The bound that ended it before the history was read, with how far that came.
    pub(crate) fn met(&self) -> Option<&(Exhausted, String)> {
        self.met.get()
    }
}

/// What this thread tells of what it does, if anybody waits.
pub(crate) fn followed() -> Option<Arc<Progress>> {
    FOLLOWED.with_borrow(Clone::clone)
}

/// A phase begins, of so many steps; 0 if nobody knows.
pub(crate) fn enter(phase: Phase, total: usize) {
    FOLLOWED.with_borrow(|followed| {
        let Some(progress) = followed else { return };
        let place = Phase::ALL.iter().position(|one| *one == phase).unwrap_or(0);
        progress.phase.store(u8::try_from(place).unwrap_or(0), Relaxed);
        progress.share.store(0, Relaxed);
        PART.set((0, WHOLE));
        progress.levels.store(0, Relaxed);
        progress.decided.store(0, Relaxed);
        progress.done.store(0, Relaxed);
        progress.total.store(total as u64, Relaxed);
    });
}

/// So many steps of the phase are done; fewer than were told before change nothing. Where it is
/// known of how many, they are so much of what is at hand, too.
pub(crate) fn reached(done: usize) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            progress.done.fetch_max(done as u64, Relaxed);
            let total = progress.total.load(Relaxed);
            progress
                .share
                .fetch_max(if total > 0 { mapped(done as u64, total) } else { 0 }, Relaxed);
        }
    });
}

/// So many of so many steps of what is at hand, as a share of the phase.
fn mapped(done: u64, total: u64) -> u64 {
    let (start, size) = PART.get();
    let share = u128::from(done.min(total)) * u128::from(size) / u128::from(total.max(1));
    start + u64::try_from(share).unwrap_or(size)
}

/// Does some work that is a part of what is at hand: from a place in it to another, of so many.
/// That it is done is told by what comes after it: it may have failed.
///
/// ```text
///   enter(Judging)        0 ------------------------------- WHOLE
///   part(1..2, 4, ..)             |------|
///   part(0..1, 2, ..)             |--|           at(1, 2) within it: here, at 5/16
/// ```
pub(crate) fn part<T>(place: Range<usize>, of: usize, work: impl FnOnce() -> T) -> T {
    let (start, size) = PART.get();
    let of = of.max(1) as u64;
    let at = |place: usize| size * (place as u64).min(of) / of;
    PART.set((start + at(place.start), at(place.end) - at(place.start)));
    self::at(0, 1);
    let done = work();
    PART.set((start, size));
    done
}

/// Levels that are decided one after another.
pub(crate) struct Parts {
    done: usize,
    /// Which part of the whole the first is, as so many times each of the others.
    first: usize,
    count: usize,
}

impl Parts {
    /// Of so many levels. Where the strongest comes first, it is taken for nine parts in ten of
    /// the work: where it holds, it settles all others.
    pub(crate) fn of_levels(count: usize, is_strongest_first: bool) -> Self {
        let others = count.saturating_sub(1);
        Self { done: 0, first: if is_strongest_first { 9 * others.max(1) } else { 1 }, count }
    }

    /// Does the next part.
    pub(crate) fn next<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let all = self.first + self.count.saturating_sub(1);
        let start = match self.done {
            0 => 0,
            done => self.first + done - 1,
        };
        let end = self.first + self.done;
        self.done += 1;
        part(start..end, all, work)
    }
}

/// So many of so many steps of what is at hand are done.
pub(crate) fn at(done: u64, total: u64) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            progress.share.fetch_max(mapped(done, total), Relaxed);
        }
    });
}

/// The place of a loop over so many: told once in a block of them, so that a loop may tell it of
/// each.
#[inline]
pub(crate) fn place(done: usize, total: usize) {
    if done.is_multiple_of(BLOCK) {
        at(done as u64, total as u64);
    }
}

/// So many of the levels by which the history is judged are decided.
pub(crate) fn levels(decided: usize, levels: usize) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            progress.levels.store(levels as u64, Relaxed);
            progress.decided.store(decided as u64, Relaxed);
        }
    });
}

/// Searches took so many steps more.
pub(crate) fn took(steps: u64) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            progress.steps.fetch_add(steps, Relaxed);
        }
    });
}

/// What was decided of the whole history so far, for whoever stops waiting; what is found of its
/// objects alone is no part of that.
pub(crate) fn draft(report: impl FnOnce() -> Report) {
    let Some(progress) = followed() else { return };
    if progress.seen().phase == Phase::Judging {
        let report = report();
        *progress.draft.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    }
}

/// A bound was met before the history was read, which came so far.
pub(crate) fn meet(bound: Exhausted, far: impl Into<String>) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            let _ = progress.met.set((bound, far.into()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Budget, Limits};

    #[test]
    fn what_is_done_is_told_to_who_follows_and_to_nobody_else() {
        enter(Phase::Reading, 7);
        let progress = Progress::new(&Limits::default());
        progress.follow(|| {
            enter(Phase::Reading, 100);
            reached(40);
            reached(30);
        });
        reached(90);
        assert_eq!(progress.seen().to_string(), "reading: 40 of 100 bytes");
        progress.follow(|| enter(Phase::Judging, 5));
        assert_eq!(progress.seen().to_string(), "judging: 5 operations");
    }

    #[test]
    fn parts_of_parts_are_shares_of_the_whole() {
        let progress = Progress::new(&Limits::default());
        progress.follow(|| {
            enter(Phase::Judging, 80);
            part(1..2, 4, || {
                assert_eq!(progress.seen().share, WHOLE / 4, "what is before it is done");
                part(0..1, 2, || at(1, 2));
                assert_eq!(progress.seen().share, WHOLE * 5 / 16);
                at(1, 10);
                assert_eq!(progress.seen().share, WHOLE * 5 / 16, "it does not go back");
            });
            assert_eq!(progress.seen().to_string(), "judging: 31 % of 80 operations");
            at(u64::MAX, u64::MAX);
            assert_eq!(progress.seen().share, WHOLE);
            enter(Phase::Reading, 7);
            reached(7);
            assert_eq!(progress.seen().share, WHOLE);
            enter(Phase::Following, 0);
            assert_eq!(progress.seen().share, 0);
        });
    }

    #[test]
    fn levels_are_parts_and_the_strongest_first_is_most() {
        for (is_strongest_first, starts) in
            [(false, [0, 250, 500, 750]), (true, [0, 900, 933, 966])]
        {
            let progress = Progress::new(&Limits::default());
            progress.follow(|| {
                enter(Phase::Judging, 80);
                let mut parts = Parts::of_levels(4, is_strongest_first);
                for start in starts {
                    parts.next(|| assert_eq!(progress.seen().share * 1_000 / WHOLE, start));
                }
                parts.next(|| assert_eq!(progress.seen().share, WHOLE, "one more than told of"));
            });
        }
    }

    #[test]
    fn a_budget_has_the_time_that_earlier_phases_left_and_names_the_whole() {
        let progress =
            Progress::new(&Limits { time: Duration::from_millis(20), ..Limits::default() });
        progress.follow(|| {
            let mut fresh = Budget::new(Limits::default());
            assert_eq!(fresh.step(0), Ok(()), "little of the time is gone");
            while progress.left() > Duration::ZERO {}
            let mut budget = Budget::new(Limits::default());
            assert_eq!(budget.step(0), Err(Exhausted::Time(Duration::from_millis(20))));
        });
        assert_eq!(Budget::new(Limits::default()).step(0), Ok(()), "nobody follows any more");
    }
}
