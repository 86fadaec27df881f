//! Links and clocks, seen from nodes that only beat: who hears whom under every kind of cut.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_machine::CommandId;
use avouch_promise::{Nanos, NodeId, WallTime};
use avouch_world::clock::true_time;
use avouch_world::geography::FIVE;
use avouch_world::{
    ClockModel, Count, Delay, Driver, Fault, Idle, Link, Nemesis, Options, Path, Script, World,
};
use std::collections::BTreeSet;
use toys::heartbeat::{self, Heartbeat};
use toys::lease::{self, Lease};
use toys::ping_pong::{self, PingPong};

const PERIOD: Nanos = Nanos::from_millis(10);

fn n(numbers: &[u32]) -> Vec<NodeId> {
    numbers.iter().copied().map(NodeId).collect()
}

fn world(nodes: u32) -> World<Heartbeat> {
    World::new(1, Options::default(), heartbeat::cluster(nodes, PERIOD, false))
}

/// The directed pairs of three nodes between which nothing passes after a fault.
fn silent(world: &mut World<Heartbeat>, fault: Fault) -> BTreeSet<(u32, u32)> {
    world.inject(fault);
    world.run_until(&mut Idle, world.now());
    let nodes: Vec<_> = world.nodes().collect();
    let pairs = nodes.iter().flat_map(|from| nodes.iter().map(move |to| (*from, *to)));
    let cut = |(from, to): &(NodeId, NodeId)| world.links().link(*from, *to).unwrap().is_cut();
    pairs.filter(cut).map(|(from, to)| (from.0, to.0)).collect()
}

#[test]
//= §4.1.2 asymmetric partitions (A to B works, B to A fails), triangles; GC pauses test
fn cuts_are_exactly_as_said_and_each_is_taken_back_alone() {
    let mut world = world(3);
    let sides = vec![n(&[1]), n(&[2])];
    let pair = BTreeSet::from([(1, 2), (2, 1)]);
    assert_eq!(silent(&mut world, Fault::Partition { sides: sides.clone() }), pair);
    // A triangle: n1 hears n3, n3 hears n2, and n2 speaks to nobody else.
    let (from, to) = (n(&[2]), n(&[3]));
    let both = BTreeSet::from([(1, 2), (2, 1), (2, 3)]);
    assert_eq!(silent(&mut world, Fault::OneWay { from: from.clone(), to: to.clone() }), both);
    let one = BTreeSet::from([(2, 3)]);
    assert_eq!(silent(&mut world, Fault::Rejoin { sides }), one);
    let alone = BTreeSet::from([(1, 3), (3, 1), (2, 3), (3, 2)]);
    assert_eq!(silent(&mut world, Fault::Isolate { node: NodeId(3) }), alone);
    assert_eq!(silent(&mut world, Fault::BothWays { from, to }), alone);
    assert_eq!(silent(&mut world, Fault::Heal), BTreeSet::new());
    assert_eq!(world.counters().of(Count::Partitions), 2);
    assert_eq!(world.counters().of(Count::OneWays), 1);
}

#[test]
fn a_cut_stops_what_is_on_its_way_and_what_is_sent_later() {
    let options =
        Options { link: Link::with(Delay::Constant(Nanos::from_millis(4))), ..Options::default() };
    let mut world = World::<PingPong>::new(1, options, ping_pong::pair(1, b""));
    world.run_until(&mut Idle, Nanos::from_millis(41));
    assert_eq!(world.counters().of(Count::Delivered), 10);
    let (from, to) = (n(&[1, 2]), n(&[1, 2]));
    world.inject(Fault::OneWay { from, to });
    world.run_until(&mut Idle, Nanos::from_secs(1));
    assert_eq!(world.counters().of(Count::Delivered), 10);
    assert_eq!(world.counters().of(Count::Cut), 1);
}

#[test]
fn weather_changes_only_the_links_that_are_named() {
    let mut world = world(3);
    let path = Path::between(NodeId(1), NodeId(2));
    let from = Path { from: Some(NodeId(3)), to: None };
    world.play(
        &Script::new()
            .at(Nanos(1), Fault::Loss { path, probability: 1.0 })
            .at(Nanos(1), Fault::Duplicate { path: from, probability: 1.0 }),
    );
    world.run_until(&mut Idle, Nanos::from_millis(995));
    let counters = world.counters();
    assert_eq!(counters.of(Count::Sent), 100 * 6);
    assert_eq!(counters.of(Count::Lost), 99);
    assert_eq!(counters.of(Count::Duplicated), 2 * 99);
    let delivered = counters.of(Count::Delivered);
    assert!(delivered.abs_diff(600 - 99 + 198) < 10, "{delivered}");
    world.inject(Fault::Calm);
    let lost = world.counters().of(Count::Lost);
    world.run_until(&mut Idle, Nanos::from_secs(2));
    assert_eq!(world.counters().of(Count::Lost), lost);
}

#[test]
fn regions_give_each_direction_its_measured_delay() {
    let mut world = World::<Heartbeat>::new(
        1,
        Options::default(),
        heartbeat::cluster(5, Nanos::from_secs(1), false),
    );
    world.links_mut().set_regions(&FIVE);
    let link = world.links().link(NodeId(1), NodeId(4)).unwrap().clone();
    assert_eq!(link.delay, Delay::between(FIVE[0], FIVE[3]));
    world.run_until(&mut Idle, Nanos::from_millis(900));
    // Five nodes beat once, and the farthest of them are some 130 ms apart one way.
    assert_eq!(world.counters().of(Count::Delivered), 20);
}

/// Compares what clocks say with the truth.
#[derive(Default)]
struct Truth {
    outside: u64,
    readings: u64,
    last: Option<WallTime>,
}

impl Driver<Heartbeat> for Truth {
    fn on_step(&mut self, world: &mut World<Heartbeat>, node: NodeId) {
        let wall = world.clock(node).unwrap().wall(world.now().0);
        self.readings += 1;
        self.outside += u64::from(!wall.contains(world.true_time()));
        assert_eq!(world.true_time(), true_time(world.now().0));
        self.last = Some(wall.latest);
    }
}

#[test]
fn wall_clocks_keep_their_bound_until_a_step_breaks_it() {
    let mut world = world(3);
    let mut truth = Truth::default();
    let offset = Fault::ClockOffset { node: NodeId(1), error_ns: 1_999_000 };
    world.schedule(Nanos::from_millis(5), offset);
    let fast = Fault::ClockDrift { node: NodeId(1), rate_ppb: 100_000_000 };
    world.schedule(Nanos::from_millis(6), fast);
    world.run_until(&mut truth, Nanos::from_secs(2));
    assert_eq!(truth.outside, 0);
    world.inject(Fault::ClockStep { node: NodeId(2), by_ns: -1_000_000_000 });
    world.run_until(&mut truth, Nanos::from_secs(3));
    // One second of beats, own and heard, one of them from a fast clock.
    assert!(truth.outside.abs_diff(310) < 10, "{} of {}", truth.outside, truth.readings);
    let before = truth.outside;
    world.inject(Fault::Calm);
    world.run_until(&mut truth, Nanos::from_secs(4));
    assert_eq!(truth.outside, before);
}

#[test]
fn a_restart_starts_the_monotonic_clock_anew_and_leaves_the_wall_clock_alone() {
    let clock = ClockModel { epsilon: Some(Nanos::from_secs(9)), ..ClockModel::default() };
    let options = Options { clock, ..Options::default() };
    let configs = heartbeat::cluster(1, PERIOD, false);
    let mut world = World::<Heartbeat>::new(1, options, configs);
    let node = NodeId(1);
    world.schedule(Nanos::from_secs(1), Fault::ClockDrift { node, rate_ppb: 100_000_000 });
    world.run_until(&mut Idle, Nanos::from_secs(2));
    let read = |world: &World<Heartbeat>| {
        let clock = world.clock(node).unwrap();
        (clock.error_ns(world.now().0), clock.monotonic(world.now().0))
    };
    let before = read(&world);
    world.inject(Fault::Crash { node });
    world.inject(Fault::Restart { node });
    world.run_until(&mut Idle, Nanos::from_secs(2));
    let after = read(&world);
    assert_eq!(before.0, after.0);
    assert_ne!(before.1, after.1);
    assert!(before.0 > 90_000_000, "{} ns ahead after 1 s at a tenth too fast", before.0);
}

#[test]
fn a_fast_clock_fires_timers_earlier_at_once_and_after_calm_no_longer() {
    let clock = ClockModel { drift_ppb_max: 0, ..ClockModel::default() };
    let options = Options { clock, ..Options::default() };
    let beats = |world: &World<Heartbeat>| *world.state(NodeId(1)).unwrap();
    let configs = heartbeat::cluster(1, Nanos::from_secs(1), false);
    let mut world = World::<Heartbeat>::new(1, options, configs);
    world.schedule(
        Nanos::from_millis(500),
        Fault::ClockDrift { node: NodeId(1), rate_ppb: 250_000_000 },
    );
    // 0.5 s at rate 1, and the rest of the first second in 0.4 s.
    world.run_until(&mut Idle, Nanos::from_millis(899));
    assert_eq!(beats(&world), 1);
    world.run_until(&mut Idle, Nanos::from_millis(901));
    assert_eq!(beats(&world), 2);
    world.run_until(&mut Idle, Nanos::from_millis(8_901));
    assert_eq!(beats(&world), 12);
    world.inject(Fault::Calm);
    world.run_until(&mut Idle, Nanos::from_millis(18_950));
    assert_eq!(beats(&world), 22);
}

/// Sends one command to a paused node and hears when it answers.
#[derive(Default)]
struct Answered(Vec<Nanos>);

impl Driver<Lease> for Answered {
    fn on_output(&mut self, world: &mut World<Lease>, _: NodeId, _: lease::Output) {
        self.0.push(world.now());
    }
}

#[test]
fn a_paused_node_answers_after_its_pause_and_a_crash_forgets_what_waited() {
    let mut world = World::<Lease>::new(1, Options::default(), lease::cluster(lease::Bug::None));
    let mut answered = Answered::default();
    let node = NodeId(2);
    world.inject(Fault::Pause { node, duration: Nanos::from_millis(40) });
    world.schedule(Nanos::from_millis(10), Fault::Pause { node, duration: Nanos::from_millis(50) });
    world.run_until(&mut answered, Nanos::from_millis(20));
    assert!(world.is_paused(node) && world.command(node, CommandId(1), ()));
    world.run_until(&mut answered, Nanos::from_millis(100));
    assert_eq!(answered.0, [Nanos::from_millis(60)]);
    world.inject(Fault::Pause { node, duration: Nanos::from_millis(50) });
    world.run_until(&mut answered, Nanos::from_millis(110));
    assert!(world.command(node, CommandId(2), ()));
    world.schedule(Nanos::from_millis(120), Fault::Crash { node });
    world.schedule(Nanos::from_millis(130), Fault::Restart { node });
    world.run_until(&mut answered, Nanos::from_millis(300));
    assert_eq!(answered.0.len(), 1);
    assert!(world.is_up(node) && !world.is_paused(node));
}

#[test]
fn after_calm_every_node_is_up_and_hears_every_other() {
    for seed in 1..30 {
        let mut world =
            World::<Heartbeat>::new(seed, Options::default(), heartbeat::cluster(5, PERIOD, false));
        let calm = Nanos::from_secs(3);
        world.play(&Nemesis::new(5, calm).everything().script(seed));
        world.run_until(&mut Idle, calm.plus(Nanos::from_secs(3)));
        assert_eq!(world.states().count(), 5);
        let before = (world.counters().of(Count::Sent), world.counters().of(Count::Delivered));
        world.run_until(&mut Idle, calm.plus(Nanos::from_secs(4)));
        let sent = world.counters().of(Count::Sent) - before.0;
        let delivered = world.counters().of(Count::Delivered) - before.1;
        assert!(sent >= 1_900 && delivered + 60 >= sent, "seed {seed}: {delivered} of {sent}");
    }
}

#[test]
fn a_message_longer_than_its_link_carries_is_a_violation() {
    let carries = |bytes| {
        let mut link = Link::default();
        link.carries = Some(bytes);
        let options = Options { link, ..Options::default() };
        let mut world: World<PingPong> = World::new(1, options, ping_pong::pair(1, b"ball"));
        world.run_until(&mut Idle, Nanos::from_millis(50));
        world.violation().map(str::to_owned)
    };
    assert_eq!(carries(256), None, "a ball is taken to have 256 bytes");
    assert!(carries(255).unwrap().contains("longer than the link carries"));
}
