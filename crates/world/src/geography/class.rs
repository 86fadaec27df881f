//! Classes of round trips: what people expect of two places from the map alone.
//!
//! | class | expected |
//! |---|---|
//! | intra-region: two zones of one region | 1-3 ms |
//! | cross-US: both in the United States, on either side of 100 degrees west | 60-80 ms |
//! | transatlantic: Europe and North America | 60-80 ms |
//! | intercontinental: any other two continents | 140-200 ms |
//! | continental: the rest, within one continent | nothing is commonly said |
//!
//! The bands are rules of thumb; a measurement is compared with its band, and an exception says on
//! which side it lies.

use super::{Continent, Place};
use avouch_promise::Nanos;
use std::fmt;

/// A class of round trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Two zones of one region, or one place.
    IntraRegion,
    /// Within one continent, of no narrower class.
    Continental,
    /// From one side of the United States to the other.
    CrossUs,
    /// Europe and North America.
    Transatlantic,
    /// Any other two continents.
    Intercontinental,
}

/// Where a measurement lies against its class's band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// Shorter than the band says.
    Below,
    /// As the band says.
    Within,
    /// Longer than the band says.
    Above,
    /// The class has no band.
    NoBand,
}

/// The meridian that divides the United States here: east of the Rocky Mountains, west of Dallas.
const AMERICAN_DIVIDE: f64 = -100.0;

impl Class {
    /// Every class, the nearest places first.
    pub const ALL: [Self; 5] = [
        Self::IntraRegion,
        Self::Continental,
        Self::CrossUs,
        Self::Transatlantic,
        Self::Intercontinental,
    ];

    /// The class of two places.
    //= §1.1.1 geographic classes of round trips
    pub fn of(from: Place, to: Place) -> Self {
        use Continent::{Europe, NorthAmerica};
        if from.is_same_as(to) {
            return Self::IntraRegion;
        }
        match (from.continent(), to.continent()) {
            (one, other) if one == other => {
                let east = |place: Place| place.position().longitude > AMERICAN_DIVIDE;
                let american = from.is_in_the_united_states() && to.is_in_the_united_states();
                if american && east(from) != east(to) { Self::CrossUs } else { Self::Continental }
            }
            (Europe, NorthAmerica) | (NorthAmerica, Europe) => Self::Transatlantic,
            _ => Self::Intercontinental,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IntraRegion => "intra-region",
            Self::Continental => "continental",
            Self::CrossUs => "cross-US",
            Self::Transatlantic => "transatlantic",
            Self::Intercontinental => "intercontinental",
        }
    }

    /// The round trips that are commonly expected of it, shortest and longest.
    pub const fn band(self) -> Option<(Nanos, Nanos)> {
        let (low, high) = match self {
            Self::IntraRegion => (1, 3),
            Self::CrossUs | Self::Transatlantic => (60, 80),
            Self::Intercontinental => (140, 200),
            Self::Continental => return None,
        };
        Some((Nanos::from_millis(low), Nanos::from_millis(high)))
    }

    /// Where a round trip lies against the band.
    pub fn fit(self, round_trip: Nanos) -> Fit {
        match self.band() {
            None => Fit::NoBand,
            Some((low, _)) if round_trip < low => Fit::Below,
            Some((_, high)) if round_trip > high => Fit::Above,
            Some(_) => Fit::Within,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RoundTrip, pair_round_trip};
    use super::{Class, Fit, Place};

    fn judged(from: &str, to: &str) -> (Class, Fit) {
        let place = |name| Place::parse(name).expect("a place");
        let (from, to) = (place(from), place(to));
        let class = Class::of(from, to);
        let (Place::Region(from), Place::Region(to)) = (from, to) else {
            return (class, Fit::NoBand);
        };
        (class, class.fit(pair_round_trip(from, to).p50))
    }

    //= §1.1.1 geographic classes of round trips test
    #[test]
    fn classes_hold_and_are_broken_where_it_was_measured() {
        for (from, to, expected) in [
            ("us-east-1", "us-east-1", (Class::IntraRegion, Fit::Within)),
            ("us-west-1", "San Jose", (Class::IntraRegion, Fit::NoBand)),
            ("us-east-1", "us-west-2", (Class::CrossUs, Fit::Within)),
            ("us-east-2", "us-west-2", (Class::CrossUs, Fit::Below)),
            ("us-east-1", "eu-west-1", (Class::Transatlantic, Fit::Within)),
            ("us-east-1", "eu-central-1", (Class::Transatlantic, Fit::Above)),
            ("us-east-1", "ap-northeast-1", (Class::Intercontinental, Fit::Within)),
            ("af-south-1", "ap-southeast-4", (Class::Intercontinental, Fit::Above)),
            ("eu-south-1", "il-central-1", (Class::Intercontinental, Fit::Below)),
            ("eu-west-1", "eu-west-2", (Class::Continental, Fit::NoBand)),
            ("us-east-1", "us-east-2", (Class::Continental, Fit::NoBand)),
            ("Lisbon", "Halifax", (Class::Transatlantic, Fit::NoBand)),
            ("Toronto", "Vancouver", (Class::Continental, Fit::NoBand)),
        ] {
            assert_eq!(judged(from, to), expected, "{from} {to}");
            assert_eq!(judged(to, from), expected, "{to} {from}");
        }
        assert_eq!(Class::IntraRegion.fit(RoundTrip::SAME_ZONE.p50), Fit::Below, "0.1 ms");
    }
}
