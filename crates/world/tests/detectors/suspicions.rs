//! Which class of detector comes out of which promise about links, over which way to watch.

use avouch_agreement::detector::class::{Extent, Properties};
use avouch_agreement::detector::watch::{Settings, leader};
use avouch_agreement::detector::watching::{Config, Oracle};
use avouch_agreement::detector::{Class, Kind, Reach, Suspicions, Watch, Watching};
use avouch_promise::{Nanos, NodeId, Random};
use avouch_world::{Adversary, Delay, Driver, Fault, Link, Options, Path, Synchrony, World};
use std::collections::BTreeSet;

const INTERVAL: Nanos = Nanos::from_millis(100);
const NODES: u32 = 5;

/// Writes down what nodes suspect, by the world's own time.
struct Notes(Suspicions);

impl Driver<Watching> for Notes {
    fn on_output(&mut self, world: &mut World<Watching>, node: NodeId, output: BTreeSet<NodeId>) {
        self.0.changed(node, world.now(), output);
    }
    fn on_crash(&mut self, world: &mut World<Watching>, node: NodeId) {
        self.0.crashed(node, world.now());
    }
}

/// The world in which n3 and n4 crash, one before GST and one after it.
struct Run {
    kind: Kind,
    step: Nanos,
    reach: Reach,
    gossip: bool,
    gst: Nanos,
    /// Links on which delays grow for ever, in bursts.
    unbounded: Vec<NodeId>,
}

const USUAL: Run = Run {
    kind: Kind::Timeout,
    step: Nanos::from_millis(500),
    reach: Reach::Everyone,
    gossip: false,
    gst: Nanos::from_secs(20),
    unbounded: Vec::new(),
};

/// The suspicions are judged from here on.
const REST: Nanos = Nanos::from_secs(200);
const END: Nanos = Nanos::from_secs(320);

impl Run {
    fn world(&self, seed: u64) -> (World<Watching>, Suspicions) {
        let settings =
            Settings { kind: self.kind, interval: INTERVAL, step: self.step, reach: self.reach };
        // Once bounded, a message takes up to a second: far more than any detector is told of.
        let delay = Delay::Uniform { low: Nanos::from_millis(1), high: Nanos::from_millis(900) };
        let bounded = Synchrony::AfterGst {
            gst: self.gst,
            delta: Nanos::from_secs(1),
            before: Adversary::default(),
        };
        let synchrony = if self.unbounded.is_empty() { bounded } else { Synchrony::Asynchronous };
        let options = Options { link: Link::with(delay), synchrony, ..Options::default() };
        let configs = Config::cluster(NODES, Oracle::Detectors(settings), self.gossip);
        let mut world = World::<Watching>::new(seed, options, configs);
        world.schedule(Nanos::from_secs(5), Fault::Crash { node: NodeId(3) });
        world.schedule(Nanos::from_secs(60), Fault::Crash { node: NodeId(4) });
        for burst in 0..16_u64 {
            let from = Nanos::from_secs(20 * burst);
            let until = from.plus(Nanos::from_millis(1_500 + 300 * burst));
            for node in &self.unbounded {
                let path = Path { from: Some(*node), to: None };
                let slow = Some(Delay::Constant(Nanos::from_secs(15)));
                world.schedule(from, Fault::Slow { path, delay: slow });
                world.schedule(until, Fault::Slow { path, delay: None });
            }
        }
        let mut notes = Notes(Suspicions::new((1..=NODES).map(NodeId)));
        world.run_until(&mut notes, END);
        assert_eq!(world.violation(), None);
        (world, notes.0)
    }

    fn properties(&self) -> Properties {
        let (_, suspicions) = self.world(Random::seed_from_environment());
        suspicions.properties(REST)
    }
}

#[test]
//= §1.2.2 eventually perfect failure detector test
fn every_detector_that_grows_becomes_eventually_perfect_after_gst() {
    for kind in Kind::ALL {
        let (world, suspicions) = Run { kind, ..USUAL }.world(Random::seed_from_environment());
        let class = suspicions.properties(REST).class();
        assert_eq!(class, Some(Class::EventuallyPerfect), "{}", kind.name());
        assert_eq!(suspicions.changes(REST), 0, "{}", kind.name());
        // Omega: all name the same leader, who runs.
        let members: BTreeSet<_> = (1..=NODES).map(NodeId).collect();
        for (node, state) in world.states() {
            assert_eq!(leader(&members, state.output()), Some(NodeId(1)), "{node}");
        }
        let mistakes: u64 =
            world.states().filter_map(|(_, state)| state.watch()).map(Watch::mistakes).sum();
        assert!(kind != Kind::Timeout || mistakes > 0, "nothing was hard about this");
    }
}

#[test]
//= §1.2.2 eventually perfect failure detector test
fn a_timeout_that_never_grows_is_wrong_for_ever() {
    let properties = Run { step: Nanos::ZERO, ..USUAL }.properties();
    assert_eq!(properties.completeness, Extent::Strong);
    assert_ne!(properties.accuracy, Extent::Strong);
}

#[test]
//= §1.2.2 failure-detector hierarchies and their reductions, weak to strong completeness test
fn gossip_turns_weak_completeness_into_strong() {
    let next = Run { reach: Reach::Next, ..USUAL };
    assert_eq!(next.properties().class(), Some(Class::EventuallyQuasiPerfect));
    let told = Run { reach: Reach::Next, gossip: true, ..USUAL };
    assert_eq!(told.properties().class(), Some(Class::EventuallyPerfect));
}

#[test]
//= §1.2.2 eventually strong failure detector test
fn one_node_with_bounded_links_makes_an_eventually_strong_detector() {
    let unbounded = [1, 4, 5].map(NodeId).to_vec();
    let run = Run { unbounded: unbounded.clone(), step: INTERVAL, ..USUAL };
    assert_eq!(run.properties().class(), Some(Class::EventuallyStrong));
    // Seen by the next node only, the same links make an eventually weak one; told to all, that
    // is eventually strong again.
    let run = Run { unbounded: unbounded.clone(), reach: Reach::Next, ..USUAL };
    assert_eq!(run.properties().class(), Some(Class::EventuallyWeak));
    let run = Run { unbounded, reach: Reach::Next, gossip: true, ..USUAL };
    assert_eq!(run.properties().class(), Some(Class::EventuallyStrong));
}
