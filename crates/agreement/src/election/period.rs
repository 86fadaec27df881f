//! How long a period of the election lasts: as long as replies take, which nobody knows beforehand.
//!
//! ```text
//!   asked                 the period ends                     the reply to it
//!   |---------------------|-------------------------------------|
//!                          unhappy, and it came after the end: twice as long from now on
//!   |------|              |
//!    all replies here, and happy: half as long
//! ```
//!
//! Silence says nothing of the length: a node that hears nobody waits no longer for that. What says
//! it is a reply that comes late. In a network with a bound that nobody knows, a period grows until
//! it is longer than a round trip, and the election is one with a period that is long enough.
//! Dwork, Lynch, Stockmeyer: "Consensus in the Presence of Partial Synchrony", JACM 1988, §1;
//! growing timeouts: Chandra, Toueg, JACM 1996, §9.1.
//!
//! - I1 Only a reply to a period of the present length tells that this length is too short.
//! - I2 A period is halved only if twice what the slowest reply took is still within the half.

//= §1.2.3 timing assumptions: a dial of partial synchrony

use avouch_promise::Nanos;

/// A period doubles this often at most: 1,024 times as long.
const DOUBLINGS_MAX: u32 = 10;

/// The present period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Period {
    number: u64,
    /// The first one of the present length.
    since: u64,
    doublings: u32,
    began: Nanos,
    /// How long the slowest of the replies in time took.
    slowest: Nanos,
    /// Whether a reply to one of the present length came after its end.
    late: bool,
}

impl Period {
    pub(super) fn new(number: u64) -> Self {
        let (began, slowest) = (Nanos::ZERO, Nanos::ZERO);
        Self { number, since: number, doublings: 0, began, slowest, late: false }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn stretched(&self, usual: Nanos) -> Nanos {
        usual.times(1 << self.doublings)
    }

    /// A reply to the period of this number: whether it came in time.
    pub(super) fn replied(&mut self, number: u64, now: Nanos) -> bool {
        let in_time = number == self.number;
        if in_time {
            self.slowest = self.slowest.max(now.minus(self.began));
        } else {
            self.late |= (self.since..self.number).contains(&number);
        }
        in_time
    }

    /// Ends this period and begins the next.
    pub(super) fn turn(&mut self, happy: bool, usual: Nanos, now: Nanos) {
        let half = Nanos(self.stretched(usual).0 / 2);
        let doublings = if !happy && self.late {
            (self.doublings + 1).min(DOUBLINGS_MAX)
        } else if happy && !self.late && self.slowest.times(2) <= half {
            self.doublings.saturating_sub(1)
        } else {
            self.doublings
        };
        self.number += 1;
        if doublings != self.doublings {
            (self.doublings, self.since) = (doublings, self.number);
        }
        (self.began, self.slowest, self.late) = (now, Nanos::ZERO, false);
    }
}
