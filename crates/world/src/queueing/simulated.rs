//! A simulated queue: customers come one by one, wait their turn and are served; first come first
//! served, c servers, seeded.
//!
//! ```text
//!   one server:  wait' = max(0, wait + service - time to the next arrival)          (D. Lindley, 1952)
//!   c servers:   the next customer goes to the server that is free first     (Kiefer, Wolfowitz, 1955)
//! ```
//!
//! It shares no formula with [`super::Solution`]: they are each other's oracle. A run is cut into
//! batches; the first is a warm-up and is dropped.

use super::estimate::{CONTROLS, Estimate, controlled, plain};
use super::histogram::Histogram;
use super::{Queue, Variate};
use avouch_promise::Random;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How a queue is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// How many customers are counted.
    pub customers: u64,
    /// What names the run.
    pub seed: u64,
}

impl Simulation {
    /// A run of so many customers.
    pub const fn new(customers: u64, seed: u64) -> Self {
        Self { customers, seed }
    }
}

/// What was measured, in the unit of time of the queue's rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How many customers were counted.
    pub customers: u64,
    /// The mean time in the queue.
    pub wait: Estimate,
    /// The mean time in queue and service.
    pub response: Estimate,
    /// The share of time for which a server worked.
    pub utilisation: f64,
    /// The share of customers who waited.
    pub waits: f64,
    /// Of the wait.
    pub wait_tails: Tails,
    /// Of the response.
    pub response_tails: Tails,
}

/// Two high quantiles of a span of time, as measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// 19 of 20 stayed below.
    pub p95: Estimate,
    /// 99 of 100 stayed below.
    pub p99: Estimate,
}

/// Batches, of which one is the warm-up; ten together say how much a quantile varies.
const BATCHES: u64 = 201;
const GROUP: u64 = 10;

/// When each of c servers is free, counted from the last arrival.
enum Servers {
    One { free_in: f64 },
    Many { now: f64, free_at: BinaryHeap<Reverse<u64>> },
}

impl Servers {
    fn new(servers: u32) -> Self {
        if servers == 1 {
            return Self::One { free_in: 0.0 };
        }
        let free_at = (0..servers).map(|_| Reverse(0_f64.to_bits())).collect();
        Self::Many { now: 0.0, free_at }
    }

    /// A customer comes `after` the one before and is served for `service`: how long it waits.
    /// Times are not negative, so their bits are ordered as they are.
    fn take(&mut self, after: f64, service: f64) -> f64 {
        match self {
            Self::One { free_in } => {
                let wait = (*free_in - after).max(0.0);
                *free_in = wait + service;
                wait
            }
            Self::Many { now, free_at } => {
                *now += after;
                let Some(mut first) = free_at.peek_mut() else { return 0.0 };
                let begins = f64::from_bits(first.0).max(*now);
                first.0 = (begins + service).to_bits();
                begins - *now
            }
        }
    }
}

/// Sums over one batch.
#[derive(Default)]
struct Batch {
    wait: f64,
    service: f64,
    service_squares: f64,
    between: f64,
    between_squares: f64,
}

impl Batch {
    /// The mean wait, and how far the draws were from what they should have been.
    fn row(&self, queue: &Queue, count: f64) -> (f64, [f64; CONTROLS]) {
        let square = |mean: f64, variation: f64| mean * mean * (1.0 + variation);
        let (service, between) = (1.0 / queue.service(), 1.0 / queue.arrival());
        let off = |sum: f64, expected: f64| sum / count / expected - 1.0;
        (
            self.wait / count,
            [
                off(self.service, service),
                off(self.between, between),
                off(self.service_squares, square(service, queue.service_variation())),
                off(self.between_squares, square(between, queue.arrival_variation())),
            ],
        )
    }
}

/// Quantiles over everything, and of each group of batches.
struct Spread {
    all: Histogram,
    group: Histogram,
    p95: Vec<f64>,
    p99: Vec<f64>,
}

impl Spread {
    fn new() -> Self {
        let (all, group) = (Histogram::new(), Histogram::new());
        Self { all, group, p95: Vec::new(), p99: Vec::new() }
    }

    fn end_group(&mut self) {
        self.p95.push(self.group.quantile(0.95));
        self.p99.push(self.group.quantile(0.99));
        self.all.take(&mut self.group);
    }

    fn tails(&self) -> Tails {
        let at = |p: f64, groups: &[f64]| Estimate { mean: self.all.quantile(p), ..plain(groups) };
        Tails { p95: at(0.95, &self.p95), p99: at(0.99, &self.p99) }
    }
}

/// Simulates a queue.
//= §1.1.1 simulated queues agree with the exact formulas
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn simulate(queue: &Queue, simulation: &Simulation) -> Measured {
    let services = Variate::new(1.0 / queue.service(), queue.service_variation());
    let gaps = Variate::new(1.0 / queue.arrival(), queue.arrival_variation());
    let random = Random::new(simulation.seed);
    let (mut of_services, mut of_gaps) = (random.fork(1), random.fork(2));
    let mut servers = Servers::new(queue.servers());
    let each = (simulation.customers / (BATCHES - 1)).max(1);
    let (mut waits, mut responses) = (Spread::new(), Spread::new());
    let mut rows = Vec::new();
    let (mut worked, mut passed) = (0.0, 0.0);
    for number in 0..BATCHES {
        let mut batch = Batch::default();
        for _ in 0..each {
            let (between, service) = (gaps.sample(&mut of_gaps), services.sample(&mut of_services));
            let wait = servers.take(between, service);
            batch.wait += wait;
            batch.service += service;
            batch.service_squares += service * service;
            batch.between += between;
            batch.between_squares += between * between;
            if number > 0 {
                waits.group.add(wait);
                responses.group.add(wait + service);
            }
        }
        if number > 0 {
            rows.push(batch.row(queue, each as f64));
            worked += batch.service;
            passed += batch.between;
            if number % GROUP == 0 {
                waits.end_group();
                responses.end_group();
            }
        }
    }
    let wait = controlled(&rows);
    Measured {
        customers: each * (BATCHES - 1),
        wait,
        response: Estimate { mean: wait.mean + 1.0 / queue.service(), ..wait },
        utilisation: worked / passed / f64::from(queue.servers()),
        waits: waits.all.above_zero(),
        wait_tails: waits.tails(),
        response_tails: responses.tails(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Queue, Solution};
    use super::{Measured, Simulation, simulate};
    use avouch_promise::Random;

    fn queue(model: Model, servers: u32, service_variation: Option<f64>) -> Queue {
        let rates = (0.8 * f64::from(servers), 1.0);
        Queue::new(model, servers, rates, (None, service_variation)).expect("stable")
    }

    /// Simulates a queue of utilisation 0.8.
    fn run(queue: &Queue, customers: u64) -> (Solution, Measured) {
        let seed = Random::seed_from_environment();
        let measured = simulate(queue, &Simulation::new(customers, seed));
        assert!((measured.utilisation - 0.8).abs() < 0.002, "{measured:?}");
        (queue.solve(), measured)
    }

    #[track_caller]
    fn within_a_hundredth(simulated: f64, exact: f64, what: &str) {
        let seed = Random::seed_from_environment();
        assert!(
            (simulated / exact - 1.0).abs() < 0.01,
            "{what}: {simulated} simulated, {exact} by formula\n\
             repro: AVOUCH_SEED={seed} cargo test -p avouch-world simulated"
        );
    }

    // Customers are so many that 1 % is at least four deviations of what is compared.

    //= §1.1.1 simulated queues agree with the exact formulas test
    #[test]
    fn one_server_agrees_in_its_mean_and_its_tails() {
        let (exact, measured) = run(&queue(Model::MM1, 1, None), 40_000_000);
        let tails = exact.response_quantiles.expect("exact");
        within_a_hundredth(measured.response.mean, exact.response, "M/M/1 response");
        within_a_hundredth(measured.wait.mean, exact.wait, "M/M/1 wait");
        within_a_hundredth(measured.waits, 0.8, "M/M/1 chance to wait");
        within_a_hundredth(measured.response_tails.p95.mean, tails.p95, "M/M/1 p95");
        within_a_hundredth(measured.response_tails.p99.mean, tails.p99, "M/M/1 p99");
    }

    #[test]
    fn other_service_times_agree() {
        let (exact, measured) = run(&queue(Model::MD1, 1, None), 12_000_000);
        within_a_hundredth(measured.wait.mean, exact.wait, "M/D/1 wait");
        let tails = exact.wait_quantiles.expect("exact");
        within_a_hundredth(measured.wait_tails.p95.mean, tails.p95, "M/D/1 p95");
        let (exact, measured) = run(&queue(Model::MG1, 1, Some(4.0)), 24_000_000);
        within_a_hundredth(measured.wait.mean, exact.wait, "M/G/1 wait");
        within_a_hundredth(measured.waits, 0.8, "M/G/1 chance to wait");
    }

    #[test]
    fn several_servers_agree_and_one_server_more_is_noticed() {
        let four = queue(Model::MMc, 4, None);
        let (exact, measured) = run(&four, 20_000_000);
        let tails = exact.response_quantiles.expect("exact");
        within_a_hundredth(measured.wait.mean, exact.wait, "M/M/4 wait");
        within_a_hundredth(measured.waits, exact.waits.expect("exact"), "M/M/4 Erlang C");
        within_a_hundredth(measured.response_tails.p99.mean, tails.p99, "M/M/4 p99");
        let (exact, measured) = run(&queue(Model::MMc, 8, None), 8_000_000);
        within_a_hundredth(measured.waits, exact.waits.expect("exact"), "M/M/8 Erlang C");
        // The planted bug: the same arrivals at five servers wait less than half as long.
        let five = Queue::new(Model::MMc, 5, (3.2, 1.0), (None, None)).expect("stable");
        let wrong = simulate(&five, &Simulation::new(400_000, 1)).wait.mean;
        assert!(wrong < four.solve().wait / 2.0, "{wrong}");
    }

    #[test]
    fn a_seed_names_its_queue() {
        let queue = queue(Model::MMc, 4, None);
        let run = |seed| simulate(&queue, &Simulation::new(20_000, seed));
        assert_eq!(run(7), run(7));
        assert_ne!(run(7).wait, run(8).wait);
    }
}
