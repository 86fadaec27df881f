//! How far apart two places are, and the time that no message between them can beat.
//!
//! The distance is the geodesic on the WGS-84 ellipsoid (Vincenty, *Direct and inverse solutions of
//! geodesics on the ellipsoid*, Survey Review 23, 1975). Light needs its length / c in a vacuum; in
//! fibre it is slower by the group index.
//!
//! Longitudes are compared the shorter way round, so the date line is no exception.
//!
//! Deviation: near-antipodal points, where Vincenty's iteration does not converge, get the great
//! circle on the mean sphere instead, which is off by at most 0.5 %.

use avouch_promise::Nanos;

/// A point on the earth in WGS-84 degrees: latitude north, longitude east.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
}

/// Metres that light travels per second in a vacuum (exact by the definition of the metre).
pub const LIGHT_METRES_PER_SECOND: f64 = 299_792_458.0;
/// How much slower a signal travels in single-mode fibre than light in a vacuum: the group index
/// of ITU-T G.652 fibre at 1550 nm.
pub const FIBRE_GROUP_INDEX: f64 = 1.468;

/// WGS-84: the semi-major axis in metres, and the flattening.
const SEMI_MAJOR_METRES: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// The mean radius of the ellipsoid in metres (IUGG), for the near-antipodal fallback.
const MEAN_RADIUS_METRES: f64 = 6_371_008.8;

/// The length in metres of the shortest line over the earth's surface.
pub fn geodesic_metres(from: Position, to: Position) -> f64 {
    vincenty_metres(from, to).unwrap_or_else(|| haversine_metres(from, to))
}

/// The shortest time between two places one way, for light in a vacuum.
//= §1.1.1 theoretical minimum
pub fn vacuum_floor(from: Position, to: Position) -> Nanos {
    seconds(geodesic_metres(from, to) / LIGHT_METRES_PER_SECOND)
}

/// The shortest time between two places one way, in a fibre laid along the geodesic.
//= §1.1.1 fibre realities
pub fn fibre_floor(from: Position, to: Position) -> Nanos {
    seconds(geodesic_metres(from, to) / LIGHT_METRES_PER_SECOND * FIBRE_GROUP_INDEX)
}

#[expect(clippy::cast_sign_loss, reason = "a length over a speed is not negative")]
fn seconds(seconds: f64) -> Nanos {
    Nanos((seconds * 1e9).round() as u64)
}

/// Vincenty's inverse solution, or none where it does not converge. Names follow the paper:
/// u is a reduced latitude, lambda the longitude on the auxiliary sphere, sigma the angular
/// distance, alpha the azimuth at the equator.
fn vincenty_metres(from: Position, to: Position) -> Option<f64> {
    let reduced = |latitude: f64| ((1.0 - FLATTENING) * latitude.to_radians().tan()).atan();
    let (sin_u1, cos_u1) = reduced(from.latitude).sin_cos();
    let (sin_u2, cos_u2) = reduced(to.latitude).sin_cos();
    let longitude = eastwards(from, to).to_radians();
    let mut lambda = longitude;
    for _ in 0..100 {
        let (sin_lambda, cos_lambda) = lambda.sin_cos();
        let across = cos_u2 * sin_lambda;
        let along = cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_lambda;
        let sin_sigma = across.hypot(along);
        if sin_sigma == 0.0 {
            return (cos_lambda > 0.0).then_some(0.0);
        }
        let cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_lambda;
        let sigma = sin_sigma.atan2(cos_sigma);
        let sin_alpha = cos_u1 * cos_u2 * sin_lambda / sin_sigma;
        let cos2_alpha = 1.0 - sin_alpha * sin_alpha;
        // On the equator the term has no middle to refer to and is zero.
        let cos_2m =
            if cos2_alpha > 0.0 { cos_sigma - 2.0 * sin_u1 * sin_u2 / cos2_alpha } else { 0.0 };
        let bend = 2.0 * cos_2m * cos_2m - 1.0;
        let c = FLATTENING / 16.0 * cos2_alpha * (4.0 + FLATTENING * (4.0 - 3.0 * cos2_alpha));
        let swing = sigma + c * sin_sigma * (cos_2m + c * cos_sigma * bend);
        let next = longitude + (1.0 - c) * FLATTENING * sin_alpha * swing;
        let moved = (next - lambda).abs();
        lambda = next;
        if lambda.abs() > std::f64::consts::PI {
            return None;
        }
        if moved < 1e-12 {
            return Some(arc_metres(sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2m));
        }
    }
    None
}

/// Degrees from one meridian to another the shorter way round, -180 to 180: the date line is not an
/// end of the world, and Vincenty's iteration takes more than half a turn for a failure.
fn eastwards(from: Position, to: Position) -> f64 {
    (to.longitude - from.longitude + 540.0).rem_euclid(360.0) - 180.0
}

/// The length of the geodesic arc `sigma` once its azimuth is known.
fn arc_metres(sigma: f64, sin_sigma: f64, cos_sigma: f64, cos2_alpha: f64, cos_2m: f64) -> f64 {
    let semi_minor = SEMI_MAJOR_METRES * (1.0 - FLATTENING);
    let stretch = (SEMI_MAJOR_METRES / semi_minor).powi(2) - 1.0;
    let u2 = cos2_alpha * stretch;
    // The paper's series A and B.
    let a = 1.0 + u2 / 16_384.0 * (4_096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)));
    let b = u2 / 1_024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)));
    let bend = 2.0 * cos_2m * cos_2m - 1.0;
    let third =
        b / 6.0 * cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * cos_2m * cos_2m - 3.0);
    let correction = b * sin_sigma * (cos_2m + b / 4.0 * (cos_sigma * bend - third));
    semi_minor * a * (sigma - correction)
}

/// The great circle on the mean sphere.
fn haversine_metres(from: Position, to: Position) -> f64 {
    let (south, north) = (from.latitude.to_radians(), to.latitude.to_radians());
    let across = ((to.longitude - from.longitude).to_radians() / 2.0).sin().powi(2);
    let along = ((north - south) / 2.0).sin().powi(2);
    let half = along + south.cos() * north.cos() * across;
    2.0 * MEAN_RADIUS_METRES * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::super::Region;
    use super::{Position, fibre_floor, geodesic_metres, haversine_metres, vacuum_floor};

    const fn at(latitude: f64, longitude: f64) -> Position {
        Position { latitude, longitude }
    }

    /// Half of a WGS-84 meridian, pole to pole, and a quarter of the equator, in metres.
    const MERIDIAN_METRES: f64 = 20_003_931.459;
    const QUARTER_EQUATOR_METRES: f64 = 6_378_137.0 * std::f64::consts::FRAC_PI_2;

    //= §1.1.1 theoretical minimum test
    #[test]
    fn known_lines_have_their_known_lengths() {
        let cases = [
            (at(90.0, 0.0), at(-90.0, 0.0), MERIDIAN_METRES),
            (at(0.0, 0.0), at(0.0, 90.0), QUARTER_EQUATOR_METRES),
            (at(0.0, 0.0), at(90.0, 77.0), MERIDIAN_METRES / 2.0),
            (at(51.0, 7.0), at(51.0, 7.0), 0.0),
        ];
        for (from, to, expected) in cases {
            let metres = geodesic_metres(from, to);
            assert!((metres - expected).abs() < 0.01, "{from:?} {to:?}: {metres} m, {expected} m");
        }
    }

    #[test]
    fn the_ellipsoid_agrees_with_the_sphere_within_its_flattening() {
        for from in Region::all() {
            for to in Region::all() {
                let exact = geodesic_metres(from.position(), to.position());
                let sphere = haversine_metres(from.position(), to.position());
                assert!((exact - sphere).abs() <= 0.0056 * sphere, "{from} {to}: {exact} {sphere}");
                let back = geodesic_metres(to.position(), from.position());
                assert!((exact - back).abs() < 0.01, "{from} {to}: {exact} there, {back} back");
            }
        }
    }

    /// The length of the line in which a plane through the centre cuts the ellipsoid, in short
    /// straight pieces: never shorter than the geodesic, and longer by less than a part in 100,000.
    /// Nothing of Vincenty's.
    fn great_ellipse_metres(from: Position, to: Position) -> f64 {
        const PIECES: u32 = 1_000;
        let polar: f64 = 6_378_137.0 * (1.0 - 1.0 / 298.257_223_563);
        let length = |v: [f64; 3]| v.iter().map(|part| part * part).sum::<f64>().sqrt();
        let towards = |at: Position| {
            let (latitude, longitude) = (at.latitude.to_radians(), at.longitude.to_radians());
            let geocentric = ((polar / 6_378_137.0).powi(2) * latitude.tan()).atan();
            let across = geocentric.cos();
            [across * longitude.cos(), across * longitude.sin(), geocentric.sin()]
        };
        let (one, other) = (towards(from), towards(to));
        let angle = one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>().clamp(-1.0, 1.0).acos();
        let point = |piece: u32| {
            let part = f64::from(piece) / f64::from(PIECES);
            let (near, far) = (((1.0 - part) * angle).sin(), (part * angle).sin());
            let [x, y, z] = [0, 1, 2].map(|axis| near * one[axis] + far * other[axis]);
            let flat = [x / 6_378_137.0, y / 6_378_137.0, z / polar];
            [x, y, z].map(|part| part / length(flat))
        };
        let piece = |at: u32| {
            let (near, far) = (point(at), point(at + 1));
            length([0, 1, 2].map(|axis| far[axis] - near[axis]))
        };
        (0..PIECES).map(piece).sum()
    }

    #[test]
    fn distances_agree_with_a_path_laid_out_on_the_ellipsoid() {
        for from in Region::all() {
            for to in Region::all().filter(|to| *to != from) {
                let ours = geodesic_metres(from.position(), to.position());
                let path = great_ellipse_metres(from.position(), to.position());
                assert!((ours / path - 1.0).abs() < 1e-5, "{from} {to}: {ours} {path}");
            }
        }
    }

    /// The earth is the same wherever its first meridian is drawn, so no pair may be another one's
    /// distance apart because the date line lies between.
    #[test]
    fn a_distance_does_not_depend_on_where_meridians_are_counted_from() {
        let turned = |at: Position, by: f64| Position {
            longitude: (at.longitude + by + 180.0).rem_euclid(360.0) - 180.0,
            ..at
        };
        for from in Region::all().map(Region::position) {
            for to in Region::all().map(Region::position) {
                let metres = geodesic_metres(from, to);
                for by in [45.0, 90.0, 135.0, 180.0, 270.0] {
                    let same = geodesic_metres(turned(from, by), turned(to, by));
                    assert!((same - metres).abs() < 0.01, "{from:?} {to:?} by {by}: {same}");
                }
            }
        }
    }

    #[test]
    fn points_opposite_each_other_still_have_a_distance() {
        let metres = geodesic_metres(at(0.0, 0.0), at(0.3, 179.7));
        assert!((19_900_000.0..20_020_000.0).contains(&metres), "{metres} m");
    }

    //= §1.1.1 fibre realities test
    #[test]
    fn fibre_is_about_one_and_a_half_times_slower_than_light() {
        let (from, to) = (Region::US_EAST_1.position(), Region::EU_WEST_1.position());
        let (vacuum, fibre) = (vacuum_floor(from, to), fibre_floor(from, to));
        assert_eq!(vacuum.0 / 1_000_000, 18, "about 5,460 km: {vacuum}");
        assert!((vacuum.0 * 1_468).abs_diff(fibre.0 * 1_000) < 2_000, "{vacuum} {fibre}");
    }
}
