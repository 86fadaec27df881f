//! M/M/c: Poisson arrivals, exponential service, c servers; M/M/1 is its first row.
//!
//! With the load a = arrival / service in servers and the rate c s - a by which the servers could
//! do more than they have to:
//!
//! ```text
//!   B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1))          Erlang B, stable for any size
//!   C = B(c) / (1 - rho (1 - B(c)))                     Erlang C: the chance to wait at all
//!   P(wait > t) = C e^(-(c s - a s) t)                  mean C / (c s - arrival)
//!   P(response > t) = e^(-s t) (1 + C (1 - e^(-(c - 1 - a) s t)) / (c - 1 - a))
//! ```

use super::Queue;

/// The chance that an arrival has to wait, where `load` servers' worth of work comes to `servers`.
///
/// ```
/// use avouch_world::queueing::erlang_c;
/// assert!((erlang_c(4, 3.2) - 0.5964).abs() < 5e-5);
/// assert!((erlang_c(8, 6.4) - 0.4576).abs() < 5e-5);
/// ```
//= §1.1.1 queue M/M/c, Erlang C
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocked = (1..=servers)
        .fold(1.0, |blocked, server| load * blocked / (f64::from(server) + load * blocked));
    let rho = load / f64::from(servers);
    blocked / (1.0 - rho * (1.0 - blocked))
}

/// How fast a queue shrinks once every server works.
pub(super) fn slack(queue: &Queue) -> f64 {
    f64::from(queue.servers()) * queue.service() - queue.arrival()
}

/// The mean wait.
pub(super) fn mean_wait(queue: &Queue) -> f64 {
    erlang_c(queue.servers(), queue.offered()) / slack(queue)
}

/// The wait that a share `p` of all arrivals stays below.
pub(super) fn wait_quantile(queue: &Queue, p: f64) -> f64 {
    let waits = erlang_c(queue.servers(), queue.offered());
    ((waits / (1.0 - p)).ln() / slack(queue)).max(0.0)
}

/// P(response > t).
fn response_beyond(queue: &Queue, t: f64) -> f64 {
    let waits = erlang_c(queue.servers(), queue.offered());
    let spare = f64::from(queue.servers()) - 1.0 - queue.offered();
    let served = queue.service() * t;
    // (1 - e^(-spare served)) / spare, which tends to served where there is nothing to spare.
    let grown = if spare.abs() < 1e-9 { served } else { -(-spare * served).exp_m1() / spare };
    (-served).exp() * (1.0 + waits * grown)
}

/// The response that a share `p` of all arrivals stays below; by bisection, because the formula
/// for c servers cannot be turned round.
//= §1.1.1 queue M/M/1
pub(super) fn response_quantile(queue: &Queue, p: f64) -> f64 {
    let mut high = 1.0 / queue.service();
    while response_beyond(queue, high) > 1.0 - p {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if response_beyond(queue, middle) > 1.0 - p { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Queue};
    use super::{erlang_c, mean_wait, response_quantile, wait_quantile};

    /// The chance to wait from the balance of the states themselves: n in the system go to n + 1
    /// at rate `load` and to n - 1 at rate min(n, servers). No formula of Erlang's.
    fn by_balance(servers: u32, load: f64) -> f64 {
        let (mut weight, mut all, mut waiting) = (1.0_f64, 0.0, 0.0);
        for inside in 0..100_000_u32 {
            all += weight;
            if inside >= servers {
                waiting += weight;
            }
            weight *= load / f64::from((inside + 1).min(servers));
        }
        waiting / all
    }

    //= §1.1.1 queue M/M/c, Erlang C test
    #[test]
    fn erlang_c_agrees_with_the_balance_of_states() {
        for servers in [1, 2, 3, 4, 8, 40] {
            for rho in [0.1, 0.5, 0.8, 0.95, 0.99] {
                let load = rho * f64::from(servers);
                let (formula, balance) = (erlang_c(servers, load), by_balance(servers, load));
                assert!((formula - balance).abs() < 1e-9, "{servers} {rho}: {formula} {balance}");
                // The planted bug: one server too many or too few is far outside.
                for wrong in [servers + 1, servers.saturating_sub(1)] {
                    let off = (erlang_c(wrong, load) - balance).abs();
                    assert!(off > 0.01 * balance || off.is_nan(), "{servers} {wrong} {rho}: {off}");
                }
            }
        }
    }

    //= §1.1.1 queue M/M/1 test
    #[test]
    fn one_server_has_its_closed_forms() {
        let queue = Queue::new(Model::MM1, 1, (0.8, 1.0), (None, None)).expect("stable");
        assert!((mean_wait(&queue) + 1.0 - 5.0).abs() < 1e-12);
        assert!((response_quantile(&queue, 0.95) - 14.979).abs() < 5e-4);
        assert!((response_quantile(&queue, 0.99) - 23.026).abs() < 5e-4);
        let wait = (0.8_f64 / 0.05).ln() / 0.2;
        assert!((wait_quantile(&queue, 0.95) - wait).abs() < 1e-12);
        assert!(wait_quantile(&queue, 0.1) <= 0.0, "a fifth does not wait at all");
    }

    #[test]
    fn four_servers_wait_as_published_and_their_responses_pass_the_singular_point() {
        let queue = |load| Queue::new(Model::MMc, 4, (load, 1.0), (None, None)).expect("stable");
        assert!((mean_wait(&queue(3.2)) - 0.7455).abs() < 5e-5);
        // At a load of c - 1 two rates coincide: the quantile must not jump there.
        let around = [2.999_999, 3.0, 3.000_001].map(|load| response_quantile(&queue(load), 0.99));
        assert!(around.is_sorted() && around[2] - around[0] < 1e-4, "{around:?}");
    }
}
