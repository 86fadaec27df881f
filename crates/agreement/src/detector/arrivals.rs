//! A window of the last samples with their exact sum and sum of squares.
//!
//! Integers, so that a mean and a variance over any number of samples carry no rounding of their
//! own: a window that slides for months is as exact as a fresh one.
//!
//! - I1 The sums are those of the samples held.

use super::real;
use avouch_promise::invariant;
use std::collections::VecDeque;

/// No sample is taken beyond this, either way: 2^50 ns are 13 days.
pub const LONGEST: i64 = 1 << 50;

/// No window holds more.
pub const MOST: usize = 1 << 12;

/// The last samples, in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    samples: VecDeque<i64>,
    size: usize,
    sum: i128,
    squares: i128,
}

impl Window {
    /// An empty window that keeps the last `size` samples, at least 1 and at most [`MOST`].
    pub fn new(size: usize) -> Self {
        let size = size.clamp(1, MOST);
        Self { samples: VecDeque::new(), size, sum: 0, squares: 0 }
    }

    /// Takes a sample in, and the oldest one out when full.
    pub fn push(&mut self, nanos: i64) {
        let sample = nanos.clamp(-LONGEST, LONGEST);
        if self.samples.len() == self.size {
            let oldest = i128::from(self.samples.pop_front().unwrap_or_default());
            self.sum -= oldest;
            self.squares -= oldest * oldest;
        }
        self.samples.push_back(sample);
        self.sum += i128::from(sample);
        self.squares += i128::from(sample) * i128::from(sample);
        invariant!(I1, self.squares >= 0, "a sum of squares of {}", self.squares);
    }

    /// How many samples it holds.
    pub fn count(&self) -> i128 {
        self.samples.len() as i128
    }

    /// Their sum, in nanoseconds.
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// Their mean in nanoseconds, rounded down; of none, 0.
    pub fn mean(&self) -> i128 {
        self.sum.div_euclid(self.count().max(1))
    }

    /// Their standard deviation in nanoseconds, about their own mean: `sqrt(n S2 - S1^2) / n`.
    /// Below 2^50 ns and 2^12 samples the difference is exact in 128 bits.
    pub fn deviation(&self) -> f64 {
        let count = self.count().max(1);
        let spread = count * self.squares - self.sum * self.sum;
        invariant!(I1, spread >= 0, "a variance of {spread} / {count}^2");
        real(spread).sqrt() / real(count)
    }
}
