//! Max-min fair shares: no flow can have more without taking from one that has no more than it.
//!
//! Filled all at once: of all bottlenecks take the one with the smallest fair share, give it to
//! each of its flows, take these and what they use away, and repeat.
//!
//! Invariants:
//! - I1 No bottleneck carries more than its capacity.
//! - I2 Every flow has a bottleneck that is full, to the rounding, and on which nobody has more; or
//!   it has its cap.
//!
//! Rates are whole bytes per second, so that every machine computes the same; what does not divide
//! is left unused, less than one byte per second a flow.

/// What a flow wants: the bottlenecks that it passes, and a rate that it cannot exceed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The positions of its bottlenecks in the list of capacities.
    pub through: Vec<usize>,
    /// Its own limit.
    pub cap: Option<u64>,
}

/// The rate of a flow that nothing limits.
const UNLIMITED: u64 = u64::MAX;

/// The max-min fair rate of each flow. A capacity of none is no limit, and a flow that meets no
/// limit gets [`u64::MAX`].
pub fn max_min(capacities: &[Option<u64>], demands: &[Demand]) -> Vec<u64> {
    let mut left: Vec<Option<u64>> = capacities.to_vec();
    let mut rates: Vec<Option<u64>> = vec![None; demands.len()];
    while let Some(share) = smallest_share(&left, &rates, demands) {
        let full = |at: usize, left: &[Option<u64>], rates: &[Option<u64>]| {
            fair_share(at, left, rates, demands).is_some_and(|fair| fair <= share)
        };
        let bottlenecks: Vec<bool> = (0..left.len()).map(|at| full(at, &left, &rates)).collect();
        for (rate, demand) in rates.iter_mut().zip(demands) {
            let capped = demand.cap.is_some_and(|cap| cap <= share);
            let stuck = |at: &usize| bottlenecks.get(*at).is_some_and(|full| *full);
            if rate.is_none() && (capped || demand.through.iter().any(stuck)) {
                *rate = Some(share);
                for at in &demand.through {
                    if let Some(Some(left)) = left.get_mut(*at) {
                        *left = left.saturating_sub(share);
                    }
                }
            }
        }
    }
    rates.into_iter().map(|rate| rate.unwrap_or(UNLIMITED)).collect()
}

/// What a bottleneck can still give to each flow that has no rate yet; none if it has no such flow
/// or no limit.
fn fair_share(
    at: usize,
    left: &[Option<u64>],
    rates: &[Option<u64>],
    demands: &[Demand],
) -> Option<u64> {
    let waiting =
        |(rate, demand): &(&Option<u64>, &Demand)| rate.is_none() && demand.through.contains(&at);
    let count = rates.iter().zip(demands).filter(waiting).count() as u64;
    left.get(at).copied().flatten()?.checked_div(count)
}

/// The smallest of all shares and caps that still matter.
fn smallest_share(left: &[Option<u64>], rates: &[Option<u64>], demands: &[Demand]) -> Option<u64> {
    let shares = (0..left.len()).filter_map(|at| fair_share(at, left, rates, demands));
    let caps = rates.iter().zip(demands).filter(|(rate, _)| rate.is_none());
    shares.chain(caps.filter_map(|(_, demand)| demand.cap)).min()
}

#[cfg(test)]
mod tests {
    use super::{Demand, max_min};
    use avouch_promise::Random;

    /// Progressive filling by brute force: every flow that may grow grows by one byte per second,
    /// round after round, until one of its bottlenecks has no room for all that grow there.
    fn filled(capacities: &[Option<u64>], demands: &[Demand]) -> Vec<u64> {
        let mut rates = vec![0_u64; demands.len()];
        let mut grows = vec![true; demands.len()];
        while grows.iter().any(|grows| *grows) {
            for (at, capacity) in capacities.iter().enumerate() {
                let Some(capacity) = capacity else { continue };
                let here: Vec<usize> = (0..demands.len())
                    .filter(|flow| demands[*flow].through.contains(&at))
                    .collect();
                let used: u64 = here.iter().map(|flow| rates[*flow]).sum();
                let growing = here.iter().filter(|flow| grows[**flow]).count() as u64;
                if used + growing > *capacity {
                    for flow in here {
                        grows[flow] = false;
                    }
                }
            }
            for (flow, demand) in demands.iter().enumerate() {
                grows[flow] &= demand.cap.is_none_or(|cap| rates[flow] < cap);
                rates[flow] += u64::from(grows[flow]);
            }
        }
        rates
    }

    /// I1, and I2 within `slack`, from their definitions.
    fn is_fair(capacities: &[Option<u64>], demands: &[Demand], rates: &[u64], slack: u64) -> bool {
        let used = |at: usize| -> u64 {
            let here = rates.iter().zip(demands).filter(|(_, d)| d.through.contains(&at));
            here.map(|(rate, _)| *rate).sum()
        };
        let within = capacities.iter().enumerate().all(|(at, c)| c.is_none_or(|c| used(at) <= c));
        let justified = rates.iter().zip(demands).all(|(rate, demand)| {
            demand.cap == Some(*rate)
                || demand.through.iter().any(|at| {
                    let full = capacities[*at].is_some_and(|c| used(*at) + slack >= c);
                    let others = rates.iter().zip(demands).filter(|(_, d)| d.through.contains(at));
                    full && others.into_iter().all(|(other, _)| *other <= *rate + slack)
                })
        });
        within && justified
    }

    fn scene(random: &mut Random) -> (Vec<Option<u64>>, Vec<Demand>) {
        let nodes = random.between(2, 5) as usize;
        let capacities = (0..2 * nodes).map(|_| Some(random.between(50, 900))).collect();
        let demands = (0..random.between(1, 9))
            .map(|_| {
                let (from, to) = (random.below(nodes as u64), random.below(nodes as u64));
                let cap = random.chance(0.3).then(|| random.between(10, 400));
                Demand { through: vec![from as usize, nodes + to as usize], cap }
            })
            .collect();
        (capacities, demands)
    }

    #[test]
    fn shares_are_those_of_progressive_filling_and_unfair_ones_are_noticed() {
        let seed = Random::seed_from_environment();
        let (mut random, mut unfair) = (Random::new(seed), 0);
        for round in 0..400 {
            let (capacities, demands) = scene(&mut random);
            let (ours, brute) = (max_min(&capacities, &demands), filled(&capacities, &demands));
            let flows = demands.len() as u64;
            let told = format!(
                "round {round}: {capacities:?} {demands:?} {ours:?} {brute:?}\n\
                 repro: AVOUCH_SEED={seed} cargo test -p avouch-world shares_are"
            );
            let near = |(a, b): (&u64, &u64)| a.abs_diff(*b) <= flows;
            assert!(ours.iter().zip(&brute).all(near), "{told}");
            assert!(is_fair(&capacities, &demands, &ours, 2 * flows), "{told}");
            // The planted bug: who comes first takes what is there.
            let mut greedy = capacities.clone();
            let first_come: Vec<u64> = demands
                .iter()
                .map(|demand| {
                    let room = demand.through.iter().filter_map(|at| greedy[*at]).min();
                    let rate = room.unwrap_or(0).min(demand.cap.unwrap_or(u64::MAX));
                    for at in &demand.through {
                        greedy[*at] = greedy[*at].map(|left| left - rate);
                    }
                    rate
                })
                .collect();
            unfair += u32::from(!is_fair(&capacities, &demands, &first_come, 2 * flows));
        }
        assert!(unfair > 200, "greed is noticed wherever flows meet: {unfair} of 400");
    }

    #[test]
    fn a_textbook_network_is_shared_as_in_the_textbook() {
        // Three flows over one wire of 90 and one of them also over a wire of 20.
        let through = |at: &[usize]| Demand { through: at.to_vec(), cap: None };
        let demands = [through(&[0, 1]), through(&[0]), through(&[0])];
        assert_eq!(max_min(&[Some(90), Some(20)], &demands), [20, 35, 35]);
        let capped = [Demand { cap: Some(5), ..through(&[0]) }, through(&[0])];
        assert_eq!(max_min(&[Some(90), None], &capped), [5, 85]);
        assert_eq!(max_min(&[None], &[through(&[0])]), [u64::MAX], "nothing limits it");
        assert_eq!(max_min(&[], &[]), [0_u64; 0]);
    }
}
