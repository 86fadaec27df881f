//! What a route takes at least, for a client and a placement: round trips added along the hops.
//!
//! ```text
//!   local(c)      = min over replicas r of d(c, r)
//!   leader(c)     = min over replicas r of d(c, r) + d(r, leader)        a relay may be the shorter way
//!   quorum(c)     = leader(c) + the round trip after which a majority has answered the leader
//!   byzantine(c)  = one way to the leader, three steps, in each of which a replica waits for
//!                   ceil((n + f + 1) / 2) of n, one way back, f + 1 of which are waited for;
//!                   f = floor((n - 1) / 3), and where n = 3 f + 1 the quorum is n - f
//! ```
//!
//! Medians are added, nothing queues, and no disk or processor counts: real answers take longer.

use super::route::Route;
use avouch_promise::Nanos;
use avouch_world::geography::{Region, RoundTrip, fibre_floor, pair_round_trip};

/// Round trips between regions; a region and itself are one zone.
pub(super) struct Distances(Vec<Vec<u64>>);

fn position(region: Region) -> usize {
    Region::all().take_while(|other| *other != region).count()
}

impl Distances {
    fn of(trip: impl Fn(Region, Region) -> Nanos) -> Self {
        let row = |from| Region::all().map(|to| trip(from, to).0).collect();
        Self(Region::all().map(row).collect())
    }

    /// The measured medians.
    pub(super) fn measured() -> Self {
        Self::of(
            |from, to| {
                if from == to { RoundTrip::SAME_ZONE.p50 } else { pair_round_trip(from, to).p50 }
            },
        )
    }

    /// What fibre along the geodesic would need.
    pub(super) fn fibre() -> Self {
        Self::of(|from, to| fibre_floor(from.position(), to.position()).times(2))
    }

    /// The round trip between two regions.
    pub(super) fn between(&self, from: Region, to: Region) -> u64 {
        self.0.get(position(from)).and_then(|row| row.get(position(to))).copied().unwrap_or(0)
    }
}

/// Where replicas stand, and which of them leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) replicas: Vec<Region>,
    pub(super) leader: Region,
}

/// How many besides the leader make a majority.
pub(super) const fn others_in_majority(replicas: usize) -> usize {
    replicas / 2
}

/// The fewest replicas of which one may lie and the rest still agree.
pub(super) const BYZANTINE_MIN: usize = 4;

impl Placement {
    /// The replica through which a client reaches the leader soonest, and when.
    pub(super) fn through(&self, distances: &Distances, client: Region) -> (Region, u64) {
        let way =
            |r: Region| distances.between(client, r) + distances.between_nodes(r, self.leader);
        let ways = self.replicas.iter().map(|replica| (*replica, way(*replica)));
        ways.min_by_key(|(_, takes)| *takes).unwrap_or((self.leader, 0))
    }

    /// After which a majority has answered the leader, and the last of it.
    pub(super) fn quorum(&self, distances: &Distances) -> (Region, u64) {
        let mut trips: Vec<(u64, Region)> = self
            .replicas
            .iter()
            .map(|replica| (distances.between_nodes(self.leader, *replica), *replica))
            .collect();
        trips.sort_unstable();
        let last = trips.get(others_in_majority(self.replicas.len()));
        last.map_or((self.leader, 0), |(takes, region)| (*region, *takes))
    }

    /// What a route takes from a client's region.
    pub(super) fn takes(&self, distances: &Distances, route: Route, client: Region) -> u64 {
        match route {
            Route::Local => {
                let trips = self.replicas.iter().map(|r| distances.between(client, *r));
                trips.min().unwrap_or(0)
            }
            Route::Leader => self.through(distances, client).1,
            Route::Quorum => self.through(distances, client).1 + self.quorum(distances).1,
            Route::Byzantine => self.byzantine(distances, client),
        }
    }

    /// Castro and Liskov's three steps (1999), each replica going on as soon as enough have spoken.
    fn byzantine(&self, distances: &Distances, client: Region) -> u64 {
        let n = self.replicas.len();
        let liars = (n - 1) / 3;
        let enough = (n + liars + 1).div_ceil(2);
        let way = |a: Region, b: Region| distances.between_nodes(a, b) / 2;
        let asked = self.through(distances, client).1 / 2;
        let proposed: Vec<u64> =
            self.replicas.iter().map(|r| asked + way(self.leader, *r)).collect();
        let step = |before: &[u64]| -> Vec<u64> {
            let heard = |at: &Region| {
                let from = self.replicas.iter().zip(before);
                nth(from.map(|(r, sent)| sent + way(*r, *at)).collect(), enough)
            };
            self.replicas.iter().map(heard).collect()
        };
        let committed = step(&step(&proposed));
        let answers = self.replicas.iter().zip(&committed);
        nth(answers.map(|(r, at)| at + distances.between(*r, client) / 2).collect(), liars + 1)
    }
}

/// The `count`-th smallest.
fn nth(mut times: Vec<u64>, count: usize) -> u64 {
    times.sort_unstable();
    times.get(count.saturating_sub(1)).copied().unwrap_or(0)
}

impl Distances {
    /// Between replicas: one and itself are one process.
    pub(super) fn between_nodes(&self, from: Region, to: Region) -> u64 {
        if from == to { 0 } else { self.between(from, to) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Distances, Placement, Route};
    use avouch_world::geography::{FIVE, Region, pair_round_trip};

    const ALL: [Route; 4] = [Route::Local, Route::Leader, Route::Quorum, Route::Byzantine];

    #[test]
    fn the_five_regions_have_the_prices_that_one_works_out_by_hand() {
        let distances = Distances::measured();
        let placement = Placement { replicas: FIVE.to_vec(), leader: FIVE[0] };
        let trip = |to: usize| pair_round_trip(FIVE[0], FIVE[to]).p50.0;
        // us-west-2 answers first and eu-west-1 second: then three of five have it.
        assert_eq!(placement.quorum(&distances), (FIVE[2], trip(2)));
        assert!(trip(1) < trip(2) && trip(2) < trip(3).min(trip(4)));
        let takes = |route, client: usize| placement.takes(&distances, route, FIVE[client]);
        assert_eq!(takes(Route::Local, 4), 100_000, "the same zone");
        assert_eq!(takes(Route::Leader, 4), trip(4), "straight, not through its own replica");
        assert_eq!(takes(Route::Quorum, 4), trip(4) + trip(2));
        assert_eq!(takes(Route::Quorum, 0), 100_000 + trip(2), "the leader's own region");
    }

    #[test]
    fn a_relay_is_taken_where_it_is_the_shorter_way() {
        // The table's greatest violation: one region is reached through another 1.29 times faster.
        let region = |name| Region::parse(name).unwrap();
        let (client, relay) = (region("ap-east-1"), region("ap-east-2"));
        let leader = region("af-south-1");
        let distances = Distances::measured();
        let placement = Placement { replicas: vec![leader, relay], leader };
        let (through, takes) = placement.through(&distances, client);
        assert!(through == relay && takes * 5 < distances.between(client, leader) * 4);
    }

    #[test]
    fn stronger_routes_never_take_less_and_fibre_never_takes_more() {
        let (measured, fibre) = (Distances::measured(), Distances::fibre());
        for leader in FIVE {
            let placement = Placement { replicas: FIVE.to_vec(), leader };
            for client in Region::all() {
                let takes = |distances| ALL.map(|route| placement.takes(distances, route, client));
                let (slow, fast) = (takes(&measured), takes(&fibre));
                // Byzantine answers come from the nearest replicas, not through the leader.
                assert!(
                    slow[..3].is_sorted() && fast[..3].is_sorted(),
                    "{client}: {slow:?} {fast:?}"
                );
                assert!(slow.iter().zip(fast).all(|(slow, fast)| *slow >= fast), "{client}");
            }
        }
    }

    #[test]
    fn four_replicas_on_a_square_agree_in_three_steps() {
        // All pairs equally far: five ways of half a round trip each, client and leader far apart.
        let regions: Vec<Region> = Region::all().take(5).collect();
        let mut distances = Distances::fibre();
        distances.0.iter_mut().flatten().for_each(|trip| *trip = 100);
        let placement = Placement { replicas: regions[..4].to_vec(), leader: regions[0] };
        assert_eq!(placement.takes(&distances, Route::Byzantine, regions[4]), 250);
    }
}
