//! By how much one clock is ahead of another, between two bounds.

use avouch_promise::{Interval, Nanos};

/// Between these, in nanoseconds; negative is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// At least this.
    pub least: i64,
    /// At most this.
    pub most: i64,
}

impl Difference {
    /// So much, give or take `half`.
    pub fn around(middle: i64, half: Nanos) -> Self {
        Self {
            least: middle.saturating_sub_unsigned(half.0),
            most: middle.saturating_add_unsigned(half.0),
        }
    }

    /// By how much the time in `one` is ahead of the time in `other`.
    pub fn between(one: &Interval, other: &Interval) -> Self {
        Self {
            least: one.earliest.0.saturating_sub(other.latest.0),
            most: one.latest.0.saturating_sub(other.earliest.0),
        }
    }

    /// Whether it may be `nanos`.
    pub fn contains(&self, nanos: i64) -> bool {
        self.least <= nanos && nanos <= self.most
    }

    /// How far apart the bounds are.
    pub fn width(&self) -> Nanos {
        Nanos(self.least.abs_diff(self.most))
    }

    /// The middle.
    pub fn middle(&self) -> i64 {
        i64::midpoint(self.least, self.most)
    }

    /// How far from nothing it is at least, either way.
    pub fn least_amount(&self) -> Nanos {
        if self.contains(0) {
            return Nanos::ZERO;
        }
        Nanos(self.least.unsigned_abs().min(self.most.unsigned_abs()))
    }

    /// By how much it grew since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            least: self.least.saturating_sub(before.most),
            most: self.most.saturating_sub(before.least),
        }
    }

    /// Each bound further out by `more`.
    #[must_use]
    pub fn widened(&self, more: Nanos) -> Self {
        Self {
            least: self.least.saturating_sub_unsigned(more.0),
            most: self.most.saturating_add_unsigned(more.0),
        }
    }

    /// The other way round.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { least: self.most.saturating_neg(), most: self.least.saturating_neg() }
    }

    /// Whether both may be the same.
    pub fn meets(&self, other: &Self) -> bool {
        self.least <= other.most && other.least <= self.most
    }
}
