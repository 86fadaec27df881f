//! The explorer against systems so small that their states can be counted by hand: each
//! kind of network, budget and clock has a closed form here. Disks have a file of their own.

use avouch_machine::explorer::{Bounds, Clock, Explorer, Fact, Network, Report, System};
use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId};
use std::collections::BTreeSet;

/// n1 sends `count` different messages to n2 as it starts; n2 keeps what it received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Burst;

impl Protocol for Burst {
    type Config = u32;
    type State = Vec<u32>;
    type Message = u32;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = u32;
    type Observation = ();
    type Timer = ();

    fn recover(_: &u32, _: Recovered<Self>) -> Vec<u32> {
        Vec::new()
    }
    fn step(
        count: &u32,
        state: &mut Vec<u32>,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => (0..*count).for_each(|i| effects.send(NodeId(2), i)),
            Event::Message { message, .. } => state.push(message),
            _ => {}
        }
    }
}

fn burst(network: Network, bounds: Bounds) -> Report {
    Explorer::<Burst>::new([3, 0]).network(network).bounds(bounds).run()
}

#[test]
fn networks_deliver_in_the_orders_they_promise() {
    // Unordered: every sequence of distinct messages, 1 + 3 + 6 + 6.
    let report = burst(Network::Multiset, Bounds::default());
    assert_eq!((report.unique, report.depth, report.exhausted), (16, 3, true), "{report}");
    // In order: every prefix.
    assert_eq!(burst(Network::Fifo, Bounds::default()).unique, 4);
    // Ever sent: every sequence at all, so only a bound ends it: 1 + 3 + 9 + 27 + 81.
    let bounds = Bounds { depth: 4, ..Bounds::default() };
    let report = burst(Network::EverSent, bounds);
    assert_eq!((report.unique, report.exhausted), (121, false), "{report}");
}

#[test]
fn losses_and_duplicates_stay_in_their_budgets() {
    // One loss: the 16 sequences without one; and of the rest, each sequence of k of the 3 leaves
    // 3 - k that may be lost: 1*3 + 3*2 + 6*1.
    let report = burst(Network::Multiset, Bounds { losses: 1, ..Bounds::default() });
    assert_eq!(report.unique, 16 + 15, "{report}");
    assert_eq!(report.taken.lost, 15);
    // In order, one loss: the 4 prefixes, and after it the sequences that lack one: received k of
    // the messages, lost one at or before the k-th gap: sum over k of (k + 1) for k = 0..=2.
    let report = burst(Network::Fifo, Bounds { losses: 1, ..Bounds::default() });
    assert_eq!(report.unique, 4 + 6, "{report}");
    // Duplicates: counted by the brute force below.
    for budget in 1..=3 {
        let report = burst(Network::Multiset, Bounds { duplicates: budget, ..Bounds::default() });
        assert_eq!(report.unique, count_with_duplicates(budget), "{report}");
        assert!(report.taken.duplicated > 0);
    }
}

/// An explorer of its own for this one case: states are (received, outstanding, budget).
fn count_with_duplicates(budget: u32) -> u64 {
    let mut seen = BTreeSet::new();
    let mut open = vec![(Vec::new(), vec![0, 1, 2], budget)];
    while let Some((received, outstanding, budget)) = open.pop() {
        if !seen.insert((received.clone(), outstanding.clone(), budget)) {
            continue;
        }
        for (at, message) in outstanding.iter().enumerate() {
            let (mut after, mut rest) = (received.clone(), outstanding.clone());
            after.push(*message);
            if budget > 0 {
                open.push((after.clone(), rest.clone(), budget - 1));
            }
            rest.remove(at);
            open.push((after, rest, budget));
        }
    }
    seen.len() as u64
}

#[test]
fn messages_in_flight_are_bounded() {
    // Three at once never fit: the start itself is the only state, and it says so.
    let bounds = Bounds { in_flight: 2, ..Bounds::default() };
    let report = Explorer::<Burst>::new([3, 0]).starts_interleaved().bounds(bounds).run();
    assert_eq!(report.unique, 2, "n2 may start, n1 may not\n{report}");
    assert_eq!(report.cut, [("messages in flight".to_owned(), 2)]);
}

#[test]
fn the_history_notes_what_states_forget() {
    let explorer = Explorer::<Burst, u32>::with_history([1, 0], 0, |lost, fact| {
        *lost += u32::from(matches!(fact, Fact::Lost(_)));
    });
    let bounds = Bounds { losses: u32::MAX, ..Bounds::default() };
    let report = explorer.bounds(bounds).invariant("none lost", |s| *s.history() == 0).run();
    assert_eq!(report.violation.expect("an unbounded loss").choices.len(), 2);
}

/// A node that draws a number below its configuration, twice, and lights a lamp at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Dice;

impl Protocol for Dice {
    type Config = u32;
    type State = (Vec<u32>, Vec<(u8, Nanos)>);
    type Message = ();
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = u8;

    fn recover(_: &u32, _: Recovered<Self>) -> Self::State {
        (Vec::new(), Vec::new())
    }
    fn step(
        sides: &u32,
        state: &mut Self::State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => {
                state.0.push(env.choose(*sides));
                effects.set_timer(1, env.monotonic().plus(Nanos(10)));
                effects.set_timer(2, env.monotonic().plus(Nanos(20)));
            }
            Event::Timer(key) => state.1.push((key, env.monotonic())),
            Event::Command { .. } => {
                let first = env.choose(*sides);
                // How many choices there are may depend on the ones before.
                state.0.extend([first, env.choose(first + 1)]);
            }
            _ => {}
        }
    }
}

#[test]
fn every_choice_is_taken() {
    let report = Explorer::<Dice>::new([3, 2])
        .bounds(Bounds { timers: 0, ..Bounds::default() })
        .commands([(NodeId(1), ())])
        .reaches("the last of each", |system| {
            system.state(NodeId(1)).is_some_and(|state| state.0 == [2, 2, 2])
        })
        .run();
    report.verdict().expect("reached");
    // 3 * 2 starts, and from each the pairs (a, b) with b <= a < 3.
    assert_eq!((report.unique, report.depth), (6 + 6 * 6, 1), "{report}");
    let two = Explorer::<Dice>::new([2])
        .invariant("not one", |system| system.states().all(|(_, state)| state.0 != [1]));
    let violation = two.run().violation.expect("the second choice");
    assert!(violation.story[0].contains("(chose [1])"), "{violation}");
    assert_eq!(violation.choices, [1]);
}

#[test]
fn timers_fire_in_the_order_their_clock_allows() {
    let dice = || Explorer::<Dice>::new([1]);
    let times = |report: &Report| (report.unique, report.depth);
    // Any order: none, either, both ways.
    assert_eq!(times(&dice().run()), (5, 2));
    assert_eq!(times(&dice().timer_limit("lamps", 1, |key| *key == 2).run()), (5, 2));
    assert_eq!(times(&dice().timer_limit("no second", 0, |key| *key == 2).run()), (2, 1));
    assert_eq!(times(&dice().bounds(Bounds { timers: 1, ..Bounds::default() }).run()), (3, 1));
    // Each node's clock moves to the deadline that fires, and never back.
    let own = dice().clock(Clock::ByTimers).check("clocks advance", |system| {
        let seen =
            &system.node(NodeId(1)).state.as_ref().map_or(Vec::new(), |state| state.1.clone());
        let late = seen.iter().all(|(key, at)| at.0 >= 1_000_000_000 + u64::from(*key) * 10);
        let forward = seen.windows(2).all(|pair| pair[0].1 <= pair[1].1);
        (late && forward).then_some(()).ok_or_else(|| format!("{seen:?}"))
    });
    own.run().verdict().expect("clocks advance");
    // Ticks of 10: with t of them, lamp k may have been lit at any tick from k to t.
    let ticking = dice().clock(Clock::Ticks { unit_ns: 10, limit: 2 });
    let report = ticking
        .reaches("the first lamp late", |system| {
            system.states().any(|(_, state)| state.1 == [(1, Nanos(1_000_000_020))])
        })
        .reaches("the second before the first", |system| {
            system.states().any(|(_, state)| state.1.len() == 2 && state.1[0].0 == 2)
        })
        .invariant("no lamp early", |system| {
            system.states().all(|(_, state)| {
                state.1.iter().all(|(key, at)| at.0 >= 1_000_000_000 + u64::from(*key) * 10)
            })
        })
        .run();
    report.verdict().expect("lamps on time");
    // t=0: dark. t=1: dark, 1@1. t=2: dark, 1@1, 1@2, 2@2, and both: 1@1 2@2, 1@2 2@2, 2@2 1@2.
    assert_eq!(report.unique, 1 + 2 + 7, "{report}");
}

#[test]
fn nodes_rebase_their_clocks() {
    // Rewritten to one time after each act, a clock that counts up for ever has few states.
    let forever = Explorer::<Dice>::new([1])
        .clock(Clock::ByTimers)
        .canonical_node(|node| {
            node.now = Nanos(0);
            node.timers.values_mut().for_each(|at| *at = Nanos(0));
            if let Some(state) = &mut node.state {
                state.1.clear();
            }
        })
        .run();
    assert_eq!((forever.unique, forever.exhausted), (4, true), "{forever}");
}

#[test]
fn starts_interleave() {
    // Two nodes, each down or up with one of two draws: 3 * 3.
    let report = Explorer::<Dice>::new([2, 2])
        .starts_interleaved()
        .bounds(Bounds { timers: 0, ..Bounds::default() })
        .run();
    assert_eq!((report.unique, report.taken.starts), (9, 12), "{report}");
}

#[test]
#[should_panic(expected = "no node n2")]
fn a_command_for_nobody_is_refused() {
    let _ = Explorer::<Dice>::new([1]).commands([(NodeId(2), ())]);
}

#[test]
fn a_broken_law_is_a_violation() {
    let report = Explorer::<Burst>::new([0, 1]).run();
    let violation = report.violation.expect("n2 sends to itself as it starts");
    assert_eq!((violation.property.as_str(), violation.choices.len()), ("protocol", 1));
    assert!(violation.detail.starts_with("law L5"), "{violation}");
}

#[test]
fn a_crash_empties_the_queues_to_a_node_only_where_there_are_queues() {
    let waiting = |system: &System<'_, Burst>| {
        let down = |id| !system.node(id).is_up();
        system.messages().any(|each| down(each.to))
    };
    let bounds = Bounds { crashes: 1, ..Bounds::default() };
    let queued = Explorer::<Burst>::new([2, 0]).network(Network::Fifo).bounds(bounds);
    let queued = queued.reaches("the sender is down, its messages are not", |system| {
        !system.node(NodeId(1)).is_up() && system.messages().count() == 2
    });
    let report = queued.invariant("nothing waits", move |system| !waiting(system)).run();
    report.verdict().expect("queues end with their receiver");
    let any = Explorer::<Burst>::new([2, 0]).bounds(bounds).reaches("waits", waiting).run();
    any.verdict().expect("a message in the air outlives a crash");
}

#[test]
fn commands_come_in_any_order_unless_told() {
    let two = || Explorer::<Burst>::new([0, 0]).commands([(NodeId(1), ()), (NodeId(2), ())]);
    assert_eq!(two().run().unique, 4);
    assert_eq!(two().commands_in_order().run().unique, 3);
    let timers = Bounds { timers: 0, ..Bounds::default() };
    let any = Explorer::<Dice>::new([1, 1]).bounds(timers).commands_to_any([()]).run();
    assert_eq!((any.unique, any.taken.commands), (3, 2), "nobody, n1 or n2\n{any}");
}

/// n1 and n2 each tell n3 their number, on the second of two timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Relay;

impl Protocol for Relay {
    type Config = u32;
    type State = Vec<u32>;
    type Message = u32;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    type Observation = u32;
    type Timer = u8;

    fn recover(_: &u32, _: Recovered<Self>) -> Vec<u32> {
        Vec::new()
    }
    fn step(
        me: &u32,
        state: &mut Vec<u32>,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } if *me < 3 => effects.set_timer(1, Nanos::ZERO),
            Event::Timer(1) => {
                effects.observe(10 + *me);
                effects.set_timer(2, Nanos::ZERO);
            }
            Event::Timer(_) => {
                effects.observe(*me);
                effects.send(NodeId(3), *me);
            }
            Event::Message { message, .. } => {
                effects.observe(20 + message);
                state.push(message);
            }
            _ => {}
        }
    }
}

#[test]
fn choices_mean_the_same_to_an_explorer_that_has_seen_nothing() {
    // Exploring finds n1's message first; walking only this path finds n2's first. The choices
    // must not depend on that.
    let spoken = |spoken: &mut Vec<u32>, fact: &Fact<Relay>| {
        if let Fact::Observation { observation, .. } = fact {
            spoken.push(*observation);
        }
    };
    let relay = Explorer::with_history([1, 2, 3], Vec::new(), spoken)
        .invariant("order", |system| *system.history() != [12, 2, 11, 1, 22, 21]);
    let violation = relay.run().violation.expect("it can happen");
    assert_eq!(violation.choices.len(), 1 + 4 + 2);
    let story = relay.replay(&violation.choices).expect("its own choices");
    assert_eq!((story.lines, story.violated.is_some()), (violation.story, true));
}
