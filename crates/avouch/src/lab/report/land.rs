//! Land, as outlines of a few hundred corners in `land.txt`: enough to see on a map which coast a
//! node stands on.

use avouch_world::geography::Position;

const OUTLINES: &str = include_str!("land.txt");

/// What is drawn as water over the land around it.
const LAKE: &str = "Caspian Sea";

/// One outline; its last corner joins the first.
pub(super) struct Outline {
    pub(super) name: &'static str,
    pub(super) corners: Vec<Position>,
}

impl Outline {
    pub(super) fn is_lake(&self) -> bool {
        self.name == LAKE
    }
}

/// Every outline, land before the lake upon it.
pub(super) fn outlines() -> impl Iterator<Item = Outline> {
    OUTLINES.lines().filter(|line| !line.starts_with('#')).filter_map(outline)
}

fn outline(line: &'static str) -> Option<Outline> {
    let (name, corners) = line.split_once(": ")?;
    let corner = |text: &str| {
        let (longitude, latitude) = text.split_once(',')?;
        Some(Position { latitude: latitude.parse().ok()?, longitude: longitude.parse().ok()? })
    };
    let corners = corners.split(' ').map(corner).collect::<Option<Vec<_>>>()?;
    Some(Outline { name, corners })
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_world::geography::{Place, Region};

    /// Whether a point lies inside an outline: a ray to the east crosses it an odd number of times.
    fn is_inside(outline: &Outline, at: Position) -> bool {
        let next = outline.corners.iter().cycle().skip(1);
        let crosses = |(a, b): &(&Position, &Position)| {
            (a.latitude > at.latitude) != (b.latitude > at.latitude) && {
                let part = (at.latitude - a.latitude) / (b.latitude - a.latitude);
                at.longitude < a.longitude + part * (b.longitude - a.longitude)
            }
        };
        outline.corners.iter().zip(next).filter(crosses).count() % 2 == 1
    }

    fn is_land(at: Position) -> bool {
        let around: Vec<_> = outlines().filter(|outline| is_inside(outline, at)).collect();
        !around.is_empty() && !around.iter().any(Outline::is_lake)
    }

    #[test]
    fn every_line_is_an_outline() {
        let lines = OUTLINES.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(outlines().count(), lines);
        assert!(outlines().all(|outline| outline.corners.len() > 2 && !outline.name.is_empty()));
        assert!(outlines().last().is_some_and(|last| last.is_lake()));
        assert!(outline("Atlantis: 1,2 3,x").is_none());
    }

    /// Whether land is within so many degrees: corners are coarse, and cities lie on coasts.
    fn is_near_land(at: Position, within: f64) -> bool {
        let steps = [-1.0, -0.5, 0.0, 0.5, 1.0];
        steps.iter().any(|north| {
            steps.iter().any(|east| {
                is_land(Position {
                    latitude: at.latitude + north * within,
                    longitude: at.longitude + east * within,
                })
            })
        })
    }

    #[test]
    fn regions_and_cities_stand_on_land_and_oceans_do_not() {
        let lost: Vec<_> = Region::all()
            .filter(|region| !is_near_land(region.position(), 1.5))
            .map(Region::name)
            .collect();
        assert!(lost.is_empty(), "in the sea: {lost:?}");
        let cities: Vec<_> = Place::all().collect();
        let dry = cities.iter().filter(|city| is_near_land(city.position(), 2.0)).count();
        // Small islands are left out: Honolulu, Malta, Mauritius and their like.
        assert!(dry * 100 >= cities.len() * 93, "{dry} of {} cities", cities.len());
        for (sea, latitude, longitude) in [
            ("North Atlantic", 35.0, -45.0),
            ("South Atlantic", -20.0, -15.0),
            ("North Pacific", 35.0, -160.0),
            ("South Pacific", -30.0, -120.0),
            ("Indian Ocean", -15.0, 75.0),
            ("Gulf of Mexico", 25.5, -90.0),
            ("Hudson Bay", 59.0, -86.0),
            ("Mediterranean", 34.5, 18.0),
            ("Baltic", 56.5, 19.5),
            ("Black Sea", 43.0, 34.0),
            ("Caspian", 42.0, 50.5),
            ("Red Sea", 20.0, 38.2),
            ("Arabian Sea", 15.0, 65.0),
            ("Bay of Bengal", 15.0, 88.0),
            ("South China Sea", 14.0, 114.5),
            ("Sea of Japan", 40.0, 134.0),
            ("Sea of Okhotsk", 54.0, 149.0),
            ("Tasman Sea", -38.0, 160.0),
            ("Norwegian Sea", 67.0, 3.0),
        ] {
            let at = Position { latitude, longitude };
            assert!(!is_near_land(at, 0.5), "the {sea} is dry");
        }
    }
}
