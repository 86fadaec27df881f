//! Which grandmaster a domain follows: the data set comparison (IEEE 1588-2008, 9.3.4).
//!
//! ```text
//!   other grandmaster:  priority1 < class < accuracy < variance < priority2 < identity
//!   same grandmaster:   steps removed < sender
//!                       the lower one is better, the first difference decides
//! ```
//!
//! What is compared is what each says of itself: a grandmaster that claims the best class is
//! followed, whatever its time is. So the time of a domain is that of a sole source, and an
//! interval clock over it believes that source; several domains, or unicast to several
//! grandmasters, are what outvotes one.
//!
//! - I1 The order is total: of two different announcements one is better, and of three no circle.
//!
//! Deviations: a port's own position in the topology (figure 28's "receiver" comparison) is the
//! caller's; announcements of one grandmaster over different ways are told apart by their sender.

use std::cmp::Ordering;

/// What a grandmaster is locked to (table 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockClass(pub u8);

impl ClockClass {
    /// Synchronised to a primary reference.
    pub const LOCKED: Self = Self(6);
    /// Was, and is within the holdover that it specifies.
    pub const HOLDOVER: Self = Self(7);
    /// Was, and is not within it any more (degradation alternative A).
    pub const DEGRADED: Self = Self(52);
    /// Never was.
    pub const DEFAULT: Self = Self(248);
}

/// How accurate a grandmaster says it is (table 6): the least code whose bound holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accuracy(pub u8);

/// The bounds of the codes 0x20 to 0x30, in nanoseconds.
const BOUNDS_NS: [u64; 17] = [
    25,
    100,
    250,
    1_000,
    2_500,
    10_000,
    25_000,
    100_000,
    250_000,
    1_000_000,
    2_500_000,
    10_000_000,
    25_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    10_000_000_000,
];

impl Accuracy {
    /// Worse than every bound there is: off by more than 10 s.
    pub const WORST: Self = Self(0x31);

    /// Of a clock that is off by at most so much.
    pub fn within(error: avouch_promise::Nanos) -> Self {
        let code = BOUNDS_NS.iter().zip(0x20..).find(|(bound, _)| error.0 <= **bound);
        code.map_or(Self::WORST, |(_, code)| Self(code))
    }

    /// What the code says, if it says anything.
    pub fn bound(self) -> Option<avouch_promise::Nanos> {
        let at = usize::from(self.0).checked_sub(0x20)?;
        BOUNDS_NS.get(at).copied().map(avouch_promise::Nanos)
    }
}

/// What an Announce message says (table 25), as far as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Announce {
    /// What an operator prefers, before all else.
    pub priority1: u8,
    /// What it is locked to.
    pub class: ClockClass,
    /// How accurate it says it is.
    pub accuracy: Accuracy,
    /// How steady: offsetScaledLogVariance.
    pub variance: u16,
    /// What an operator prefers among equals.
    pub priority2: u8,
    /// The grandmaster.
    pub identity: [u8; 8],
    /// Boundary clocks on the way.
    pub steps_removed: u16,
    /// Who sent it: a clock, and its port.
    pub sender: ([u8; 8], u16),
}

impl Announce {
    /// Less is better.
    pub fn compare(&self, other: &Self) -> Ordering {
        if self.identity == other.identity {
            let key = |announce: &Self| (announce.steps_removed, announce.sender);
            return key(self).cmp(&key(other));
        }
        let key = |announce: &Self| {
            (
                announce.priority1,
                announce.class,
                announce.accuracy,
                announce.variance,
                announce.priority2,
                announce.identity,
            )
        };
        key(self).cmp(&key(other))
    }
}

/// The best of those that were heard, by its place.
pub fn best<'a>(heard: impl IntoIterator<Item = (usize, &'a Announce)>) -> Option<usize> {
    heard.into_iter().min_by(|a, b| a.1.compare(b.1)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::{Nanos, Random};

    fn announce(identity: u8) -> Announce {
        Announce {
            priority1: 128,
            class: ClockClass::LOCKED,
            accuracy: Accuracy(0x21),
            variance: 0x4e5d,
            priority2: 128,
            identity: [identity; 8],
            steps_removed: 0,
            sender: ([identity; 8], 1),
        }
    }

    /// Each field decides where those before it are equal, and no later one against it.
    #[test]
    fn the_first_difference_decides() {
        let better: [fn(&mut Announce); 6] = [
            |a| a.priority1 -= 1,
            |a| a.class = ClockClass(5),
            |a| a.accuracy = Accuracy(0x20),
            |a| a.variance -= 1,
            |a| a.priority2 -= 1,
            |a| a.identity = [0; 8],
        ];
        for (at, improve) in better.iter().enumerate() {
            let (mut one, mut other) = (announce(2), announce(1));
            improve(&mut one);
            better[at + 1..].iter().for_each(|later| later(&mut other));
            assert_eq!(one.compare(&other), Ordering::Less, "field {at}");
            assert_eq!(other.compare(&one), Ordering::Greater, "field {at}");
        }
        // Of one grandmaster the nearer is better, whatever else it says.
        let (mut near, mut far) = (announce(1), announce(1));
        (near.steps_removed, far.steps_removed, far.priority1) = (1, 2, 0);
        assert_eq!(near.compare(&far), Ordering::Less);
    }

    /// I1, over drawn announcements.
    #[test]
    fn the_order_is_total() {
        let mut random = Random::new(Random::seed_from_environment()).fork(62);
        let mut draw = |identity: u8| Announce {
            priority1: random.below(2) as u8,
            class: ClockClass(random.below(2) as u8),
            accuracy: Accuracy(random.below(2) as u8),
            variance: random.below(2) as u16,
            priority2: random.below(2) as u8,
            ..announce(identity)
        };
        for _ in 0..20_000 {
            let [a, b, c] = [draw(1), draw(2), draw(3)];
            assert_ne!(a.compare(&b), Ordering::Equal);
            assert_eq!(a.compare(&b), b.compare(&a).reverse());
            let cycle = [a.compare(&b), b.compare(&c), c.compare(&a)];
            assert!(cycle.windows(2).any(|two| two[0] != two[1]), "{a:?} {b:?} {c:?}");
            let all = [a, b, c];
            let best = best(all.iter().enumerate()).map(|at| all[at]);
            assert!(all.iter().all(|one| best.is_some_and(|b| b.compare(one).is_le())));
        }
        assert_eq!(best([]), None);
    }

    #[test]
    fn accuracy_is_the_least_bound_that_holds() {
        for (error, code, bound) in [
            (0, 0x20, Some(25)),
            (100, 0x21, Some(100)),
            (101, 0x22, Some(250)),
            (1_000_001, 0x2a, Some(2_500_000)),
            (10_000_000_000, 0x30, Some(10_000_000_000)),
            (10_000_000_001, 0x31, None),
        ] {
            let accuracy = Accuracy::within(Nanos(error));
            assert_eq!((accuracy.0, accuracy.bound()), (code, bound.map(Nanos)), "{error}");
        }
    }
}
