//! The 33 AWS regions by name: city and approximate position.
//!
//! The operator publishes no coordinates. Each position is that of the named city or of the county
//! where the region's data centres are generally placed, in WGS-84 degrees to two decimals; it may
//! be off by some tens of kilometres, which is 0.5 ms of round trip at most.

use super::distance::Position;
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use std::fmt;

/// One of the regions, by its row in the table of measured round trips.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u8);

struct Place {
    name: &'static str,
    city: &'static str,
    position: Position,
}

const fn place(name: &'static str, city: &'static str, latitude: f64, longitude: f64) -> Place {
    Place { name, city, position: Position { latitude, longitude } }
}

/// In the order of the table: by name.
static PLACES: [Place; Region::COUNT] = [
    place("af-south-1", "Cape Town", -33.92, 18.42),
    place("ap-east-1", "Hong Kong", 22.32, 114.17),
    place("ap-east-2", "Taipei", 25.03, 121.57),
    place("ap-northeast-1", "Tokyo", 35.68, 139.69),
    place("ap-northeast-2", "Seoul", 37.57, 126.98),
    place("ap-northeast-3", "Osaka", 34.69, 135.50),
    place("ap-south-1", "Mumbai", 19.08, 72.88),
    place("ap-south-2", "Hyderabad", 17.39, 78.49),
    place("ap-southeast-1", "Singapore", 1.35, 103.82),
    place("ap-southeast-2", "Sydney", -33.87, 151.21),
    place("ap-southeast-3", "Jakarta", -6.21, 106.85),
    place("ap-southeast-4", "Melbourne", -37.81, 144.96),
    place("ap-southeast-5", "Kuala Lumpur", 3.15, 101.69),
    place("ap-southeast-7", "Bangkok", 13.76, 100.50),
    place("ca-central-1", "Montreal", 45.50, -73.57),
    place("ca-west-1", "Calgary", 51.05, -114.07),
    place("eu-central-1", "Frankfurt", 50.11, 8.68),
    place("eu-central-2", "Zurich", 47.38, 8.54),
    place("eu-north-1", "Stockholm", 59.33, 18.07),
    place("eu-south-1", "Milan", 45.46, 9.19),
    place("eu-south-2", "Zaragoza", 41.65, -0.89),
    place("eu-west-1", "Dublin", 53.35, -6.26),
    place("eu-west-2", "London", 51.51, -0.13),
    place("eu-west-3", "Paris", 48.86, 2.35),
    place("il-central-1", "Tel Aviv", 32.08, 34.78),
    place("me-central-1", "Dubai", 25.20, 55.27),
    place("me-south-1", "Manama", 26.07, 50.55),
    place("mx-central-1", "Queretaro", 20.59, -100.39),
    place("sa-east-1", "Sao Paulo", -23.55, -46.63),
    place("us-east-1", "Ashburn", 39.04, -77.49),
    place("us-east-2", "Columbus", 39.96, -83.00),
    place("us-west-1", "San Jose", 37.35, -121.95),
    place("us-west-2", "Boardman", 45.84, -119.70),
];

impl Region {
    /// How many there are.
    pub const COUNT: usize = 33;
    /// Tokyo.
    pub const AP_NORTHEAST_1: Self = Self(3);
    /// Dublin.
    pub const EU_WEST_1: Self = Self(21);
    /// Sao Paulo.
    pub const SA_EAST_1: Self = Self(28);
    /// Ashburn, Virginia.
    pub const US_EAST_1: Self = Self(29);
    /// Boardman, Oregon.
    pub const US_WEST_2: Self = Self(32);

    /// Every region, by name.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The region called `name`, as in `eu-west-1`; an unknown one is the caller's error, with the
    /// nearest known name as its hint.
    pub fn parse(name: &str) -> Result<Self, Error> {
        if let Some(region) = Self::all().find(|region| region.name() == name) {
            return Ok(region);
        }
        let at = Self::all().find(|region| region.city().eq_ignore_ascii_case(name));
        if let Some(region) = at {
            let error = Error::new(Blame::Caller, "the name of an AWS region", format!("{name:?}"));
            return Err(error.hint(format!("the region there is {region}")));
        }
        let hint = match nearest(name, Self::all().map(Self::name)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("one of {}", Self::all().map(Self::name).collect::<Vec<_>>().join(" ")),
        };
        Err(Error::new(Blame::Caller, "the name of an AWS region", format!("{name:?}")).hint(hint))
    }

    /// Its name, as in `eu-west-1`.
    pub fn name(self) -> &'static str {
        self.place().name
    }
    /// The city that it is placed at.
    pub fn city(self) -> &'static str {
        self.place().city
    }
    /// About where it is.
    pub fn position(self) -> Position {
        self.place().position
    }
    /// Its row and column in the table.
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
    fn place(self) -> &'static Place {
        &PLACES[self.index()]
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::super::FIVE;
    use super::Region;
    use avouch_promise::Blame;

    #[test]
    fn every_name_parses_to_itself_and_is_in_order() {
        let names: Vec<_> = Region::all().map(Region::name).collect();
        assert!(names.is_sorted(), "the order of the table is by name");
        for region in Region::all() {
            assert_eq!(Region::parse(region.name()), Ok(region));
            let position = region.position();
            assert!(position.latitude.abs() < 90.0 && position.longitude.abs() <= 180.0);
        }
        let five = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "sa-east-1"];
        assert_eq!(FIVE.map(Region::name), five, "the constants name the right rows");
    }

    #[test]
    fn an_unknown_name_is_the_callers_error_with_the_nearest() {
        let error = Region::parse("eu-wset-1").expect_err("no such region");
        assert_eq!(error.blame, Blame::Caller);
        assert_eq!(error.hint, "did you mean eu-west-1?");
        let error = Region::parse("paris").expect_err("a city");
        assert_eq!(error.hint, "the region there is eu-west-3");
        let error = Region::parse("the moon").expect_err("no such region");
        assert!(error.hint.contains("us-west-2"), "no name is near, so all are listed: {error}");
    }
}
