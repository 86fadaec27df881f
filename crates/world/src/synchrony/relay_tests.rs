//! The dial in a world. Node 1 sends each command's number to node 2, which puts it out: who gives
//! the commands knows when each message was sent and when it arrived.

use crate::{
    Adversary, Delay, Driver, Link, Mutants, Options, Path, Script, Simulated, Synchrony, World,
    fault::Fault,
};
use avouch_machine::CommandId;
use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId, Random};
use bytes::Bytes;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Relay;

impl Protocol for Relay {
    type Config = ();
    type State = ();
    type Message = u64;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = u64;
    type Observation = ();
    type Timer = ();

    fn recover((): &(), _: Recovered<Self>) {}

    fn step(
        (): &(),
        (): &mut (),
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Command { id, .. } => effects.send(NodeId(2), id.0),
            Event::Message { message, .. } => effects.output(message),
            _ => {}
        }
    }
}

impl Simulated for Relay {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

const GST: Nanos = Nanos::from_secs(2);
const DELTA: Nanos = Nanos::from_millis(20);
const STEP: Nanos = Nanos::from_millis(1);

/// A message each millisecond.
#[derive(Default)]
struct Postmaster {
    sent: BTreeMap<u64, Nanos>,
    /// When sent, when arrived.
    arrived: Vec<(Nanos, Nanos)>,
}

impl Driver<Relay> for Postmaster {
    fn on_begin(&mut self, world: &mut World<Relay>) {
        world.wake(STEP, 1);
    }
    fn on_wakeup(&mut self, world: &mut World<Relay>, key: u64) {
        self.sent.insert(key, world.now());
        assert!(world.command(NodeId(1), CommandId(key), ()));
        world.wake(world.now().plus(STEP), key + 1);
    }
    fn on_output(&mut self, world: &mut World<Relay>, _: NodeId, number: u64) {
        self.arrived.push((self.sent[&number], world.now()));
    }
}

/// Runs past GST on links that lose a fifth and are slow for a while after it.
fn run(seed: u64, synchrony: Synchrony, mutants: Mutants) -> (World<Relay>, Postmaster) {
    let mut link = Link::default();
    link.loss = 0.2;
    let options = Options { link, synchrony, mutants, ..Options::default() };
    let mut world = World::new(seed, options, vec![(), ()]);
    let slow = Delay::Constant(DELTA.times(3));
    let late = Fault::Slow { path: Path::ALL, delay: Some(slow) };
    world.play(&Script::new().at(GST.plus(Nanos::from_millis(500)), late));
    let mut post = Postmaster::default();
    world.run_until(&mut post, GST.plus(Nanos::from_secs(1)));
    (world, post)
}

/// What breaks the promise: arrivals that are late, and messages that never came.
fn broken((world, post): &(World<Relay>, Postmaster), gst: Nanos, delta: Nanos) -> usize {
    let due = |sent: Nanos| sent.max(gst).plus(delta);
    let late = post.arrived.iter().filter(|(sent, at)| *at > due(*sent)).count();
    let arrived: std::collections::BTreeSet<_> =
        post.arrived.iter().map(|(sent, _)| *sent).collect();
    let must = post.sent.values().filter(|sent| **sent >= gst && due(**sent) <= world.now());
    late + must.filter(|sent| !arrived.contains(*sent)).count()
}

#[test]
fn every_delivery_keeps_the_bound_after_gst_and_none_before_it() {
    let first = Random::seed_from_environment();
    for seed in first..first + 10 {
        let synchrony =
            Synchrony::AfterGst { gst: GST, delta: DELTA, before: Adversary::default() };
        let run = run(seed, synchrony, Mutants::default());
        assert_eq!(
            broken(&run, GST, DELTA),
            0,
            "repro: AVOUCH_SEED={seed} cargo test -p avouch-world every_delivery_keeps"
        );
        let before = run.1.arrived.iter().filter(|(sent, _)| *sent < GST);
        let longest = before.map(|(sent, at)| at.minus(*sent)).max().expect("a promise");
        assert!(longest > DELTA.times(50), "only {longest} before GST");
        let moved = run.0.counters().named("moved_by_synchrony");
        assert!(moved > 1_000, "{moved} messages moved");
    }
}

#[test]
fn an_unknown_bound_holds_from_the_start() {
    for seed in 1..=10 {
        let synchrony = Synchrony::UnknownBound {
            at_least: Nanos::from_millis(1),
            at_most: Nanos::from_millis(50),
        };
        let run = run(seed, synchrony, Mutants::default());
        let delta = run.0.dial().expect("a promise").delta();
        assert_eq!(broken(&run, Nanos::ZERO, delta), 0, "seed {seed}, delta {delta}");
    }
}

#[test]
fn without_a_promise_and_with_a_broken_one_the_same_judge_finds_it() {
    let asynchronous = run(1, Synchrony::Asynchronous, Mutants::default());
    assert!(asynchronous.0.dial().is_none());
    assert!(broken(&asynchronous, GST, DELTA) > 300);
    let synchrony = Synchrony::AfterGst { gst: GST, delta: DELTA, before: Adversary::default() };
    let ignored = run(1, synchrony, Mutants { ignore_gst: true, ..Mutants::default() });
    assert!(broken(&ignored, GST, DELTA) > 300);
}
