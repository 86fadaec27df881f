//! The explorer's disks and crashes: a register that keeps its word through every fault, mutants
//! that only one kind of fault can catch, and a scribe whose states can be counted by hand.

use avouch_machine::explorer::{Act, Bounds, Explorer, Fact, Network, Sync, System};
use avouch_machine::{Effect, Effects, Env, Event, LoadId, Loaded, Protocol, Recovered, Seq, What};
use avouch_promise::{Nanos, NodeId};
use std::collections::BTreeSet;

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
fn one_disk_may_be_slower_than_the_others() {
    let scribes = |slow| {
        Explorer::<Scribe>::new([(5, false), (5, false)])
            .disk(Sync::Immediate)
            .disk_of(NodeId(2), slow)
            .invariant("n1 waits for nothing", |system| {
                system.node(NodeId(1)).disk.durable == Seq(5)
            })
            .run()
    };
    for (slow, unique) in [(Sync::AnyPrefix, 32), (Sync::Whole, 2), (Sync::Immediate, 1)] {
        let report = scribes(slow);
        report.verdict().expect("only n2's disk is slow");
        assert_eq!(report.unique, unique, "{report}");
        assert!(report.bounds.contains(&format!("within the step (of n2: {slow})")), "{report}");
    }
}

#[test]
fn crashes_may_be_left_to_one_node() {
    let scribes = |of_n1, of_n2| {
        Explorer::<Scribe>::new([(1, false), (1, false)])
            .disk(Sync::Immediate)
            .bounds(Bounds { crashes: 3, ..Bounds::default() })
            .act_limit("crashes of n1", of_n1, |node, act| {
                node == NodeId(1) && matches!(act, Act::Crash(..))
            })
            .act_limit("crashes of n2", of_n2, |node, act| {
                node == NodeId(2) && matches!(act, Act::Crash(..))
            })
            .run()
    };
    // A node that crashed k times is down, or up again: 1 + 2 * 3 states of one node; of both,
    // without a limit that binds, those with at most three crashes in all.
    let report = scribes(3, 0);
    assert_eq!((report.unique, report.taken.crashes, report.exhausted), (7, 3, true), "{report}");
    assert_eq!(scribes(0, 2).unique, 5);
    assert_eq!(scribes(1, 1).unique, 3 * 3);
    assert_eq!(scribes(3, 3).unique, 1 + 2 * 6 + (2 * 2) * 3);
}

#[test]
fn starts_may_be_limited_and_the_first_one_is_not_counted() {
    let scribe = |starts, interleaved| {
        let explorer = Explorer::<Scribe>::new([(1, false)])
            .disk(Sync::Immediate)
            .bounds(Bounds { crashes: 3, ..Bounds::default() })
            .act_limit("starts", starts, |_, act| matches!(act, Act::Start));
        if interleaved { explorer.starts_interleaved().run() } else { explorer.run() }
    };
    // Up, and with each crash down, and with each start up again.
    assert_eq!([0, 1, 2, 3].map(|starts| scribe(starts, false).unique), [2, 4, 6, 7]);
    // Down first; then the same, and the first start is one of those that count.
    assert_eq!([0, 1, 2].map(|starts| scribe(starts, true).unique), [1, 3, 5]);
}

#[test]
fn doubt_is_told_until_something_new_is_durable() {
    let doubts = |doubts: &mut Vec<bool>, fact: &Fact<Scribe>| {
        if let Fact::Observation { observation, .. } = fact {
            doubts.push(*observation);
        }
    };
    let told = |told: &'static [bool]| {
        move |system: &System<'_, Scribe, Vec<bool>>| system.history() == told
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
