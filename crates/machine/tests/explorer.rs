//! The explorer against systems so small that their states can be counted by hand: each kind of
//! network, budget, disk and clock has a closed form here, and each protection a protocol that lacks it.

use avouch_machine::explorer::{Bounds, Clock, Explorer, Fact, Network, Report, Sync};
use avouch_machine::{Effect, Effects, Env, Event, LoadId, Loaded, Protocol, Recovered, Seq, What};
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
    // One loss: the 16 sequences without one; with one lost of the rest, each sequence of k of the 3
    // leaves 3 - k that may be lost: 1*3 + 3*2 + 6*1.
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

/// A register that acknowledges a write once it is durable, checkpoints after two, and reads its
/// log back on a timer. And ways to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Register;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wrong {
    #[default]
    Nothing,
    AcknowledgesEarly,
    ForgetsItsLog,
    IgnoresItsCheckpoint,
    TrustsADoubtfulTail,
    TakesAShortLoadForAll,
    TakesCorruptForMissing,
    ReusesItsIncarnation,
    Panics,
    /// Not wrong: what is released is kept until a durable checkpoint covers it.
    ReleasesEarly,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Known {
    sum: u64,
    next: Seq,
    first: Seq,
    unsure: bool,
    incarnation: u64,
    wrote: u64,
    loaded: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Told {
    Written(u64),
    Sum(u64),
    Refused,
    Incarnation(u64),
}

impl Protocol for Register {
    type Config = Wrong;
    type State = Known;
    type Message = ();
    type Command = u64;
    type Record = u64;
    type Image = u64;
    type Output = Told;
    type Observation = ();
    type Timer = ();

    fn recover(wrong: &Wrong, recovered: Recovered<Self>) -> Known {
        let mut sum = 0;
        let mut first = Seq(1);
        if let Some((seq, image)) = recovered.checkpoint {
            first = seq;
            sum = if *wrong == Wrong::IgnoresItsCheckpoint { 0 } else { image };
        }
        if *wrong != Wrong::ForgetsItsLog {
            let tail = recovered.records.iter().filter(|(seq, _)| *seq >= first);
            sum += tail.map(|(_, amount)| amount).sum::<u64>();
        }
        let unsure = recovered.doubtful && *wrong != Wrong::TrustsADoubtfulTail;
        let next = recovered.next_seq;
        Known { sum, next, first, unsure, incarnation: 0, wrote: 0, loaded: None }
    }

    fn step(
        wrong: &Wrong,
        state: &mut Known,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { incarnation } => {
                let reuses = *wrong == Wrong::ReusesItsIncarnation;
                state.incarnation = if reuses { 1 } else { incarnation.0 };
                effects.output(Told::Incarnation(state.incarnation));
                if state.unsure {
                    effects.output(Told::Refused);
                } else {
                    effects.output(Told::Sum(state.sum));
                    effects.set_timer((), Nanos(5));
                }
            }
            Event::Command { command, .. } if !state.unsure => {
                write(*wrong, state, command, effects);
            }
            Event::Checkpointed(seq) => {
                state.first = seq;
                effects.push(Effect::Release { before: seq });
            }
            Event::Timer(()) if state.first < state.next => {
                let what = What::Records { from: state.first, to: Seq(state.next.0 - 1) };
                effects.push(Effect::Load { id: LoadId(1), what });
            }
            Event::Loaded { loaded, .. } => match loaded {
                Loaded::Records(records) => {
                    let whole = records.last().is_some_and(|(seq, _)| seq.next() == state.next);
                    if whole || *wrong == Wrong::TakesAShortLoadForAll {
                        state.loaded = Some(records.iter().map(|(_, amount)| amount).sum());
                    }
                }
                Loaded::Corrupt if *wrong == Wrong::TakesCorruptForMissing => {
                    state.loaded = Some(0);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn write(wrong: Wrong, state: &mut Known, amount: u64, effects: &mut Effects<Register>) {
    assert!(wrong != Wrong::Panics || state.wrote == 0, "one write is enough");
    state.sum += amount;
    state.wrote += 1;
    effects.persist(state.next, amount);
    let after = (wrong != Wrong::AcknowledgesEarly).then_some(state.next);
    effects.push(Effect::Output { value: Told::Written(amount), after });
    state.next = state.next.next();
    if state.wrote == 2 {
        effects.push(Effect::Checkpoint { seq: state.next, image: state.sum });
        if wrong == Wrong::ReleasesEarly {
            effects.push(Effect::Release { before: state.next });
        }
    }
}

/// What was acknowledged, whether a start ever showed less, and the incarnations seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    acknowledged: u64,
    lost: bool,
    incarnations: Vec<u64>,
}

fn register(wrong: Wrong) -> Explorer<Register, Seen> {
    let seen = |seen: &mut Seen, fact: &Fact<Register>| match fact {
        Fact::Output { value: Told::Written(amount), .. } => seen.acknowledged |= amount,
        Fact::Output { value: Told::Sum(sum), .. } => {
            seen.lost |= sum & seen.acknowledged != seen.acknowledged;
        }
        Fact::Output { value: Told::Incarnation(incarnation), .. } => {
            seen.incarnations.push(*incarnation);
        }
        _ => {}
    };
    Explorer::with_history([wrong], Seen::default(), seen)
        .commands([(NodeId(1), 1), (NodeId(1), 2), (NodeId(1), 4)])
        .commands_in_order()
        .invariant("nothing acknowledged is lost", |system| !system.history().lost)
        .invariant("incarnations differ", |system| {
            let seen = &system.history().incarnations;
            seen.iter().collect::<BTreeSet<_>>().len() == seen.len()
        })
        .invariant("a load shows a suffix of what was written", |system| {
            let suffixes = [0b111, 0b110, 0b100, 0b011, 0b010, 0b001, 0b101];
            let loaded = system.state(NodeId(1)).and_then(|state| state.loaded);
            loaded.is_none_or(|sum| suffixes.contains(&sum))
                && system.states().all(|(_, state)| {
                    state.loaded.is_none_or(|sum| state.wrote > 2 || sum == 0 || state.sum >= sum)
                })
        })
}

const FAULTS: Bounds = Bounds {
    depth: u32::MAX,
    states: u64::MAX,
    in_flight: u32::MAX,
    losses: 0,
    duplicates: 0,
    crashes: 2,
    doubtful_tails: 0,
    corrupt_loads: 0,
    short_loads: 0,
    timers: 1,
};

#[test]
fn a_register_that_keeps_its_word() {
    for sync in [Sync::AnyPrefix, Sync::Whole] {
        let bounds = Bounds { doubtful_tails: 1, corrupt_loads: 1, short_loads: 1, ..FAULTS };
        let report = register(Wrong::Nothing)
            .disk(sync)
            .bounds(bounds)
            .invariant("a crash leaves nothing but the disk", |system| {
                system.nodes().filter(|node| !node.is_up()).all(|node| {
                    node.timers.is_empty() && node.loads.is_empty() && node.held.is_empty()
                })
            })
            .reaches("a checkpoint outlived the node that never heard of it", |system| {
                let node = system.node(NodeId(1));
                let whole = node.disk.records.first().is_some_and(|(seq, _)| *seq == Seq(1));
                !node.is_up() && node.disk.checkpoint.is_some() && whole
            })
            .reaches("a checkpoint was lost with the node that wrote it", |system| {
                let node = system.node(NodeId(1));
                !node.is_up() && node.disk.checkpoint.is_none() && node.disk.durable == Seq(2)
            })
            .run();
        report.verdict().expect("it is right");
        let taken = &report.taken;
        let all = [taken.commands, taken.timers, taken.syncs, taken.checkpoints, taken.loads];
        assert!(report.exhausted && all.iter().all(|count| *count > 0), "{report}");
        assert!(taken.crashes > taken.lost_syncs && taken.lost_syncs > 0, "{report}");
    }
}

/// Whether this is caught with these bounds, and by what.
fn caught(wrong: Wrong, bounds: Bounds) -> Option<String> {
    register(wrong).bounds(bounds).run().violation.map(|violation| violation.property)
}

#[test]
fn each_fault_catches_what_only_it_can() {
    let lost = || Some("nothing acknowledged is lost".to_owned());
    let calm = Bounds { crashes: 0, ..FAULTS };
    for wrong in [Wrong::AcknowledgesEarly, Wrong::ForgetsItsLog, Wrong::IgnoresItsCheckpoint] {
        assert_eq!(caught(wrong, FAULTS), lost(), "{wrong:?}");
        assert_eq!(caught(wrong, calm), None, "{wrong:?} without a crash");
    }
    let early = register(Wrong::ReleasesEarly).bounds(FAULTS).run();
    early.verdict().expect("the host keeps what no checkpoint covers");
    // An early acknowledgement needs something unsynced to lose.
    let immediate = register(Wrong::AcknowledgesEarly).bounds(FAULTS).disk(Sync::Immediate);
    immediate.run().verdict().expect("always durable");

    let doubtful = Bounds { doubtful_tails: 1, ..FAULTS };
    assert_eq!(caught(Wrong::TrustsADoubtfulTail, doubtful), lost());
    assert_eq!(caught(Wrong::TrustsADoubtfulTail, FAULTS), None);

    let reused = caught(Wrong::ReusesItsIncarnation, FAULTS);
    assert_eq!(reused.as_deref(), Some("incarnations differ"));
    assert_eq!(caught(Wrong::ReusesItsIncarnation, calm), None);
}

#[test]
fn a_panic_is_a_violation_with_its_story() {
    let report = register(Wrong::Panics).bounds(FAULTS).run();
    let violation = report.violation.expect("it panics");
    assert_eq!(violation.property, "protocol");
    assert_eq!(violation.detail, "panic: one write is enough");
    assert_eq!(violation.choices.len(), 3, "two commands: {violation}");
}

#[test]
fn loads_come_back_short_and_corrupt_within_their_budgets() {
    let observed = |wrong, bounds| {
        let explorer = register(wrong).bounds(bounds).invariant("loads are whole", |system| {
            system.states().all(|(_, state)| {
                let unreleased = state.sum & !if state.first > Seq(1) { 0b011 } else { 0 };
                state.loaded.is_none_or(|sum| sum != 0 && (sum == 1 || sum & unreleased != 1))
            })
        });
        explorer.run().violation.map(|violation| violation.property)
    };
    let calm = Bounds { crashes: 0, ..FAULTS };
    let corrupt = Bounds { corrupt_loads: 1, ..calm };
    assert!(observed(Wrong::TakesCorruptForMissing, corrupt).is_some());
    assert_eq!(observed(Wrong::TakesCorruptForMissing, calm), None);
    assert_eq!(observed(Wrong::Nothing, corrupt), None);
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
    // Rewritten to one time after each act, a clock that counts up for ever has finitely many states.
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
    let waiting = |system: &avouch_machine::explorer::System<'_, Burst>| {
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

/// A node that writes as it starts, one output per record, and calls its neighbour on a timer
/// that it sets again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Scribe;

impl Protocol for Scribe {
    /// How many records to write at each start; whether to call.
    type Config = (u64, bool);
    type State = Vec<Seq>;
    type Message = ();
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    /// Whether the disk was doubtful.
    type Observation = bool;
    type Timer = ();

    fn recover(_: &(u64, bool), recovered: Recovered<Self>) -> Vec<Seq> {
        // The state is what was heard of the disk; the first entry keeps number and doubt.
        vec![recovered.next_seq, Seq(u64::from(recovered.doubtful))]
    }
    fn step(
        (count, calls): &(u64, bool),
        state: &mut Vec<Seq>,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => {
                effects.observe(state[1] == Seq(1));
                for seq in (state[0].0..state[0].0 + count).map(Seq) {
                    effects.persist(seq, ());
                    effects.push(Effect::Output { value: (), after: Some(seq) });
                }
                if *calls {
                    effects.set_timer((), Nanos::ZERO);
                }
            }
            Event::Persisted(seq) => state.push(seq),
            Event::Message { .. } => effects.observe(true),
            Event::Timer(()) => {
                effects.send(NodeId(2), ());
                effects.set_timer((), Nanos::ZERO);
            }
            _ => {}
        }
    }
}

#[test]
fn disks_sync_as_they_promise() {
    let scribe = |sync| {
        let shown = |shown: &mut u64, fact: &Fact<Scribe>| {
            *shown += u64::from(matches!(fact, Fact::Output { .. }));
        };
        Explorer::with_history([(5, false)], 0, shown)
            .disk(sync)
            .invariant("shown is what is durable", |system| {
                *system.history() == system.node(NodeId(1)).disk.durable.0
            })
            .run()
    };
    // Every rising sequence of prefixes; all or nothing; nothing to wait for.
    for (sync, unique) in [(Sync::AnyPrefix, 32), (Sync::Whole, 2), (Sync::Immediate, 1)] {
        let report = scribe(sync);
        report.verdict().expect("outputs wait for their records");
        assert_eq!(report.unique, unique, "{report}");
    }
}

#[test]
fn doubt_is_told_until_something_new_is_durable() {
    let doubts = |doubts: &mut Vec<bool>, fact: &Fact<Scribe>| {
        if let Fact::Observation { observation, .. } = fact {
            doubts.push(*observation);
        }
    };
    let told = |told: &'static [bool]| {
        move |system: &avouch_machine::explorer::System<'_, Scribe, Vec<bool>>| {
            system.history() == told
        }
    };
    Explorer::with_history([(1, false)], Vec::new(), doubts)
        .bounds(Bounds { crashes: 2, doubtful_tails: 1, ..Bounds::default() })
        .invariant("no doubt without cause", move |system| {
            system.spent().doubtful_tails > 0 || !system.history().contains(&true)
        })
        .reaches("told twice", told(&[false, true, true]))
        .reaches("told once", told(&[false, true, false]))
        .run()
        .verdict()
        .expect("both");
}

#[test]
fn a_step_that_only_speaks_is_a_step() {
    let heard = |heard: &mut bool, fact: &Fact<Scribe>| {
        *heard |= matches!(fact, Fact::Observation { observation: true, .. });
    };
    let report = Explorer::with_history([(0, true), (0, false)], false, heard)
        .network(Network::EverSent)
        .reaches("heard", |system| *system.history())
        .run();
    report.verdict().expect("the node is unchanged, the history is not");
    let report = Explorer::<Scribe>::new([(0, true), (0, false)]).network(Network::EverSent).run();
    // The call is out or not; that it is made or received again changes nothing.
    assert_eq!((report.unique, report.exhausted), (2, true), "{report}");
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
