//! What a judgement is at, for whoever waits for it, and the time that all of its phases share.
//!
//! ```text
//!   waits   Progress::new(time) ---- seen(), seen(), ... ----------> what it is at, how far
//!   judges  follow(|| { enter(Reading, bytes) .. enter(Judging, operations) .. Budget::new .. })
//! ```
//!
//! A judge tells it of its own thread, without being handed it: most of its callers have nobody who
//! waits, and then telling does nothing. A [`Budget`](crate::limits::Budget) begun while it is
//! followed has only the time that the earlier phases left.

use crate::limits::Exhausted;
use crate::stopwatch::Stopwatch;
use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
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

/// What a judgement was at when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is being done.
    pub phase: Phase,
    /// Steps of the phase that are done; 0 if it does not tell.
    pub done: u64,
    /// Steps of the phase; 0 if nobody knows.
    pub total: u64,
    /// Since it all began.
    pub elapsed: Duration,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, done, total, .. } = self;
        let unit = phase.unit();
        match (done, total) {
            (0, 0) => write!(f, "{phase}"),
            (done, 0) => write!(f, "{phase}: {done} {unit} so far"),
            (0, total) => write!(f, "{phase}: {total} {unit}"),
            (done, total) => write!(f, "{phase}: {done} of {total} {unit}"),
        }
    }
}

/// A judgement that somebody waits for.
#[derive(Debug)]
pub struct Progress {
    watch: Stopwatch,
    time: Duration,
    phase: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    /// A bound that ended it before it was read.
    met: OnceLock<(Exhausted, String)>,
}

thread_local! {
    static FOLLOWED: RefCell<Option<Arc<Progress>>> = const { RefCell::new(None) };
}

impl Progress {
    /// One that begins now and has so much time in all.
    pub fn new(time: Duration) -> Arc<Self> {
        Arc::new(Self {
            watch: Stopwatch::start(),
            time,
            phase: AtomicU8::new(0),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            met: OnceLock::new(),
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
            done: self.done.load(Relaxed),
            total: self.total.load(Relaxed),
            elapsed: self.watch.elapsed(),
        }
    }

    /// The time that it has in all.
    pub(crate) fn time(&self) -> Duration {
        self.time
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.time.saturating_sub(self.watch.elapsed())
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
        progress.done.store(0, Relaxed);
        progress.total.store(total as u64, Relaxed);
    });
}

/// So many steps of the phase are done; fewer than were told before change nothing.
pub(crate) fn reached(done: usize) {
    FOLLOWED.with_borrow(|followed| {
        if let Some(progress) = followed {
            progress.done.fetch_max(done as u64, Relaxed);
        }
    });
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
        let progress = Progress::new(Duration::from_secs(60));
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
    fn a_budget_has_the_time_that_earlier_phases_left_and_names_the_whole() {
        let progress = Progress::new(Duration::from_millis(20));
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
