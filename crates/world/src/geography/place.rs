//! A place that a person names: an AWS region (`eu-west-1`) or a city (`Sao Paulo`).
//!
//! Case and marks on letters do not count in a name; `-`, `_`, `.`, `,` and `'` count as spaces.

use super::cities::{ALSO_CALLED, City, cities};
use super::{Continent, Position, Region, distance};
use avouch_promise::nearest::distance as edits;
use avouch_promise::{Blame, Error};
use std::fmt;

/// A region or a city.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// An AWS region.
    Region(Region),
    /// A city.
    City(&'static City),
}

/// What AWS calls regions by, where that is no city.
const REGIONS_CALLED: [(&str, &str); 8] = [
    ("Virginia", "us-east-1"),
    ("N. Virginia", "us-east-1"),
    ("Northern Virginia", "us-east-1"),
    ("Ohio", "us-east-2"),
    ("N. California", "us-west-1"),
    ("Northern California", "us-west-1"),
    ("Oregon", "us-west-2"),
    ("Ireland", "eu-west-1"),
];

/// A name as it is compared.
fn plain(name: &str) -> String {
    let spaced = name.replace(['-', '_', '.', ',', '\''], " ").to_lowercase();
    let bare: String = spaced.chars().map(without_mark).collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A small letter without the mark that other languages put on it.
fn without_mark(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ś' | 'š' | 'ș' | 'ş' => 's',
        'ù'..='ü' | 'ū' | 'ű' => 'u',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

impl Place {
    /// Every place: regions, then cities.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        Region::all().map(Self::Region).chain(cities().map(Self::City))
    }

    /// The place of this name; an unknown one is the caller's error, with the nearest known name as
    /// its hint.
    //= §1.1.1 geodesic between cities and AWS regions by name
    pub fn parse(name: &str) -> Result<Self, Error> {
        let wanted = plain(name);
        let also =
            ALSO_CALLED.iter().chain(&REGIONS_CALLED).find(|(other, _)| plain(other) == wanted);
        let wanted = also.map_or(wanted, |(_, name)| plain(name));
        if let Some(found) = Self::all().find(|place| plain(place.name()) == wanted) {
            return Ok(found);
        }
        let near = Self::all()
            .map(|place| (edits(&wanted, &plain(place.name())), place.name()))
            .min_by_key(|(edits, _)| *edits)
            .filter(|(edits, _)| *edits <= (wanted.chars().count() / 3).max(2));
        let hint = match near {
            Some((_, near)) => format!("did you mean {near}?"),
            None => format!(
                "name an AWS region such as eu-west-1, or one of {} cities such as Nairobi; \
                 `avouch plan rtt --places` lists them",
                cities().count()
            ),
        };
        let shown: String = name.chars().take(60).collect();
        Err(Error::new(Blame::Caller, "the name of an AWS region or a city", format!("{shown:?}"))
            .hint(hint))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region(region) => region.name(),
            Self::City(city) => city.name,
        }
    }

    /// About where it is.
    pub fn position(self) -> Position {
        match self {
            Self::Region(region) => region.position(),
            Self::City(city) => city.position,
        }
    }

    /// The continent whose networks it belongs to.
    pub fn continent(self) -> Continent {
        match self {
            Self::Region(region) => Continent::of(region),
            Self::City(city) => city.continent,
        }
    }

    /// Whether it is in the United States.
    pub fn is_in_the_united_states(self) -> bool {
        match self {
            Self::Region(region) => region.name().starts_with("us-"),
            Self::City(city) => city.country == "United States",
        }
    }

    /// Whether both are one place: a region and the city that it is placed at are.
    pub fn is_same_as(self, other: Self) -> bool {
        let city = |place: Self| match place {
            Self::Region(region) => region.city(),
            Self::City(city) => city.name,
        };
        self == other || city(self) == city(other)
    }

    /// The region that is nearest, and how far it is in metres.
    pub fn nearest_region(self) -> (Region, f64) {
        let far = |region: Region| distance::geodesic_metres(self.position(), region.position());
        let first = (Region::US_EAST_1, far(Region::US_EAST_1));
        Region::all()
            .map(|region| (region, far(region)))
            .fold(first, |best, next| if next.1 < best.1 { next } else { best })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => write!(f, "{region} ({})", region.city()),
            Self::City(city) => write!(f, "{} ({})", city.name, city.country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Continent, Place};
    use avouch_promise::Blame;

    fn hint(name: &str) -> String {
        let error = Place::parse(name).expect_err("no such place");
        assert_eq!(error.blame, Blame::Caller);
        error.hint
    }

    //= §1.1.1 geodesic between cities and AWS regions by name test
    #[test]
    fn every_place_is_found_by_its_name_however_it_is_written() {
        for place in Place::all() {
            assert_eq!(Place::parse(place.name()), Ok(place));
            assert_eq!(Place::parse(&place.name().to_uppercase()), Ok(place));
        }
        assert!(hint("xian").contains("Xi'an"), "an apostrophe is a space");
        for (written, name) in [
            ("sao-paulo", "Sao Paulo"),
            ("EU_WEST_1", "eu-west-1"),
            ("São Paulo", "Sao Paulo"),
            ("ZÜRICH", "Zurich"),
            ("Bogotá", "Bogota"),
            ("St. Louis", "Saint Louis"),
            ("bengaluru", "Bangalore"),
            ("nyc", "New York"),
            ("N. Virginia", "us-east-1"),
            ("ireland", "eu-west-1"),
        ] {
            assert_eq!(Place::parse(written).map(Place::name), Ok(name), "{written}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest_and_a_strange_one_the_way_to_the_list() {
        assert_eq!(hint("Johanesburg"), "did you mean Johannesburg?");
        assert_eq!(hint("eu-wset-1"), "did you mean eu-west-1?");
        assert_eq!(hint("rekjavik"), "did you mean Reykjavik?");
        assert!(hint("the far side of the moon").contains("--places"));
    }

    #[test]
    fn a_region_lies_on_the_continent_of_its_city() {
        for place in Place::all() {
            let Place::Region(region) = place else { continue };
            let (near, metres) = place.nearest_region();
            assert!(near == region && metres < 1.0, "a region is nearest to itself");
            let city = Place::parse(region.city()).expect("a region's city has a row");
            assert_eq!(place.continent(), city.continent(), "{region}");
            assert_eq!(place.is_in_the_united_states(), city.is_in_the_united_states());
            let far = super::distance::geodesic_metres(place.position(), city.position());
            assert!(far < 30_000.0, "{region} is {far} m from {}", region.city());
        }
        let sydney = Place::parse("Canberra").expect("a city");
        assert_eq!(sydney.nearest_region().0.name(), "ap-southeast-2");
        assert_eq!(sydney.continent(), Continent::Oceania);
    }
}
