//! How long and how large a judgement may become, and the budget that holds it to that.
//!
//! Deciding linearizability is NP-complete, so a judge needs a way to say "I do not know": every
//! search asks its [`Budget`] before it goes on, and ends with the name of the bound it met.

use crate::progress;
use crate::stopwatch::Stopwatch;
use std::fmt;
use std::time::Duration;

/// The bounds of one judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time for the whole judgement.
    pub time: Duration,
    /// Memory of the search's own tables, in bytes.
    pub memory_bytes: usize,
    /// Steps of the search: the bound that gives the same verdict on every machine.
    pub steps: u64,
}

impl Default for Limits {
    /// One minute, 1 GiB, no bound on steps.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory_bytes: 1 << 30, steps: u64::MAX }
    }
}

/// The bound that a search met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exhausted {
    /// [`Limits::steps`].
    Steps(u64),
    /// [`Limits::time`].
    Time(Duration),
    /// [`Limits::memory_bytes`].
    Memory(usize),
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(steps) => write!(f, "the bound of {steps} steps was reached"),
            Self::Time(time) => write!(f, "the time bound of {time:?} was reached"),
            Self::Memory(bytes) => {
                let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
                let whole = units.into_iter().find(|(unit, _)| bytes.is_multiple_of(*unit));
                let (unit, name) = whole.filter(|_| *bytes > 0).unwrap_or((1, "bytes"));
                write!(f, "the memory bound of {} {name} was reached", bytes / unit)
            }
        }
    }
}

/// What is left of the limits of one judgement.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    /// What is named when it is over: what all phases share, and who keeps tables beside it.
    whole: Limits,
    watch: Stopwatch,
    taken: u64,
    /// The steps that were told to whoever waits.
    told: u64,
    quota: u64,
}

/// The clock is read once in this many steps.
const STEPS_PER_READING: u64 = 1024;

impl Default for Budget {
    /// The budget of [`Limits::default`].
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Budget {
    /// A full budget; its time starts now, or is what is left where earlier phases share it.
    pub fn new(limits: Limits) -> Self {
        let followed = progress::followed();
        let (whole, left) = followed.map_or((limits, limits.time), |progress| {
            (*progress.limits(), limits.time.min(progress.left()))
        });
        let limits = Limits { time: left, ..limits };
        Self { limits, whole, watch: Stopwatch::start(), taken: 0, told: 0, quota: limits.steps }
    }

    /// Steps taken since the start.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.watch.elapsed()
    }

    /// The limits of what is left of it, for a judge that keeps a budget of its own.
    pub fn left(&self) -> Limits {
        let time = self.limits.time.saturating_sub(self.elapsed());
        Limits { time, steps: self.limits.steps.saturating_sub(self.taken), ..self.limits }
    }

    /// Allows only `steps` more from here, within the whole; `u64::MAX` restores the whole.
    pub fn slice(&mut self, steps: u64) {
        self.quota = self.limits.steps.min(self.taken.saturating_add(steps));
    }

    /// Whether nothing at all is left, a slice apart.
    pub fn is_spent(&self) -> bool {
        self.taken >= self.limits.steps || self.elapsed() >= self.limits.time
    }

    /// Whether anything is left of the time: asked before work that asks nobody is begun.
    pub fn check(&self) -> Result<(), Exhausted> {
        if self.elapsed() >= self.limits.time {
            return Err(Exhausted::Time(self.whole.time));
        }
        Ok(())
    }

    /// Takes one step of a search whose tables hold `memory_bytes`.
    pub fn step(&mut self, memory_bytes: usize) -> Result<(), Exhausted> {
        self.steps(1, memory_bytes)
    }

    /// Takes many at once: those of a block that is not looked into.
    pub fn steps(&mut self, count: u64, memory_bytes: usize) -> Result<(), Exhausted> {
        // The clock is read at the first step, and at the first of every so many.
        let reading = |taken: u64| taken.wrapping_sub(1) / STEPS_PER_READING;
        let reads_clock = reading(self.taken) != reading(self.taken.saturating_add(count));
        self.taken = self.taken.saturating_add(count);
        if reads_clock {
            progress::took(self.taken - self.told);
            self.told = self.taken;
        }
        if self.taken > self.quota {
            return Err(Exhausted::Steps(self.quota));
        }
        if memory_bytes > self.limits.memory_bytes {
            return Err(Exhausted::Memory(self.whole.memory_bytes));
        }
        if reads_clock {
            self.check()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    #[test]
    fn a_bound_on_memory_is_named_as_it_was_asked_for() {
        let told = |bytes| Exhausted::Memory(bytes).to_string();
        for (bytes, expected) in [
            (8 << 20, "8 MiB"),
            (3 << 30, "3 GiB"),
            (64 << 10, "64 KiB"),
            ((1 << 20) + 1, "1048577 bytes"),
            (0, "0 bytes"),
        ] {
            assert_eq!(told(bytes), format!("the memory bound of {expected} was reached"));
        }
        // A judge that is left a part of it, beside tables that stay, names the whole.
        let whole = Limits { memory_bytes: 8 << 20, ..Limits::default() };
        let met = Progress::new(&whole).follow(|| {
            let part = Limits { memory_bytes: 5, ..whole };
            Budget::new(part).step(6)
        });
        assert_eq!(met, Err(Exhausted::Memory(8 << 20)));
    }

    #[test]
    fn steps_are_told_to_who_waits() {
        let progress = Progress::new(&Limits::default());
        progress.follow(|| {
            let mut budget = Budget::default();
            for _ in 0..10 * STEPS_PER_READING {
                assert_eq!(budget.step(0), Ok(()));
            }
        });
        let steps = progress.seen().steps;
        assert!((9 * STEPS_PER_READING..=10 * STEPS_PER_READING).contains(&steps), "{steps}");
    }

    #[test]
    fn what_has_no_time_left_is_not_begun() {
        let spent = Budget::new(Limits { time: Duration::ZERO, ..Limits::default() });
        assert_eq!(spent.check(), Err(Exhausted::Time(Duration::ZERO)));
        assert_eq!(Budget::default().check(), Ok(()));
    }
}
