//! The divergence meter: how many keys differ between which replicas, over virtual time.
//!
//! ```text
//!   run ... | sample | ... every period, between two events: the run itself does not notice
//!              '-> for each pair of nodes that are up:
//!                    equal projections -> 0 at the cost of one comparison
//!                    else both states, key by key, in key order
//! ```
//!
//! Two replicas differ in a key when a client could tell them apart by it: another value, revision,
//! version or lease, or one of them has no such key. A follower that lags differs for a while; what
//! still differs when everything is calm and applied will differ for ever.
//!
//! - I1 Metering changes nothing: the trace of a metered run is that of the same run without.

//= §1.1.2 state divergence mechanics: which keys differ between which replicas, over time

use crate::node::Node;
use avouch_promise::{Digest, Nanos, NodeId};
use avouch_state::{KeyValue, Machine, RangeRequest};
use avouch_world::{Driver, World};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Two nodes, the lower number first.
pub type Pair = (NodeId, NodeId);

/// One look at all replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Nanos,
    /// How many keys differ, for each pair of which both are up.
    pub differing: BTreeMap<Pair, u64>,
}

impl Sample {
    /// The most that any pair differs in.
    pub fn most(&self) -> u64 {
        self.differing.values().copied().max().unwrap_or(0)
    }
}

/// A run's divergence over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// By ascending time.
    pub samples: Vec<Sample>,
}

impl Series {
    /// Every pair that was ever seen.
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<_> =
            self.samples.iter().flat_map(|sample| sample.differing.keys().copied()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// What one pair differs in over time; a gap in time is a time at which one was down.
    pub fn of(&self, pair: Pair) -> impl Iterator<Item = (Nanos, u64)> {
        self.samples.iter().filter_map(move |sample| {
            sample.differing.get(&pair).map(|differing| (sample.at, *differing))
        })
    }

    /// The most that any pair ever differed in, and when first.
    pub fn worst(&self) -> Option<(Nanos, u64)> {
        let most = self.samples.iter().map(Sample::most).max()?;
        self.samples.iter().find(|sample| sample.most() == most).map(|sample| (sample.at, most))
    }

    /// Since when no pair has differed; none when some still do.
    pub fn converged_since(&self) -> Option<Nanos> {
        let equal = self.samples.iter().rev().take_while(|sample| sample.most() == 0);
        equal.last().map(|sample| sample.at)
    }

    /// The pairs that differ at the end, with how many keys.
    pub fn lasting(&self) -> BTreeMap<Pair, u64> {
        let last = self.samples.last().map(|sample| sample.differing.clone());
        last.unwrap_or_default().into_iter().filter(|(_, differing)| *differing > 0).collect()
    }
}

/// Takes samples of a run.
#[derive(Clone, Debug)]
pub struct Meter {
    every: Nanos,
    next: Nanos,
    series: Series,
}

impl Meter {
    /// A meter that looks every `every` of virtual time, from 0.
    pub fn new(every: Nanos) -> Self {
        Self { every: every.max(Nanos(1)), next: Nanos::ZERO, series: Series::default() }
    }

    /// Runs as [`World::run_until`] does, with a sample whenever one is due.
    pub fn run_until<D: Driver<Node>>(
        &mut self,
        world: &mut World<Node>,
        driver: &mut D,
        until: Nanos,
    ) {
        while self.next <= until && world.violation().is_none() {
            world.run_until(driver, self.next);
            if world.violation().is_none() {
                self.sample(world);
                self.next = self.next.plus(self.every);
            }
        }
        world.run_until(driver, until);
    }

    /// Looks now.
    pub fn sample(&mut self, world: &World<Node>) {
        let up: Vec<_> =
            world.states().map(|(node, state)| Replica::of(node, state.machine())).collect();
        let mut differing = BTreeMap::new();
        for (place, one) in up.iter().enumerate() {
            for other in up.iter().skip(place + 1) {
                let count = one.differing(other).len() as u64;
                differing.insert((one.node, other.node), count);
            }
        }
        self.series.samples.push(Sample { at: world.now(), differing });
    }

    /// Which keys differ now, for each pair that is up and differs at all, in key order.
    pub fn which(world: &World<Node>) -> BTreeMap<Pair, Vec<Bytes>> {
        let up: Vec<_> =
            world.states().map(|(node, state)| Replica::of(node, state.machine())).collect();
        let mut which = BTreeMap::new();
        for (place, one) in up.iter().enumerate() {
            for other in up.iter().skip(place + 1) {
                let keys = one.differing(other);
                if !keys.is_empty() {
                    which.insert((one.node, other.node), keys);
                }
            }
        }
        which
    }

    /// What was seen so far.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// What was seen.
    pub fn into_series(self) -> Series {
        self.series
    }
}

/// One node's state, read key by key only where a pair is not equal as a whole.
struct Replica<'a> {
    node: NodeId,
    projection: Digest,
    machine: &'a Machine,
    keys: std::cell::OnceCell<Vec<KeyValue>>,
}

impl<'a> Replica<'a> {
    fn of(node: NodeId, machine: &'a Machine) -> Self {
        Self { node, projection: machine.projection(), machine, keys: std::cell::OnceCell::new() }
    }

    fn keys(&self) -> &[KeyValue] {
        self.keys.get_or_init(|| {
            let everything = Bytes::from_static(b"\0");
            let request = RangeRequest {
                key: everything.clone(),
                range_end: everything,
                ..RangeRequest::default()
            };
            self.machine.store().range(&request).map(|range| range.kvs).unwrap_or_default()
        })
    }

    fn differing(&self, other: &Self) -> Vec<Bytes> {
        if self.projection == other.projection {
            return Vec::new();
        }
        differing(self.keys(), other.keys())
    }
}

/// The keys that differ between two states, each in key order.
fn differing(mut one: &[KeyValue], mut other: &[KeyValue]) -> Vec<Bytes> {
    let mut keys = Vec::new();
    while let (Some((a, after_a)), Some((b, after_b))) = (one.split_first(), other.split_first()) {
        if a != b {
            keys.push(a.key.clone().min(b.key.clone()));
        }
        if a.key <= b.key {
            one = after_a;
        }
        if b.key <= a.key {
            other = after_b;
        }
    }
    keys.extend(one.iter().chain(other).map(|rest| rest.key.clone()));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Plan;
    use crate::node::NodeMutant;
    use avouch_world::{Fault, Script};

    const EVERY: Nanos = Nanos::from_millis(50);
    const HEALED: Nanos = Nanos::from_secs(4);

    /// Three nodes, of which one is cut off for two seconds unless a bug is planted.
    fn run(
        seed: u64,
        mutant: Option<NodeMutant>,
        metered: bool,
    ) -> (avouch_world::TraceHash, Series) {
        let plan = Plan { nodes: 3, faults: false, node_mutant: mutant, ..Plan::default() };
        let plan = Plan { faults_for: HEALED, ..plan };
        let (mut world, workload) = plan.begin(seed);
        let mut workload = workload.comparing_nothing();
        let sides = vec![vec![NodeId(3)], vec![NodeId(1), NodeId(2)]];
        if mutant.is_none() {
            world.play(
                &Script::new()
                    .at(Nanos::from_secs(2), Fault::Partition { sides: sides.clone() })
                    .at(HEALED, Fault::Rejoin { sides }),
            );
        }
        let end = HEALED.plus(Nanos::from_secs(3));
        let mut meter = Meter::new(EVERY);
        if metered {
            meter.run_until(&mut world, &mut workload, end);
        } else {
            world.run_until(&mut workload, end);
        }
        (world.trace_hash(), meter.into_series())
    }

    //= §1.1.2 state divergence mechanics: which keys differ between which replicas, over time test
    #[test]
    fn a_replica_that_is_cut_off_diverges_and_returns_to_zero_after_healing() {
        for seed in 1..=5 {
            let (_, series) = run(seed, None, true);
            let apart = |from: u64, to: u64, pair| {
                let span = Nanos::from_millis(from)..Nanos::from_millis(to);
                let inside = series.of(pair).filter(|(at, _)| span.contains(at));
                inside.map(|(_, differing)| differing).max().unwrap_or(0)
            };
            let (near, far) = ((NodeId(1), NodeId(2)), (NodeId(1), NodeId(3)));
            assert!(
                apart(3_000, 4_000, far) >= 5,
                "seed {seed}: most of 8 keys are written in 1 s"
            );
            assert!(apart(3_000, 4_000, far) > apart(3_000, 4_000, near), "seed {seed}");
            let since = series.converged_since().expect("all agree");
            assert!(since > HEALED.minus(EVERY), "seed {seed}: equal since {since}");
            assert!(since < HEALED.plus(Nanos::from_secs(1)), "seed {seed}: equal only at {since}");
            assert_eq!((series.pairs().len(), series.lasting().len()), (3, 0));
        }
    }

    #[test]
    fn a_replica_that_skips_an_entry_is_seen_as_lasting_divergence() {
        let (_, series) = run(1, Some(NodeMutant::SkipEntry), true);
        let lasting = series.lasting();
        let pairs: Vec<_> = lasting.keys().map(|(one, other)| (one.0, other.0)).collect();
        assert_eq!(pairs, [(1, 2), (2, 3)], "{lasting:?}");
        assert_eq!(series.converged_since(), None);
    }

    #[test]
    fn metering_changes_nothing() {
        assert_eq!(run(3, None, true).0, run(3, None, false).0);
    }

    #[test]
    fn keys_are_compared_by_all_that_a_client_can_read() {
        let key = |name: &'static str, version| KeyValue {
            key: Bytes::from_static(name.as_bytes()),
            version,
            ..KeyValue::default()
        };
        let one = [key("a", 1), key("b", 1), key("d", 1)];
        let other = [key("a", 1), key("b", 2), key("c", 1)];
        assert_eq!(differing(&one, &other), ["b", "c", "d"], "c and d stand on one side only");
        assert_eq!(differing(&one, &one), [""; 0]);
        assert_eq!(differing(&[], &one), ["a", "b", "d"]);
    }
}
