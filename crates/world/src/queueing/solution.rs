//! What the formulas say of a queue.

use super::markov::{erlang_c, mean_wait, response_quantile, slack, wait_quantile};
use super::{Model, Queue, deterministic};

/// Two high quantiles of a span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// 19 of 20 stay below.
    pub p95: f64,
    /// 99 of 100 stay below.
    pub p99: f64,
}

/// What the formulas say, in the unit of time of the queue's rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Rho: the share of time for which a server works.
    pub utilisation: f64,
    /// The chance that an arrival has to wait, where the model determines it.
    pub waits: Option<f64>,
    /// The mean time in the queue.
    pub wait: f64,
    /// The mean time in queue and service.
    pub response: f64,
    /// How many wait on the average.
    pub waiting: f64,
    /// How many wait or are served on the average.
    pub inside: f64,
    /// Whether the means are exact; else they are Allen and Cunneen's approximation.
    pub exact: bool,
    /// Of the wait, where the model determines them.
    pub wait_quantiles: Option<Quantiles>,
    /// Of the response, where the model determines them.
    pub response_quantiles: Option<Quantiles>,
}

impl Queue {
    /// What the formulas say of this queue.
    pub fn solve(&self) -> Solution {
        let exact = self.is_markovian() || (self.servers() == 1 && self.has_poisson_arrivals());
        let wait = self.mean_wait();
        let response = wait + 1.0 / self.service();
        let quantiles =
            |at: &dyn Fn(f64) -> Option<f64>| Some(Quantiles { p95: at(0.95)?, p99: at(0.99)? });
        let (wait_quantiles, response_quantiles) = if self.is_markovian() {
            (
                quantiles(&|p| Some(wait_quantile(self, p))),
                quantiles(&|p| Some(response_quantile(self, p))),
            )
        } else if self.is_deterministic() {
            let waits = quantiles(&|p| deterministic::wait_quantile(self, p));
            let served = 1.0 / self.service();
            let responses = waits.map(|q| Quantiles { p95: q.p95 + served, p99: q.p99 + served });
            (waits, responses)
        } else {
            (None, None)
        };
        Solution {
            utilisation: self.utilisation(),
            waits: self.chance_to_wait(),
            wait,
            response,
            waiting: self.arrival() * wait,
            inside: self.arrival() * response,
            exact,
            wait_quantiles,
            response_quantiles,
        }
    }

    /// Poisson arrivals, constant service, one server.
    fn is_deterministic(&self) -> bool {
        self.has_poisson_arrivals() && self.servers() == 1 && self.service_variation() == 0.0
    }

    /// Exponential in both, whichever model was named.
    fn is_markovian(&self) -> bool {
        let named = matches!(self.model(), Model::MM1 | Model::MMc);
        #[expect(clippy::float_cmp, reason = "1 as it was typed")]
        let exponential = self.service_variation() == 1.0;
        named || (self.model() == Model::GGc && exponential && self.has_poisson_arrivals())
    }

    #[expect(clippy::float_cmp, reason = "1 as it was typed")]
    fn has_poisson_arrivals(&self) -> bool {
        self.arrival_variation() == 1.0
    }

    /// One server with Poisson arrivals is found busy as often as it is busy.
    fn chance_to_wait(&self) -> Option<f64> {
        if self.is_markovian() {
            return Some(erlang_c(self.servers(), self.offered()));
        }
        (self.servers() == 1 && self.has_poisson_arrivals()).then(|| self.utilisation())
    }

    //= §1.1.1 queue M/G/1, Pollaczek-Khinchine
    //= §1.1.1 queue G/G/c, Allen-Cunneen
    fn mean_wait(&self) -> f64 {
        if self.servers() == 1 && self.has_poisson_arrivals() {
            // Pollaczek and Khinchine: half the second moment of service over what is spare.
            let second = (1.0 + self.service_variation()) / self.service();
            return self.utilisation() * second / (2.0 * (1.0 - self.utilisation()));
        }
        debug_assert!(slack(self) > 0.0, "refused before");
        mean_wait(self) * (self.arrival_variation() + self.service_variation()) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Queue};
    use super::Solution;

    fn solve(model: Model, servers: u32, arrival: f64, variations: (f64, f64)) -> Solution {
        let own = |value: f64, fixed: bool| (!fixed).then_some(value);
        let (ca, cs) = variations;
        let given =
            (own(ca, model != Model::GGc), own(cs, !matches!(model, Model::MG1 | Model::GGc)));
        Queue::new(model, servers, (arrival, 1.0), given).expect("stable").solve()
    }

    /// Published vectors: service 1, utilisation 0.8.
    //= §1.1.1 queue M/G/1, Pollaczek-Khinchine test
    #[test]
    fn exact_formulas_give_the_published_vectors() {
        let near = |ours: f64, published: f64| (ours - published).abs() < 5e-4 * published;
        let one = solve(Model::MM1, 1, 0.8, (1.0, 1.0));
        let tails = one.response_quantiles.expect("exact");
        assert!(near(one.response, 5.0) && near(tails.p95, 14.979) && near(tails.p99, 23.026));
        assert!(near(solve(Model::MD1, 1, 0.8, (1.0, 0.0)).wait, 2.0));
        assert!(near(solve(Model::MG1, 1, 0.8, (1.0, 4.0)).wait, 10.0));
        let four = solve(Model::MMc, 4, 3.2, (1.0, 1.0));
        assert!(near(four.wait, 0.7455) && near(four.waits.expect("exact"), 0.5964));
        let eight = solve(Model::MMc, 8, 6.4, (1.0, 1.0));
        assert!(near(eight.waits.expect("exact"), 0.4576));
        for solved in [one, four, eight] {
            assert!(solved.exact && near(solved.utilisation, 0.8));
        }
    }

    //= §1.1.1 queue G/G/c, Allen-Cunneen test
    #[test]
    fn allen_and_cunneen_are_exact_where_they_ought_to_be_and_say_so_where_not() {
        let general = |servers, arrival, ca, cs| solve(Model::GGc, servers, arrival, (ca, cs));
        let markov = general(4, 3.2, 1.0, 1.0);
        assert!(markov.exact && (markov.wait - 0.7455).abs() < 5e-5);
        let heavy = general(1, 0.8, 1.0, 4.0);
        assert!(heavy.exact && (heavy.wait - 10.0).abs() < 1e-9, "as Pollaczek and Khinchine");
        let other = general(4, 3.2, 0.5, 2.0);
        assert!(!other.exact && other.wait_quantiles.is_none() && other.waits.is_none());
        assert!((other.wait - 0.7455 * 1.25).abs() < 1e-4);
    }

    #[test]
    fn littles_law_holds_for_every_model() {
        for model in Model::ALL {
            let solved =
                solve(model, if model.has_many_servers() { 3 } else { 1 }, 0.7, (1.5, 0.5));
            assert!((solved.inside - solved.waiting - 0.7).abs() < 1e-12, "{model:?}");
            assert!((solved.waiting - 0.7 * solved.wait).abs() < 1e-12, "{model:?}");
        }
    }
}
