//! Queueing theory: what waiting costs, as formulas and as a simulation of the same queue.
//!
//! ```text
//!   arrivals, rate a, Ca^2 --> [ waiting, first come first served ] --> c servers, rate s each, Cs^2
//!
//!   utilisation  rho = a / (c s) < 1           Ca^2, Cs^2: squared coefficients of variation
//! ```
//!
//! | model | arrivals | service | servers | mean wait | quantiles |
//! |---|---|---|---|---|---|
//! | M/M/1 | Poisson | exponential | 1 | exact | exact |
//! | M/M/c | Poisson | exponential | c | exact (Erlang C) | exact |
//! | M/D/1 | Poisson | constant | 1 | exact | exact |
//! | M/G/1 | Poisson | by its variation | 1 | exact (Pollaczek-Khinchine) | not determined |
//! | G/G/c | by their variation | by its variation | c | Allen-Cunneen's approximation | not determined |
//!
//! Rates may have any unit of time; waits come in the same. A queue that is not stable is refused.
//!
//! References: A. K. Erlang (1917); F. Pollaczek (1930); A. Khinchine (1932); L. Kleinrock,
//! *Queueing Systems* (1975); A. O. Allen, *Probability, Statistics, and Queueing Theory* (1978).

mod deterministic;
mod errors;
mod estimate;
mod histogram;
mod markov;
mod model;
mod simulated;
mod solution;
mod variate;

pub use errors::{Deviation, deviations};
pub use estimate::{Estimate, student};
pub use markov::erlang_c;
pub use model::{Model, Queue};
pub use simulated::{Measured, Simulation, Tails, simulate};
pub use solution::{Quantiles, Solution};
pub use variate::Variate;
