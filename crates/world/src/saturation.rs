//! A saturated disk: other users of the same device keep its queue long.
//!
//! ```text
//!   others --Poisson--> [ queue ] --> device, one at a time, exponential service --> done
//!   ours   -------------^   waits for everything that came before it
//! ```
//!
//! The unfinished work ahead of an operation is followed exactly (Lindley's recursion), so below
//! full utilisation an operation waits as the M/M/1 formula says (Kleinrock 1975, Queueing Systems
//! I, 3.2: rho / (1 - rho) service times on average), and above it longer and longer, until the
//! queue is as deep as the device's and others are held back.

use crate::arithmetic::ln;
use avouch_promise::{Nanos, Random};

/// How many operations a device's queue takes before its users are held back (`nr_requests` of a
/// Linux block device is 256 with its scheduler).
pub const QUEUE_MAX: u64 = 256;

/// The queue of a device that others use, too.
#[derive(Clone, Debug)]
pub struct Saturation {
    service: Nanos,
    /// The mean time between operations of others.
    every_ns: f64,
    /// Up to when the device is busy with what has come.
    busy_until_ns: u64,
    next_ns: u64,
    random: Random,
}

impl Saturation {
    /// Others take this share of the device's time (1 and more: all of it) from now on, in
    /// operations that take `service` on average.
    #[expect(clippy::cast_precision_loss, reason = "a service time is far below 2^53 ns")]
    pub fn new(now: Nanos, utilisation: f64, service: Nanos, random: Random) -> Self {
        let service = Nanos(service.0.max(1));
        let every_ns = service.0 as f64 / utilisation.max(1e-9);
        let mut queue = Self { service, every_ns, busy_until_ns: now.0, next_ns: now.0, random };
        queue.next_ns = now.plus(queue.exponential(every_ns)).0;
        queue
    }

    fn exponential(&mut self, mean_ns: f64) -> Nanos {
        #[expect(clippy::cast_sign_loss, reason = "the logarithm of at most 1 is not positive")]
        Nanos((-ln(1.0 - self.random.unit()) * mean_ns) as u64)
    }

    /// Takes in what others have asked until now.
    #[expect(clippy::cast_precision_loss, reason = "a service time is far below 2^53 ns")]
    fn advance(&mut self, now: Nanos) {
        while self.next_ns <= now.0 {
            let at = self.next_ns;
            if self.depth(Nanos(at)) < QUEUE_MAX {
                let takes = self.exponential(self.service.0 as f64);
                self.busy_until_ns = self.busy_until_ns.max(at).saturating_add(takes.0);
            }
            self.next_ns = at + self.exponential(self.every_ns).0.max(1);
        }
    }

    /// How long an operation that comes now waits before the device takes it; it then takes
    /// `takes` itself.
    pub fn wait(&mut self, now: Nanos, takes: Nanos) -> Nanos {
        self.advance(now);
        let begins = self.busy_until_ns.max(now.0);
        self.busy_until_ns = begins.saturating_add(takes.0);
        Nanos(begins - now.0)
    }

    /// About how many operations wait or are served.
    pub fn depth(&self, now: Nanos) -> u64 {
        self.busy_until_ns.saturating_sub(now.0).div_ceil(self.service.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean wait of operations that add nothing themselves, in service times.
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    fn mean_wait(utilisation: f64) -> f64 {
        let (service, probes) = (Nanos::from_micros(100), 400_000_u64);
        let random = Random::new(Random::seed_from_environment());
        let mut queue = Saturation::new(Nanos::ZERO, utilisation, service, random);
        let waits = (1..=probes).map(|at| queue.wait(Nanos::from_micros(at * 150), Nanos::ZERO).0);
        waits.sum::<u64>() as f64 / probes as f64 / service.0 as f64
    }

    #[test]
    //= §4.1.2 disk-saturation test
    fn the_wait_is_that_of_the_m_m_1_queue() {
        for utilisation in [0.3, 0.5, 0.8] {
            let exact = utilisation / (1.0 - utilisation);
            let off = mean_wait(utilisation) / exact - 1.0;
            assert!(off.abs() < 0.04, "rho {utilisation}: off by {:.2} %", off * 100.0);
        }
    }

    #[test]
    fn beyond_full_utilisation_the_queue_is_as_deep_as_the_device_allows() {
        let service = Nanos::from_millis(1);
        let mut queue = Saturation::new(Nanos::ZERO, 1.5, service, Random::new(3));
        let early = queue.wait(Nanos::from_millis(50), Nanos::ZERO);
        let late = queue.wait(Nanos::from_secs(20), Nanos::ZERO);
        assert!(early < late && queue.depth(Nanos::from_secs(20)) <= 2 * QUEUE_MAX, "{late}");
        assert!(late >= Nanos::from_millis(150), "{late}");
    }
}
