//! Links and clocks, seen from nodes that only beat: who hears whom under every kind of cut.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_machine::CommandId;
use avouch_promise::{Nanos, NodeId, WallTime};
use avouch_world::clock::true_time;
use avouch_world::geography::FIVE;
use avouch_world::{
    ClockModel, Count, Course, Delay, Driver, Family, Fault, Idle, Link, Nemesis, Options, Path,
    Script, World,
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
    assert_eq!(world.counters().of(Count::Partitions), 1);
    assert_eq!(world.counters().of(Count::PartialPartitions), 1, "3 is on neither side");
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

/// What lasts beyond the calm would make a run of a few seconds end with a node that never came.
#[test]
fn calm_frees_a_step_that_was_held_up() {
    let node = NodeId(2);
    let stuck = |fault: Fault| {
        let cluster = lease::cluster(lease::Bug::None);
        let mut world = World::<Lease>::new(1, Options::default(), cluster);
        let mut answered = Answered::default();
        world.inject(fault);
        world.run_until(&mut answered, Nanos::from_millis(20));
        assert!(world.command(node, CommandId(1), ()));
        world.run_until(&mut answered, Nanos::from_millis(1_000));
        assert_eq!(answered.0, [], "it is held up");
        world.inject(Fault::Calm);
        world.run_until(&mut answered, Nanos::from_millis(1_001));
        assert_eq!(answered.0.len(), 1, "it is free");
    };
    stuck(Fault::SlowNode { node, factor: 3_000_000 });
    let seldom = (Nanos::from_micros(1), Nanos::from_secs(60));
    stuck(Fault::Throttle { node, quota: seldom.0, period: seldom.1 });
    stuck(Fault::StopTheWorld { node, every: seldom.0, lasting: seldom.1 });
}

#[test]
fn after_calm_every_node_is_up_and_hears_every_other() {
    for seed in 1..30 {
        let mut world =
            World::<Heartbeat>::new(seed, Options::default(), heartbeat::cluster(5, PERIOD, false));
        let calm = Nanos::from_secs(3);
        let mut nemesis = Nemesis::new(5, calm).everything();
        for family in Family::ALL.into_iter().filter(|family| family.is_for_good()) {
            nemesis = nemesis.without(family);
        }
        world.play(&nemesis.script(seed));
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

/// Bandwidth that messages share on their way, seen from the nodes that send and get them.
mod sharing {
    use super::toys::bulk::{Bulk, Config};
    use avouch_promise::{Nanos, NodeId, Random};
    use avouch_world::bandwidth::Limits;
    use avouch_world::geography::{FIVE, fibre_floor};
    use avouch_world::link::LinkMutant;
    use avouch_world::{Delay, DelayFamily, Driver, Link, Options, Parts, World};
    use std::collections::BTreeMap;

    /// Who sends what to whom: (from, to, bytes).
    type Sent = Vec<(u32, u32, u64)>;

    #[derive(Default)]
    struct Arrivals(BTreeMap<(u32, u32), u64>);

    impl Driver<Bulk> for Arrivals {
        fn on_output(&mut self, world: &mut World<Bulk>, to: NodeId, got: (NodeId, u64)) {
            self.0.insert((got.0.0, to.0), world.now().0);
        }
    }

    const WAY: Nanos = Nanos::from_millis(3);

    fn options(limits: Option<Limits>) -> Options {
        Options { link: Link::with(Delay::Constant(WAY)), bandwidth: limits, ..Options::default() }
    }

    fn world(nodes: u32, sent: &Sent, options: Options) -> World<Bulk> {
        let of = |node| move |(from, ..): &&(u32, u32, u64)| *from == node;
        let config = |node| -> Config {
            sent.iter().filter(of(node)).map(|(_, to, bytes)| (NodeId(*to), *bytes)).collect()
        };
        World::new(1, options, (1..=nodes).map(config).collect())
    }

    fn arrivals(world: &mut World<Bulk>) -> BTreeMap<(u32, u32), u64> {
        let mut driver = Arrivals::default();
        world.run_until(&mut driver, Nanos::from_secs(1_000));
        assert_eq!(world.violation(), None);
        driver.0
    }

    fn both(rate: u64) -> Limits {
        Limits { uplink: Some(rate), downlink: Some(rate) }
    }

    /// When each message has left, by brute force: in steps of 10 us every message that is under
    /// way is given a little more again and again, as long as both of its wires have room.
    fn poured(nodes: u32, sent: &Sent, rate: u64) -> BTreeMap<(u32, u32), u64> {
        const STEP_NS: u64 = 10_000;
        const DROPS: u64 = 200;
        let room = rate * STEP_NS / 1_000; // in millionths of a byte a step
        let drop = room / DROPS;
        let mut left: Vec<u64> = sent.iter().map(|(.., bytes)| bytes * 1_000_000).collect();
        let mut done = BTreeMap::new();
        for step in 1.. {
            let mut used = vec![0; 2 * nodes as usize + 2];
            let mut pours = vec![true; sent.len()];
            while pours.iter().any(|pours| *pours) {
                for (flow, (from, to, _)) in sent.iter().enumerate() {
                    let wires = [*from as usize, (nodes + 1 + to) as usize];
                    let full = wires.iter().any(|wire| used[*wire] + drop > room);
                    pours[flow] &= left[flow] > 0 && !full;
                    if pours[flow] {
                        for wire in wires {
                            used[wire] += drop;
                        }
                        left[flow] = left[flow].saturating_sub(drop);
                    }
                }
            }
            for (flow, (from, to, _)) in sent.iter().enumerate() {
                if left[flow] == 0 {
                    done.entry((*from, *to)).or_insert(step * STEP_NS);
                }
            }
            if done.len() == sent.len() {
                return done;
            }
        }
        done
    }

    /// Messages between unlike pairs, all sent at once.
    fn drawn(random: &mut Random, nodes: u32) -> Sent {
        let mut pairs: Vec<(u32, u32)> = (1..=nodes)
            .flat_map(|from| (1..=nodes).map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .collect();
        random.shuffle(&mut pairs);
        let bytes = |random: &mut Random| random.between(1_000, 9_000);
        pairs.into_iter().take(6).map(|(from, to)| (from, to, bytes(random))).collect()
    }

    #[test]
    fn messages_arrive_when_fair_shares_have_carried_them() {
        let seed = Random::seed_from_environment();
        let (mut random, nodes, rate) = (Random::new(seed), 4, 1_000_000);
        let mut missed = 0;
        for round in 0..20 {
            let sent = drawn(&mut random, nodes);
            let brute = poured(nodes, &sent, rate);
            let far = |arrived: &BTreeMap<(u32, u32), u64>| {
                let off = brute.iter().map(|(pair, at)| (at + WAY.0).abs_diff(arrived[pair]));
                off.max().unwrap()
            };
            let ours = far(&arrivals(&mut world(nodes, &sent, options(Some(both(rate))))));
            assert!(
                ours <= 300_000,
                "round {round}: {ours} ns off, {sent:?}\n\
                 repro: AVOUCH_SEED={seed} cargo test -p avouch-world --test links sharing"
            );
            // The planted bug breaks an invariant of the flows, or is far off.
            let unfair = std::panic::catch_unwind(|| {
                let mut options = options(Some(both(rate)));
                options.mutants.unfair_share = true;
                arrivals(&mut world(nodes, &sent, options))
            });
            missed += u32::from(unfair.is_ok_and(|arrived| far(&arrived) <= 300_000));
        }
        assert_eq!(missed, 0, "an unfair share goes nowhere unnoticed");
    }

    #[test]
    fn a_shared_wire_shows_in_the_parts_and_a_limit_may_change() {
        // n1 sends to two at once: each gets half, until the shorter message is through.
        let sent = vec![(1, 2, 10_000), (1, 3, 5_000)];
        let mut world = world(3, &sent, options(Some(both(1_000_000))));
        world.links_mut().measure();
        let arrived = arrivals(&mut world);
        let ms = Nanos::from_millis;
        assert_eq!((arrived[&(1, 2)], arrived[&(1, 3)]), (ms(15 + 3).0, ms(10 + 3).0));
        let parts = world.links().link(NodeId(1), NodeId(2)).unwrap().meter().unwrap().last();
        let expected = Parts {
            propagation: WAY,
            serialisation: ms(10),
            equipment: Nanos::ZERO,
            queueing: ms(5),
        };
        assert_eq!(parts, expected, "10 ms alone, and 5 ms because of the other");

        let mut world = super::sharing::world(3, &sent, options(None));
        world.limit_bandwidth(NodeId(1), Limits { uplink: Some(1_000_000), downlink: None });
        world.run_until(&mut Arrivals::default(), ms(4));
        world.limit_bandwidth(NodeId(1), Limits { uplink: Some(4_000_000), downlink: None });
        // 8,000 and 3,000 bytes are left; 2 MB/s each for 1.5 ms, then 4 MB/s for 5,000 bytes.
        let arrived = arrivals(&mut world);
        assert_eq!((arrived[&(1, 2)], arrived[&(1, 3)]), (9_750_000, 8_500_000));
    }

    #[test]
    fn without_limits_a_run_is_as_it_was_and_a_limit_that_nobody_meets_changes_no_arrival() {
        let sent = vec![(1, 2, 10_000), (1, 3, 5_000), (2, 3, 1)];
        let mut free = world(3, &sent, options(None));
        let mut unlimited = world(3, &sent, options(Some(Limits::default())));
        assert_eq!(arrivals(&mut free), arrivals(&mut unlimited));
        assert_eq!(free.trace_hash(), unlimited.trace_hash());
        let mut wide = world(3, &sent, options(Some(both(u64::MAX / 4))));
        for (pair, at) in arrivals(&mut wide) {
            assert!(at.abs_diff(WAY.0) <= 1, "{pair:?} {at}");
        }
    }

    #[test]
    fn no_message_between_regions_is_below_the_fibre_floor_whatever_the_weather() {
        let sent: Sent = (1..=5)
            .flat_map(|a| (1..=5).map(move |b| (a, b, 100)))
            .filter(|s| s.0 != s.1)
            .collect();
        // The shortest excess over the floor, with a weather that would be faster than light.
        let least = |family: DelayFamily, planted: Option<LinkMutant>| {
            let mut world = world(5, &sent, options(None));
            world.links_mut().set_regions_as(family, &FIVE);
            for (from, _, link) in world.links_mut().each() {
                link.weather.delay = (from == NodeId(2)).then_some(Delay::Constant(Nanos(1)));
                if let Some(mutant) = planted {
                    link.plant(mutant);
                }
            }
            let place = |node: u32| FIVE[node as usize - 1].position();
            let excess = |((from, to), at): ((u32, u32), u64)| {
                at.cast_signed() - fibre_floor(place(from), place(to)).0.cast_signed()
            };
            arrivals(&mut world).into_iter().map(excess).min().unwrap()
        };
        for family in DelayFamily::ALL {
            assert_eq!(least(family, None), 0, "{family:?}: right at the floor, never below");
            assert!(least(family, Some(LinkMutant::NoFloor)) < 0, "{family:?}: the planted bug");
        }
    }
}

#[test]
fn a_clogged_link_holds_everything_back_and_loses_nothing() {
    let options = Options { link: Link::with(Delay::Constant(Nanos(0))), ..Options::default() };
    let mut world = World::<Heartbeat>::new(1, options, heartbeat::cluster(2, PERIOD, false));
    let path = Path::between(NodeId(1), NodeId(2));
    world.schedule(Nanos(1), Fault::Clog { path, duration: Nanos::from_millis(97) });
    world.run_until(&mut Idle, Nanos::from_millis(95));
    let counters = world.counters();
    assert_eq!(counters.of(Count::Clogged), 9, "the first went out before");
    assert_eq!(counters.of(Count::Delivered), 2 + 9, "the other direction works");
    world.run_until(&mut Idle, Nanos::from_millis(99));
    assert_eq!(world.counters().of(Count::Delivered), 20, "all of them, at once");
}

#[test]
fn a_swizzle_clogs_nodes_in_one_order_and_unclogs_them_in_another() {
    let mut world = world(3);
    let step = Nanos::from_millis(100);
    let (clogged, unclogged) = (n(&[1, 2]), n(&[1, 2]));
    world.inject(Fault::SwizzleClog { clogged, unclogged, step });
    let clog = |world: &World<Heartbeat>, from: u32, to: u32| {
        let link = world.links().link(NodeId(from), NodeId(to)).unwrap();
        link.weather.clogged_until > world.now()
    };
    let mut seen = Vec::new();
    for tenth in 0..4 {
        world.run_until(&mut Idle, Nanos::from_millis(50 + 100 * tenth));
        seen.push([clog(&world, 1, 3), clog(&world, 3, 2), clog(&world, 1, 2)]);
    }
    let expected = [[true, false, true], [true, true, true], [false, true, true], [false; 3]];
    assert_eq!(seen, expected);
    assert_eq!(world.counters().of(Count::Clogs), 4);
}

#[test]
fn a_flipped_bit_is_noticed_where_messages_carry_checksums() {
    let mut world = world(2);
    world.inject(Fault::Corrupt { path: Path::ALL, probability: 0.5 });
    world.run_until(&mut Idle, Nanos::from_secs(5));
    let counters = world.counters();
    let (bent, seen) = (counters.of(Count::Corrupted), counters.of(Count::CorruptionsSeen));
    assert!(bent > 400 && bent == seen, "{bent} flipped, {seen} noticed");
    let delivered = counters.of(Count::Delivered);
    assert!(counters.of(Count::Sent) - delivered - bent < 4, "{delivered} were whole");
}

/// A node's clocks: monotonic time in milliseconds, and the wall clock's error in milliseconds.
fn clocks(world: &World<Heartbeat>, node: u32) -> (u64, i64) {
    let clock = world.clock(NodeId(node)).unwrap();
    (clock.monotonic(world.now().0).0 / 1_000_000, clock.error_ns(world.now().0) / 1_000_000)
}

fn exact(nodes: u32) -> World<Heartbeat> {
    let clock = ClockModel { error_max: Nanos::ZERO, drift_ppb_max: 0, ..ClockModel::default() };
    let options = Options { clock, ..Options::default() };
    World::new(1, options, heartbeat::cluster(nodes, PERIOD, false))
}

#[test]
fn frozen_clocks_stand_still_and_no_timer_fires_until_they_go_on() {
    let mut world = exact(1);
    world.run_until(&mut Idle, Nanos::from_millis(105));
    let (before, _) = clocks(&world, 1);
    let beats = *world.state(NodeId(1)).unwrap();
    world.inject(Fault::ClockFreeze { node: NodeId(1), frozen: true });
    world.run_until(&mut Idle, Nanos::from_millis(605));
    assert_eq!(clocks(&world, 1), (before, -500));
    assert!(!world.clock(NodeId(1)).unwrap().disciplined());
    assert_eq!(*world.state(NodeId(1)).unwrap(), beats);
    world.inject(Fault::ClockFreeze { node: NodeId(1), frozen: false });
    world.run_until(&mut Idle, Nanos::from_millis(705));
    assert_eq!(clocks(&world, 1), (before + 100, 0), "the wall clock was set right");
    assert_eq!(*world.state(NodeId(1)).unwrap(), beats + 10);
}

#[test]
fn a_wall_clock_takes_each_course_and_the_monotonic_one_does_not() {
    let at = |world: &mut World<Heartbeat>, millis: u64| {
        world.run_until(&mut Idle, Nanos::from_millis(millis));
        clocks(world, 1)
    };
    let node = NodeId(1);
    let wander = |course| Fault::ClockWander { node, course };

    let mut world = exact(1);
    let (start, _) = at(&mut world, 0);
    world.inject(wander(Some(Course::Linear { ppb: -100_000_000 })));
    assert_eq!(at(&mut world, 1_000), (start + 1_000, -100));
    world.inject(wander(None));
    assert_eq!(at(&mut world, 2_000), (start + 2_000, 0));

    let (amplitude, period) = (Nanos::from_millis(40), Nanos::from_millis(400));
    world.inject(wander(Some(Course::Periodic { amplitude, period })));
    let swing = [2_050, 2_100, 2_200, 2_300, 2_350, 2_400].map(|millis| at(&mut world, millis).1);
    assert_eq!(swing, [20, 40, 0, -40, -20, 0]);

    world.inject(wander(None));
    world.inject(Fault::LeapSecond { nodes: vec![node], over: Nanos::from_millis(500) });
    assert_eq!(
        [2_400, 2_650, 2_900, 3_000].map(|millis| at(&mut world, millis).1),
        [1_000, 500, 0, 0]
    );
    world.inject(Fault::LeapSecond { nodes: vec![node], over: Nanos::ZERO });
    assert_eq!([3_999, 4_001].map(|millis| at(&mut world, millis).1), [1_000, 0]);
    world.inject(wander(Some(Course::Linear { ppb: 100 })));
    world.inject(Fault::Calm);
    assert_eq!(at(&mut world, 60_000).1, 0);
}
