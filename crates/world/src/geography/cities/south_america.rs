//! Cities of South America, by name.

use super::{City, city};
use crate::geography::Continent::SouthAmerica;

/// In the order of their names.
pub(super) static CITIES: [City; 27] = [
    city("Asuncion", "Paraguay", SouthAmerica, -25.26, -57.58),
    city("Barranquilla", "Colombia", SouthAmerica, 10.97, -74.80),
    city("Belo Horizonte", "Brazil", SouthAmerica, -19.92, -43.94),
    city("Bogota", "Colombia", SouthAmerica, 4.71, -74.07),
    city("Brasilia", "Brazil", SouthAmerica, -15.79, -47.88),
    city("Buenos Aires", "Argentina", SouthAmerica, -34.60, -58.38),
    city("Campinas", "Brazil", SouthAmerica, -22.91, -47.06),
    city("Caracas", "Venezuela", SouthAmerica, 10.48, -66.90),
    city("Cordoba", "Argentina", SouthAmerica, -31.42, -64.19),
    city("Curitiba", "Brazil", SouthAmerica, -25.43, -49.27),
    city("Fortaleza", "Brazil", SouthAmerica, -3.73, -38.53),
    city("Georgetown", "Guyana", SouthAmerica, 6.80, -58.16),
    city("Guayaquil", "Ecuador", SouthAmerica, -2.19, -79.89),
    city("La Paz", "Bolivia", SouthAmerica, -16.49, -68.12),
    city("Lima", "Peru", SouthAmerica, -12.05, -77.04),
    city("Manaus", "Brazil", SouthAmerica, -3.12, -60.02),
    city("Medellin", "Colombia", SouthAmerica, 6.24, -75.58),
    city("Montevideo", "Uruguay", SouthAmerica, -34.90, -56.16),
    city("Paramaribo", "Suriname", SouthAmerica, 5.87, -55.17),
    city("Porto Alegre", "Brazil", SouthAmerica, -30.03, -51.23),
    city("Quito", "Ecuador", SouthAmerica, -0.18, -78.47),
    city("Recife", "Brazil", SouthAmerica, -8.05, -34.88),
    city("Rio de Janeiro", "Brazil", SouthAmerica, -22.91, -43.17),
    city("Salvador", "Brazil", SouthAmerica, -12.97, -38.50),
    city("Santiago", "Chile", SouthAmerica, -33.45, -70.67),
    city("Sao Paulo", "Brazil", SouthAmerica, -23.55, -46.63),
    city("Ushuaia", "Argentina", SouthAmerica, -54.80, -68.30),
];
