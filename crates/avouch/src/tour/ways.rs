//! The ways between the tour's regions: distance as measured between AWS regions, and directions
//! that can be cut.
//!
//! A cut is one way: what n1 sends to n2 may be lost while n2's answers, if it had any, arrived.
//! Real networks fail like that, and it is harder on an election than a clean split.

use avouch_promise::{NodeId, Random};
use avouch_store::wire::peer::link::Link;
use avouch_world::geography::{PathDelay, Region, one_way_sampler};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All directed ways of one cluster. Its nodes share it.
pub(super) struct Ways {
    paths: BTreeMap<(NodeId, NodeId), PathDelay>,
    now: Mutex<Now>,
}

/// What changes while the cluster runs.
struct Now {
    random: Random,
    cut: BTreeSet<(NodeId, NodeId)>,
}

impl Ways {
    /// The ways between nodes that stand in these regions.
    pub(super) fn between(places: &BTreeMap<NodeId, Region>, random: Random) -> Self {
        let pairs = places.iter().flat_map(|from| places.iter().map(move |to| (from, to)));
        let path = |((from, here), (to, there)): ((&NodeId, &Region), (&NodeId, &Region))| {
            ((*from, *to), one_way_sampler(*here, *there))
        };
        let paths = pairs.filter(|(from, to)| from.0 != to.0).map(path).collect();
        Self { paths, now: Mutex::new(Now { random, cut: BTreeSet::new() }) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing that `node` sends arrives.
    pub(super) fn cut_from(&self, node: NodeId) {
        let out = self.paths.keys().filter(|(from, _)| *from == node);
        self.now().cut.extend(out);
    }
    /// From now on nothing that is sent to `node` arrives.
    pub(super) fn cut_to(&self, node: NodeId) {
        let into = self.paths.keys().filter(|(_, to)| *to == node);
        self.now().cut.extend(into);
    }
    /// From now on everything arrives again.
    pub(super) fn heal(&self) {
        self.now().cut.clear();
    }
}

impl Link for Ways {
    fn delay(&self, from: NodeId, to: NodeId, _: usize) -> Option<Duration> {
        let path = self.paths.get(&(from, to))?;
        let mut now = self.now();
        if now.cut.contains(&(from, to)) {
            return None;
        }
        Some(Duration::from_nanos(path.sample(&mut now.random).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_world::geography::FIVE;

    #[test]
    fn a_cut_loses_one_direction_and_leaves_the_others_their_distance() {
        let places = (1..).map(NodeId).zip(FIVE).collect();
        let ways = Ways::between(&places, Random::new(1));
        let delay = |from, to| ways.delay(NodeId(from), NodeId(to), 1);
        assert!(delay(1, 3) > Some(Duration::from_millis(20)), "an ocean lies between");
        ways.cut_from(NodeId(1));
        assert_eq!((delay(1, 2), delay(1, 5)), (None, None));
        assert!(delay(2, 1).is_some() && delay(2, 3).is_some());
        ways.cut_to(NodeId(1));
        assert_eq!(delay(2, 1), None);
        ways.heal();
        assert!(delay(1, 2).is_some() && delay(2, 1).is_some());
    }
}
