//! What the host owes a protocol (H1 to H6 of `machine::protocol`), each with the breach that
//! proves the check; and what a protocol owes its host.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_machine::{CommandId, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Incarnation, Nanos, NodeId, Random};
use avouch_world::{
    Count, Driver, Family, Fault, Idle, Mutants, Nemesis, Options, Outcome, Script, Simulated,
    World,
};
use std::collections::BTreeMap;
use toys::heartbeat::{self, Heartbeat};
use toys::lease::{self, Lease};
use toys::ledger::{self, Bug, Ledger};

const CALM: Nanos = Nanos::from_secs(4);
const END: Nanos = Nanos::from_secs(6);

/// Crashes of every kind, with a disk slow enough that they hit something.
fn ledger_under(mutants: Mutants, bug: Bug, families: &[Family], seed: u64) -> Outcome {
    let mut options = Options { mutants, ..Options::default() };
    options.link = options.link.in_order();
    let mut nemesis = Nemesis::new(3, CALM).rate(Family::DiskSlow, 2.0);
    for family in families {
        nemesis = nemesis.rate(*family, 1.0);
    }
    let mut world = World::new(seed, options, ledger::cluster(3, bug));
    world.play(&nemesis.script(seed));
    let mut oracle = ledger::Oracle::default();
    world.run_until(&mut oracle, END);
    if world.violation().is_none() {
        oracle.check_end(&mut world, !families.contains(&Family::BitRot));
    }
    Outcome::of(&world)
}

const CRASHES: [Family; 3] = [Family::Crash, Family::LostWrites, Family::TornWrite];

/// What the first of many seeds with a violation says.
fn violation(mutants: Mutants, bug: Bug, families: &[Family], seeds: u64) -> Option<String> {
    let first = Random::seed_from_environment();
    (first..first + seeds).find_map(|seed| {
        let what = ledger_under(mutants, bug, families, seed).violation?;
        Some(format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-world: {what}"))
    })
}

fn host_breach_is_caught(plant: impl Fn(&mut Mutants), families: &[Family], by: &str) {
    assert_eq!(violation(Mutants::default(), Bug::None, families, 16), None);
    let mut mutants = Mutants::default();
    plant(&mut mutants);
    let found = violation(mutants, Bug::None, families, 200).unwrap();
    assert!(found.contains(by), "looked for {by:?} in {found}");
}

#[test]
fn h1_persisted_before_the_sync_is_caught() {
    host_breach_is_caught(|m| m.persisted_too_early = true, &CRASHES, "is lost");
}

#[test]
fn h2_a_message_that_leaves_before_its_record_is_durable_is_caught() {
    host_breach_is_caught(|m| m.ignore_after = true, &CRASHES, "is lost");
}

#[test]
fn h5_truncating_before_the_checkpoint_is_durable_is_caught() {
    // The protocol that asks for truncation at once is right to do so: the host waits.
    assert_eq!(violation(Mutants::default(), Bug::IgnoreCheckpoint, &CRASHES, 16), None);
    // What is missing then is a gap, which makes a host doubt and ask its peers: the loss shows
    // with one that goes on, and that alone loses nothing.
    let trusting = Mutants { trust_what_is_left: true, ..Mutants::default() };
    assert_eq!(violation(trusting, Bug::IgnoreCheckpoint, &CRASHES, 16), None);
    let mutants = Mutants { truncate_uncovered: true, ..trusting };
    let found = violation(mutants, Bug::IgnoreCheckpoint, &CRASHES, 200).unwrap();
    assert!(found.contains("is lost"), "{found}");
}

#[test]
fn rot_that_is_cut_like_a_torn_tail_is_caught() {
    let families = [Family::Crash, Family::BitRot];
    host_breach_is_caught(|m| m.cut_at_first_bad = true, &families, "is lost");
}

#[test]
fn h3_a_clock_read_before_the_event_arrived_is_caught() {
    let run = |stale_clock, seed| {
        let mutants = Mutants { stale_clock, ..Mutants::default() };
        let options = Options { mutants, ..Options::default() };
        let mut world = World::<Lease>::new(seed, options, lease::cluster(lease::Bug::None));
        world.play(&Nemesis::new(3, CALM).rate(Family::Pause, 2.0).script(seed));
        world.run_until(&mut lease::Oracle::default(), END);
        Outcome::of(&world)
    };
    let first = Random::seed_from_environment();
    let caught =
        |stale| (first..first + 20).filter(|seed| run(stale, *seed).violation.is_some()).count();
    assert_eq!(caught(None), 0);
    assert!(caught(Some(Nanos::from_millis(1))) > 0, "a clock from before a pause");
}

#[test]
fn a_protocol_whose_timers_are_always_due_does_not_stop_time_unnoticed() {
    let period = Nanos::from_millis(20);
    let run = |stale_clock| {
        let mutants = Mutants { stale_clock, ..Mutants::default() };
        let options = Options { mutants, events_per_instant_max: 1_000, ..Options::default() };
        let configs = heartbeat::cluster(2, period, false);
        let mut world = World::<Heartbeat>::new(1, options, configs);
        world.run_until(&mut Idle, END);
        world.violation().map(str::to_owned)
    };
    assert_eq!(run(None), None);
    assert!(run(Some(period.times(15))).unwrap().starts_with("time stands still"));
}

type Records = Vec<(Seq, (u64, u64))>;

/// Watches incarnations, and that a crash takes nothing that was durable.
#[derive(Default)]
struct Watch {
    oracle: ledger::Oracle,
    incarnations: BTreeMap<NodeId, Incarnation>,
    durable: BTreeMap<NodeId, (Seq, Records)>,
    kept_unsynced: u64,
    lost_unsynced: u64,
    written: BTreeMap<NodeId, Seq>,
}

impl Driver<Ledger> for Watch {
    fn on_begin(&mut self, world: &mut World<Ledger>) {
        self.oracle.on_begin(world);
    }
    fn on_wakeup(&mut self, world: &mut World<Ledger>, key: u64) {
        self.oracle.on_wakeup(world, key);
    }
    fn on_step(&mut self, world: &mut World<Ledger>, node: NodeId) {
        let disk = world.disk(node).unwrap();
        let records = disk.durable_records().map(|(seq, r)| (seq, *r)).collect();
        self.durable.insert(node, (disk.durable(), records));
        self.written.insert(node, disk.written());
    }
    fn on_start(&mut self, world: &mut World<Ledger>, node: NodeId) {
        let incarnation = world.incarnation(node).unwrap();
        let before = self.incarnations.insert(node, incarnation);
        if before.is_some_and(|before| before >= incarnation) {
            world.fail(format!("H4: {node} starts as {incarnation} again"));
        }
        let Some((durable, records)) = self.durable.get(&node) else { return };
        let disk = world.disk(node).unwrap();
        let first = disk.first();
        let found: BTreeMap<_, _> = disk.durable_records().map(|(seq, r)| (seq, *r)).collect();
        let lost = records.iter().find(|(seq, r)| *seq >= first && found.get(seq) != Some(r));
        let lost = lost.map(|(seq, _)| *seq);
        let survived = disk.written().0.saturating_sub(durable.0);
        let unsynced = self.written.get(&node).map_or(0, |written| written.0 - durable.0);
        self.kept_unsynced += survived;
        self.lost_unsynced += unsynced.saturating_sub(survived);
        if let Some(seq) = lost {
            world.fail(format!("H1: {node} lost durable {seq:?}"));
        }
    }
}

fn watched(mutants: Mutants, seed: u64) -> (Watch, Outcome) {
    let options = Options { mutants, ..Options::default() };
    let mut nemesis = Nemesis::new(3, CALM).rate(Family::DiskSlow, 2.0);
    for family in CRASHES {
        nemesis = nemesis.rate(family, 2.0);
    }
    let mut world = World::new(seed, options, ledger::cluster(3, Bug::None));
    world.play(&nemesis.script(seed));
    let mut watch = Watch::default();
    world.run_until(&mut watch, END);
    (watch, Outcome::of(&world))
}

#[test]
fn h1_a_crash_loses_only_what_was_not_synced() {
    let first = Random::seed_from_environment();
    let (mut kept, mut lost) = (0, 0);
    for seed in first..first + 16 {
        let (watch, outcome) = watched(Mutants::default(), seed);
        assert_eq!(outcome.violation, None, "repro: AVOUCH_SEED={seed}");
        kept += watch.kept_unsynced;
        lost += watch.lost_unsynced;
    }
    assert!(kept > 0 && lost > 0, "kept {kept}, lost {lost}: crashes must do both");
    // The check is a check: a log that is cut where rot begins loses what was durable.
    let mutants = Mutants { cut_at_first_bad: true, ..Mutants::default() };
    let mut world = World::new(1, Options { mutants, ..Options::default() }, one());
    let node = NodeId(1);
    let script = Script::new()
        .at(Nanos::from_millis(100), Fault::RotRecord { node, seq: Some(Seq(2)) })
        .at(Nanos::from_millis(110), Fault::Crash { node })
        .at(Nanos::from_millis(120), Fault::Restart { node });
    world.play(&script);
    world.run_until(&mut Watch::default(), Nanos::from_millis(200));
    assert_eq!(world.violation(), Some("H1: n1 lost durable Seq(3)"));
}

fn one() -> Vec<ledger::Config> {
    ledger::cluster(1, Bug::None)
}

#[test]
fn h4_a_reused_incarnation_is_caught() {
    let mutants = Mutants { reuse_incarnation: true, ..Mutants::default() };
    let (_, outcome) = watched(mutants, 1);
    assert!(outcome.violation.unwrap().starts_with("H4"));
}

#[test]
fn nothing_of_an_earlier_life_reaches_a_later_one() {
    // A command, a sync and a timer are under way when the node goes down and comes up at once.
    let mut world = World::new(1, Options::default(), one());
    let node = NodeId(1);
    let mut oracle = ledger::Oracle::default();
    world.run_until(&mut oracle, Nanos::from_millis(500));
    let before = oracle.acknowledged.len();
    world.command(node, CommandId(1_000), 5);
    while world.advance(&mut oracle) && world.now() == Nanos::from_millis(500) {}
    world.command(node, CommandId(1_001), 6);
    world.inject(Fault::LostWrites { node });
    world.inject(Fault::Restart { node });
    world.command(node, CommandId(1_002), 7);
    let refused = world.counters().of(Count::Refused);
    world.run_until(&mut oracle, Nanos::from_secs(1));
    assert!(world.counters().of(Count::Refused) > refused, "the third one was for the old life");
    assert!(oracle.acknowledged.values().all(|amount| *amount != 7));
    assert!(oracle.acknowledged.len() > before);
    assert_eq!(world.violation(), None);
}

/// A protocol that breaks the law named in its configuration when it starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Outlaw;

impl Protocol for Outlaw {
    type Config = u32;
    type State = ();
    type Message = ();
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = ();

    fn recover(_: &u32, _: Recovered<Self>) {}

    fn step(
        law: &u32,
        (): &mut (),
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        if !matches!(event, Event::Started { .. }) {
            return;
        }
        match law {
            3 => effects.persist(Seq(2), ()),
            4 => effects.send_after(NodeId(2), (), Seq(1)),
            5 => effects.send(NodeId(1), ()),
            6 => effects.push(avouch_machine::Effect::Release { before: Seq(9) }),
            _ => effects.send(NodeId(9), ()),
        }
    }
}

impl Simulated for Outlaw {
    fn image_bytes((): &()) -> bytes::Bytes {
        bytes::Bytes::new()
    }
}

#[test]
fn a_protocol_that_breaks_a_law_is_stopped_at_once() {
    for law in 3..=6 {
        let mut world = World::<Outlaw>::new(1, Options::default(), vec![law]);
        world.run_until(&mut Idle, Nanos(0));
        let said = world.violation().unwrap_or_default().to_owned();
        assert!(said.contains(&format!("L{law}")), "law {law}: {said}");
    }
    let mut world = World::<Outlaw>::new(1, Options::default(), vec![0]);
    world.run_until(&mut Idle, Nanos(0));
    assert_eq!(world.violation(), None);
    assert_eq!(world.counters().of(Count::Undelivered), 1);
}
