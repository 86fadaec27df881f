//! Continents, as far as cables know them.

use super::{Position, Region};
use std::fmt;

/// A continent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Continent {
    /// Africa.
    Africa,
    /// Asia with the Middle East.
    Asia,
    /// Europe.
    Europe,
    /// North America with Central America and the Caribbean.
    NorthAmerica,
    /// Australia, New Zealand and the islands of the Pacific.
    Oceania,
    /// South America.
    SouthAmerica,
}

impl Continent {
    /// The continent of a region, which its name begins with; Australia's begin like Asia's.
    pub fn of(region: Region) -> Self {
        match region.name().split('-').next().unwrap_or_default() {
            "af" => Self::Africa,
            "eu" => Self::Europe,
            "ca" | "mx" | "us" => Self::NorthAmerica,
            "sa" => Self::SouthAmerica,
            _ if is_australian(region.position()) => Self::Oceania,
            _ => Self::Asia,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Africa => "Africa",
            Self::Asia => "Asia",
            Self::Europe => "Europe",
            Self::NorthAmerica => "North America",
            Self::Oceania => "Oceania",
            Self::SouthAmerica => "South America",
        }
    }
}

/// Within the box around Australia and New Zealand.
fn is_australian(at: Position) -> bool {
    at.latitude < -10.5 && at.longitude > 112.0
}

impl fmt::Display for Continent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
