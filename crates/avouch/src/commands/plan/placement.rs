//! The best places for replicas and their leader: an exact search.
//!
//! For each leader, replicas are chosen in order, and a branch is left as soon as even the best of
//! what may still be chosen cannot beat what was found:
//!
//! ```text
//!   bound = sum or maximum over clients of min(through what is chosen, through the best of the rest)
//!           + for a quorum route, each time: the quorum that the nearest of all candidates would make
//! ```
//!
//! I1: the result is the smallest over every placement and every leader.

use super::floor::{Distances, Placement, others_in_majority};
use super::route::Route;
use avouch_promise::{Blame, Error};
use avouch_world::geography::Region;

/// What is made small, over the clients' regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Aim {
    /// The mean.
    #[default]
    Mean,
    /// The largest.
    Max,
}

impl Aim {
    /// Of what each client takes: the sum, which is smallest where the mean is, or the largest.
    pub(super) fn of(self, takes: impl Iterator<Item = u64>) -> u64 {
        match self {
            Self::Mean => takes.sum(),
            Self::Max => takes.max().unwrap_or(0),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
        }
    }
}

/// What is looked for.
pub(super) struct Search<'a> {
    pub(super) distances: &'a Distances,
    pub(super) route: Route,
    pub(super) aim: Aim,
    pub(super) clients: &'a [Region],
    pub(super) candidates: &'a [Region],
    pub(super) replicas: usize,
    /// The leader, where it is given.
    pub(super) leader: Option<Region>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) placement: Placement,
    /// How many placements with their leaders there are.
    pub(super) of: u64,
    /// How many of them were looked at to the end.
    pub(super) looked_at: u64,
}

/// More than so many pairs of placement and leader are refused.
const PLACEMENTS_MAX: u64 = 4_000_000;
/// The same for a route whose cost cannot be bounded early.
const BYZANTINE_MAX: u64 = 20_000;

/// How many ways there are to choose `k` of `n`.
fn choose(n: u64, k: u64) -> u64 {
    (0..k.min(n)).fold(1_u64, |ways, i| ways.saturating_mul(n - i) / (i + 1))
}

impl Search<'_> {
    /// The best placement.
    pub(super) fn run(&self) -> Result<Found, Error> {
        let (n, k) = (self.candidates.len() as u64, self.replicas as u64);
        let of = match self.leader {
            Some(_) => choose(n - 1, k - 1),
            None if self.route == Route::Local => choose(n, k),
            None => n.saturating_mul(choose(n - 1, k - 1)),
        };
        let byzantine = self.route == Route::Byzantine;
        let most = if byzantine { BYZANTINE_MAX } else { PLACEMENTS_MAX };
        if of > most {
            let expected = format!("at most {most} placements to choose from");
            return Err(Error::new(Blame::Caller, expected, format!("{of}"))
                .hint("name fewer --regions, fewer --replicas or a --leader"));
        }
        let mut best = Best { score: u64::MAX, placement: None, looked_at: 0 };
        let leaders = self.candidates.iter().filter(|at| self.leader.is_none_or(|own| own == **at));
        for leader in leaders {
            self.under(*leader, &mut best);
        }
        let none = || Error::new(Blame::Caller, "a leader among the regions", "another");
        let mut placement = best.placement.ok_or_else(none)?;
        placement.replicas.sort_unstable();
        if self.route == Route::Local && self.leader.is_none() {
            placement = self.led(placement);
        }
        Ok(Found { placement, of, looked_at: best.looked_at })
    }

    /// The same replicas under the leader that makes writes shortest.
    fn led(&self, placement: Placement) -> Placement {
        let takes = |leader: Region| {
            let led = Placement { leader, ..placement.clone() };
            let clients = self.clients.iter();
            self.aim.of(clients.map(|client| led.takes(self.distances, Route::Quorum, *client)))
        };
        let best = placement.replicas.iter().copied().min_by_key(|leader| takes(*leader));
        Placement { leader: best.unwrap_or(placement.leader), ..placement }
    }

    fn under(&self, leader: Region, best: &mut Best) {
        // Where no leader matters, the first of the replicas stands for it, so that each set of
        // them comes once.
        let any = self.route == Route::Local && self.leader.is_none();
        let after = self.candidates.iter().skip_while(|at| any && **at != leader);
        let mut others: Vec<Region> = after.copied().filter(|at| *at != leader).collect();
        // Those near the leader first: good placements early leave more branches out.
        others.sort_by_key(|at| self.distances.between_nodes(leader, *at));
        let way = |client: &Region, replica: Region| {
            let on = self.distances.between_nodes(replica, leader);
            let on = if self.route == Route::Local { 0 } else { on };
            self.distances.between(*client, replica) + on
        };
        let row = |replica: &Region| -> Vec<u64> {
            self.clients.iter().map(|client| way(client, *replica)).collect()
        };
        let ways: Vec<Vec<u64>> = others.iter().map(row).collect();
        // The best through any of those from here on.
        let mut rest = vec![vec![u64::MAX; self.clients.len()]; others.len() + 1];
        for at in (0..others.len()).rev() {
            for client in 0..self.clients.len() {
                rest[at][client] = rest[at + 1][client].min(ways[at][client]);
            }
        }
        let nearest = others.get(others_in_majority(self.replicas).wrapping_sub(1));
        let nearest = nearest.map_or(0, |at| self.distances.between_nodes(leader, *at));
        let quorum = if self.route == Route::Quorum { nearest } else { 0 };
        let branch =
            Branch { search: self, leader, others: &others, ways: &ways, rest: &rest, quorum };
        branch.choose(0, &mut vec![leader], row(&leader), best);
    }
}

struct Best {
    score: u64,
    placement: Option<Placement>,
    looked_at: u64,
}

/// Every placement under one leader.
struct Branch<'a> {
    search: &'a Search<'a>,
    leader: Region,
    others: &'a [Region],
    ways: &'a [Vec<u64>],
    rest: &'a [Vec<u64>],
    quorum: u64,
}

impl Branch<'_> {
    fn choose(&self, from: usize, chosen: &mut Vec<Region>, reached: Vec<u64>, best: &mut Best) {
        let search = self.search;
        let missing = search.replicas - chosen.len();
        if missing == 0 {
            let placement = Placement { replicas: chosen.clone(), leader: self.leader };
            let takes = |client: &Region| placement.takes(search.distances, search.route, *client);
            let score = match search.route {
                Route::Byzantine => search.aim.of(search.clients.iter().map(takes)),
                Route::Quorum => {
                    let (_, quorum) = placement.quorum(search.distances);
                    search.aim.of(reached.iter().map(|reached| reached + quorum))
                }
                Route::Local | Route::Leader => search.aim.of(reached.into_iter()),
            };
            best.looked_at += 1;
            if score < best.score {
                (best.score, best.placement) = (score, Some(placement));
            }
            return;
        }
        if search.route != Route::Byzantine {
            let Some(rest) = self.rest.get(from) else { return };
            let least = reached.iter().zip(rest).map(|(a, b)| a.min(b) + self.quorum);
            if search.aim.of(least) >= best.score {
                return;
            }
        }
        for at in from..=self.others.len().saturating_sub(missing) {
            let (Some(next), Some(ways)) = (self.others.get(at), self.ways.get(at)) else { return };
            chosen.push(*next);
            let now = reached.iter().zip(ways).map(|(a, b)| *a.min(b)).collect();
            self.choose(at + 1, chosen, now, best);
            chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Aim, Distances, Placement, Route, Search, choose};
    use avouch_promise::Random;
    use avouch_world::geography::Region;

    /// Every subset and every leader, one after another.
    fn brute(search: &Search<'_>) -> u64 {
        let n = search.candidates.len();
        let mut least = u64::MAX;
        for mask in 0_u32..1 << n {
            let picked = |(at, _): &(usize, &Region)| mask >> at & 1 == 1;
            let replicas: Vec<Region> =
                search.candidates.iter().enumerate().filter(picked).map(|(_, r)| *r).collect();
            if replicas.len() != search.replicas {
                continue;
            }
            for leader in replicas.iter().filter(|at| search.leader.is_none_or(|own| own == **at)) {
                let placement = Placement { replicas: replicas.clone(), leader: *leader };
                let takes = |c: &Region| placement.takes(search.distances, search.route, *c);
                least = least.min(search.aim.of(search.clients.iter().map(takes)));
            }
        }
        least
    }

    #[test]
    fn the_search_finds_what_trying_everything_finds() {
        let seed = Random::seed_from_environment();
        let (mut random, distances) = (Random::new(seed), Distances::measured());
        let (mut looked_at, mut all) = (0, 0);
        for round in 0..24 {
            let mut regions: Vec<Region> = Region::all().collect();
            random.shuffle(&mut regions);
            let (candidates, clients) = (&regions[..8], &regions[4..14]);
            for route in [Route::Local, Route::Leader, Route::Quorum, Route::Byzantine] {
                for (aim, replicas) in
                    [(Aim::Mean, 5), (Aim::Max, 5), (Aim::Mean, 3), (Aim::Max, 3)]
                {
                    if route == Route::Byzantine && replicas < 4 {
                        continue;
                    }
                    let leader = (round % 3 == 0).then_some(candidates[round % 8]);
                    let distances = &distances;
                    let search =
                        Search { distances, route, aim, clients, candidates, replicas, leader };
                    let found = search.run().unwrap();
                    let takes = |c: &Region| found.placement.takes(distances, route, *c);
                    let score = aim.of(clients.iter().map(takes));
                    assert_eq!(
                        score,
                        brute(&search),
                        "{route:?} {aim:?} {replicas} round {round}\n\
                         repro: AVOUCH_SEED={seed} cargo test -p avouch --lib the_search_finds"
                    );
                    assert_eq!(found.placement.replicas.len(), replicas);
                    assert!(leader.is_none_or(|own| own == found.placement.leader));
                    (looked_at, all) = (looked_at + found.looked_at, all + found.of);
                }
            }
        }
        assert!(looked_at * 2 < all, "branches are left out: {looked_at} of {all}");
    }

    #[test]
    fn choices_are_counted_and_too_many_refused() {
        assert_eq!((choose(33, 5), choose(32, 4), choose(5, 0)), (237_336, 35_960, 1));
        let (distances, all) = (Distances::fibre(), Region::all().collect::<Vec<_>>());
        let search = |route, replicas| Search {
            distances: &distances,
            route,
            aim: Aim::Mean,
            clients: &all,
            candidates: &all,
            replicas,
            leader: None,
        };
        for (route, replicas) in [(Route::Quorum, 7), (Route::Byzantine, 5)] {
            assert!(!search(route, replicas).run().unwrap_err().hint.is_empty());
        }
    }
}
