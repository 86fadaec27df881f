//! How far Allen and Cunneen's approximation is from the truth, as far as a simulation tells it.
//!
//! The approximation knows two moments of arrivals and of services, and the wait depends on more:
//! so its error is stated for the shapes of [`super::Variate`], the usual ones for two moments.

use super::{Estimate, Model, Queue, Simulation, simulate};
use avouch_promise::Error;

/// The approximation beside a simulation, for one pair of variations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Ca^2.
    pub arrival_variation: f64,
    /// Cs^2.
    pub service_variation: f64,
    /// The approximated mean wait.
    pub approximated: f64,
    /// The simulated one.
    pub simulated: Estimate,
}

impl Deviation {
    /// By which share of the simulated wait the approximation is too long; below 0 too short.
    pub fn error(&self) -> f64 {
        self.approximated / self.simulated.mean - 1.0
    }

    /// By how much the simulation itself may be off, as a share of it.
    pub fn uncertainty(&self) -> f64 {
        self.simulated.half_width / self.simulated.mean
    }
}

/// The variations that are compared.
const ARRIVALS: [f64; 4] = [0.25, 0.5, 1.0, 4.0];
/// The same of services.
const SERVICES: [f64; 4] = [0.0, 0.5, 1.0, 4.0];

/// The deviations of a queue with these servers at this utilisation, row by row.
pub fn deviations(
    servers: u32,
    utilisation: f64,
    simulation: &Simulation,
) -> Result<Vec<Deviation>, Error> {
    let rates = (utilisation * f64::from(servers), 1.0);
    let mut all = Vec::new();
    for arrival_variation in ARRIVALS {
        for service_variation in SERVICES {
            let variations = (Some(arrival_variation), Some(service_variation));
            let queue = Queue::new(Model::GGc, servers, rates, variations)?;
            let approximated = queue.solve().wait;
            let simulated = simulate(&queue, simulation).wait;
            all.push(Deviation { arrival_variation, service_variation, approximated, simulated });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Simulation, deviations};

    /// One server and Poisson arrivals are exact; everything else is not, and it shows.
    #[test]
    fn the_approximation_is_off_where_it_may_be_and_only_there() {
        let all = deviations(1, 0.8, &Simulation::new(1_000_000, 1)).expect("stable");
        assert_eq!(all.len(), 16);
        for one in &all {
            let (error, uncertainty) = (one.error().abs(), one.uncertainty());
            if (one.arrival_variation - 1.0).abs() < 1e-9 {
                assert!(error < 2.5 * uncertainty, "exact: {one:?}");
            }
        }
        let worst = all.iter().map(|one| one.error().abs()).fold(0.0, f64::max);
        assert!(worst > 0.1, "some pair is off by more than a tenth: {worst}");
        let told = all.iter().filter(|one| one.error().abs() > 2.5 * one.uncertainty()).count();
        assert!(told >= 6, "{told} pairs are off by more than chance");
    }
}
