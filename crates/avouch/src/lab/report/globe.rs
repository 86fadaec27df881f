//! From the globe to the picture: a window of the world around what stands in it, and the shortest
//! way between two points on it.

use avouch_check::picture::Area;
use avouch_world::geography::Position;

/// How much taller a degree of latitude is drawn than one of longitude: true at 33 degrees.
const TALLER: f64 = 1.19;
/// The whole world, without the empty far north and south.
const NORTH: f64 = 78.0;
const SOUTH: f64 = -57.0;
/// No window is narrower: closer, the coarse outlines would mislead.
const NARROWEST: f64 = 60.0;

/// A stretch of the world in a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    west: f64,
    north: f64,
    /// Of a degree of longitude.
    pixels: f64,
}

impl Window {
    /// The height of a picture of the whole world at a width.
    pub(super) fn height(wide: f64) -> f64 {
        (wide / 360.0 * TALLER * (NORTH - SOUTH)).round()
    }

    /// The smallest window of the picture's shape that has room around all positions.
    pub(super) fn around(positions: &[Position], picture: Area) -> Self {
        let (wide, tall) = (picture.right, picture.bottom);
        let least =
            |of: fn(&Position) -> f64| positions.iter().map(of).fold(f64::INFINITY, f64::min);
        let west = least(|at| at.longitude);
        let east = -least(|at| -at.longitude);
        let south = least(|at| at.latitude);
        let north = -least(|at| -at.latitude);
        // Half as much again on all sides together: captions need it, and so do links' curves.
        let needed = ((east - west) * 1.6).max((north - south) * 1.6 * TALLER * wide / tall);
        let span = if needed.is_finite() { needed.clamp(NARROWEST, 360.0) } else { 360.0 };
        let pixels = wide / span;
        let high = tall / (pixels * TALLER);
        let slide = |low: f64, high: f64, span: f64, least: f64, most: f64| {
            (f64::midpoint(low, high) - span / 2.0).clamp(least, (most - span).max(least))
        };
        let south = slide(south, north, high, SOUTH, NORTH);
        Self { west: slide(west, east, span, -180.0, 180.0), north: south + high, pixels }
    }

    /// Where a position is drawn.
    pub(super) fn point(&self, at: Position) -> (f64, f64) {
        let x = (at.longitude - self.west) * self.pixels;
        (x, (self.north - at.latitude) * self.pixels * TALLER)
    }
}

/// Points on the great circle between two positions, both ends among them. Longitudes go on over
/// the edge of the map where the way does, so that neighbours are close.
pub(super) fn great_circle(from: Position, to: Position) -> Vec<Position> {
    const STEPS: u32 = 48;
    let vector = |at: Position| {
        let (latitude, longitude) = (at.latitude.to_radians(), at.longitude.to_radians());
        let flat = latitude.cos();
        [flat * longitude.cos(), flat * longitude.sin(), latitude.sin()]
    };
    let (one, other) = (vector(from), vector(to));
    let cosine: f64 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
    let angle = cosine.clamp(-1.0, 1.0).acos();
    if angle < 1e-6 {
        return vec![from, to];
    }
    let mut before = from.longitude;
    (0..=STEPS)
        .map(|step| {
            let part = f64::from(step) / f64::from(STEPS);
            let (near, far) = (((1.0 - part) * angle).sin(), (part * angle).sin());
            let each = |axis: usize| (near * one[axis] + far * other[axis]) / angle.sin();
            let (x, y, z) = (each(0), each(1), each(2));
            let mut longitude = y.atan2(x).to_degrees();
            longitude += 360.0 * ((before - longitude) / 360.0).round();
            before = longitude;
            Position { latitude: z.atan2(x.hypot(y)).to_degrees(), longitude }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_world::geography::Region;

    fn at(name: &str) -> Position {
        Region::parse(name).unwrap_or_else(|error| panic!("{error}")).position()
    }

    const PICTURE: Area = Area { left: 0.0, top: 0.0, right: 1_000.0, bottom: 446.0 };

    #[test]
    fn every_set_of_regions_is_inside_its_window() {
        let all: Vec<_> = Region::all().map(Region::position).collect();
        let pairs = all.iter().flat_map(|one| all.iter().map(move |other| vec![*one, *other]));
        for positions in pairs.chain([all.clone(), vec![], vec![at("us-east-1")]]) {
            let window = Window::around(&positions, PICTURE);
            for position in positions {
                let (x, y) = window.point(position);
                let inside = (20.0..980.0).contains(&x) && (20.0..430.0).contains(&y);
                assert!(inside, "{position:?} at {x:.0} {y:.0} of {window:?}");
            }
        }
        assert!((Window::height(1_000.0) - PICTURE.bottom).abs() < 1.0);
        // Europe alone is drawn larger than the world.
        let close = Window::around(&[at("eu-west-1"), at("eu-central-1")], PICTURE);
        assert!(close.pixels > 5.0 * Window::around(&all, PICTURE).pixels);
    }

    /// The way from Tokyo to Oregon crosses the Pacific north of both, and the date line.
    #[test]
    fn the_shortest_way_is_the_great_circle() {
        let (tokyo, oregon) = (at("ap-northeast-1"), at("us-west-2"));
        let way = great_circle(tokyo, oregon);
        let top = way.iter().map(|at| at.latitude).fold(f64::NEG_INFINITY, f64::max);
        assert!((48.0..56.0).contains(&top), "{top}");
        assert!(way.windows(2).all(|pair| (pair[0].longitude - pair[1].longitude).abs() < 10.0));
        let last = way.last().map(|at| at.longitude - 360.0 - oregon.longitude);
        assert!(last.is_some_and(|off| off.abs() < 1e-6), "over the edge: {last:?}");
        assert_eq!(great_circle(tokyo, tokyo).len(), 2);
    }
}
