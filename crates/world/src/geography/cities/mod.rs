//! Cities by name: about where they are, so that a plan can be made before there is anything to
//! measure.
//!
//! A position is that of the city's centre, in WGS-84 degrees to two decimals. The continent is the
//! one whose networks the city belongs to: the Middle East and the Caucasus count as Asia, Central
//! America and the Caribbean as North America.

mod africa;
mod asia;
mod europe;
mod north_america;
mod oceania;
mod south_america;

use super::continent::Continent;
use super::distance::Position;

/// A city.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct City {
    /// Its English name, in ASCII; no two here share one.
    pub name: &'static str,
    /// The country or territory.
    pub country: &'static str,
    /// The continent whose networks it belongs to.
    pub continent: Continent,
    /// About where it is.
    pub position: Position,
}

const fn city(
    name: &'static str,
    country: &'static str,
    continent: Continent,
    latitude: f64,
    longitude: f64,
) -> City {
    City { name, country, continent, position: Position { latitude, longitude } }
}

/// Every city, continent by continent.
pub fn cities() -> impl Iterator<Item = &'static City> + Clone {
    africa::CITIES
        .iter()
        .chain(&asia::CITIES)
        .chain(&europe::CITIES)
        .chain(&north_america::CITIES)
        .chain(&oceania::CITIES)
        .chain(&south_america::CITIES)
}

/// Other names under which people look for a city.
pub(super) static ALSO_CALLED: [(&str, &str); 16] = [
    ("Bengaluru", "Bangalore"),
    ("Bombay", "Mumbai"),
    ("Kiev", "Kyiv"),
    ("Koeln", "Cologne"),
    ("LA", "Los Angeles"),
    ("Madras", "Chennai"),
    ("Muenchen", "Munich"),
    ("New Delhi", "Delhi"),
    ("New York City", "New York"),
    ("NYC", "New York"),
    ("Petersburg", "Saint Petersburg"),
    ("Saigon", "Ho Chi Minh City"),
    ("St Louis", "Saint Louis"),
    ("St Petersburg", "Saint Petersburg"),
    ("Washington DC", "Washington"),
    ("Wien", "Vienna"),
];

#[cfg(test)]
mod tests {
    use super::{ALSO_CALLED, cities};
    use std::collections::BTreeSet;

    #[test]
    fn at_least_two_hundred_cities_each_named_once_and_on_the_globe() {
        let names: BTreeSet<_> = cities().map(|city| city.name).collect();
        assert_eq!(names.len(), cities().count(), "no name stands for two cities");
        assert!(names.len() >= 200, "{}", names.len());
        for city in cities() {
            let (latitude, longitude) = (city.position.latitude, city.position.longitude);
            assert!(latitude.abs() < 75.0 && longitude.abs() <= 180.0, "{city:?}");
            assert!(city.name.is_ascii() && city.country.is_ascii(), "{city:?}");
        }
        for (other, name) in ALSO_CALLED {
            assert!(names.contains(name) && !names.contains(other), "{other} {name}");
        }
    }
}
