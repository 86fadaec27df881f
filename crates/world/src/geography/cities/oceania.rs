//! Cities of Oceania and the islands of the Pacific, by name.

use super::{City, city};
use crate::geography::Continent::Oceania;

/// In the order of their names.
pub(super) static CITIES: [City; 17] = [
    city("Adelaide", "Australia", Oceania, -34.93, 138.60),
    city("Apia", "Samoa", Oceania, -13.83, -171.77),
    city("Auckland", "New Zealand", Oceania, -36.85, 174.76),
    city("Brisbane", "Australia", Oceania, -27.47, 153.03),
    city("Canberra", "Australia", Oceania, -35.28, 149.13),
    city("Christchurch", "New Zealand", Oceania, -43.53, 172.64),
    city("Darwin", "Australia", Oceania, -12.46, 130.84),
    city("Hagatna", "Guam", Oceania, 13.48, 144.75),
    city("Hobart", "Australia", Oceania, -42.88, 147.33),
    city("Melbourne", "Australia", Oceania, -37.81, 144.96),
    city("Noumea", "New Caledonia", Oceania, -22.27, 166.46),
    city("Papeete", "French Polynesia", Oceania, -17.54, -149.57),
    city("Perth", "Australia", Oceania, -31.95, 115.86),
    city("Port Moresby", "Papua New Guinea", Oceania, -9.44, 147.18),
    city("Suva", "Fiji", Oceania, -18.14, 178.44),
    city("Sydney", "Australia", Oceania, -33.87, 151.21),
    city("Wellington", "New Zealand", Oceania, -41.29, 174.78),
];
