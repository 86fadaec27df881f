//! Where the regions are, and how long a message takes between them.
//!
//! ```text
//!   Region --position--> geodesic length --speed of light--> vacuum floor, fibre floor
//!   Region x Region --aws.tsv--> RoundTrip { p50, p90 }     (directed, measured)
//!   floor + RoundTrip --fit--> PathDelay --one random draw--> one-way Nanos, or its parts
//!   Place = Region | City, by name; Class: what the map alone lets one expect
//! ```
//!
//! Directed entries are kept as measured: they break the triangle inequality and differ by
//! direction (by up to 48 ms), and a system that assumes otherwise should meet that here first.

pub mod cities;
pub mod class;
pub mod continent;
pub mod distance;
pub mod path_delay;
pub mod place;
pub mod region;
pub mod summary;
pub mod table;

pub use cities::{City, cities};
pub use class::{Class, Fit};
pub use continent::Continent;
pub use distance::{Position, fibre_floor, geodesic_metres, vacuum_floor};
pub use path_delay::{PathDelay, one_way_sampler};
pub use place::Place;
pub use region::Region;
pub use summary::{Summary, best_detour, drift, pair_round_trip, summary};
pub use table::{RoundTrip, round_trip, stretch};

/// The five regions of a first cluster, on four continents. The first has two others within 70 ms,
/// so a quorum is near it and a minority far.
pub const FIVE: [Region; 5] = [
    Region::US_EAST_1,
    Region::US_WEST_2,
    Region::EU_WEST_1,
    Region::AP_NORTHEAST_1,
    Region::SA_EAST_1,
];
