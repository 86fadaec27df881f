//! Cities of Africa, by name.

use super::{City, city};
use crate::geography::Continent::Africa;

/// In the order of their names.
pub(super) static CITIES: [City; 33] = [
    city("Abidjan", "Ivory Coast", Africa, 5.36, -4.01),
    city("Abuja", "Nigeria", Africa, 9.06, 7.49),
    city("Accra", "Ghana", Africa, 5.60, -0.19),
    city("Addis Ababa", "Ethiopia", Africa, 9.03, 38.74),
    city("Alexandria", "Egypt", Africa, 31.20, 29.92),
    city("Algiers", "Algeria", Africa, 36.75, 3.06),
    city("Antananarivo", "Madagascar", Africa, -18.88, 47.51),
    city("Cairo", "Egypt", Africa, 30.04, 31.24),
    city("Cape Town", "South Africa", Africa, -33.92, 18.42),
    city("Casablanca", "Morocco", Africa, 33.57, -7.59),
    city("Dakar", "Senegal", Africa, 14.72, -17.47),
    city("Dar es Salaam", "Tanzania", Africa, -6.79, 39.21),
    city("Djibouti", "Djibouti", Africa, 11.59, 43.15),
    city("Durban", "South Africa", Africa, -29.86, 31.03),
    city("Gaborone", "Botswana", Africa, -24.65, 25.91),
    city("Harare", "Zimbabwe", Africa, -17.83, 31.05),
    city("Johannesburg", "South Africa", Africa, -26.20, 28.05),
    city("Kampala", "Uganda", Africa, 0.35, 32.58),
    city("Khartoum", "Sudan", Africa, 15.50, 32.56),
    city("Kigali", "Rwanda", Africa, -1.94, 30.06),
    city("Kinshasa", "DR Congo", Africa, -4.44, 15.27),
    city("Lagos", "Nigeria", Africa, 6.52, 3.38),
    city("Luanda", "Angola", Africa, -8.84, 13.23),
    city("Lusaka", "Zambia", Africa, -15.39, 28.32),
    city("Maputo", "Mozambique", Africa, -25.97, 32.57),
    city("Mombasa", "Kenya", Africa, -4.04, 39.67),
    city("Nairobi", "Kenya", Africa, -1.29, 36.82),
    city("Port Louis", "Mauritius", Africa, -20.16, 57.50),
    city("Rabat", "Morocco", Africa, 34.02, -6.84),
    city("Tripoli", "Libya", Africa, 32.89, 13.19),
    city("Tunis", "Tunisia", Africa, 36.81, 10.18),
    city("Windhoek", "Namibia", Africa, -22.56, 17.08),
    city("Yaounde", "Cameroon", Africa, 3.85, 11.50),
];
