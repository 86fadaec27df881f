//! A normal distribution that is cut off at a floor: what would lie below is drawn again.

use super::held;
use crate::arithmetic::{normal_cumulative, normal_quantile};
use avouch_promise::Nanos;

/// A normal distribution above a floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean_ns: f64,
    deviation_ns: f64,
    floor: Nanos,
    /// The share of the whole distribution that lies above the floor.
    above: f64,
}

impl Normal {
    #[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
    pub(super) fn new(mean: Nanos, deviation: Nanos, floor: Nanos) -> Self {
        let (mean_ns, deviation_ns) = (mean.0 as f64, (deviation.0 as f64).max(1e-3));
        let above = normal_cumulative((mean_ns - floor.0 as f64) / deviation_ns);
        Self { mean_ns, deviation_ns, floor, above }
    }

    /// The delay that a message stays below with `probability`. Counted from the upper end, which
    /// stays exact where the floor cuts off nearly everything.
    pub(super) fn quantile(&self, probability: f64) -> Nanos {
        let z = -normal_quantile((1.0 - probability) * self.above);
        held(self.mean_ns + self.deviation_ns * z).max(self.floor)
    }

    /// Mean, deviation and floor, to the nanosecond: what it was made from.
    #[expect(clippy::cast_sign_loss, reason = "made from spans")]
    pub fn made_from(&self) -> [Nanos; 3] {
        let nanos = |ns: f64| Nanos(ns.round() as u64);
        [nanos(self.mean_ns), nanos(self.deviation_ns), self.floor]
    }

    pub(super) const fn floor(&self) -> Nanos {
        self.floor
    }
}
