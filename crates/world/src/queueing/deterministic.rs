//! M/D/1: Poisson arrivals, one server, every service takes the same time D.
//!
//! The number left behind by a departure, p(0), p(1), ..., from cuts between n - 1 and n: what goes
//! up equals what goes down, so every term is positive and nothing cancels,
//!
//! ```text
//!   p(n) A(0) = p(0) T(n) + sum over k = 1 .. n-1 of p(k) T(n - k + 1)
//!   A(m): m arrivals during D (Poisson)     T(m): at least m
//! ```
//!
//! and from it the wait, for (k - 1) D <= t < k D (G. J. Franx, *A simple solution for the M/D/c
//! waiting time distribution*, 2001):
//!
//! ```text
//!   P(wait <= t) = sum over j = 0 .. k-1 of Q(k - 1 - j) (a (k D - t))^j e^(-a (k D - t)) / j!
//!   Q(n): at most n wait, which is p(0) + ... + p(n + 1)
//! ```

use super::Queue;

/// Quantiles are looked for among waits of at most so many services.
const SERVICES_MAX: usize = 4_000;

/// Poisson probabilities 0, 1, ..., `count` of this mean.
fn poisson(mean: f64, count: usize) -> Vec<f64> {
    let mut terms = vec![(-mean).exp()];
    for m in 1..=count {
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let next = terms.last().copied().unwrap_or(0.0) * mean / m as f64;
        terms.push(next);
    }
    terms
}

/// P(wait <= t) at every whole number of services, and between them on demand.
struct Waits {
    /// Q(n), for n from 0.
    at_most: Vec<f64>,
    rho: f64,
}

impl Waits {
    /// Up to waits that a share of at most `beyond` exceeds; none where that takes too long.
    fn until(rho: f64, beyond: f64) -> Option<Self> {
        let arrivals = poisson(rho, 200);
        let tail: Vec<f64> = (0..=arrivals.len()).map(|m| arrivals.iter().skip(m).sum()).collect();
        let tail = |m: usize| tail.get(m).copied().unwrap_or(0.0);
        let mut left = vec![1.0 - rho];
        let mut at_most = Vec::new();
        let mut sum = 1.0 - rho;
        while at_most.last().is_none_or(|reached| 1.0 - reached > beyond) {
            let n = left.len();
            if n > SERVICES_MAX {
                return None;
            }
            let up = (1..n).map(|k| left[k] * tail(n - k + 1)).sum::<f64>();
            let next = (left[0] * tail(n) + up) / arrivals[0];
            left.push(next);
            sum += next;
            at_most.push(sum);
        }
        Some(Self { at_most, rho })
    }

    /// P(wait <= t), t in services.
    fn within(&self, t: f64) -> f64 {
        #[expect(clippy::cast_sign_loss, reason = "a wait is not negative")]
        let k = t.floor() as usize + 1;
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let expected = self.rho * (k as f64 - t);
        let terms = poisson(expected, k);
        (0..k).map(|j| self.at_most.get(k - 1 - j).copied().unwrap_or(1.0) * terms[j]).sum()
    }
}

/// The wait that a share `p` of all arrivals stays below; none where the queue is so full that it
/// takes too long to compute.
//= §1.1.1 queue M/D/1
pub(super) fn wait_quantile(queue: &Queue, p: f64) -> Option<f64> {
    let waits = Waits::until(queue.utilisation(), (1.0 - p) / 16.0)?;
    if waits.within(0.0) >= p {
        return Some(0.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let (mut low, mut high) = (0.0, waits.at_most.len() as f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if waits.within(middle) < p { low = middle } else { high = middle }
    }
    Some(high / queue.service())
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Queue};
    use super::{Waits, wait_quantile};

    /// Erlang's own formula, which alternates in sign and is good for short waits only.
    fn erlang(rho: f64, t: f64) -> f64 {
        let mut sum = 0.0;
        for k in 0..=t.floor() as i32 {
            let x = rho * (f64::from(k) - t);
            let factorial: f64 = (1..=k).map(f64::from).product();
            sum += x.powi(k) / factorial * (-x).exp();
        }
        (1.0 - rho) * sum
    }

    //= §1.1.1 queue M/D/1 test
    #[test]
    fn waits_agree_with_erlangs_formula_and_have_the_mean_of_pollaczek_and_khinchine() {
        for rho in [0.2, 0.5, 0.8, 0.9] {
            let waits = Waits::until(rho, 1e-12).expect("not too full");
            for i in 0..60 {
                let t = f64::from(i) * 0.13;
                let (ours, erlangs) = (waits.within(t), erlang(rho, t));
                assert!((ours - erlangs).abs() < 1e-9, "{rho} {t}: {ours} {erlangs}");
            }
            // The mean is the area above the distribution function.
            let steps = i32::try_from(waits.at_most.len()).expect("few") * 50;
            let beyond = |i: i32| 1.0 - waits.within(f64::from(i) / 50.0 + 0.01);
            let mean: f64 = (0..steps).map(|i| beyond(i) / 50.0).sum();
            let expected = rho / (2.0 * (1.0 - rho));
            assert!((mean / expected - 1.0).abs() < 2e-3, "{rho}: {mean} {expected}");
        }
    }

    #[test]
    fn a_queue_too_full_to_compute_says_so() {
        let queue = |rho| Queue::new(Model::MD1, 1, (rho, 1.0), (None, None)).expect("stable");
        assert_eq!(wait_quantile(&queue(0.1), 0.5), Some(0.0));
        assert!(wait_quantile(&queue(0.8), 0.99).is_some());
        assert_eq!(wait_quantile(&queue(0.999_99), 0.99), None);
    }
}
