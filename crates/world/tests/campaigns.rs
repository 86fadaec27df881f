//! The campaign runner's own demands: minimum counts, the first failing seed, panics, encodings.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_machine::{Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId, invariant};
use avouch_world::{Campaign, Idle, Options, Outcome, Simulated, TraceHash, World};
use bytes::Bytes;
use toys::ping_pong::{self, PingPong};

fn campaign(count: u64) -> Campaign {
    Campaign::new("avouch-world", "some_test", count).seeds(1, count)
}

fn ping_pong(seed: u64) -> Outcome {
    let mut world = World::<PingPong>::new(seed, Options::default(), ping_pong::pair(1, b"x"));
    world.run_until(&mut Idle, Nanos::from_millis(100));
    world.note("rallies", 1);
    Outcome::of(&world)
}

#[test]
fn a_campaign_that_did_not_exercise_its_faults_fails() {
    let report = campaign(10).at_least("rallies", 10).at_least("delivered", 500).run(ping_pong);
    report.verdict().unwrap();
    let report = campaign(10).at_least("rallies", 11).at_least("crashes", 1).run(ping_pong);
    let said = report.verdict().unwrap_err();
    assert!(said.contains("not exercised: rallies 10, at least 11 demanded"), "{said}");
    assert!(said.contains("not exercised: crashes 0, at least 1 demanded"), "{said}");
    // A name that nothing counts is never met.
    assert!(campaign(1).at_least("no such name", 1).run(ping_pong).verdict().is_err());
}

#[test]
fn a_campaign_that_counts_more_than_it_may_fails() {
    let report = campaign(10).at_most("rallies", 10).at_most("no such name", 0).run(ping_pong);
    report.verdict().unwrap();
    let report = campaign(10).at_most("rallies", 9).run(ping_pong);
    let said = report.verdict().unwrap_err();
    assert!(said.contains("too many: rallies 10, at most 9 allowed"), "{said}");
}

#[test]
fn the_lowest_failing_seed_is_the_one_to_reproduce() {
    let report = campaign(40).threads(3).run(|seed| {
        let mut outcome = ping_pong(seed);
        if seed % 9 == 5 {
            outcome.violation = Some(format!("seed {seed} is wrong"));
            outcome.story = vec![format!("what happened in {seed}")];
        }
        outcome
    });
    assert_eq!((report.seeds, report.failures), (40, 4));
    let said = report.verdict().unwrap_err();
    assert!(said.contains("what happened in 5\nseed 5: seed 5 is wrong\n"), "{said}");
    let repro = "repro: AVOUCH_SEED=5 AVOUCH_SEEDS=1 cargo test -p avouch-world some_test";
    assert_eq!(said.lines().last(), Some(repro));
    assert_eq!(said.matches("repro:").count(), 1);
}

#[test]
fn a_broken_invariant_is_a_violation_with_its_seed() {
    let report = campaign(8).run(|seed| {
        invariant!(I7, seed != 6, "six");
        ping_pong(seed)
    });
    let failure = report.first_failure.unwrap();
    assert_eq!((failure.seed, report.failures), (6, 1));
    assert_eq!(failure.what, "panic: invariant I7 broken: six");
}

#[test]
fn a_run_that_differs_the_second_time_is_caught_where_it_is_asked_for() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let unstable = |_: u64| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Outcome { hash: TraceHash(u128::from(n)), ..Outcome::default() }
    };
    assert_eq!(campaign(20).twice_every(0).run(unstable).failures, 0);
    assert_eq!(campaign(20).twice_every(4).run(unstable).failures, 5);
    assert_eq!(campaign(20).twice_every(1).run(unstable).failures, 20);
}

/// A protocol whose messages or records do not survive their encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Garbled;

impl Protocol for Garbled {
    /// Its first act is a message to this node, or a record.
    type Config = Option<NodeId>;
    type State = ();
    type Message = u8;
    type Command = ();
    type Record = u8;
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = ();

    fn recover(_: &Self::Config, _: Recovered<Self>) {}

    fn step(
        other: &Self::Config,
        (): &mut (),
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match (event, other) {
            (Event::Started { .. }, Some(other)) => effects.send(*other, 7),
            (Event::Started { .. }, None) => effects.persist(avouch_machine::Seq(1), 7),
            _ => {}
        }
    }
}

impl Simulated for Garbled {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
    fn through_wire(message: u8) -> Result<u8, String> {
        Err(format!("{message} does not come back"))
    }
    fn through_disk(record: u8) -> Result<u8, String> {
        Err(format!("{record} does not come back"))
    }
}

#[test]
fn an_encoding_that_loses_something_is_caught_when_it_is_used() {
    let run = |encode, message: bool| {
        let configs = [NodeId(2), NodeId(1)].map(|other| message.then_some(other)).to_vec();
        let options = Options { encode, ..Options::default() };
        let mut world = World::<Garbled>::new(1, options, configs);
        world.run_until(&mut Idle, Nanos::from_millis(10));
        world.violation().map(str::to_owned)
    };
    assert_eq!(run(false, true), None);
    let message = run(true, true).unwrap();
    assert_eq!(message, "encoding of a message from n1: 7 does not come back");
    let record = run(true, false).unwrap();
    assert_eq!(record, "encoding of a record of n1: 7 does not come back");
}
